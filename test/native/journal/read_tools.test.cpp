// verify, snapshot and salvage.
#include <algorithm>
#include <random>

#include "journal/builder.hpp"
#include "journal/tools.hpp"
#include "sanitizer.hpp"

namespace tidemark::journal::testing {
namespace {

Builder segments_of(int segments) {
  Builder journal;
  journal.begin();
  for (int segment = 0; segment < segments; ++segment) {
    for (const std::uint64_t count : {1U, 4U, 2U, 3U}) {
      journal.append_values(count);
      journal.mark();
    }
    if (segment + 1 < segments) journal.rotate();
  }
  journal.mark(true);
  return journal;
}

VerifyReport verified(const Builder& journal, const std::string& directory,
                      const VerifyOptions& options = {}) {
  auto report = verify(journal.host, directory, options);
  if (!report) FAIL(report.error().message);
  return std::move(report).value();
}

// Everything in the copy is what it says, and it opens.
void check_copy(const Builder& journal, const std::string& out, const CopyReport& copied) {
  const VerifyReport report = verified(journal, out);
  for (const Problem& problem : report.problems)
    MESSAGE(problem.detail << " at " << problem.offset);
  CHECK(report.ok);
  CHECK(report.records == copied.records);
  CHECK(report.last_seq == copied.last_seq);
  auto observer = Observer::open(journal.host, out, {});
  if (!observer) FAIL(observer.error().message);
  CHECK(observer.value()->recovery().path == OpenPath::clean);
  const View view = observer.value()->view();
  CHECK(view.first_seq == std::min(copied.first_seq, copied.last_seq + 1));
  Reader reader(journal.host.disk);
  std::uint64_t read = 0;
  std::uint64_t lost = 0;
  for (std::uint64_t seq = copied.first_seq; seq <= copied.last_seq; ++seq) {
    auto found = reader.get(view, seq);
    if (found && found.value().lengths.empty()) continue;
    if (found) {
      ++read;
      CHECK(record(found.value(), 0) == value_of(seq));
    } else {
      ++lost;
      CHECK(found.error().code == Code::corrupt);
      const bool listed = std::ranges::any_of(
          copied.lost, [&](const SeqRange& range) { return range.from <= seq && seq <= range.to; });
      CHECK(listed);
    }
  }
  CHECK(read == copied.records);
  CHECK(lost == copied.lost_records);
}

TEST_CASE("verify of a sound journal counts everything") {
  Builder journal = segments_of(3);
  journal.write_cursor("worker", 7);
  VerifyOptions options;
  options.frames = true;
  const VerifyReport report = verified(journal, journal.directory, options);
  CHECK(report.ok);
  CHECK(report.records == 30);
  CHECK(report.first_seq == 1);
  CHECK(report.last_seq == 30);
  CHECK(report.watermark_seq == 30);
  CHECK(report.segments.size() == 3);
  CHECK(report.segments[0].sealed);
  CHECK(!report.segments[2].sealed);
  CHECK(report.segments[0].frames.size() == 8);
  CHECK(report.segments[0].digest == journal.seals[0].digest);
  CHECK(report.bytes_used < report.bytes_on_disk);
  std::uint64_t used = 0;
  for (const SegmentLayout& segment : report.segments) used += segment.used_bytes;
  CHECK(report.bytes_used == used);
  CHECK(report.segments[2].used_bytes == journal.writer->end());
  REQUIRE(report.header.has_value());
  CHECK(report.header->codec_name == "binary");
}

TEST_CASE("verify says which one flipped bit explains a damaged frame header") {
  Builder journal = segments_of(2);
  VerifyOptions options;
  options.frames = true;
  const VerifyReport sound = verified(journal, journal.directory, options);
  const FrameLayout frame = sound.segments[0].frames[2];
  journal.flip(journal.path(1), frame.offset + 22, 3);
  const VerifyReport report = verified(journal, journal.directory);
  REQUIRE(report.problems.size() == 1);
  const Problem& problem = report.problems.front();
  CHECK(problem.kind == ProblemKind::frame);
  CHECK(problem.segment == 1);
  CHECK(problem.offset == frame.offset);
  CHECK(problem.from_seq == frame.first_seq);
  CHECK(problem.to_seq == frame.first_seq + frame.records - 1);
  REQUIRE(problem.single_bit_flip.has_value());
  CHECK(*problem.single_bit_flip == frame.offset + 22);
}

TEST_CASE("verify names a missing, a swapped and a foreign segment") {
  {
    Builder journal = segments_of(3);
    REQUIRE(journal.host.disk->unlink(journal.path(2)).ok());
    const VerifyReport report = verified(journal, journal.directory);
    CHECK(!report.ok);
    CHECK(!report.problems.empty());
  }
  {
    Builder journal = segments_of(3);
    REQUIRE(journal.host.disk->unlink(journal.path(3)).ok());
    const VerifyReport report = verified(journal, journal.directory);
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems.front().kind == ProblemKind::missing);
    CHECK(report.problems.front().segment == 3);
    CHECK(report.problems.front().row != 0);
  }
  {
    Builder journal = segments_of(3);
    journal.write(journal.path(2), journal.read(journal.path(1)));
    CHECK(!verified(journal, journal.directory).ok);
  }
  {
    Builder journal = segments_of(3);
    journal.write(journal.directory + "/notes.txt", bytes_of("mine"));
    const VerifyReport report = verified(journal, journal.directory);
    CHECK(report.ok);
    CHECK(report.foreign == std::vector<std::string>{"notes.txt"});
  }
}

TEST_CASE("verify tells damaged marks, a torn tail, and a log that ends below what is expected") {
  {
    Builder journal = segments_of(2);
    journal.write_cursor("worker", 7);
    journal.flip(io::join(journal.directory, format::cursor_file_name("worker")), 20);
    const VerifyReport report = verified(journal, journal.directory);
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems.front().kind == ProblemKind::cursor);
  }
  {
    Builder journal = segments_of(2);
    journal.write_head(1, 4);
    CHECK(verified(journal, journal.directory).records == 17);
    journal.flip(io::join(journal.directory, "head"), 20);
    const VerifyReport report = verified(journal, journal.directory);
    REQUIRE(!report.problems.empty());
    CHECK(report.problems.front().kind == ProblemKind::head);
  }
  {
    Builder journal = segments_of(2);
    const std::uint64_t end = journal.writer->end();
    journal.append({{std::string(3000, 'x')}});
    journal.fill(journal.path(2), end + 600, 1500, std::byte{0});
    const VerifyReport report = verified(journal, journal.directory);
    CHECK(report.problems.empty());
    CHECK(!report.ok);
    CHECK(report.tail == format::TailWord::torn);
    REQUIRE(report.torn.has_value());
    CHECK(report.torn->offset == end);
    CHECK(report.last_seq == 20);
  }
  {
    Builder journal = segments_of(2);
    VerifyOptions options;
    options.expect_seq = 20;
    CHECK(verified(journal, journal.directory, options).ok);
    options.expect_seq = 21;
    const VerifyReport report = verified(journal, journal.directory, options);
    CHECK(!report.ok);
    CHECK(!report.problems.empty());
  }
}

TEST_CASE("verify beside a living writer stops at the watermark") {
  Builder journal = segments_of(2);
  journal.append_values(2);
  journal.fill(journal.path(2), journal.writer->end(), 700, std::byte{0xAB});
  journal.live();
  const VerifyReport report = verified(journal, journal.directory);
  CHECK(report.beside_writer);
  CHECK(report.ok);
  CHECK(report.last_seq == 20);
}

TEST_CASE("verify of nothing is a failure, not a sound journal") {
  const io::Host host = memory_host();
  auto missing = verify(host, "/nowhere", {});
  REQUIRE(!missing.ok());
  CHECK(missing.error().code == Code::io);
  REQUIRE(io::make_directories(*host.disk, "/empty", 0700).ok());
  CHECK(!verify(host, "/empty", {}).ok());
}

TEST_CASE("a snapshot holds the records, the cursors and the head of its view") {
  Builder journal = segments_of(3);
  journal.write_head(1, 4);
  journal.write_cursor("worker", 25);
  auto observer = observe(journal);
  auto copied = copy_view(journal.host, observer->view(), journal.directory, "/copy", {});
  REQUIRE(copied.ok());
  CHECK(copied.value().records == 27);
  CHECK(copied.value().first_seq == 4);
  CHECK(copied.value().last_seq == 30);
  CHECK(copied.value().segments == 3);
  CHECK(copied.value().lost.empty());
  check_copy(journal, "/copy", copied.value());
  auto copy = Observer::open(journal.host, "/copy", {});
  REQUIRE(copy.ok());
  CHECK(copy.value()->header().journal_id == journal.header.journal_id);
  CHECK(copy.value()->header().epoch != journal.header.epoch);
  format::CursorMark cursor;
  REQUIRE(format::decode_cursor_mark(journal.read("/copy/" + format::cursor_file_name("worker")),
                                     cursor) == format::MarkState::valid);
  CHECK(cursor.seq == 25);
  auto again = copy_view(journal.host, observer->view(), journal.directory, "/copy", {});
  REQUIRE(!again.ok());
  CHECK(again.error().code == Code::exists);
}

TEST_CASE("a snapshot of a damaged journal fails and leaves no journal behind") {
  Builder journal = segments_of(3);
  auto observer = observe(journal);
  SUBCASE("in a payload") { journal.flip(journal.path(1), 8192 + 50); }
  SUBCASE("in a header") { journal.flip(journal.path(1), 8192 + 20); }
  SUBCASE("in the padding") { journal.flip(journal.path(1), 8192 + 60); }
  auto copied = copy_view(journal.host, observer->view(), journal.directory, "/copy", {});
  REQUIRE(!copied.ok());
  CHECK(copied.error().code == Code::corrupt);
  auto copy = Observer::open(journal.host, "/copy", {});
  CHECK(!copy.ok());
}

TEST_CASE("a snapshot keeps dictionaries in the segment of their users, flags and hashes") {
  Builder journal(memory_host(), "/journal", 4);
  journal.begin();
  const std::string dictionary = "\x05\x00\x00\x00\x00\x00\x00\x00 words"s;
  journal.append({{dictionary, format::record_kind::dictionary},
                  {"uses it", format::record_flag::has_dictionary}},
                 "dddd1111"sv);
  journal.rotate();
  journal.append({{"other"}}, "2222"sv);
  journal.gap(5, format::GapReason::compacted);
  journal.append({{dictionary, format::record_kind::dictionary}}, "dddd"sv);
  journal.mark(true);
  auto observer = observe(journal);
  REQUIRE(copy_view(journal.host, observer->view(), journal.directory, "/copy", {}).ok());
  auto copy = Observer::open(journal.host, "/copy", {});
  REQUIRE(copy.ok());
  const View view = copy.value()->view();
  Reader reader(journal.host.disk, 4);
  auto found = reader.get(view, 1);
  REQUIRE(found.ok());
  CHECK(found.value().attributes == std::vector<std::uint8_t>{format::record_flag::has_dictionary});
  CHECK(found.value().hashes == bytes_of("1111"));
  CHECK(reader.dictionary(view, found.value().segment_id, 5).value() == bytes_of(dictionary));
  CHECK(reader.dictionary(view, 2, 5).value() == bytes_of(dictionary));
  CHECK(reader.get(view, 4).value().lengths.empty());
  CHECK(view.last_seq == 5);
}

TEST_CASE("an empty journal is copied to an empty journal") {
  Builder journal;
  journal.begin();
  journal.mark(true);
  auto observer = observe(journal);
  auto copied = copy_view(journal.host, observer->view(), journal.directory, "/copy", {});
  REQUIRE(copied.ok());
  CHECK(copied.value().records == 0);
  CHECK(verified(journal, "/copy").ok);
}

TEST_CASE("salvage of a sound journal loses nothing and changes nothing") {
  Builder journal = segments_of(3);
  journal.write_cursor("worker", 12);
  const auto before = journal.read(journal.path(2));
  auto copied = salvage(journal.host, journal.directory, "/out", {});
  REQUIRE(copied.ok());
  CHECK(copied.value().records == 30);
  CHECK(copied.value().lost_records == 0);
  CHECK(copied.value().problems.empty());
  CHECK(copied.value().quarantined.empty());
  CHECK(journal.read(journal.path(2)) == before);
  check_copy(journal, "/out", copied.value());
}

TEST_CASE("salvage keeps the good records of a damaged frame and quarantines the bad one") {
  Builder journal = segments_of(3);
  const auto bytes = journal.read(journal.path(2));
  const auto value = bytes_of(value_of(13));
  const auto at = static_cast<std::uint64_t>(
      std::search(bytes.begin(), bytes.end(), value.begin(), value.end()) - bytes.begin());
  journal.flip(journal.path(2), at);
  auto copied = salvage(journal.host, journal.directory, "/out", {});
  REQUIRE(copied.ok());
  CHECK(copied.value().records == 29);
  REQUIRE(copied.value().lost.size() == 1);
  CHECK(copied.value().lost[0].from == 13);
  CHECK(copied.value().lost[0].to == 13);
  REQUIRE(copied.value().quarantined.size() == 1);
  const auto& kept = copied.value().quarantined.front();
  CHECK(kept.segment == 2);
  CHECK(kept.offset == at);
  CHECK(kept.file == "/out/quarantine/segment-0000000000000002-" + std::to_string(at) + "-" +
                         std::to_string(value.size()) + ".bin");
  CHECK(journal.read(kept.file).size() == value.size());
  check_copy(journal, "/out", copied.value());
}

TEST_CASE("salvage bridges a missing segment, a missing last one and a dead header") {
  {
    Builder journal = segments_of(3);
    REQUIRE(journal.host.disk->unlink(journal.path(2)).ok());
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().records == 20);
    CHECK(copied.value().lost_records == 10);
    check_copy(journal, "/out", copied.value());
  }
  {
    Builder journal = segments_of(3);
    journal.write_cursor("worker", 28);
    REQUIRE(journal.host.disk->unlink(journal.path(3)).ok());
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().records == 20);
    CHECK(copied.value().lost_records == 8);  // as far as the cursor proves that there were records
    check_copy(journal, "/out", copied.value());
  }
  {
    // The seal in front names the salt, so that the frames can be read without the header.
    Builder journal = segments_of(3);
    journal.fill(journal.path(2), 0, 8192, std::byte{0x55});
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().records == 30);
    CHECK(!copied.value().problems.empty());
    check_copy(journal, "/out", copied.value());
  }
  {
    Builder journal = segments_of(3);
    journal.fill(journal.path(1), 0, 8192, std::byte{0x55});
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().records == 20);
    CHECK(copied.value().lost_records == 10);
    CHECK(!copied.value().quarantined.empty());
    check_copy(journal, "/out", copied.value());
  }
}

TEST_CASE("salvage reads renamed and duplicated files once") {
  {
    Builder journal = segments_of(3);
    journal.write(journal.path(9), journal.read(journal.path(2)));
    REQUIRE(journal.host.disk->unlink(journal.path(2)).ok());
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().records == 30);
    CHECK(!copied.value().problems.empty());
    check_copy(journal, "/out", copied.value());
  }
  {
    Builder journal = segments_of(3);
    journal.write(journal.path(9), journal.read(journal.path(2)));
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().records == 30);
    CHECK(!copied.value().problems.empty());
    check_copy(journal, "/out", copied.value());
  }
}

TEST_CASE("salvage cuts what recovery would cut, and does not call it lost") {
  Builder journal = segments_of(2);
  const std::uint64_t end = journal.writer->end();
  journal.append({{std::string(3000, 'x')}});
  journal.fill(journal.path(2), end + 600, 1500, std::byte{0});
  auto copied = salvage(journal.host, journal.directory, "/out", {});
  REQUIRE(copied.ok());
  CHECK(copied.value().records == 20);
  CHECK(copied.value().last_seq == 20);
  CHECK(copied.value().lost_records == 0);
  check_copy(journal, "/out", copied.value());
}

TEST_CASE("salvage refuses a living writer, a full directory and a directory without a journal") {
  Builder journal = segments_of(2);
  journal.live("{\"pid\":42}\n");
  auto locked = salvage(journal.host, journal.directory, "/out", {});
  REQUIRE(!locked.ok());
  CHECK(locked.error().code == Code::locked);
  CHECK(locked.error().holder.find("42") != std::string::npos);
  journal.die();
  REQUIRE(io::make_directories(*journal.host.disk, "/full/inside", 0700).ok());
  auto full = salvage(journal.host, journal.directory, "/full", {});
  REQUIRE(!full.ok());
  CHECK(full.error().code == Code::exists);
  REQUIRE(io::make_directories(*journal.host.disk, "/empty", 0700).ok());
  auto empty = salvage(journal.host, "/empty", "/out", {});
  REQUIRE(!empty.ok());
  CHECK(empty.error().code == Code::corrupt);
}

TEST_CASE("salvage accounts for every seq whatever was damaged") {
  std::mt19937_64 random(7);
  constexpr int rounds = 300 / tidemark::test::one_in(1, 6);
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    Builder journal = segments_of(4);
    if (round % 3 == 0) journal.write_cursor("worker", 40);
    const std::uint64_t wounds = random() % 4 + 1;
    for (std::uint64_t wound = 0; wound < wounds; ++wound) {
      const std::uint64_t segment = random() % 4 + 1;
      const std::string path = journal.path(segment);
      if (!journal.host.disk->status(path).ok()) continue;
      const std::uint64_t size = journal.read(path).size();
      if (size == 0) continue;
      const std::uint64_t offset = random() % std::min<std::uint64_t>(size, 9500);
      switch (random() % 5) {
        case 0:
          journal.flip(path, offset, static_cast<unsigned>(random() % 8));
          break;
        case 1:
          journal.fill(path, offset, std::min<std::uint64_t>(random() % 600 + 1, size - offset),
                       std::byte{0});
          break;
        case 2:
          journal.fill(path, offset, std::min<std::uint64_t>(random() % 600 + 1, size - offset),
                       static_cast<std::byte>(random()));
          break;
        case 3: {
          auto bytes = journal.read(path);
          bytes.resize(offset);
          journal.write(path, bytes);
          break;
        }
        default:
          if (random() % 4 == 0) {
            REQUIRE(journal.host.disk->unlink(path).ok());
          } else {
            journal.write(journal.path(5 + random() % 3), journal.read(path));
          }
          break;
      }
    }
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    if (!copied) {
      CHECK(copied.error().code == Code::corrupt);
      CHECK(copied.error().message.find("no segment") != std::string::npos);
      continue;
    }
    const CopyReport& report = copied.value();
    CHECK(report.records + report.lost_records == report.last_seq - report.first_seq + 1);
    check_copy(journal, "/out", report);
  }
}

}  // namespace
}  // namespace tidemark::journal::testing
