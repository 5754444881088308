// The pool's loop: jobs in order of arrival, timed ones when due.
#include "io/thread_pool.hpp"

#include <algorithm>
#include <utility>

namespace tidemark::io {

bool ThreadPool::prepare() {
  std::unique_lock lock(mutex_);
  if (threads_ == 0) grow(lock);
  return threads_ > 0;
}

void ThreadPool::submit(std::function<void()> job) {
  if (!try_submit(job)) job();
}

bool ThreadPool::try_submit(std::function<void()>& job) {
  std::unique_lock lock(mutex_);
  // An idle thread takes one job; one that is on its way to a job is still counted as idle, and so
  // is that job as waiting.
  if (jobs_.size() >= idle_ && threads_ < max_threads_) grow(lock);
  if (threads_ == 0) return false;
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

ThreadPool::Timed ThreadPool::submit_at(std::function<void()> job, Nanoseconds due) {
  const std::lock_guard lock(mutex_);
  const Timed timed{due, ++last_timed_};
  timed_.emplace(timed, std::move(job));
  changed_.notify_one();
  return timed;
}

void ThreadPool::cancel(const Timed& timed) {
  decltype(timed_)::node_type forgotten;  // destroyed after the mutex is released
  const std::lock_guard lock(mutex_);
  forgotten = timed_.extract(timed);
  if (closed_) changed_.notify_all();
}

void ThreadPool::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

// The new thread waits for the mutex, which is held here: it cannot miss what follows.
void ThreadPool::grow(std::unique_lock<std::mutex>&) {
  ++threads_;
  if (!start_thread_("tidemark-pool", [self = shared_from_this()] { self->run(); })) --threads_;
}

void ThreadPool::move_due_jobs() {
  const Nanoseconds now = monotonic_now();
  while (!timed_.empty() && timed_.begin()->first.first <= now) {
    jobs_.push_back(std::move(timed_.begin()->second));
    timed_.erase(timed_.begin());
    changed_.notify_one();
  }
}

void ThreadPool::run() {
  std::unique_lock lock(mutex_);
  Nanoseconds idle_since = monotonic_now();
  while (true) {
    if (!timed_.empty()) move_due_jobs();
    if (!jobs_.empty()) {
      std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;  // what it holds is destroyed outside of the mutex
      lock.lock();
      idle_since = monotonic_now();
      continue;
    }
    if (closed_ && timed_.empty()) break;
    const bool last = threads_ == 1;
    if (!last && monotonic_now() >= idle_since + retire_after_) break;
    ++idle_;
    if (last && timed_.empty()) {
      changed_.wait(lock);
    } else {
      const Nanoseconds due = timed_.empty() ? ~Nanoseconds{0} : timed_.begin()->first.first;
      const Nanoseconds retire = last ? due : idle_since + retire_after_;
      static_cast<void>(changed_.wait_until(lock, std::min(due, retire)));
    }
    --idle_;
  }
  --threads_;
  // A notification meant for a job may have come to this thread.
  if (!jobs_.empty() || !timed_.empty()) changed_.notify_one();
}

}  // namespace tidemark::io
