// Readers and damage: what is named, what is still read, and that no flipped bit gives a wrong
// value.
#include <algorithm>
#include <random>

#include "journal/builder.hpp"
#include "journal/tools.hpp"
#include "sanitizer.hpp"

namespace tidemark::journal::testing {
namespace {

// Two sealed segments and an unsealed one, closed; ten records in each, in frames of 1 to 4.
Builder small_journal() {
  Builder journal;
  journal.begin();
  for (int segment = 0; segment < 3; ++segment) {
    for (const std::uint64_t count : {1U, 4U, 2U, 3U}) {
      journal.append_values(count);
      journal.mark();
    }
    if (segment < 2) journal.rotate();
  }
  journal.mark(true);
  return journal;
}

struct Spot {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
// The frames of a segment as verify lists them, by first seq of those with records.
Spot frame_of(const Builder& journal, std::uint64_t segment, std::uint64_t seq) {
  VerifyOptions options;
  options.frames = true;
  auto report = verify(journal.host, journal.directory, options);
  REQUIRE(report.ok());
  for (const SegmentLayout& layout : report.value().segments) {
    if (layout.id != segment) continue;
    for (const FrameLayout& frame : layout.frames) {
      if (frame.records > 0 && frame.first_seq <= seq && seq < frame.first_seq + frame.records) {
        return {frame.offset, frame.bytes};
      }
    }
  }
  FAIL("no such frame");
  return {};
}

// The offset of the payload of a record inside its file.
std::uint64_t payload_of(const Builder& journal, std::uint64_t segment, std::uint64_t seq) {
  const auto bytes = journal.read(journal.path(segment));
  const auto value = bytes_of(value_of(seq));
  const auto found = std::search(bytes.begin(), bytes.end(), value.begin(), value.end());
  REQUIRE(found != bytes.end());
  return static_cast<std::uint64_t>(found - bytes.begin());
}

TEST_CASE("a damaged record is named, its neighbours in the frame are read") {
  Builder journal = small_journal();
  const std::uint64_t payload = payload_of(journal, 2, 13);  // records 12 to 15 are one frame
  journal.flip(journal.path(2), payload + 3);
  auto observer = observe(journal);
  const View view = observer->view();
  Reader reader(journal.host.disk);
  for (const std::uint64_t seq : {12U, 14U, 15U, 11U, 16U}) {
    auto found = reader.get(view, seq);
    REQUIRE(found.ok());
    CHECK(record(found.value(), 0) == value_of(seq));
  }
  auto damaged = reader.get(view, 13);
  REQUIRE(!damaged.ok());
  CHECK(damaged.error().code == Code::corrupt);
  CHECK(damaged.error().segment == 2);
  CHECK(damaged.error().offset == payload);
  CHECK(damaged.error().from_seq == 13);
  CHECK(damaged.error().to_seq == 13);
  CHECK(damaged.error().path == journal.path(2));
  CHECK(damaged.error().message.find("tidemark salvage") != std::string::npos);

  // The records in front come first, the failure with the next call.
  auto front = reader.read(view, range(11, 30));
  REQUIRE(front.ok());
  CHECK(front.value().lengths.size() == 2);
  auto at = reader.read(view, range(13, 30));
  REQUIRE(!at.ok());
  CHECK(at.error().code == Code::corrupt);
  auto back = reader.read(view, range(11, 30, true));
  REQUIRE(back.ok());
  CHECK(back.value().first_seq == 21);
  back = reader.read(view, range(11, 20, true));
  REQUIRE(back.ok());
  CHECK(back.value().first_seq == 14);
  back = reader.read(view, range(11, 13, true));
  REQUIRE(!back.ok());
  CHECK(back.error().from_seq == 13);
}

TEST_CASE("a damaged frame header loses the records of that frame only") {
  Builder journal = small_journal();
  const Spot frame = frame_of(journal, 2, 13);
  journal.flip(journal.path(2), frame.offset + 20);
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  for (const std::uint64_t seq : {12U, 13U, 15U}) {
    auto damaged = reader.get(observer->view(), seq);
    REQUIRE(!damaged.ok());
    CHECK(damaged.error().code == Code::corrupt);
    CHECK(damaged.error().segment == 2);
    CHECK(damaged.error().offset == frame.offset);
    CHECK(damaged.error().from_seq == 12);
    CHECK(damaged.error().to_seq == 15);
  }
  CHECK(record(reader.get(observer->view(), 16).value(), 0) == value_of(16));
  CHECK(record(reader.get(observer->view(), 11).value(), 0) == value_of(11));
}

TEST_CASE("skip steps over damage, lists it, and reads everything else") {
  Builder journal = small_journal();
  journal.flip(journal.path(1), frame_of(journal, 1, 3).offset + 8);                // 2 to 5
  journal.flip(journal.path(2), payload_of(journal, 2, 18));                        // 18
  journal.fill(journal.path(3), frame_of(journal, 3, 26).offset, 4, std::byte{1});  // 26, 27
  Options options;
  options.skip_corruption = true;
  auto observer = observe(journal, options);
  // What the open itself met: no more than what is lost there.
  REQUIRE(observer->recovery().skipped.size() == 1);
  CHECK(observer->recovery().skipped[0].from_seq == 26);
  CHECK(observer->recovery().skipped[0].to_seq == 27);
  for (const bool reverse : {false, true}) {
    Reader reader(journal.host.disk);
    ReadRequest request = range(1, 100, reverse);
    request.skip_corruption = true;
    std::vector<SkippedRange> skipped;
    auto all = read_all(reader, observer->view(), request, &skipped);
    REQUIRE(all.ok());
    CHECK(all.value().size() == 30 - 4 - 1 - 2);
    for (const auto& [seq, value] : all.value()) CHECK(value == value_of(seq));
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    for (const SkippedRange& range : skipped) ranges.emplace_back(range.from_seq, range.to_seq);
    std::ranges::sort(ranges);
    CHECK(ranges ==
          std::vector<std::pair<std::uint64_t, std::uint64_t>>{{2, 5}, {18, 18}, {26, 27}});
  }
}

TEST_CASE("a damaged index is rebuilt and nobody notices") {
  Builder journal = small_journal();
  const std::uint64_t size = journal.read(journal.path(1)).size();
  journal.flip(journal.path(1), size - 3);
  auto observer = observe(journal);
  Reader reader(journal.host.disk);
  for (std::uint64_t seq = 10; seq > 0; --seq)
    CHECK(record(reader.get(observer->view(), seq).value(), 0) == value_of(seq));
  auto report = verify(journal.host, journal.directory, {});
  REQUIRE(report.ok());
  REQUIRE(report.value().problems.size() == 1);
  CHECK(report.value().problems.front().kind == ProblemKind::index);
}

TEST_CASE(
    "a segment that was truncated while it is read is TRUNCATED, one that vanished is CORRUPT") {
  Builder journal = small_journal();
  auto observer = observe(journal);
  const View view = observer->view();
  REQUIRE(journal.host.disk->unlink(journal.path(1)).ok());
  Reader reader(journal.host.disk);
  auto lost = reader.get(view, 3);
  REQUIRE(!lost.ok());
  CHECK(lost.error().code == Code::corrupt);
  journal.write_head(2, 11);
  auto gone = reader.get(view, 3);
  REQUIRE(!gone.ok());
  CHECK(gone.error().code == Code::truncated);
  CHECK(reader.get(view, 11).ok());
}

TEST_CASE("a damaged file that was released meanwhile is not called damaged") {
  Builder journal;
  journal.begin();
  journal.append_values(1);
  journal.append({{std::string(200'000, 'x')}});
  journal.rotate();
  journal.append_values(1);
  journal.mark(true);
  auto observer = observe(journal);
  const View view = observer->view();
  Reader reader(journal.host.disk);
  REQUIRE(reader.get(view, 1).ok());
  journal.flip(journal.path(1), 150'000);
  Reader other(journal.host.disk);
  REQUIRE(other.get(view, 1).ok());
  auto damaged = other.get(view, 2);
  REQUIRE(!damaged.ok());
  CHECK(damaged.error().code == Code::corrupt);
  REQUIRE(journal.host.disk->unlink(journal.path(1)).ok());
  journal.write_head(2, 3);
  auto gone = reader.get(view, 2);
  REQUIRE(!gone.ok());
  CHECK(gone.error().code == Code::truncated);
}

// One record of each file after the other with each bit of some byte range flipped.
void try_flip(Builder& journal, std::uint64_t segment, std::uint64_t offset, unsigned bit) {
  CAPTURE(segment);
  CAPTURE(offset);
  CAPTURE(bit);
  journal.flip(journal.path(segment), offset, bit);
  auto report = verify(journal.host, journal.directory, {});
  REQUIRE(report.ok());
  const bool named =
      !report.value().problems.empty() || report.value().tail != format::TailWord::clean;
  REQUIRE(named);
  REQUIRE(!report.value().ok);
  for (const Problem& problem : report.value().problems) {
    REQUIRE(problem.segment >= 1);
    REQUIRE(problem.segment <= 3);
    REQUIRE(!problem.detail.empty());
  }
  auto observer = Observer::open(journal.host, journal.directory, {});
  if (!observer) {
    REQUIRE(observer.error().code == Code::corrupt);
    REQUIRE(observer.error().segment.has_value());
  } else {
    const View view = observer.value()->view();
    REQUIRE(view.last_seq == 30);
    Reader reader(journal.host.disk);
    for (std::uint64_t seq = 1; seq <= 30; ++seq) {
      auto found = reader.get(view, seq);
      if (!found) {
        REQUIRE(found.error().code == Code::corrupt);
        REQUIRE(found.error().segment == segment);
        REQUIRE(*found.error().from_seq <= seq);
        REQUIRE(*found.error().to_seq >= seq);
      } else {
        REQUIRE(found.value().lengths.size() == 1);
        REQUIRE(record(found.value(), 0) == value_of(seq));
      }
    }
  }
  journal.flip(journal.path(segment), offset, bit);
}

// The headers alone are 8 KiB of mostly zeros a segment: their bits are sampled, those of the
// frames are not.
TEST_CASE("every flipped bit of the frames is named, and no reader gets a wrong value") {
  Builder journal = small_journal();
  auto sound = verify(journal.host, journal.directory, {});
  REQUIRE(sound.ok());
  REQUIRE(sound.value().ok);
  for (const SegmentLayout& layout : sound.value().segments) {
    constexpr unsigned step = tidemark::test::one_in(4U, 8U);
    for (std::uint64_t offset = layout.data_start; offset < layout.used_bytes; ++offset) {
      for (auto bit = static_cast<unsigned>(offset % step); bit < 8; bit += step)
        try_flip(journal, layout.id, offset, bit);
    }
  }
}

TEST_CASE("every flipped bit of the headers is named") {
  Builder journal = small_journal();
  for (std::uint64_t segment = 1; segment <= 3; ++segment) {
    for (std::uint64_t offset = 0; offset < 8192; offset += offset % 4096 < 256 ? 1 : 97) {
      try_flip(journal, segment, offset, static_cast<unsigned>(offset % 8));
    }
  }
}

TEST_CASE("bits flipped in the zeros behind the last frame are named") {
  Builder journal = small_journal();
  const std::uint64_t end = journal.writer->end();
  for (std::uint64_t offset = end; offset < Builder::capacity; offset += 1 + (offset - end) / 8) {
    CAPTURE(offset);
    journal.flip(journal.path(3), offset, 5);
    auto report = verify(journal.host, journal.directory, {});
    REQUIRE(report.ok());
    CHECK(!report.value().ok);
    journal.flip(journal.path(3), offset, 5);
  }
}

TEST_CASE("random garbage in any file never crashes a reader, verify or salvage") {
  std::mt19937_64 random(20);
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    Builder journal = small_journal();
    const std::uint64_t segment = random() % 3 + 1;
    const std::uint64_t size = journal.read(journal.path(segment)).size();
    const std::uint64_t offset = random() % size;
    const std::uint64_t count = std::min<std::uint64_t>(random() % 6000 + 1, size - offset);
    for (std::uint64_t i = 0; i < count; ++i) {
      journal.fill(journal.path(segment), offset + i, 1, static_cast<std::byte>(random()));
    }
    auto report = verify(journal.host, journal.directory, {});
    REQUIRE(report.ok());
    CHECK(!report.value().ok);
    Options options;
    options.skip_corruption = true;
    auto observer = Observer::open(journal.host, journal.directory, options);
    if (!observer) continue;
    Reader reader(journal.host.disk);
    ReadRequest request = range(1, 100);
    request.skip_corruption = true;
    auto all = read_all(reader, observer.value()->view(), request);
    REQUIRE(all.ok());
    for (const auto& [seq, value] : all.value()) REQUIRE(value == value_of(seq));
  }
}

TEST_CASE("reading backwards steps over a missing first segment once and ends") {
  Builder journal;
  journal.begin();
  for (int i = 0; i < 3; ++i) {
    journal.append_values(5);
    if (i < 2) journal.rotate();
  }
  journal.mark(true);
  REQUIRE(journal.host.disk->unlink(journal.path(1)).ok());
  Options options;
  options.skip_corruption = true;
  const auto observer = observe(journal, options);
  Reader reader(journal.host.disk);
  ReadRequest request = range(1, 15, true);
  request.skip_corruption = true;
  std::uint64_t records = 0;
  for (int calls = 0; calls < 20 && request.from <= request.to; ++calls) {
    auto batch = reader.read(observer->view(), request);
    REQUIRE(batch.ok());
    for (const SkippedRange& skipped : batch.value().skipped) {
      CHECK(skipped.from_seq <= skipped.to_seq);
      CHECK(skipped.to_seq <= 5);
    }
    if (batch.value().lengths.empty()) break;
    records += batch.value().lengths.size();
    CHECK(batch.value().first_seq > 5);
    request.to = batch.value().first_seq - 1;
  }
  CHECK(records == 10);
}

}  // namespace
}  // namespace tidemark::journal::testing
