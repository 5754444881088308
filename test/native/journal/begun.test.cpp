// Commits whose write the client that hands them over begins, and ends.
#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/simulated_disk.hpp"
#include "simulated_world.hpp"
#include "unheard.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

constexpr io::Nanoseconds one_millisecond = 1'000'000;

journal::Options begun_options() {
  journal::Options options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  options.direct = journal::DirectChoice::on;
  return options;
}

// An open journal whose handle begins writes: its segment's file is open.
Handle begun_handle(SimulatedWorld& world, const journal::Options& options = begun_options()) {
  Handle handle = open(world, options);
  REQUIRE(append(handle, "first").ok());
  handle->begin_writes(std::make_shared<Unheard>());
  world.process.scheduler->run_until_idle();
  return handle;
}

std::uint64_t durable(const Handle& handle) { return handle->take_progress().durable; }

std::vector<std::string> after_a_cut(SimulatedWorld& world) {
  SimulatedWorld after(1, world.process.disk->cut(world.process.disk->all_dropped()));
  const Handle handle = open(after, begun_options());
  std::vector<std::string> records = read_all(after, handle);
  CHECK(close(after, handle).ok());
  return records;
}

// A disk that says of begun writes what a test wants. `begins`: whether the system takes one;
// `says`: what it says of its end, where that is not what the disk behind says.
class AnsweringDisk final : public io::FaultDisk {
 public:
  using io::FaultDisk::FaultDisk;
  struct Answers {
    std::function<bool()> begins = [] { return true; };
    std::function<std::optional<io::Ended>()> says = [] { return std::nullopt; };
  };
  io::Result<std::unique_ptr<io::File>> open(const std::string& path,
                                             const io::OpenOptions& options) override {
    auto opened = io::FaultDisk::open(path, options);
    if (!opened) return opened;
    return std::unique_ptr<io::File>(
        std::make_unique<AnsweringFile>(std::move(opened).value(), answers));
  }

  const std::shared_ptr<Answers> answers = std::make_shared<Answers>();

 private:
  class AnsweringFile final : public io::File {
   public:
    AnsweringFile(std::unique_ptr<io::File> inner, std::shared_ptr<Answers> answers)
        : inner_(std::move(inner)), answers_(std::move(answers)) {}
    io::Result<std::size_t> read_at(std::uint64_t offset, io::MutableBytes into) override {
      return inner_->read_at(offset, into);
    }
    io::Status write_at(std::uint64_t offset, std::span<const io::Bytes> parts) override {
      return inner_->write_at(offset, parts);
    }
    bool begin_write(std::uint64_t offset, io::Bytes bytes, io::Notice& notice) override {
      return answers_->begins() && inner_->begin_write(offset, bytes, notice);
    }
    io::Result<io::Ended> end_write(bool wait) override {
      const auto said = answers_->says();
      return said ? *said : inner_->end_write(wait);
    }
    [[nodiscard]] bool begins_writes() const noexcept override { return inner_->begins_writes(); }
    io::Status sync() override { return inner_->sync(); }
    io::Status truncate(std::uint64_t size) override { return inner_->truncate(size); }
    io::Result<std::uint64_t> size() override { return inner_->size(); }
    io::Result<io::FileIdentity> identity() override { return inner_->identity(); }
    io::Status drop_cache() override { return inner_->drop_cache(); }
    [[nodiscard]] std::size_t alignment() const noexcept override { return inner_->alignment(); }

   private:
    std::unique_ptr<io::File> inner_;
    std::shared_ptr<Answers> answers_;
  };
};

}  // namespace

TEST_CASE("a lone commit is written without a step of the writer's task, and durable at its end") {
  SimulatedWorld world;
  const Handle handle = begun_handle(world);
  for (int i = 0; i < 5; ++i) {
    const std::string text = "begun " + std::to_string(i);
    const std::uint64_t before = durable(handle);
    REQUIRE(give(handle, {text}).ok());
    CHECK(handle->writing());
    CHECK(durable(handle) == before);
    CHECK_FALSE(handle->end_write());
    CHECK_FALSE(handle->writing());
    CHECK(durable(handle) == before + 1);
    CHECK(after_a_cut(world).back() == text);
  }
  CHECK(close(world, handle).ok());
}

TEST_CASE("what is handed over while a write is under way is begun at its end, as one commit") {
  SimulatedWorld world;
  const Handle handle = begun_handle(world);
  const std::uint64_t commits = handle->journal()->stats().commits;
  REQUIRE(give(handle, {"one"}).ok());
  REQUIRE(give(handle, {"two"}).ok());
  REQUIRE(give(handle, {"three"}).ok());
  CHECK(handle->end_write());
  CHECK(durable(handle) == 2);
  CHECK_FALSE(handle->end_write());
  CHECK(durable(handle) == 4);
  CHECK(handle->journal()->stats().commits == commits + 2);
  CHECK(after_a_cut(world) == std::vector<std::string>{"first", "one", "two", "three"});
  CHECK(close(world, handle).ok());
}

TEST_CASE("a batch that nothing is in front of is begun, many records behind others are not") {
  SimulatedWorld world;
  const Handle handle = begun_handle(world);
  const std::vector<std::string> batch(64, "of a batch");
  REQUIRE(give(handle, batch, true).ok());
  CHECK(handle->writing());
  REQUIRE(give(handle, {"behind it"}).ok());
  CHECK_FALSE(handle->end_write());  // many callers, it seems: the task goes on
  CHECK(durable(handle) == 65);
  world.process.scheduler->run_until_idle();
  CHECK(durable(handle) == 66);
  CHECK(after_a_cut(world).size() == 66);
  CHECK(close(world, handle).ok());
}

TEST_CASE("what is large, many, weak or lingers is left to the writer's task") {
  SimulatedWorld world;
  {
    const Handle handle = begun_handle(world);
    REQUIRE(give(handle, {std::string(40'000, 'x')}).ok());
    CHECK_FALSE(handle->writing());
    world.process.scheduler->run_until_idle();
    REQUIRE(give(handle, std::vector<std::string>(200, "y")).ok());
    CHECK_FALSE(handle->writing());
    world.process.scheduler->run_until_idle();
    CHECK(durable(handle) == 202);
    REQUIRE(give(handle, {"weak"}, false, {journal::DurabilityKind::os, 0}).ok());
    CHECK_FALSE(handle->writing());
    world.process.scheduler->run_until_idle();
    // Such a write makes nothing in front of it durable.
    REQUIRE(give(handle, {"behind a weak one"}).ok());
    world.process.scheduler->run_until_idle();
    CHECK(durable(handle) == 204);
    CHECK(close(world, handle).ok());
  }
  journal::Options options = begun_options();
  options.linger = one_millisecond;
  const Handle handle = open(world, options);
  handle->begin_writes(std::make_shared<Unheard>());
  REQUIRE(append(handle, "opens the file").ok());
  REQUIRE(give(handle, {"lingers"}).ok());
  CHECK_FALSE(handle->writing());
  CHECK(close(world, handle).ok());
}

TEST_CASE("a write whose end nobody comes for is ended by the task, soon") {
  SimulatedWorld world;
  const Handle handle = begun_handle(world);
  REQUIRE(give(handle, {"left"}).ok());
  REQUIRE(give(handle, {"behind it"}).ok());
  world.process.scheduler->run_for(4 * one_millisecond);
  CHECK(durable(handle) == 1);
  world.process.scheduler->run_for(2 * one_millisecond);
  CHECK(durable(handle) == 3);
  CHECK_FALSE(handle->end_write());  // too late, and of no consequence
  REQUIRE(give(handle, {"again"}).ok());
  CHECK(handle->writing());
  CHECK_FALSE(handle->end_write());
  CHECK(after_a_cut(world).back() == "again");
  CHECK(close(world, handle).ok());
}

TEST_CASE("who waits for a record does not wait for the event loop that began another one") {
  SimulatedWorld world;
  const Handle handle = begun_handle(world);
  const Handle other = open(world, begun_options());
  const io::Nanoseconds before = world.host.clock->monotonic();
  REQUIRE(give(handle, {"begun"}).ok());
  REQUIRE(append(other, "waited for").ok());
  REQUIRE(give(handle, {"begun too"}).ok());
  other->request_sync();
  world.process.scheduler->run_until([&] { return durable(handle) == 3; });
  CHECK(world.host.clock->monotonic() == before);
  REQUIRE(give(handle, {"at the close"}).ok());
  CHECK(close(world, other).ok());
  CHECK(close(world, handle).ok());
  CHECK(world.host.clock->monotonic() == before);
  CHECK(after_a_cut(world).back() == "at the close");
}

TEST_CASE("records with an interval do not wait behind a write whose end nobody comes for") {
  SimulatedWorld world;
  const Handle handle = begun_handle(world);
  REQUIRE(give(handle, {"begun"}).ok());
  REQUIRE(
      give(handle, {"soon"}, false, {journal::DurabilityKind::interval, 2 * one_millisecond}).ok());
  world.process.scheduler->run_for(2 * one_millisecond);
  CHECK(durable(handle) == 3);
  CHECK(close(world, handle).ok());
}

TEST_CASE("idle marks come behind writes that were begun") {
  SimulatedWorld world;
  journal::Options options = begun_options();
  options.idle_mark = 20 * one_millisecond;
  const Handle handle = begun_handle(world, options);
  for (int i = 0; i < 30; ++i) {
    REQUIRE(give(handle, {"begun"}).ok());
    CHECK_FALSE(handle->end_write());
    world.process.scheduler->run_for(one_millisecond);
  }
  CHECK(handle->journal()->stats().marks == 0);
  world.process.scheduler->run_for(25 * one_millisecond);
  CHECK(handle->journal()->stats().marks == 1);
  REQUIRE(give(handle, {"behind the mark"}).ok());
  CHECK(handle->writing());
  CHECK_FALSE(handle->end_write());
  CHECK(after_a_cut(world).size() == 32);
  CHECK(close(world, handle).ok());
}

TEST_CASE("a begun write that fails rejects, or ends the writer, as any other") {
  for (const io::Errc code : {io::Errc::no_space, io::Errc::io}) {
    SimulatedWorld world;
    world.disk = std::make_shared<io::FaultDisk>(world.process.disk);
    world.host = world.process.host(world.disk);
    const Handle handle = begun_handle(world);
    world.disk->intercept(refuse_one_write(code));
    REQUIRE(give(handle, {"refused"}).ok());
    CHECK(handle->writing());
    REQUIRE(give(handle, {"behind it"}).ok());
    CHECK_FALSE(handle->end_write());
    // What follows a failure waits for the disk: it is the task's.
    CHECK(handle->take_progress().rejections.empty());
    world.process.scheduler->run_until_idle();
    const journal::Progress progress = handle->take_progress();
    REQUIRE_FALSE(progress.rejections.empty());
    const journal::Failure& failure = progress.rejections.front().failure;
    if (code == io::Errc::io) {
      CHECK(failure.code == journal::Code::poisoned);
      CHECK(failure.outcome == journal::WriteOutcome::unknown);
      CHECK(handle->journal()->failure().has_value());
      CHECK_FALSE(close(world, handle).ok());
      continue;
    }
    CHECK(failure.code == journal::Code::no_space);
    CHECK(failure.outcome == journal::WriteOutcome::not_written);
    REQUIRE(append(handle, "goes on").ok());
    world.process.scheduler->run_until_idle();
    REQUIRE(give(handle, {"and begins again"}).ok());
    CHECK(handle->writing());
    CHECK_FALSE(handle->end_write());
    CHECK(after_a_cut(world) == std::vector<std::string>{"first", "goes on", "and begins again"});
    CHECK_FALSE(close(world, handle).ok());  // it says once more that records were rejected
  }
}

TEST_CASE("what the system refuses to begin, or to end, is written by the task") {
  for (const bool at_once : {true, false}) {
    CAPTURE(at_once);
    SimulatedWorld world;
    const auto disk = std::make_shared<AnsweringDisk>(world.process.disk);
    int refused = 0;
    if (at_once) {
      disk->answers->begins = [&refused] {
        ++refused;
        return false;
      };
    } else {
      disk->answers->says = [&refused] {
        ++refused;
        return io::Ended::refused;
      };
    }
    world.host = world.process.host(disk);
    const Handle handle = begun_handle(world);
    for (std::uint64_t i = 1; i <= 100; ++i) {
      REQUIRE(give(handle, {"refused or not " + std::to_string(i)}).ok());
      if (at_once) CHECK_FALSE(handle->writing());
      REQUIRE(give(handle, {"behind it"}).ok());
      static_cast<void>(handle->end_write());
      world.process.scheduler->run_until_idle();
      CHECK(durable(handle) == 1 + 2 * i);
    }
    CHECK(after_a_cut(world).size() == 201);
    // Who refuses is asked less and less.
    CHECK(refused > 3);
    CHECK(refused < 10);
    CHECK(close(world, handle).ok());
  }
}

TEST_CASE("a look that comes too early leaves the write to the task all the same") {
  SimulatedWorld world;
  const auto disk = std::make_shared<AnsweringDisk>(world.process.disk);
  world.host = world.process.host(disk);
  const Handle handle = begun_handle(world);
  // While the client looks, the task comes, finds it at work, and rests.
  disk->answers->says = [&world, early = true]() mutable -> std::optional<io::Ended> {
    if (!std::exchange(early, false)) return std::nullopt;
    world.process.scheduler->run_for(6 * one_millisecond);
    return io::Ended::not_yet;
  };
  REQUIRE(give(handle, {"begun"}).ok());
  CHECK(handle->end_write());
  CHECK(handle->writing());
  CHECK(durable(handle) == 1);
  world.process.scheduler->run_until_idle();
  CHECK(durable(handle) == 2);
  CHECK_FALSE(handle->end_write());
  CHECK(close(world, handle).ok());
}

TEST_CASE("rotation goes on between writes that are begun") {
  SimulatedWorld world;
  const Handle handle = begun_handle(world);
  std::vector<std::string> expected{"first"};
  std::size_t begun = 0;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(std::to_string(i) + std::string(9'000, 'r'));
    REQUIRE(give(handle, {expected.back()}).ok());
    begun += handle->writing() ? 1 : 0;
    static_cast<void>(handle->end_write());
    world.process.scheduler->run_until([&] { return durable(handle) == expected.size(); });
    world.process.scheduler->run_until_idle();
  }
  CHECK(begun > 20);
  CHECK(handle->journal()->stats().rotations > 3);
  CHECK(after_a_cut(world) == expected);
  CHECK(close(world, handle).ok());
}

TEST_CASE("event loops of several threads and the task pass the writer on, and lose nothing") {
  constexpr int each = 400;
  const auto disk = std::make_shared<io::SimulatedDisk>();
  const io::Host host{disk, io::system_host().clock, io::system_host().tasks};
  const auto open_one = [&] {
    auto opened = journal::Journal::open(host, directory, begun_options(), nullptr);
    REQUIRE(opened.ok());
    return std::move(opened).value();
  };
  std::vector<Handle> handles;
  for (int i = 0; i < 3; ++i) handles.push_back(open_one());
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread, handle = handles[static_cast<std::size_t>(thread)]] {
      handle->begin_writes(std::make_shared<Unheard>());
      for (std::uint64_t i = 1; i <= each; ++i) {
        const bool waits = i % 16 == 0;
        const std::string text = std::to_string(thread) + "." + std::to_string(i);
        const bool taken = waits ? append(handle, text).ok() : give(handle, {text}).ok();
        if (!taken) ++refused;
        // One of them never comes to end what it began.
        while (thread != 2 && durable(handle) < i) static_cast<void>(handle->end_write());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
  for (const Handle& handle : handles) CHECK(close(handle).ok());
  World after;
  after.host = {disk->cut(disk->all_dropped()), io::system_host().clock, io::system_host().tasks};
  const Handle handle = open(after, begun_options());
  std::vector<std::string> records = read_all(after, handle);
  CHECK(records.size() == 3 * each);
  std::sort(records.begin(), records.end());
  CHECK(std::adjacent_find(records.begin(), records.end()) == records.end());
  CHECK(close(handle).ok());
}
