// A small pool of threads that come on demand and go when idle.
//
// The last thread stays once there is one: it is the reserve that runs everything when the system
// gives no further thread (EAGAIN at the limit of processes, no memory for a stack).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "io/condition.hpp"
#include "io/tasks.hpp"

namespace tidemark::io {

// Starts a detached thread, false when there is none to be had; start_thread of platform.hpp.
using StartThread = std::function<bool(const std::string& name, std::function<void()> body)>;

class ThreadPool : public std::enable_shared_from_this<ThreadPool> {
 public:
  ThreadPool(std::size_t max_threads, Nanoseconds retire_after, StartThread start_thread)
      : max_threads_(max_threads),
        retire_after_(retire_after),
        start_thread_(std::move(start_thread)) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() = default;

  // Starts the first thread, so that the reserve is there before it is needed. False: there is
  // none.
  bool prepare();
  // Runs `job` in the caller when there is no thread at all and none to be had.
  void submit(std::function<void()> job);
  // False, and `job` untouched, when there is no thread at all and none to be had.
  bool try_submit(std::function<void()>& job);
  // Runs `job` at `due` (monotonic). Only from a job, so that there is a thread to run it.
  using Timed = std::pair<Nanoseconds, std::uint64_t>;  // when, and a number that makes it unique
  Timed submit_at(std::function<void()> job, Nanoseconds due);
  // Forgets a timed job, unless it is on its way already.
  void cancel(const Timed& timed);
  // Threads end when all jobs have run, timed ones at their time.
  void close();

 private:
  void grow(std::unique_lock<std::mutex>& lock);
  void run();
  void move_due_jobs();

  const std::size_t max_threads_;
  const Nanoseconds retire_after_;
  const StartThread start_thread_;
  std::mutex mutex_;
  Condition changed_;
  std::deque<std::function<void()>> jobs_;
  std::map<Timed, std::function<void()>> timed_;
  std::uint64_t last_timed_ = 0;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
  bool closed_ = false;
};

}  // namespace tidemark::io
