// Reading sound journals: ranges, directions, limits, gaps, sizes, and what stands beside records.
#include "journal/builder.hpp"

#include <algorithm>

namespace tidemark::journal::testing {
namespace {

// Three segments, frames of several sizes, marks in between.
Builder three_segments() {
  Builder journal;
  journal.begin();
  for (int segment = 0; segment < 3; ++segment) {
    for (const std::uint64_t count : {3U, 1U, 5U, 1U, 40U}) {
      journal.append_values(count);
      journal.mark();
    }
    if (segment < 2) journal.rotate();
  }
  journal.mark(true);
  return journal;
}

TEST_CASE("a range is read forwards across segments") {
  Builder journal = three_segments();
  auto observer = observe(journal);
  const View view = observer->view();
  CHECK(view.first_seq == 1);
  CHECK(view.last_seq == 150);
  CHECK(view.segments.size() == 3);
  Reader reader(journal.host.disk);
  auto all = read_all(reader, view, range(1, 1000));
  REQUIRE(all.ok());
  REQUIRE(all.value().size() == 150);
  for (std::uint64_t seq = 1; seq <= 150; ++seq) {
    CHECK(all.value()[seq - 1] == std::pair(seq, value_of(seq)));
  }
}

TEST_CASE("a range is read backwards in batches that ascend") {
  Builder journal = three_segments();
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  for (const std::size_t limit : {1U, 7U, 1000U}) {
    ReadRequest request = range(5, 148, true);
    request.max_records = limit;
    std::uint64_t to = 148;
    while (to >= 5) {
      request.to = to;
      auto batch = reader.read(observer->view(), request);
      REQUIRE(batch.ok());
      const RecordBatch& got = batch.value();
      REQUIRE(!got.lengths.empty());
      REQUIRE(got.lengths.size() <= limit);
      REQUIRE(got.first_seq + got.lengths.size() == to + 1);
      for (std::size_t i = 0; i < got.lengths.size(); ++i)
        REQUIRE(record(got, i) == value_of(got.first_seq + i));
      to = got.first_seq - 1;
    }
    CHECK(to == 4);
  }
}

TEST_CASE("every single record is found by its seq, in any order") {
  Builder journal = three_segments();
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  for (std::uint64_t step = 0; step < 150; ++step) {
    const std::uint64_t seq = step * 67 % 150 + 1;
    auto found = reader.get(observer->view(), seq);
    REQUIRE(found.ok());
    REQUIRE(found.value().lengths.size() == 1);
    CHECK(found.value().first_seq == seq);
    CHECK(record(found.value(), 0) == value_of(seq));
  }
}

TEST_CASE("a seq above the last one is not there, one below the first was truncated") {
  Builder journal = three_segments();
  journal.write_head(1, 20);
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  auto above = reader.get(observer->view(), 151);
  REQUIRE(above.ok());
  CHECK(above.value().lengths.empty());
  auto below = reader.get(observer->view(), 19);
  REQUIRE(!below.ok());
  CHECK(below.error().code == Code::truncated);
  auto range_below = reader.read(observer->view(), range(19, 30));
  REQUIRE(!range_below.ok());
  CHECK(range_below.error().code == Code::truncated);
  CHECK(reader.get(observer->view(), 20).ok());
}

TEST_CASE("a batch holds at most the records and bytes asked for, and at least one record") {
  Builder journal = three_segments();
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  ReadRequest request = range(1, 150);
  request.max_records = 4;
  auto batch = reader.read(observer->view(), request);
  REQUIRE(batch.ok());
  CHECK(batch.value().lengths.size() == 4);
  request.max_records = 1000;
  request.max_bytes = 1;
  batch = reader.read(observer->view(), request);
  REQUIRE(batch.ok());
  CHECK(batch.value().lengths.size() == 1);
  request.max_bytes = value_of(1).size() + value_of(2).size();
  batch = reader.read(observer->view(), request);
  REQUIRE(batch.ok());
  CHECK(batch.value().lengths.size() == 2);
}

TEST_CASE("a batch never spans segments") {
  Builder journal = three_segments();
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  auto batch = reader.read(observer->view(), range(1, 150));
  REQUIRE(batch.ok());
  CHECK(batch.value().segment_id == 1);
  CHECK(batch.value().lengths.size() == 50);
  batch = reader.read(observer->view(), range(51, 150));
  REQUIRE(batch.ok());
  CHECK(batch.value().segment_id == 2);
}

TEST_CASE("gaps are stepped over by ranges and named by get") {
  Builder journal;
  journal.begin();
  journal.append_values(3);
  journal.gap(9, format::GapReason::lost);
  journal.append_values(2);
  journal.gap(20, format::GapReason::compacted);
  journal.append_values(1);
  journal.mark(true);
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  for (const bool reverse : {false, true}) {
    auto all = read_all(reader, observer->view(), range(1, 100, reverse));
    REQUIRE(all.ok());
    std::vector<std::uint64_t> seqs;
    for (const auto& [seq, value] : all.value()) {
      seqs.push_back(seq);
      CHECK(value == value_of(seq));
    }
    std::ranges::sort(seqs);
    CHECK(seqs == std::vector<std::uint64_t>{1, 2, 3, 10, 11, 21});
  }
  auto batch = reader.read(observer->view(), range(1, 100));
  REQUIRE(batch.ok());
  CHECK(batch.value().lengths.size() == 3);
  auto lost = reader.get(observer->view(), 5);
  REQUIRE(!lost.ok());
  CHECK(lost.error().code == Code::corrupt);
  CHECK(lost.error().from_seq == 4);
  CHECK(lost.error().to_seq == 9);
  auto compacted = reader.get(observer->view(), 15);
  REQUIRE(compacted.ok());
  CHECK(compacted.value().lengths.empty());
}

TEST_CASE("records of no bytes, and one larger than any window, are read whole") {
  Builder journal;
  journal.begin();
  std::string huge(3'000'000, '\0');
  for (std::size_t i = 0; i < huge.size(); ++i) huge[i] = static_cast<char>('a' + i * i % 26);
  journal.append({{""}, {"a"}, {""}});
  journal.append({{"before"}, {huge}, {"behind"}});
  journal.append({{""}});
  journal.mark(true);
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  const std::vector<std::string> expected{"", "a", "", "before", huge, "behind", ""};
  for (const bool reverse : {false, true}) {
    auto all = read_all(reader, observer->view(), range(1, 7, reverse));
    REQUIRE(all.ok());
    REQUIRE(all.value().size() == expected.size());
    for (const auto& [seq, value] : all.value()) CHECK((value == expected[seq - 1]));
  }
  auto found = reader.get(observer->view(), 5);
  REQUIRE(found.ok());
  CHECK((record(found.value(), 0) == huge));
  CHECK(record(reader.get(observer->view(), 6).value(), 0) == "behind");
}

TEST_CASE("a frame of a hundred thousand records is read in batches") {
  Builder journal;
  journal.begin();
  std::vector<Entry> entries;
  for (int i = 0; i < 100'000; ++i) entries.push_back({std::to_string(i)});
  journal.append(entries);
  journal.mark(true);
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  auto all = read_all(reader, observer->view(), range(1, 100'000));
  REQUIRE(all.ok());
  REQUIRE(all.value().size() == 100'000);
  bool same = true;
  for (std::size_t i = 0; i < 100'000; ++i)
    same = same && all.value()[i].second == std::to_string(i);
  CHECK(same);
  CHECK(record(reader.get(observer->view(), 77'778).value(), 0) == "77777");
  ReadRequest backwards = range(1, 100'000, true);
  backwards.max_records = 3;
  CHECK(record(reader.read(observer->view(), backwards).value(), 2) == "99999");
}

TEST_CASE("flags, hashes and dictionaries travel with their records") {
  Builder journal(memory_host(), "/journal", 4);
  journal.begin();
  const std::string dictionary = "\x01\x00\x00\x00\x00\x00\x00\x00 words"s;
  journal.append({{"plain"}}, "hhh1"sv);
  journal.append({{dictionary, format::record_kind::dictionary},
                  {"uses it", format::record_flag::has_dictionary},
                  {"no"}},
                 "dictuuu2nnn3"sv);
  journal.mark(true);
  auto observer = observe(journal);
  Reader reader(journal.host.disk, 4);
  auto batch = reader.read(observer->view(), range(1, 3));
  REQUIRE(batch.ok());
  REQUIRE(batch.value().lengths.size() == 3);
  CHECK(batch.value().attributes ==
        std::vector<std::uint8_t>{0, format::record_flag::has_dictionary, 0});
  CHECK(batch.value().hashes == bytes_of("hhh1uuu2nnn3"));
  CHECK(record(batch.value(), 1) == "uses it");
  auto found = reader.dictionary(observer->view(), 1, 1);
  REQUIRE(found.ok());
  CHECK(found.value() == bytes_of(dictionary));
  CHECK(reader.dictionary(observer->view(), 1, 2).value().empty());
  CHECK(reader.dictionary(observer->view(), 9, 1).value().empty());
  // Looking up a dictionary does not lose the place.
  CHECK(record(reader.get(observer->view(), 3).value(), 0) == "no");
}

TEST_CASE("a journal that starts elsewhere is read from its first seq") {
  Builder journal;
  journal.begin(1'000'000);
  journal.append_values(4);
  journal.mark(true);
  auto observer = observe(journal);
  CHECK(observer->view().first_seq == 1'000'000);
  Reader reader(journal.host.disk);
  auto all = read_all(reader, observer->view(), range(1'000'000, UINT64_MAX));
  REQUIRE(all.ok());
  CHECK(all.value().size() == 4);
}

TEST_CASE("nothing at or behind the limit of a view is read") {
  Builder journal;
  journal.begin();
  journal.append_values(2);
  const std::uint64_t limit = journal.writer->end();
  journal.append_values(2);
  journal.mark(true);
  auto observer = observe(journal);
  View view = observer->view();
  view.limit = limit;
  view.last_seq = 2;
  journal.fill(journal.path(1), limit, 500, std::byte{0xEE});
  Reader reader(journal.host.disk);
  auto all = read_all(reader, view, range(1, 100));
  REQUIRE(all.ok());
  CHECK(all.value().size() == 2);
}

TEST_CASE("a lookup in a large segment reads a small part of it") {
  Builder journal;
  journal.begin();
  for (int i = 0; i < 2000; ++i) journal.append({{std::string(1000, 'x')}});
  journal.rotate();
  journal.mark(true);
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  CHECK(record(reader.get(observer->view(), 1999).value(), 0) == std::string(1000, 'x'));
  const std::shared_ptr<const Segment> segment = observer->view().segments.front();
  CHECK(segment->index->loaded());
  CHECK(segment->index->copy().entries().size() > 25);
}

}  // namespace
}  // namespace tidemark::journal::testing
