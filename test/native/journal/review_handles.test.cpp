// Claims about handles: what close answers, what a joining open checks, what a sync request covers,
// marks beside close, and records that are not what a hand-over may hold.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "format/names.hpp"
#include "staged_disk.hpp"

using namespace tidemark;
using namespace tidemark::test;
using journal::Code;
using journal::DurabilityKind;

namespace {

constexpr io::Nanoseconds generous = 10'000'000'000;

bool eventually(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::nanoseconds(generous);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

// Time stands still, so that nothing happens only because it is due.
class StandingClock final : public io::Clock {
 public:
  io::Nanoseconds monotonic() override { return start_; }
  std::int64_t wall_milliseconds() override { return io::system_host().clock->wall_milliseconds(); }
  void random(io::MutableBytes into) override { io::system_host().clock->random(into); }

 private:
  io::Nanoseconds start_ = io::system_host().clock->monotonic();
};

Refusal hold_first_write(Hold& hold, std::atomic<bool>& first) {
  return [&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    if (call == io::Call::write && path.find("segment") != std::string::npos &&
        first.exchange(false))
      hold.wait_here();
    return std::nullopt;
  };
}

}  // namespace

TEST_CASE("a sync request covers every record handed over before it, queued commits included") {
  StagedWorld world;
  world.host.clock = std::make_shared<StandingClock>();
  auto options = quiet_options();
  options.commit_max_records = 1;
  Hold hold;
  std::atomic<bool> first = true;
  auto handle = open(world, options);
  world.staged->hook(hold_first_write(hold, first));
  const journal::Durability os{DurabilityKind::os, 0};
  REQUIRE(give(handle, {"a"}, false, os).ok());
  hold.await_arrival();
  REQUIRE(give(handle, {"b", "c"}, false, os).ok());
  handle->request_sync();
  hold.release();
  CHECK(eventually([&] { return handle->journal()->durable_seq() == 3; }));
  CHECK(close(handle).ok());
}

TEST_CASE("a handle that lost a record says so at its close, although its last ones are durable") {
  StagedWorld world;
  std::atomic<bool> refuse = true;
  std::atomic<bool> first = true;
  Hold hold;
  auto other = open(world);
  auto handle = open(world);
  world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    if (call == io::Call::write && path.find("segment") != std::string::npos &&
        refuse.exchange(false))
      return io::Errc::no_space;
    return std::nullopt;
  });
  REQUIRE_FALSE(append(handle, "lost").ok());
  world.staged->hook(hold_first_write(hold, first));
  REQUIRE(give(handle, {"kept"}).ok());
  hold.await_arrival();
  std::promise<journal::Status> promise;
  handle->close([&](journal::Status status) { promise.set_value(std::move(status)); });
  hold.release();
  const journal::Status status = promise.get_future().get();
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == Code::no_space);
  CHECK(append(other, "goes on").ok());
  static_cast<void>(close(other));
}

TEST_CASE("every call of close is answered, also one that comes while the first one waits") {
  StagedWorld world;
  Hold hold;
  std::atomic<bool> first = true;
  auto other = open(world);
  auto handle = open(world);
  world.staged->hook(hold_first_write(hold, first));
  REQUIRE(give(handle, {"record"}).ok());
  hold.await_arrival();
  std::atomic<int> answers = 0;
  handle->close([&](const journal::Status&) { ++answers; });
  handle->close([&](const journal::Status&) { ++answers; });
  CHECK(answers == 0);
  hold.release();
  CHECK(eventually([&] { return answers == 2; }));
  CHECK(close(other).ok());
}

TEST_CASE("the directory stays locked while a mark of the closing journal is being written") {
  StagedWorld world;
  auto handle = open(world);
  REQUIRE(append(handle, "record").ok());
  const auto journal = handle->journal();
  REQUIRE(journal->open_cursor("c").ok());
  Hold hold;
  std::atomic<bool> first = true;
  world.staged->hook([&](io::Call call, const std::string& path) -> std::optional<io::Errc> {
    if (call == io::Call::rename && path.find("cursor-") != std::string::npos &&
        first.exchange(false))
      hold.wait_here();
    return std::nullopt;
  });
  std::thread advancing([&] { CHECK(journal->advance_cursor("c", 0, 1).ok()); });
  hold.await_arrival();
  std::promise<journal::Status> closed;
  auto future = closed.get_future();
  handle->close([&](journal::Status status) { closed.set_value(std::move(status)); });
  CHECK(future.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  CHECK(world.memory->locked(io::join(directory, std::string(format::lock_name))).value());
  hold.release();
  advancing.join();
  CHECK(future.get().ok());
  CHECK_FALSE(world.memory->locked(io::join(directory, std::string(format::lock_name))).value());
  CHECK(journal->advance_cursor("c", 1, 1).error().code == Code::closed);
}

TEST_CASE("an open that joins a journal checks its expectSeq too") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  auto options = quiet_options();
  options.expect_seq = 2;
  CHECK(refused(world, options).code == Code::corrupt);
  options.expect_seq = 1;
  CHECK(open(world, options)->journal() == handle->journal());
}

TEST_CASE("a journal that starts behind expectSeq is created") {
  World world;
  auto options = quiet_options();
  options.recorded.start_seq = 100;
  options.expect_seq = 100;
  CHECK(refused(world, options).code == Code::corrupt);
  options.expect_seq = 99;
  auto handle = open(world, options);
  CHECK(append(handle, "first").value() == 100);
}

TEST_CASE("a hand-over holds records of the user's kind only") {
  World world;
  auto handle = open(world);
  const std::string text = "DICTNAME and words";
  const auto length = static_cast<std::uint32_t>(text.size());
  const std::uint8_t kind = format::record_kind::dictionary;
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(text));
  batch.lengths = {&length, 1};
  batch.attributes = {&kind, 1};
  CHECK(handle->hand_over(batch).error().code == Code::unsupported);
  CHECK(handle->journal()->last_seq() == 0);
}

TEST_CASE("a full commit has room for the dictionaries that it brings") {
  World world;
  auto options = quiet_options();
  options.commit_max_records = format::maximum_frame_entries;
  options.commit_max_bytes = format::maximum_body_bytes;
  auto handle = open(world, options);
  const std::string dictionary = "DICTNAMEwords";
  REQUIRE(handle->register_dictionary(std::as_bytes(std::span(dictionary))).ok());
  std::string payload;
  const std::size_t count = format::maximum_frame_entries;
  for (std::size_t i = 0; i < count; ++i) payload += "DICTNAME";
  const std::vector<std::uint32_t> lengths(count, 8);
  const std::vector<std::uint8_t> attributes(count, format::record_flag::has_dictionary);
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(payload));
  batch.lengths = lengths;
  batch.attributes = attributes;
  CHECK(handle->hand_over_and_wait(batch).ok());
  World after = killed(world);
  CHECK(open(after)->journal()->last_seq() == count);
}
