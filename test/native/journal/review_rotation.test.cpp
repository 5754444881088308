// Failures around the making of a successor: whatever fails, and is repeated, the next open finds
// every acknowledged record and refuses nothing that is sound.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "format/names.hpp"
#include "format/segment_header.hpp"
#include "staged_disk.hpp"

using namespace tidemark;
using namespace tidemark::test;
using journal::Code;
using journal::DurabilityKind;
using journal::WriteOutcome;

namespace {

std::string path_of(std::uint64_t id) { return io::join(directory, format::segment_name(id)); }
std::string temporary_of(std::uint64_t id) {
  return io::join(directory, format::segment_temporary_name(id));
}

journal::Options rotating_options() {
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  return options;
}

// Appends and remembers what was acknowledged. Its end waits for the journal's, so that no hook is
// called when what it refers to is gone.
struct Ledger {
  explicit Ledger(World& world) : handle(open(world, rotating_options())) {}
  ~Ledger() { static_cast<void>(close(handle)); }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  Handle handle;
  std::vector<std::string> acknowledged;
  std::vector<journal::Failure> rejected;
  char next = 'a';

  bool append(std::size_t bytes) {
    const std::string record(bytes, next++);
    auto result = test::append(handle, record);
    if (result) {
      acknowledged.push_back(record);
    } else {
      rejected.push_back(result.error());
    }
    return result.ok();
  }
};

// A file keeps the name under which it was made in what the hook is told.
bool is(const std::string& path, std::uint64_t id) {
  return path == path_of(id) || path == temporary_of(id);
}

bool exists(World& world, const std::string& path) { return world.memory->status(path).ok(); }

// The header of a successor of segment 1, as a recovery makes it.
std::vector<std::byte> successor_bytes(World& world) {
  World crashed = killed(world);
  static_cast<void>(crashed.memory->unlink(path_of(2)));
  auto handle = open(crashed);
  REQUIRE(handle->journal()->segments().size() == 2);
  return contents(*crashed.memory, path_of(2));
}

}  // namespace

TEST_CASE("a spare that was ordered before a failed write never follows the segment behind it") {
  StagedWorld world;
  Hold filling;
  std::atomic<bool> refuse = true;
  Ledger ledger(world);
  world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    if (call == io::Call::open && path == temporary_of(2)) filling.wait_here();
    return std::nullopt;
  });
  REQUIRE(ledger.append(20000));  // orders segment 2 as a spare
  filling.await_arrival();
  world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    if (call == io::Call::write && is(path, 1) && refuse.exchange(false)) return io::Errc::no_space;
    return std::nullopt;
  });
  CHECK_FALSE(ledger.append(100));
  CHECK(ledger.rejected.back().outcome == WriteOutcome::not_written);
  REQUIRE(ledger.append(100));
  filling.release();
  while (!exists(world, path_of(2))) std::this_thread::yield();
  for (int i = 0; i < 8; ++i) CHECK(ledger.append(20000));
  World after = killed(world);
  CHECK(read_all(after, open(after)) == ledger.acknowledged);
  static_cast<void>(close(ledger.handle));
  ledger.handle = open(world);
  CHECK(read_all(world, ledger.handle) == ledger.acknowledged);
}

TEST_CASE(
    "a spare is filled past the page cache where commits are: its sync holds none of them up") {
  StagedWorld world;
  auto options = rotating_options();
  options.direct = journal::DirectChoice::on;
  const auto handle = open(world, options);
  REQUIRE(append(handle, std::string(20000, 'a')).ok());  // orders segment 2 as a spare
  while (!exists(world, path_of(2))) std::this_thread::yield();
  CHECK(world.staged->opened_directly(temporary_of(2)));
  CHECK(close(handle).ok());
}

TEST_CASE("a spare is filled in pieces of about a commit, so that none waits longer for it") {
  const auto writes_of_the_spare = [](std::size_t commits, std::size_t bytes) {
    StagedWorld world;
    std::atomic<std::size_t> writes = 0;
    world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
      if (call == io::Call::write && path == temporary_of(2)) ++writes;
      return std::nullopt;
    });
    auto options = quiet_options();
    options.segment_bytes = std::uint64_t{4} << 20U;
    const auto handle = open(world, options);
    for (std::size_t i = 0; i < commits; ++i) {
      REQUIRE(append(handle, std::string(bytes, 'a')).ok());
    }
    while (!exists(world, path_of(2))) std::this_thread::yield();
    CHECK(close(handle).ok());
    return writes.load();
  };
  CHECK(writes_of_the_spare(280, 1000) == 128);  // at least 32 KiB
  CHECK(writes_of_the_spare(5, 65000) == 64);    // 64 KiB
  CHECK(writes_of_the_spare(1, 900'000) == 4);   // at most 1 MiB
}

TEST_CASE("nothing is written into a segment whose successor may be on the disk") {
  StagedWorld world;
  Ledger ledger(world);
  world.staged->hook([](io::Call call, const std::string&) -> std::optional<io::Errc> {
    if (call == io::Call::sync_directory) return io::Errc::io;
    return std::nullopt;
  });
  while (ledger.append(20000)) {
  }
  world.staged->unhook();
  for (int i = 0; i < 3; ++i) ledger.append(100);  // these would have fitted into the old one
  World after = killed(world);
  CHECK(read_all(after, open(after)) == ledger.acknowledged);
}

TEST_CASE("a header that was written in part or wholly, with an error, is no second successor") {
  const bool wholly = [] {
    bool whole = false;
    SUBCASE("in part") { whole = false; }
    SUBCASE("wholly") { whole = true; }
    return whole;
  }();
  StagedWorld world;
  std::atomic<int> refusals = 0;
  Ledger ledger(world);
  REQUIRE(ledger.append(20000));
  while (!exists(world, path_of(2))) std::this_thread::yield();
  world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    if (call != io::Call::write || !is(path, 2) || refusals.fetch_add(1) > 0) return std::nullopt;
    return io::Errc::io;
  });
  // The refused write of the header arrives all the same: the file is given what a successor has.
  while (ledger.append(20000)) {
  }
  REQUIRE(refusals == 1);
  const auto header = successor_bytes(world);
  auto file = world.memory->open(path_of(2), {io::Access::read_write});
  REQUIRE(file.ok());
  const std::size_t arrived = (wholly ? 2 : 1) * format::header_copy_bytes;
  REQUIRE(file.value()->write_at(0, io::Bytes(header).first(arrived)).ok());
  for (int i = 0; i < 8; ++i) CHECK(ledger.append(i < 4 ? 100 : 20000));
  CHECK(ledger.rejected.size() == 1);
  World after = killed(world);
  CHECK(read_all(after, open(after)) == ledger.acknowledged);
}

TEST_CASE("half a header that comes back beside the successor that replaced it is debris") {
  World world;
  auto handle = open(world);
  for (int i = 0; i < 3; ++i) REQUIRE(append(handle, "r" + std::to_string(i)).ok());
  auto half = successor_bytes(world);
  std::fill(half.begin() + format::header_copy_bytes, half.end(), std::byte{0});
  World crashed = killed(world);
  put(*crashed.memory, path_of(2), half);
  auto recovered = open(crashed);
  CHECK(read_all(crashed, recovered).size() == 3);
  REQUIRE(append(recovered, "r3").ok());
  World again = killed(crashed);
  REQUIRE(exists(again, path_of(3)));
  put(*again.memory, path_of(2), half);  // its removal was not durable
  auto third = open(again);
  CHECK(read_all(again, third) == std::vector<std::string>{"r0", "r1", "r2", "r3"});
  CHECK_FALSE(exists(again, path_of(2)));
}

TEST_CASE("half a header of a successor proves that what it names was durable") {
  World world;
  auto handle = open(world);
  for (int i = 0; i < 3; ++i) REQUIRE(append(handle, "record " + std::to_string(i)).ok());
  const std::uint64_t end = handle->journal()->segments().back().bytes;
  auto half = successor_bytes(world);
  std::fill(half.begin() + format::header_copy_bytes, half.end(), std::byte{0});
  World crashed = killed(world);
  put(*crashed.memory, path_of(2), half);
  auto bytes = contents(*crashed.memory, path_of(1));
  for (std::uint64_t i = 0; i < 8; ++i) bytes[end - 16 + i] = std::byte{0xEE};
  put(*crashed.memory, path_of(1), bytes);
  CHECK(refused(crashed).code == Code::corrupt);
}

TEST_CASE(
    "a seal that is only in the page cache is made durable before the log goes on behind it") {
  const bool poisoned = [] {
    bool failing = false;
    SUBCASE("its sync failed and its pages are clean") { failing = true; }
    SUBCASE("the process was killed in front of its sync") { failing = false; }
    return failing;
  }();
  StagedWorld world;
  std::atomic<bool> full = false;
  std::atomic<int> syncs = 0;
  Ledger ledger(world);
  world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    // The successor's header first, then the seal of segment 1.
    if (call == io::Call::sync && full && is(path, 2)) ++syncs;
    if (call == io::Call::sync && is(path, 1) && syncs > 0) return io::Errc::io;
    return std::nullopt;
  });
  REQUIRE(ledger.append(20000));
  while (!exists(world, path_of(2))) std::this_thread::yield();
  full = true;
  while (ledger.append(20000)) {
  }
  CHECK(ledger.rejected.back().code == Code::poisoned);
  static_cast<void>(close(ledger.handle));
  world.staged->unhook();
  if (!poisoned) {
    // The same bytes as a killed process leaves them: dirty.
    auto file = world.staged->open(path_of(1), {io::Access::read_write});
    REQUIRE(file.ok());
    auto bytes = contents(*world.memory, path_of(1));
    REQUIRE(file.value()->write_at(0, io::Bytes(bytes)).ok());
  }
  ledger.handle = open(world, rotating_options());
  REQUIRE(ledger.append(100));
  World after = world.staged->power_cut();
  CHECK(read_all(after, open(after)) == ledger.acknowledged);
}

TEST_CASE("a successor's header that is only in the page cache is not continued") {
  StagedWorld world;
  Ledger ledger(world);
  REQUIRE(ledger.append(20000));
  while (!exists(world, path_of(2))) std::this_thread::yield();
  world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    if (call == io::Call::sync && is(path, 2)) return io::Errc::io;
    return std::nullopt;
  });
  while (ledger.append(20000)) {
  }
  CHECK(ledger.rejected.back().code == Code::poisoned);
  static_cast<void>(close(ledger.handle));
  world.staged->unhook();
  ledger.handle = open(world, rotating_options());
  REQUIRE(ledger.append(100));
  World after = world.staged->power_cut();
  CHECK(read_all(after, open(after)) == ledger.acknowledged);
}

TEST_CASE("records that wait for a sync get it although the next commit waits for a spare") {
  StagedWorld world;
  Hold filling;
  auto options = rotating_options();
  options.commit_max_records = 1;
  auto handle = open(world, options);
  world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    if (call == io::Call::open && path == temporary_of(2)) filling.wait_here();
    return std::nullopt;
  });
  for (int i = 0; i < 5; ++i) {
    REQUIRE(give(handle, {std::string(20000, 'x')}, true, {DurabilityKind::os, 0}).ok());
  }
  filling.await_arrival();
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (handle->journal()->durable_seq() < 1 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  CHECK(handle->journal()->durable_seq() >= 1);
  filling.release();
  CHECK(close(handle).ok());
}
