// Threads and time, behind the same seam as the disk: whatever runs beside the caller is a Task, a
// step function that says when it wants to be called again. Production drives each task with a
// thread; tests drive all of them from one seeded scheduler on a virtual clock, so that a seed
// replays exactly. Rooms above start no thread, read no clock and draw no random number otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "io/disk.hpp"

namespace tidemark::io {

using Nanoseconds = std::uint64_t;

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  virtual Nanoseconds monotonic() = 0;           // never goes back; the origin means nothing
  virtual std::int64_t wall_milliseconds() = 0;  // since 1970; may jump: never used for order
  virtual void random(MutableBytes into) = 0;    // from the system's cryptographic source
};

// What a step wants next.
struct Next {
  enum class Kind : std::uint8_t {
    again,     // call me at once, other tasks may go first
    wait,      // call me when woken, or at `at` if set (monotonic nanoseconds)
    finished,  // never call me again
  };
  Kind kind = Kind::wait;
  std::optional<Nanoseconds> at;

  static Next again() { return {Kind::again, {}}; }
  static Next wait() { return {Kind::wait, {}}; }
  static Next wait_until(Nanoseconds at) { return {Kind::wait, at}; }
  static Next finished() { return {Kind::finished, {}}; }
};

class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  // Dropping the last reference does not end the task; its step must return finished.
  virtual ~Task() = default;
  // Makes the step run soon; a wake that comes while the step runs makes it run once more. Cheap
  // when the task is awake already. From any thread, also from inside the step.
  virtual void wake() noexcept = 0;
};

// A place to wait for a condition that tasks or other threads bring about.
class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  virtual ~Gate() = default;
  virtual void notify_all() noexcept = 0;
  // `lock` is held on entry and on return. False when `deadline` (monotonic) came first.
  virtual bool wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& condition,
                    std::optional<Nanoseconds> deadline) = 0;
};

class Tasks {
 public:
  Tasks() = default;
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;
  virtual ~Tasks() = default;
  // Whether what is started and submitted will ever run: a first thread is there, and stays. False
  // where the system starts none.
  virtual bool ready() { return true; }
  // Starts a task asleep: its first step comes after the first wake. The production driver gives
  // it a thread of its own on the first wake and may take the thread back while the task sleeps
  // without a deadline (so that a thousand idle journals do not need a thousand threads).
  // `step` is destroyed when it has returned finished. `name` is at most 15 characters (pthread).
  virtual std::shared_ptr<Task> start(std::string name, std::function<Next()> step) = 0;
  // Runs `job` once on a shared, small pool of threads; for reads, opens and other calls that wait
  // for a disk on behalf of an asynchronous caller. Jobs may run at the same time, in any order.
  virtual void submit(std::function<void()> job) = 0;
  virtual std::unique_ptr<Gate> make_gate() = 0;
};

// What a journal stands on. Shared: the parts outlive everything that uses them.
struct Host {
  std::shared_ptr<Disk> disk;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<Tasks> tasks;
};

// The operating system. Made once and never destroyed, so that threads may outlive static
// destruction at process exit.
const Host& system_host();

// A plain disk in memory (everything written is durable at once), real clock and threads.
std::shared_ptr<Disk> make_memory_disk();

// For writes that are begun on the system's disk; null where it begins none.
std::shared_ptr<Notice> make_notice();

// Identity of a running process, for lock files: survives pid reuse and reboots.
struct ProcessIdentity {
  std::int64_t pid = 0;
  std::string start_time;  // opaque; differs for another process with the same pid. "" if unknown
  std::string boot_id;     // opaque; differs after a reboot. "" if unknown
  std::string host;
};
ProcessIdentity this_process();

}  // namespace tidemark::io
