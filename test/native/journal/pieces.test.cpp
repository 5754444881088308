// Pieces of work in two threads, and verify as it uses them.
#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "builder.hpp"
#include "io/scheduler.hpp"
#include "io/threads.hpp"
#include "journal/pieces.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal {
namespace {

using testing::Builder;

TEST_CASE("each piece is done once") {
  for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
    CAPTURE(count);
    std::vector<int> done(count);
    do_pieces(*io::system_host().tasks, count, [&](std::size_t number) { ++done[number]; });
    CHECK(std::ranges::all_of(done, [](int times) { return times == 1; }));
  }
}

TEST_CASE("two pieces are done at the same time") {
  std::mutex mutex;
  std::condition_variable met;
  int begun = 0;
  do_pieces(*io::system_host().tasks, 2, [&](std::size_t) {
    std::unique_lock lock(mutex);
    ++begun;
    met.notify_all();
    met.wait(lock, [&] { return begun == 2; });
  });
  CHECK(begun == 2);
}

// A gate that tells when somebody waits at it.
class TellingGate final : public io::Gate {
 public:
  explicit TellingGate(std::function<void()> tell) : tell_(std::move(tell)) {}
  void notify_all() noexcept override { inner_->notify_all(); }
  bool wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& condition,
            std::optional<io::Nanoseconds> deadline) override {
    tell_();
    return inner_->wait(lock, condition, deadline);
  }

 private:
  const std::function<void()> tell_;
  const std::unique_ptr<io::Gate> inner_ = io::system_host().tasks->make_gate();
};

class TellingTasks final : public io::Tasks {
 public:
  explicit TellingTasks(std::function<void()> tell) : tell_(std::move(tell)) {}
  std::shared_ptr<io::Task> start(std::string name, std::function<io::Next()> step) override {
    return io::system_host().tasks->start(std::move(name), std::move(step));
  }
  void submit(std::function<void()> job) override {
    io::system_host().tasks->submit(std::move(job));
  }
  std::unique_ptr<io::Gate> make_gate() override { return std::make_unique<TellingGate>(tell_); }

 private:
  const std::function<void()> tell_;
};

TEST_CASE("the caller waits for the piece that the other thread is at") {
  struct Seen {
    std::mutex mutex;
    std::condition_variable changed;
    int begun = 0;
    bool waits = false;
    bool returned = false;
    int done = 0;
  };
  const auto seen = std::make_shared<Seen>();
  const auto set = [seen](bool Seen::*field) {
    const std::scoped_lock lock(seen->mutex);
    (*seen).*field = true;
    seen->changed.notify_all();
  };
  TellingTasks tasks([set] { set(&Seen::waits); });
  const auto caller = std::this_thread::get_id();
  do_pieces(tasks, 2, [seen, caller](std::size_t) {
    std::unique_lock lock(seen->mutex);
    ++seen->begun;
    seen->changed.notify_all();
    seen->changed.wait(lock, [&] { return seen->begun == 2; });
    // That of the other thread is not done before the caller waits for it, or has gone on without.
    if (std::this_thread::get_id() != caller) {
      seen->changed.wait(lock, [&] { return seen->waits || seen->returned; });
    }
    ++seen->done;
  });
  const int done = [&] {
    const std::scoped_lock lock(seen->mutex);
    return seen->done;
  }();
  set(&Seen::returned);
  CHECK(done == 2);
}

TEST_CASE("pieces are done where no thread of the pool ever comes free") {
  io::ThreadTasksOptions options;
  options.pool_threads = 1;
  const auto tasks = io::make_thread_tasks(options);
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t done = 0;
  tasks->submit([&] {
    std::size_t pieces = 0;
    do_pieces(*tasks, 5, [&](std::size_t) { ++pieces; });
    const std::scoped_lock lock(mutex);
    done = pieces;
    ended.notify_all();
  });
  std::unique_lock lock(mutex);
  ended.wait(lock, [&] { return done != 0; });
  CHECK(done == 5);
}

std::string line_of(const Problem& problem) {
  return std::to_string(static_cast<int>(problem.kind)) + ' ' + std::to_string(problem.segment) +
         '@' + std::to_string(problem.offset) + ' ' + std::to_string(problem.from_seq) + '-' +
         std::to_string(problem.to_seq) + ' ' + problem.row + ' ' + problem.detail + ' ' +
         std::to_string(problem.single_bit_flip.value_or(0));
}

TEST_CASE("verify in two threads says what verify in one says, in the same order") {
  Builder journal;
  journal.begin();
  constexpr std::uint64_t segments = 40;
  for (std::uint64_t id = 1; id <= segments; ++id) {
    for (int i = 0; i < 5; ++i) journal.append_values(2);
    if (id < segments) journal.rotate();
  }
  for (std::uint64_t id = 1; id < segments; ++id) {
    if (id % 3 != 0) journal.flip(journal.path(id), 2 * 4096 + 90 * id, id % 8);
  }
  const auto verified = [&](const io::Host& host) {
    VerifyOptions options;
    options.frames = true;
    auto report = verify(host, journal.directory, options);
    REQUIRE(report.ok());
    std::vector<std::string> lines;
    for (const Problem& problem : report.value().problems) lines.push_back(line_of(problem));
    for (const SegmentLayout& segment : report.value().segments) {
      lines.push_back("segment " + std::to_string(segment.id) + ' ' +
                      std::to_string(segment.frames.size()) + ' ' +
                      std::to_string(segment.records) + ' ' + std::to_string(segment.last_seq));
    }
    lines.push_back(std::to_string(report.value().records) + ' ' +
                    std::to_string(report.value().last_seq) + ' ' +
                    std::to_string(report.value().watermark_seq) + ' ' +
                    std::to_string(report.value().bytes_used));
    return lines;
  };
  // Of the scheduler's jobs none runs here: all is done in this thread.
  const auto clock = std::make_shared<io::VirtualClock>(1);
  const auto scheduler = std::make_shared<io::Scheduler>(clock, 1);
  const auto alone = verified({journal.host.disk, clock, scheduler});
  CHECK(alone.size() > segments + segments / 2);
  for (int round = 0; round < 20; ++round) CHECK(verified(journal.host) == alone);
  scheduler->run_until_idle();  // the helper that came too late touches nothing
}

}  // namespace
}  // namespace tidemark::journal
