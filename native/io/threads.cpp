// The state machine of a task on threads. Invariants:
//
// - `pending_` is true from a wake until the step that answers it begins. It is only ever changed
// by
//   read-modify-write operations, so that the step sees everything that any waker did before its
//   wake, also of a waker that found it true and did nothing more.
// - Exactly one driver calls the step at a time: the thread that started when `driver_` left
// `none`,
//   or one pool job while `driver_` is `pool`.
// - Mutexes are taken in the order task, pool; never while a step or job runs.
#include "io/threads.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "io/condition.hpp"
#include "io/platform.hpp"
#include "io/thread_pool.hpp"

namespace tidemark::io {
namespace {

enum class Driver : std::uint8_t {
  none,         // asleep without a thread
  thread,       // a thread of its own steps or waits
  pool,         // a pool job is queued or steps
  pool_asleep,  // a timed pool job waits for the deadline
  finished,
};

// What all tasks share.
struct Shared {
  Nanoseconds retire_after;
  StartThread start_thread;
  std::shared_ptr<ThreadPool> pool;
};

class ThreadTask final : public Task, public std::enable_shared_from_this<ThreadTask> {
 public:
  ThreadTask(std::string name, std::function<Next()> step, std::shared_ptr<const Shared> shared)
      : name_(std::move(name)), step_(std::move(step)), shared_(std::move(shared)) {}

  void wake() noexcept override {
    if (pending_.exchange(true, std::memory_order_acq_rel)) return;
    const std::lock_guard lock(mutex_);
    switch (driver_) {
      case Driver::none:
        drive();
        break;
      case Driver::thread:
        changed_.notify_one();
        break;
      case Driver::pool_asleep:
        shared_->pool->cancel(timed_);
        drive();
        break;
      case Driver::pool:
      case Driver::finished:
        break;
    }
  }

 private:
  // A driver for a task that has none; the mutex is held. Neither thread nor pool job can begin
  // before it is released.
  void drive() {
    ++turn_;  // a timed pool job that is on its way already finds that it is late
    if (start_own_thread()) return;
    std::function<void()> job = pool_job();
    driver_ = Driver::pool;
    if (shared_->pool->try_submit(job)) return;
    driver_ = Driver::none;
    pending_.exchange(false, std::memory_order_acq_rel);  // so that the next wake tries again
  }

  bool start_own_thread() {
    if (!shared_->start_thread(name_, [self = shared_from_this()] { self->run_thread(); })) {
      return false;
    }
    driver_ = Driver::thread;
    return true;
  }

  std::function<void()> pool_job() {
    return [self = shared_from_this(), turn = turn_] { self->run_pool_job(turn); };
  }

  // Runs one step without the mutex. After `finished` the step is gone, and nothing may follow.
  Next step(std::unique_lock<std::mutex>& lock) {
    pending_.exchange(false, std::memory_order_acq_rel);
    lock.unlock();
    const Next next = step_();
    if (next.kind == Next::Kind::finished) step_ = nullptr;
    lock.lock();
    if (next.kind == Next::Kind::finished) {
      driver_ = Driver::finished;
      pending_.exchange(true, std::memory_order_acq_rel);  // later wakes end at the first check
    }
    return next;
  }

  [[nodiscard]] bool pending() const { return pending_.load(std::memory_order_acquire); }

  void run_thread() {
    std::unique_lock lock(mutex_);
    Next next = Next::again();  // a thread is started to step
    while (true) {
      if (next.kind == Next::Kind::wait && !wait_for_turn(lock, next.at)) {
        driver_ = Driver::none;
        return;
      }
      next = step(lock);
      if (next.kind == Next::Kind::finished) return;
    }
  }

  // Waits until the task is woken or due; false when its thread should go.
  bool wait_for_turn(std::unique_lock<std::mutex>& lock, std::optional<Nanoseconds> due) {
    const Nanoseconds until = due ? *due : monotonic_now() + shared_->retire_after;
    while (!pending()) {
      if (!changed_.wait_until(lock, until)) return due.has_value() || pending();
    }
    return true;
  }

  // One step on the pool, then the next driver.
  void run_pool_job(std::uint64_t turn) {
    std::unique_lock lock(mutex_);
    if (turn != turn_ || driver_ == Driver::finished) return;
    driver_ = Driver::pool;
    ++turn_;
    if (start_own_thread()) return;
    const Next next = step(lock);
    if (next.kind == Next::Kind::finished) return;
    if (next.kind == Next::Kind::again || pending()) {
      if (start_own_thread()) return;
      timed_ = shared_->pool->submit_at(pool_job(), 0);  // this very thread can run it
    } else if (next.at) {
      driver_ = Driver::pool_asleep;
      timed_ = shared_->pool->submit_at(pool_job(), *next.at);
    } else {
      driver_ = Driver::none;
    }
  }

  const std::string name_;
  std::function<Next()> step_;  // used by the driver only
  const std::shared_ptr<const Shared> shared_;
  std::atomic<bool> pending_{false};
  std::mutex mutex_;
  Condition changed_;
  Driver driver_ = Driver::none;  // under the mutex
  ThreadPool::Timed timed_;       // under the mutex: while the driver is pool_asleep
  std::uint64_t turn_ = 0;        // under the mutex: counts the pool jobs and what overtakes them
};

class ThreadGate final : public Gate {
 public:
  void notify_all() noexcept override { changed_.notify_all(); }

  bool wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& condition,
            std::optional<Nanoseconds> deadline) override {
    while (!condition()) {
      if (!deadline) {
        changed_.wait(lock);
      } else if (!changed_.wait_until(lock, *deadline)) {
        return condition();
      }
    }
    return true;
  }

 private:
  Condition changed_;
};

class ThreadTasks final : public Tasks {
 public:
  explicit ThreadTasks(ThreadTasksOptions options) {
    if (!options.start_thread) options.start_thread = start_thread;
    auto pool = std::make_shared<ThreadPool>(options.pool_threads, options.retire_after,
                                             options.start_thread);
    shared_ = std::make_shared<const Shared>(
        Shared{options.retire_after, std::move(options.start_thread), std::move(pool)});
  }
  ThreadTasks(const ThreadTasks&) = delete;
  ThreadTasks& operator=(const ThreadTasks&) = delete;
  ~ThreadTasks() override { shared_->pool->close(); }

  bool ready() override { return shared_->pool->prepare(); }
  std::shared_ptr<Task> start(std::string name, std::function<Next()> step) override {
    static_cast<void>(ready());
    return std::make_shared<ThreadTask>(std::move(name), std::move(step), shared_);
  }
  void submit(std::function<void()> job) override { shared_->pool->submit(std::move(job)); }
  std::unique_ptr<Gate> make_gate() override { return std::make_unique<ThreadGate>(); }

 private:
  std::shared_ptr<const Shared> shared_;
};

}  // namespace

std::shared_ptr<Tasks> make_thread_tasks(ThreadTasksOptions options) {
  return std::make_shared<ThreadTasks>(std::move(options));
}

}  // namespace tidemark::io
