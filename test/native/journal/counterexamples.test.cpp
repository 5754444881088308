// The counterexamples that earlier designs of logs of this kind fell over, each as a story on a
// disk in memory: what was acknowledged, what went wrong, what the next open must say.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "format/marks.hpp"
#include "format/names.hpp"
#include "sanitizer.hpp"
#include "write_support.hpp"

using namespace tidemark;
using namespace tidemark::test;
using journal::Code;
using journal::DurabilityKind;
using journal::WriteOutcome;

namespace {

std::string segment_path(std::uint64_t id) { return io::join(directory, format::segment_name(id)); }

void flip(World& world, const std::string& path, std::uint64_t offset,
          std::byte mask = std::byte{1}) {
  auto bytes = contents(*world.memory, path);
  REQUIRE(offset < bytes.size());
  bytes[static_cast<std::size_t>(offset)] ^= mask;
  put(*world.memory, path, bytes);
}

void erase(World& world, const std::string& path, std::uint64_t from, std::uint64_t to) {
  auto bytes = contents(*world.memory, path);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from),
            bytes.begin() + static_cast<std::ptrdiff_t>(to), std::byte{0});
  put(*world.memory, path, bytes);
}

std::uint64_t end_of(const Handle& handle) { return handle->journal()->segments().back().bytes; }

journal::Options small_segments() {
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  return options;
}

}  // namespace

TEST_CASE(
    "A1: a damaged idle mark is corruption when a later frame proves that its place was durable") {
  World world;
  auto options = quiet_options();
  options.idle_mark = 0;
  auto handle = open(world, options);
  for (int i = 0; i < 10; ++i) REQUIRE(append(handle, "r").ok());
  while (handle->journal()->stats().marks == 0) std::this_thread::yield();
  std::this_thread::yield();
  const auto marks = handle->journal()->stats().marks;
  CHECK(marks >= 1);
  REQUIRE(append(handle, "eleven").ok());
  World after = killed(world);
  // Every frame in front of the last one is proven, whatever its kind: zero each 8-byte unit in
  // turn.
  const auto bytes = contents(*after.memory, segment_path(1));
  const std::uint64_t end = end_of(handle);
  for (std::uint64_t at = 8192; at + 200 < end; at += 40) {
    World damaged = killed(after);
    flip(damaged, segment_path(1), at, std::byte{0x40});
    CHECK(refused(damaged).code == Code::corrupt);
  }
}

TEST_CASE("A2: an acknowledged commit makes the os records in front of it durable too") {
  World world;
  auto handle = open(world);
  REQUIRE(give(handle, {"os record"}, false, {DurabilityKind::os, 0}).ok());
  while (handle->take_progress().written < 1) std::this_thread::yield();  // a frame of its own
  REQUIRE(append(handle, "commit record").value() == 2);
  CHECK(handle->journal()->durable_seq() == 2);  // one sync after both writes
  // Losing the first is therefore damage that is named as soon as any later frame says so.
  REQUIRE(append(handle, "witness").ok());
  World after = killed(world);
  erase(after, segment_path(1), 8192, 8192 + 56);
  const auto failure = refused(after);
  CHECK(failure.code == Code::corrupt);
  CHECK(failure.from_seq == 1U);
}

TEST_CASE("A3b: a lost last segment is corruption, and its seqs are not handed out again") {
  World world;
  auto handle = open(world, small_segments());
  for (int i = 0; i < 30; ++i) REQUIRE(append(handle, std::string(8000, 'x')).ok());
  const auto last = handle->journal()->segments().back().id;
  World after = killed(world);
  // The spare behind it is not the segment that the seal names.
  for (const std::string& name : names(*after.memory)) {
    if (name.find("segment") == 0 && format::parse_name(name).segment_id >= last) {
      REQUIRE(after.memory->unlink(io::join(directory, name)).ok());
    }
  }
  CHECK(refused(after, small_segments()).code == Code::corrupt);
}

TEST_CASE("A3c: lost first segments are told from truncated ones by the head mark") {
  World world;
  auto handle = open(world, small_segments());
  for (int i = 0; i < 30; ++i) REQUIRE(append(handle, std::string(8000, 'x')).ok());
  World lost = killed(world);
  REQUIRE(lost.memory->unlink(segment_path(1)).ok());
  CHECK(refused(lost, small_segments()).code == Code::corrupt);
  REQUIRE(handle->journal()->truncate_before(12).ok());
  World truncated = killed(world);
  CHECK(open(truncated, small_segments())->journal()->first_seq() == 12);
}

TEST_CASE("A3e: a truncation that resolved stays, although the removals were lost") {
  World world;
  auto handle = open(world, small_segments());
  for (int i = 0; i < 30; ++i) REQUIRE(append(handle, std::string(8000, 'x')).ok());
  World before = killed(world);
  REQUIRE(handle->journal()->truncate_before(20).ok());
  put(*before.memory, io::join(directory, "head"),
      contents(*world.memory, io::join(directory, "head")));
  auto again = open(before, small_segments());
  CHECK(again->journal()->first_seq() == 20);
  CHECK(again->journal()->segments().front().first_seq <= 20);
}

TEST_CASE("A4: a rejected record never comes back behind its replacement") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "kept").ok());
  // The write fails after all of its bytes arrived: the worst residue.
  const std::uint64_t at = end_of(handle);
  world.disk->intercept(refuse_one_write(io::Errc::no_space, io::Effect::whole));
  CHECK_FALSE(append(handle, "rejected").ok());
  REQUIRE(append(handle, "replaced").value() == 2);
  World after = killed(world);
  CHECK(read_all(after, open(after)) == std::vector<std::string>{"kept", "replaced"});
  // A late write of the dead writer puts the whole rejected frame back: it is behind the end that
  // the successor's header fixes, so it is never a record.
  World twin;
  auto other = open(twin);
  REQUIRE(append(other, "kept").ok());
  REQUIRE(append(other, "rejected").ok());
  CHECK(handle->journal()->segments().front().bytes >= at);
  CHECK(handle->journal()->segments().size() == 2);
}

TEST_CASE(
    "A5: with padding 'block' no acknowledged byte is ever in a block that is written again") {
  World world;
  auto options = quiet_options();
  options.block_padding = true;
  auto handle = open(world, options);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(append(handle, std::string(static_cast<std::size_t>(100 * i), 'p')).ok());
    CHECK(end_of(handle) % format::minimum_block_bytes == 0);
  }
  World after = killed(world);
  // The zeros in between are part of the frame: a flipped bit among them is seen.
  World damaged = killed(world);
  flip(damaged, segment_path(1), 8192 + 4000);
  CHECK(refused(damaged, options).code == Code::corrupt);
  CHECK(read_all(after, open(after, options)).size() == 20);
}

TEST_CASE("A6: when a commit is rejected, everything accepted after it is rejected with it") {
  World world;
  auto options = quiet_options();
  options.linger = 3'600'000'000'000;  // commits leave only when they are full
  options.commit_max_records = 2;
  auto handle = open(world, options);
  REQUIRE(give(handle, {"a", "b"}).ok());
  while (handle->journal()->durable_seq() < 2) std::this_thread::yield();
  world.disk->intercept(refuse_one_write(io::Errc::quota));
  REQUIRE(give(handle, {"c", "d", "e", "f", "g"}).ok());
  journal::Progress progress = handle->take_progress();
  while (progress.rejections.empty()) {
    std::this_thread::yield();
    progress = handle->take_progress();
  }
  CHECK(progress.rejections.front().from == 3);
  CHECK(progress.rejections.back().to == 7);
  CHECK(progress.durable == 2);
  CHECK(handle->journal()->last_seq() == 2);
  REQUIRE(give(handle, {"h", "i"}).value() == 3);  // a new history
  while (handle->journal()->durable_seq() < 4) std::this_thread::yield();
  World after = killed(world);
  CHECK(read_all(after, open(after)) == std::vector<std::string>{"a", "b", "h", "i"});
}

TEST_CASE("A7: limits of the options do not decide what is readable") {
  World world;
  auto options = quiet_options();
  options.max_record_bytes = 8U << 20U;
  auto handle = open(world, options);
  REQUIRE(append(handle, std::string(5U << 20U, 'L')).ok());
  World after = killed(world);
  auto narrow = quiet_options();
  narrow.max_record_bytes = 1024;
  narrow.segment_bytes = journal::minimum_segment_bytes;
  auto again = open(after, narrow);
  CHECK(read_all(after, again).at(0).size() == 5U << 20U);
  CHECK(append(again, std::string(2000, 'x')).error().code == Code::too_large);
}

TEST_CASE("A8: a log that ends below a named cursor is corrupt, not cut") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  const std::uint64_t at = end_of(handle);
  REQUIRE(append(handle, std::string(2000, 'z')).ok());
  World before = killed(world);
  flip(before, segment_path(1), at + 1000);
  CHECK(open(before)->journal()->last_seq() == 1);  // nothing proves the last one
  REQUIRE(handle->journal()->open_cursor("replica").ok());
  REQUIRE(handle->journal()->advance_cursor("replica", 0, 2).ok());
  World after = killed(world);
  flip(after, segment_path(1), at + 1000);
  const auto failure = refused(after);
  CHECK(failure.code == Code::corrupt);
  CHECK(failure.to_seq == 2U);
}

TEST_CASE(
    "A12c: what one open showed, the next one shows: the witness is durable before it is shown") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  const std::uint64_t at = end_of(handle);
  REQUIRE(append(handle, "two").ok());
  World after = killed(world);
  {
    auto shown = open(after);
    CHECK(read_all(after, shown).size() == 2);
    after = killed(after);
  }
  // The last record rots now: the first open's witness proves that it was there.
  flip(after, segment_path(1), at + format::fixed_frame_header_bytes + 8);
  auto again = journal::Journal::open(after.host, directory, quiet_options(), nullptr);
  if (again) {
    // Damage inside a sealed segment is met by the read that needs it.
    journal::Reader reader(after.host.disk);
    CHECK(reader.get(again.value()->journal()->view(), 2).error().code == Code::corrupt);
  } else {
    CHECK(again.error().code == Code::corrupt);
  }
}

TEST_CASE(
    "A13: epochs differ after every unclean open, so (id, epoch, seq) names one record for ever") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  std::vector<std::uint64_t> epochs{handle->journal()->epoch()};
  World current = killed(world);
  for (int i = 0; i < 4; ++i) {
    auto again = open(current);
    REQUIRE(append(again, "more").ok());
    epochs.push_back(again->journal()->epoch());
    current = killed(current);
  }
  std::sort(epochs.begin(), epochs.end());
  CHECK(std::adjacent_find(epochs.begin(), epochs.end()) == epochs.end());
}

TEST_CASE(
    "A14: the commit acknowledged last, whole and wrong, is cut and reported as undecidable") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  const std::uint64_t at = end_of(handle);
  REQUIRE(append(handle, std::string(2000, 'z')).ok());
  World after = killed(world);
  flip(after, segment_path(1), at + 1000);
  auto again = open(after);
  const auto& report = again->journal()->recovery();
  CHECK(report.tail == format::TailWord::undecidable);
  REQUIRE(report.cut.has_value());
  CHECK(report.cut->from_seq == 2);
  CHECK(report.cut->to_seq == 2);
  CHECK(read_all(after, again) == std::vector<std::string>{"one"});
}

TEST_CASE("A14: a header there that one flipped bit makes valid is rot and refused") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  const std::uint64_t at = end_of(handle);
  REQUIRE(append(handle, "two").ok());
  for (std::uint64_t byte = 0; byte < 44; ++byte) {
    World after = killed(world);
    flip(after, segment_path(1), at + byte, std::byte{0x04});
    CHECK(refused(after).code == Code::corrupt);
  }
}

TEST_CASE(
    "after a clean close any single flipped bit of any frame is refused, never a shorter journal") {
  World world;
  auto handle = open(world);
  for (int i = 0; i < 3; ++i) REQUIRE(append(handle, "record " + std::to_string(i)).ok());
  CHECK(close(handle).ok());
  const auto info = handle->journal()->segments().back();
  constexpr unsigned step = tidemark::test::one_in(4U, 8U);
  for (std::uint64_t byte = 8192; byte < info.bytes; ++byte) {
    for (auto bit = static_cast<unsigned>(byte % step); bit < 8; bit += step) {
      World damaged = killed(world);
      flip(damaged, segment_path(1), byte, std::byte{1} << bit);
      CHECK(refused(damaged).code == Code::corrupt);
    }
  }
}

TEST_CASE("a second crash during recovery, anywhere, changes nothing about the result") {
  World world;
  auto handle = open(world);
  for (int i = 0; i < 5; ++i) REQUIRE(append(handle, "r" + std::to_string(i)).ok());
  // Every writing call of the recovery fails in turn: what it leaves is opened again.
  bool completed = false;
  for (int nth = 1; !completed && nth < 200; ++nth) {
    World crashed = killed(world);
    crashed.disk->intercept([nth, calls = 0](
                                const io::DiskCall& call) mutable -> std::optional<io::Fault> {
      const bool writes = call.call == io::Call::write || call.call == io::Call::sync ||
                          call.call == io::Call::rename || call.call == io::Call::sync_directory ||
                          call.call == io::Call::unlink || call.call == io::Call::truncate;
      if (!writes || ++calls < nth) return std::nullopt;
      // And everything after it; a write leaves a half.
      return io::Fault{io::Errc::io, io::Effect::part, {}};
    });
    auto first = journal::Journal::open(crashed.host, directory, quiet_options(), nullptr);
    if (first) first.value().reset();
    completed = crashed.disk->hits() == 0;
    World again = killed(crashed);
    CHECK(read_all(again, open(again)).size() == 5);
    World third = killed(again);
    CHECK(read_all(third, open(third)).size() == 5);
  }
  CHECK(completed);
}
