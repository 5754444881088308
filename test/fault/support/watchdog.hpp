// Ends the program, and says in which case, when one hangs: a task that never rests on a clock that
// stands still. The bound is far beyond what any case takes on any machine.
#pragma once

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace tidemark::test {

class Watchdog {
 public:
  class Watch {
   public:
    explicit Watch(std::string what) { instance().set(std::move(what)); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { instance().set({}); }
  };

  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  static constexpr std::chrono::minutes patience{3};

  Watchdog() : thread_([this] { run(); }) {}
  ~Watchdog() {
    {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  static Watchdog& instance() {
    static Watchdog watchdog;
    return watchdog;
  }

  void set(std::string what) {
    {
      const std::scoped_lock lock(mutex_);
      what_ = std::move(what);
      ++number_;
    }
  }

  void run() {
    std::unique_lock lock(mutex_);
    std::uint64_t seen = 0;
    while (!ended_) {
      seen = number_;
      changed_.wait_for(lock, patience, [this] { return ended_; });
      if (ended_ || number_ != seen || what_.empty()) continue;
      std::fprintf(stderr, "hangs: %s\n", what_.c_str());
      std::abort();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string what_;
  std::uint64_t number_ = 0;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace tidemark::test
