// A process with journals on a simulated disk, for the tests that replay, cut and kill.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/scheduler.hpp"
#include "write_support.hpp"

namespace tidemark::test {

struct SimulatedWorld : World {
  explicit SimulatedWorld(std::uint64_t seed = 1, std::shared_ptr<io::SimulatedDisk> on =
                                                      std::make_shared<io::SimulatedDisk>())
      : process(std::move(on), seed) {
    memory = process.disk;
    host = process.host();
  }
  // What a thread of the pool would do, to its end.
  template <class Job>
  void run(Job job) {
    bool done = false;
    process.scheduler->submit([&] {
      job();
      done = true;
    });
    process.scheduler->run_until([&] { return done; });
  }

  io::SimulatedHost process;
};

// Closes a handle of a simulated world, whose writer runs only while somebody waits.
inline journal::Status close(SimulatedWorld& world, const Handle& handle) {
  std::optional<journal::Status> status;
  handle->close([&status](journal::Status result) { status = std::move(result); });
  world.process.scheduler->run_until([&status] { return status.has_value(); });
  return *status;
}

}  // namespace tidemark::test
