// Tasks driven by threads: the production driver.
//
// Each task runs on a thread of its own, started by the first wake. A task that sleeps without a
// deadline gives its thread back after `retire_after`; the next wake starts another one. When the
// system gives no thread, the task's steps run on the pool, whose first thread is started together
// with the first task and stays; each further step tries to get a thread again. So neither a job
// nor a wake is lost as long as there was one thread to be had at the start. Where there was not
// even that one, a job runs in its caller, and a task waits for the next wake to try again: its
// steps must not run in a caller, who may hold what they need.
//
// Everything a thread needs is kept alive by the thread, so that it may still run while the process
// ends. A step or job that throws ends the process.
#pragma once

#include <cstddef>
#include <memory>

#include "io/tasks.hpp"
#include "io/thread_pool.hpp"

namespace tidemark::io {

struct ThreadTasksOptions {
  Nanoseconds retire_after = 5'000'000'000;  // 5 s asleep
  std::size_t pool_threads = 4;              // as many as libuv's pool: they wait for disks
  StartThread start_thread;                  // empty: the platform's; tests make it fail
};

std::shared_ptr<Tasks> make_thread_tasks(ThreadTasksOptions options);

}  // namespace tidemark::io
