// Tasks, gates and the pool on threads; also where the system gives few threads or none.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <thread>
#include <vector>

#include "io/condition.hpp"
#include "io/platform.hpp"
#include "io/threads.hpp"

using namespace tidemark::io;

namespace {

// Far more than any of this takes: reaching it is a lost wake-up.
constexpr Nanoseconds patience = 120'000'000'000;
constexpr Nanoseconds hour = 3'600'000'000'000;
constexpr int unlimited = 1'000'000;

// Tasks that may start a limited number of threads in all.
struct Limited {
  explicit Limited(int limit, Nanoseconds retire_after = hour) : allowed(limit) {
    ThreadTasksOptions options;
    options.retire_after = retire_after;
    options.start_thread = [this](const std::string& name, std::function<void()> body) {
      if (allowed.fetch_sub(1) <= 0) {
        allowed.fetch_add(1);
        return false;
      }
      started.fetch_add(1);
      running.fetch_add(1);
      return start_thread(name, [this, body = std::move(body)]() mutable {
        body();
        body = nullptr;
        const std::lock_guard lock(mutex);
        running.fetch_sub(1);
        stopped.notify_all();
      });
    };
    tasks = make_thread_tasks(std::move(options));
  }
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;
  // Waits for the pool, so that no thread of one test runs in the next; tasks end before.
  ~Limited() {
    tasks.reset();
    await_threads(0);
  }
  void await_threads(int count) {
    std::unique_lock lock(mutex);
    stopped.wait(lock, [&] { return running.load() <= count; });
  }

  std::atomic<int> allowed;
  std::atomic<int> started{0};
  std::atomic<int> running{0};
  std::mutex mutex;
  std::condition_variable stopped;
  std::shared_ptr<Tasks> tasks;
};

struct OwnThreads : Limited {
  OwnThreads() : Limited(unlimited) {}
};
// The first thread is the pool's: all steps run there.
struct OneThread : Limited {
  OneThread() : Limited(1) {}
};
// Threads retire at once, so that most wakes meet a task without a thread.
struct HastyThreads : Limited {
  HastyThreads() : Limited(unlimited, 0) {}
};

// A number that tasks count up and tests wait for. A step counts last of all: once the test has
// seen the number, what the step refers to may be gone.
class Counter {
 public:
  explicit Counter(Tasks& tasks) : gate_(tasks.make_gate()) {}
  void add() {
    const std::lock_guard lock(mutex_);
    ++value_;
    gate_->notify_all();
  }
  [[nodiscard]] bool await(int value) {
    std::unique_lock lock(mutex_);
    return gate_->wait(
        lock, [&] { return value_ >= value; }, monotonic_now() + patience);
  }
  [[nodiscard]] int value() {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Gate> gate_;
  int value_ = 0;
};

}  // namespace

#define DRIVERS OwnThreads, OneThread, HastyThreads

TEST_CASE_TEMPLATE("a task sleeps until its first wake", Driver_, DRIVERS) {
  Driver_ on;
  Counter steps(*on.tasks);
  auto task = on.tasks->start("task", [&] {
    steps.add();
    return Next::finished();
  });
  CHECK(steps.value() == 0);
  task->wake();
  CHECK(steps.await(1));
}

TEST_CASE_TEMPLATE("again: the step is called until it has finished, and never after", Driver_,
                   DRIVERS) {
  Driver_ on;
  Counter steps(*on.tasks);
  auto task = on.tasks->start("task", [&, step = 0]() mutable {
    ++step;
    steps.add();
    return step == 100 ? Next::finished() : Next::again();
  });
  task->wake();
  CHECK(steps.await(100));
  task->wake();
  task->wake();
  CHECK(steps.value() == 100);
}

TEST_CASE_TEMPLATE("the step is destroyed when it has finished", Driver_, DRIVERS) {
  Driver_ on;
  Counter gone(*on.tasks);
  auto held = std::shared_ptr<Counter>(&gone, [](Counter* counter) { counter->add(); });
  auto task = on.tasks->start("task", [mine = std::move(held)] { return Next::finished(); });
  CHECK(gone.value() == 0);
  task->wake();
  CHECK(gone.await(1));
}

TEST_CASE_TEMPLATE("deadlines: the step comes when due and not before", Driver_, DRIVERS) {
  Driver_ on;
  Counter steps(*on.tasks);
  std::vector<Nanoseconds> due;
  std::vector<Nanoseconds> came;
  auto task = on.tasks->start("task", [&] {
    const Nanoseconds now = monotonic_now();
    if (!due.empty()) came.push_back(now);
    Next next = Next::finished();
    if (due.size() < 5) {
      due.push_back(due.size() == 3 ? 0 : now + 2'000'000);  // one is long past
      next = Next::wait_until(due.back());
    }
    steps.add();
    return next;
  });
  task->wake();
  REQUIRE(steps.await(6));
  REQUIRE(came.size() == due.size());
  for (std::size_t at = 0; at < due.size(); ++at) CHECK(came[at] >= due[at]);
}

TEST_CASE_TEMPLATE("a wake comes before the deadline, which then no longer counts", Driver_,
                   DRIVERS) {
  Driver_ on;
  Counter steps(*on.tasks);
  auto task = on.tasks->start("task", [&, step = 0]() mutable {
    ++step;
    steps.add();
    if (step == 3) return Next::finished();
    return Next::wait_until(monotonic_now() + hour);
  });
  for (int step = 1; step <= 3; ++step) {
    task->wake();
    REQUIRE(steps.await(step));
  }
}

TEST_CASE_TEMPLATE("wakes during a step make it run once more", Driver_, DRIVERS) {
  Driver_ on;
  Counter entered(*on.tasks);
  Counter leave(*on.tasks);
  auto task = on.tasks->start("task", [&, step = 0]() mutable {
    ++step;
    entered.add();
    if (step == 1) static_cast<void>(leave.await(1));
    return step == 3 ? Next::finished() : Next::wait();
  });
  task->wake();
  REQUIRE(entered.await(1));
  for (int wake = 0; wake < 3; ++wake) task->wake();
  leave.add();
  REQUIRE(entered.await(2));
  CHECK(entered.value() == 2);
  task->wake();
  CHECK(entered.await(3));
}

TEST_CASE_TEMPLATE("a wake from inside the step counts", Driver_, DRIVERS) {
  Driver_ on;
  Counter steps(*on.tasks);
  std::shared_ptr<Task> task;
  task = on.tasks->start("task", [&, step = 0]() mutable {
    if (++step < 50) task->wake();
    steps.add();
    return step < 50 ? Next::wait() : Next::finished();
  });
  task->wake();
  CHECK(steps.await(50));
}

TEST_CASE_TEMPLATE("storms of wakes from many threads lose none", Driver_, DRIVERS) {
  Driver_ on;
  constexpr int wakers = 4;
  constexpr int wakes = 5000;
  std::atomic<int> given{0};  // relaxed: the wake itself must make it visible
  Counter done(*on.tasks);
  auto task = on.tasks->start("task", [&] {
    if (given.load(std::memory_order_relaxed) < wakers * wakes) return Next::wait();
    done.add();
    return Next::finished();
  });
  std::vector<std::thread> threads;
  for (int waker = 0; waker < wakers; ++waker) {
    threads.emplace_back([&] {
      for (int wake = 0; wake < wakes; ++wake) {
        given.fetch_add(1, std::memory_order_relaxed);
        task->wake();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(done.await(1));
}

TEST_CASE_TEMPLATE("every wake of a sleeping task is answered", Driver_, DRIVERS) {
  Driver_ on;
  constexpr int rounds = 2000;
  Counter steps(*on.tasks);
  auto task = on.tasks->start("task", [&, step = 0]() mutable {
    ++step;
    steps.add();
    return step == rounds ? Next::finished() : Next::wait();
  });
  for (int round = 1; round <= rounds; ++round) {
    task->wake();
    REQUIRE(steps.await(round));
  }
}

TEST_CASE_TEMPLATE("many tasks at once all run", Driver_, DRIVERS) {
  Driver_ on;
  constexpr int count = 50;
  Counter finished(*on.tasks);
  std::vector<std::shared_ptr<Task>> tasks;
  for (int number = 0; number < count; ++number) {
    tasks.push_back(on.tasks->start("task", [&, step = 0]() mutable {
      if (++step < 10) return step % 2 == 0 ? Next::again() : Next::wait_until(monotonic_now());
      finished.add();
      return Next::finished();
    }));
  }
  for (const auto& task : tasks) task->wake();
  CHECK(finished.await(count));
}

TEST_CASE_TEMPLATE("a task that nobody refers to finishes", Driver_, DRIVERS) {
  Driver_ on;
  Counter steps(*on.tasks);
  on.tasks
      ->start("task",
              [&, step = 0]() mutable {
                ++step;
                steps.add();
                if (step == 3) return Next::finished();
                return Next::wait_until(monotonic_now() + 1'000'000);
              })
      ->wake();
  CHECK(steps.await(3));
}

TEST_CASE("the thread of a sleeping task goes, and comes back with the next wake") {
  Limited on(unlimited, 1'000'000);
  Counter steps(*on.tasks);
  auto task = on.tasks->start("task", [&, step = 0]() mutable {
    ++step;
    steps.add();
    return step == 5 ? Next::finished() : Next::wait();
  });
  for (int step = 1; step <= 5; ++step) {
    task->wake();
    REQUIRE(steps.await(step));
    on.await_threads(1);  // the pool's reserve stays
    CHECK(on.started == 1 + step);
  }
}

TEST_CASE("a task that waits for a deadline keeps its thread") {
  Limited on(unlimited, 0);
  Counter steps(*on.tasks);
  auto task = on.tasks->start("task", [&, step = 0]() mutable {
    ++step;
    steps.add();
    return step == 10 ? Next::finished() : Next::wait_until(monotonic_now() + 500'000);
  });
  task->wake();
  REQUIRE(steps.await(10));
  CHECK(on.started == 2);
}

TEST_CASE("a task gets a thread of its own as soon as there is one") {
  Limited on(1);
  Counter steps(*on.tasks);
  auto task = on.tasks->start("task", [&, step = 0]() mutable {
    ++step;
    steps.add();
    return step == 2 ? Next::finished() : Next::wait();
  });
  task->wake();
  REQUIRE(steps.await(1));
  CHECK(on.started == 1);
  on.allowed = unlimited;
  task->wake();
  REQUIRE(steps.await(2));
  CHECK(on.started == 2);
}

TEST_CASE("without any thread a job runs in its caller, and a wake is tried again by the next") {
  Limited on(0);
  std::thread::id ran_in;
  on.tasks->submit([&] { ran_in = std::this_thread::get_id(); });
  CHECK(ran_in == std::this_thread::get_id());
  Counter steps(*on.tasks);
  auto task = on.tasks->start("task", [&] {
    steps.add();
    return Next::finished();
  });
  task->wake();
  CHECK(steps.value() == 0);
  on.allowed = unlimited;
  task->wake();
  CHECK(steps.await(1));
}

TEST_CASE_TEMPLATE("the pool runs every job once", Driver_, DRIVERS) {
  Driver_ on;
  constexpr int jobs = 1000;
  Counter ran(*on.tasks);
  for (int job = 0; job < jobs; ++job) {
    on.tasks->submit([&] { ran.add(); });
  }
  CHECK(ran.await(jobs));
  CHECK(ran.value() == jobs);
}

TEST_CASE("four jobs run at the same time, and no fifth") {
  Limited on(unlimited);
  Counter entered(*on.tasks);
  Counter leave(*on.tasks);
  Counter left(*on.tasks);
  for (int job = 0; job < 8; ++job) {
    on.tasks->submit([&] {
      entered.add();
      static_cast<void>(leave.await(1));
      left.add();
    });
  }
  REQUIRE(entered.await(4));
  CHECK(on.started == 4);
  CHECK(entered.value() == 4);
  leave.add();
  CHECK(left.await(8));
  CHECK(on.started == 4);
}

TEST_CASE("idle threads of the pool go, all but one") {
  Limited on(unlimited, 1'000'000);
  Counter entered(*on.tasks);
  Counter leave(*on.tasks);
  Counter left(*on.tasks);
  for (int round = 1; round <= 3; ++round) {
    for (int job = 0; job < 4; ++job) {
      on.tasks->submit([&, round] {
        entered.add();
        static_cast<void>(leave.await(round));
        left.add();
      });
    }
    REQUIRE(entered.await(4 * round));
    leave.add();
    REQUIRE(left.await(4 * round));
    on.await_threads(1);
  }
  CHECK(on.running == 1);
}

TEST_CASE("jobs that were submitted run although the tasks are given up") {
  std::atomic<int> ran{0};
  {
    Limited on(2);
    for (int job = 0; job < 100; ++job) on.tasks->submit([&] { ++ran; });
  }
  CHECK(ran == 100);
}

TEST_CASE("a gate opens on its condition, and reports a deadline that came first") {
  Limited on(unlimited);
  const std::unique_ptr<Gate> gate = on.tasks->make_gate();
  std::mutex mutex;
  bool open = false;
  std::unique_lock lock(mutex);
  const auto is_open = [&] { return open; };
  CHECK_FALSE(gate->wait(lock, is_open, Nanoseconds{0}));
  CHECK_FALSE(gate->wait(lock, is_open, monotonic_now() + 1'000'000));
  CHECK(lock.owns_lock());
  on.tasks->submit([&] {
    const std::lock_guard inner(mutex);
    open = true;
    gate->notify_all();
  });
  CHECK(gate->wait(lock, is_open, std::nullopt));
  CHECK(gate->wait(lock, is_open, Nanoseconds{0}));
}
