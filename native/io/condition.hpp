// A condition variable whose deadlines are monotonic. On Linux it stands on pthread directly:
// libstdc++'s own would need pthread_cond_clockwait, and with it glibc 2.30, where Node asks
// for 2.28.
#pragma once

#include <chrono>
#include <mutex>
#if defined(__linux__)
#include <pthread.h>
#else
#include <condition_variable>
#endif

#include "io/tasks.hpp"

namespace tidemark::io {

inline Nanoseconds monotonic_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<Nanoseconds>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

// May wake without a reason, like every condition variable.
class Condition {
 public:
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

#if defined(__linux__)
  Condition() noexcept {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition_, &attributes);
    pthread_condattr_destroy(&attributes);
  }
  ~Condition() { pthread_cond_destroy(&condition_); }

  void notify_one() noexcept { pthread_cond_signal(&condition_); }
  void notify_all() noexcept { pthread_cond_broadcast(&condition_); }
  void wait(std::unique_lock<std::mutex>& lock) noexcept {
    pthread_cond_wait(&condition_, lock.mutex()->native_handle());
  }
  // False when the deadline has passed.
  bool wait_until(std::unique_lock<std::mutex>& lock, Nanoseconds deadline) noexcept {
    constexpr Nanoseconds second = 1'000'000'000;
    timespec at{};
    at.tv_sec = static_cast<time_t>(deadline / second);
    at.tv_nsec = static_cast<long>(deadline % second);
    return pthread_cond_timedwait(&condition_, lock.mutex()->native_handle(), &at) == 0;
  }

 private:
  pthread_cond_t condition_;
#else
  Condition() = default;
  ~Condition() = default;

  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }
  void wait(std::unique_lock<std::mutex>& lock) { condition_.wait(lock); }
  // False when the deadline has passed.
  bool wait_until(std::unique_lock<std::mutex>& lock, Nanoseconds deadline) {
    using SteadyClock = std::chrono::steady_clock;
    const std::chrono::nanoseconds since_origin(deadline);
    const SteadyClock::time_point at(
        std::chrono::duration_cast<SteadyClock::duration>(since_origin));
    return condition_.wait_until(lock, at) == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable condition_;
#endif
};

}  // namespace tidemark::io
