#include "io/scheduler.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <utility>

namespace tidemark::io {
namespace {

constexpr Nanoseconds nanoseconds_per_millisecond = 1'000'000;
// A wait that outlasts so many steps waits for something that will not come: tasks that poll would
// keep time going for ever.
constexpr std::uint64_t most_steps_of_a_wait = 4'000'000;

}  // namespace

std::int64_t VirtualClock::wall_milliseconds() {
  return wall_offset_ +
         static_cast<std::int64_t>((now_ - first_instant) / nanoseconds_per_millisecond);
}

void VirtualClock::set_wall(std::int64_t milliseconds) {
  wall_offset_ += milliseconds - wall_milliseconds();
}

void VirtualClock::random(MutableBytes into) {
  while (!into.empty()) {
    const std::uint64_t value = random_.next();
    const std::size_t count = std::min(sizeof(value), into.size());
    std::memcpy(into.data(), &value, count);
    into = into.subspan(count);
  }
}

// What somebody waits for, on the stack of his wait.
struct Waiter {
  std::optional<Nanoseconds> deadline;
};

class Scheduler::SimulatedTask final : public Task {
 public:
  SimulatedTask(std::string its_name, std::function<Next()> its_step)
      : name(std::move(its_name)),
        step(std::make_shared<std::function<Next()>>(std::move(its_step))) {}
  void wake() noexcept override { pending = true; }

  [[nodiscard]] bool can_run(Nanoseconds now) const {
    return step && !running && (pending || (at && *at <= now));
  }

  const std::string name;
  std::shared_ptr<std::function<Next()>> step;  // null: it has finished, or was killed
  bool pending = false;
  bool running = false;
  std::optional<Nanoseconds> at;
};

class Scheduler::State {
 public:
  State(std::shared_ptr<VirtualClock> with, std::uint64_t seed)
      : clock(std::move(with)), random(seed) {}

  // What may happen next, drawn from the seed.
  enum class Choice : std::uint8_t { nothing, task, job, waiter };
  Choice choose(bool waiter_ready) {
    candidates_.clear();
    for (const auto& task : tasks) {
      if (task->can_run(clock->monotonic())) candidates_.push_back(task);
    }
    const std::size_t count = candidates_.size() + jobs.size() + (waiter_ready ? 1 : 0);
    if (count == 0) return Choice::nothing;
    chosen_ = static_cast<std::size_t>(random.below(count));
    if (chosen_ < candidates_.size()) return Choice::task;
    chosen_ -= candidates_.size();
    if (chosen_ < jobs.size()) return Choice::job;
    note("wait");
    return Choice::waiter;
  }

  void run(Choice choice) {
    if (choice == Choice::task) {
      const std::shared_ptr<SimulatedTask> task = candidates_[chosen_];
      candidates_.clear();
      run_task(*task);
    } else {
      const std::function<void()> job = std::move(jobs[chosen_]);
      jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(chosen_));
      note("job");
      job();
    }
  }

  // To the next deadline, at most to `limit`; false when there is none up to there.
  bool advance(std::optional<Nanoseconds> limit) {
    std::optional<Nanoseconds> next;
    const auto consider = [&](const std::optional<Nanoseconds>& at) {
      if (at && *at > clock->monotonic() && (!next || *at < *next)) next = at;
    };
    for (const auto& task : tasks) {
      if (task->step && !task->running) consider(task->at);
    }
    for (const Waiter* waiter : waiters) consider(waiter->deadline);
    if (!next || (limit && *next > *limit)) return false;
    note("time");
    clock->advance_to(*next);
    return true;
  }

  void kill() {
    killed = true;
    candidates_.clear();
    const auto dropped_jobs = std::move(jobs);
    jobs.clear();
    const auto dropped = std::exchange(tasks, {});
    // A step that runs now is kept by who runs it.
    for (const auto& task : dropped) {
      const auto step = std::exchange(task->step, nullptr);
    }
  }

  void note(const std::string& what) {
    if (tracing) trace.push_back(what);
  }

  [[nodiscard]] std::string describe() const {
    std::string text = std::to_string(waiters.size()) + " wait, and nothing can happen any more;";
    for (const auto& task : tasks) {
      text += " " + task->name + (task->running ? " (in a step that waits)" : " (asleep)");
    }
    return text;
  }

  const std::shared_ptr<VirtualClock> clock;
  SeededRandom random;
  std::vector<std::shared_ptr<SimulatedTask>> tasks;
  std::deque<std::function<void()>> jobs;
  std::vector<const Waiter*> waiters;  // the innermost last
  bool killed = false;
  bool tracing = false;
  std::vector<std::string> trace;

 private:
  void run_task(SimulatedTask& task) {
    struct Running {
      explicit Running(SimulatedTask& with) : task(with) { task.running = true; }
      Running(const Running&) = delete;
      Running& operator=(const Running&) = delete;
      ~Running() { task.running = false; }
      SimulatedTask& task;
    };
    note(task.name);
    task.pending = false;
    task.at.reset();
    const auto step = task.step;
    const Next next = [&] {
      const Running running(task);
      return (*step)();
    }();
    switch (next.kind) {
      case Next::Kind::again:
        task.pending = true;
        break;
      case Next::Kind::wait:
        task.at = next.at;
        break;
      case Next::Kind::finished:
        task.step = nullptr;
        std::erase_if(tasks, [&](const auto& one) { return one.get() == &task; });
        break;
    }
  }

  std::vector<std::shared_ptr<SimulatedTask>> candidates_;
  std::size_t chosen_ = 0;
};

class Scheduler::SimulatedGate final : public Gate {
 public:
  explicit SimulatedGate(std::weak_ptr<State> state) : state_(std::move(state)) {}

  void notify_all() noexcept override { ++notified_; }

  bool wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& condition,
            std::optional<Nanoseconds> deadline) override {
    if (condition()) return true;
    const std::shared_ptr<State> state = state_.lock();
    if (!state) return false;
    const Waiter waiter{deadline};
    const Waiting waiting(*state, waiter);
    std::uint64_t seen = notified_;
    bool woken = false;
    for (std::uint64_t steps = 0; !state->killed; ++steps) {
      if (seen != notified_) woken = true;
      seen = notified_;
      woken = woken && condition();
      const bool late = deadline && *deadline <= state->clock->monotonic();
      const State::Choice choice = state->choose(woken || late);
      if (choice == State::Choice::waiter) return condition();
      if (choice == State::Choice::nothing) {
        if (!deadline && condition()) {
          throw Deadlock(
              "a condition that somebody waits for holds, but nobody said so: a "
              "notify_all is missing; " +
              state->describe());
        }
        if (!state->advance({})) throw Deadlock(state->describe());
        continue;
      }
      if (steps > most_steps_of_a_wait) {
        throw Deadlock("somebody waits while others go on for ever; " + state->describe());
      }
      const Unlocked unlocked(lock);
      state->run(choice);
    }
    return condition();
  }

 private:
  struct Waiting {
    Waiting(State& with, const Waiter& waiter) : state(with) { state.waiters.push_back(&waiter); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { state.waiters.pop_back(); }
    State& state;
  };
  struct Unlocked {
    explicit Unlocked(std::unique_lock<std::mutex>& held) : lock(held) { lock.unlock(); }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;
    ~Unlocked() { lock.lock(); }
    std::unique_lock<std::mutex>& lock;
  };

  const std::weak_ptr<State> state_;
  std::uint64_t notified_ = 0;
};

Scheduler::Scheduler(std::shared_ptr<VirtualClock> clock, std::uint64_t seed)
    : state_(std::make_shared<State>(std::move(clock), seed)) {}

Scheduler::~Scheduler() { state_->kill(); }

std::shared_ptr<Task> Scheduler::start(std::string name, std::function<Next()> step) {
  auto task = std::make_shared<SimulatedTask>(std::move(name), std::move(step));
  if (state_->killed) {
    task->step = nullptr;
  } else {
    state_->tasks.push_back(task);
  }
  return task;
}

void Scheduler::submit(std::function<void()> job) {
  if (!state_->killed) state_->jobs.push_back(std::move(job));
}

std::unique_ptr<Gate> Scheduler::make_gate() { return std::make_unique<SimulatedGate>(state_); }

bool Scheduler::run_one() {
  const State::Choice choice = state_->choose(false);
  if (choice == State::Choice::nothing) return false;
  state_->run(choice);
  return true;
}

void Scheduler::run_until_idle(std::uint64_t most) {
  for (std::uint64_t steps = 0; run_one(); ++steps) {
    if (steps >= most) throw Deadlock("a task never rests; " + state_->describe());
  }
}

void Scheduler::run_for(Nanoseconds duration) {
  const Nanoseconds end = state_->clock->monotonic() + duration;
  run_until_idle();
  while (state_->advance(end)) run_until_idle();
  state_->clock->advance_to(end);
}

void Scheduler::run_until(const std::function<bool()>& condition) {
  for (std::uint64_t steps = 0; !condition(); ++steps) {
    if (steps > most_steps_of_a_wait || (!run_one() && !state_->advance({}))) {
      throw Deadlock("what the run waits for does not come; " + state_->describe());
    }
  }
}

void Scheduler::kill() { state_->kill(); }
bool Scheduler::killed() const noexcept { return state_->killed; }

void Scheduler::record_trace(bool on) {
  state_->tracing = on;
  state_->trace.clear();
}

std::vector<std::string> Scheduler::trace() const { return state_->trace; }
VirtualClock& Scheduler::clock() noexcept { return *state_->clock; }

SimulatedHost::SimulatedHost(std::shared_ptr<SimulatedDisk> on, std::uint64_t seed)
    : disk(std::move(on)),
      clock(std::make_shared<VirtualClock>(mixed(seed))),
      scheduler(std::make_shared<Scheduler>(clock, seed)) {}

SimulatedHost::~SimulatedHost() { scheduler->kill(); }

Host SimulatedHost::host(std::shared_ptr<Disk> through) const {
  return {through ? std::move(through) : disk, clock, scheduler};
}

std::shared_ptr<SimulatedDisk> SimulatedHost::kill() {
  auto next = disk->kill();
  scheduler->kill();
  return next;
}

Host make_simulated_host(std::shared_ptr<SimulatedDisk> disk, std::uint64_t seed) {
  auto clock = std::make_shared<VirtualClock>(mixed(seed));
  auto scheduler = std::make_shared<Scheduler>(clock, seed);
  return {std::move(disk), std::move(clock), std::move(scheduler)};
}

}  // namespace tidemark::io
