// Tasks on a virtual clock, drawn from a seed: what threads do in production happens here one thing
// after the other, in the thread that waits or runs the scheduler. One seed is one order of events,
// so that a run replays exactly.
//
// A task's step, a job and the return of a Gate::wait whose condition holds are the things that may
// happen next; the seed says which. They happen inside run functions below and inside Gate::wait,
// whoever calls it: the test, a job or a step (then they nest). Because of the nesting an inner
// wait must not depend on what an outer one does afterwards, and no mutex that a step takes may be
// held across Gate::wait but the one that is given to it.
//
// Time stands still while anything can happen, then jumps to the next deadline. When nothing can
// happen any more and somebody waits without a deadline, Gate::wait throws a Deadlock that says who
// waits, and whether a notify was forgotten. All calls come from one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "io/seeded_random.hpp"
#include "io/simulated_disk.hpp"
#include "io/tasks.hpp"

namespace tidemark::io {

class VirtualClock final : public Clock {
 public:
  static constexpr Nanoseconds first_instant = 1'000'000'000;
  static constexpr std::int64_t first_wall_milliseconds = 1'800'000'000'000;  // in 2027

  explicit VirtualClock(std::uint64_t seed) : random_(seed) {}
  Nanoseconds monotonic() override { return now_; }
  std::int64_t wall_milliseconds() override;
  void random(MutableBytes into) override;

  void advance_to(Nanoseconds at) { now_ = at > now_ ? at : now_; }
  // Sets the wall clock, also back; it goes on from there.
  void set_wall(std::int64_t milliseconds);

 private:
  Nanoseconds now_ = first_instant;
  std::int64_t wall_offset_ = first_wall_milliseconds;  // at first_instant
  SeededRandom random_;
};

class Deadlock : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Scheduler final : public Tasks {
 public:
  Scheduler(std::shared_ptr<VirtualClock> clock, std::uint64_t seed);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler() override;

  std::shared_ptr<Task> start(std::string name, std::function<Next()> step) override;
  void submit(std::function<void()> job) override;
  std::unique_ptr<Gate> make_gate() override;

  // One thing happens, if any can without time going on; false when none can.
  bool run_one();
  // Everything that can happen without time going on. It throws a Deadlock (of a task that never
  // rests) after `most` steps.
  void run_until_idle(std::uint64_t most = 1'000'000);
  // Time goes on by this much, with everything that falls due meanwhile.
  void run_for(Nanoseconds duration);
  // Until the condition holds, time going on as it must. Throws a Deadlock when it cannot.
  void run_until(const std::function<bool()>& condition);

  // The process is dead: no step and no job ever happens again, all of them are dropped with what
  // they hold, and every wait ends at once with what its condition says. Objects of the dead
  // process may then be destroyed in any order.
  void kill();
  [[nodiscard]] bool killed() const noexcept;

  // The names of what happened, in order ("tidemark-writer", "job", "wait", "time"); for comparing
  // runs.
  void record_trace(bool on);
  [[nodiscard]] std::vector<std::string> trace() const;
  [[nodiscard]] VirtualClock& clock() noexcept;

 private:
  class State;
  class SimulatedTask;
  class SimulatedGate;
  const std::shared_ptr<State> state_;
};

// A process on a simulated disk. What it leaves running ends with this object: a dead process.
class SimulatedHost {
 public:
  SimulatedHost(std::shared_ptr<SimulatedDisk> disk, std::uint64_t seed);
  SimulatedHost(const SimulatedHost&) = delete;
  SimulatedHost& operator=(const SimulatedHost&) = delete;
  ~SimulatedHost();
  // `through`: a layer in front of the disk (faults) that the process sees in its place.
  [[nodiscard]] Host host(std::shared_ptr<Disk> through = nullptr) const;
  // The process dies; the disk of a new one on the same system.
  std::shared_ptr<SimulatedDisk> kill();

  const std::shared_ptr<SimulatedDisk> disk;
  const std::shared_ptr<VirtualClock> clock;
  const std::shared_ptr<Scheduler> scheduler;
};

// The plain form, for a caller that ends every journal (or kills the scheduler) itself: a task that
// is left running keeps itself, and what it holds, alive.
Host make_simulated_host(std::shared_ptr<SimulatedDisk> disk, std::uint64_t seed);

}  // namespace tidemark::io
