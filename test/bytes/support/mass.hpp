// Runs many damages through examiners, two at a time, and says how much of the whole was run.
//   TIDEMARK_BYTES=all          everything, every attempt
//   TIDEMARK_BYTES=<i>/<n>      the i-th of n parts of everything (from 0)
//   TIDEMARK_BYTES_REPORT=file  appends what was counted, one JSON object for each test case
//   TIDEMARK_BYTES_TRACE=1      names each damage before it is tried: the last one is what crashed
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "examiner.hpp"

namespace tidemark::test {

struct Plan {
  std::uint64_t count = 0;
  // The damage with a number below `count`; its attempts are those of the examiner.
  std::function<Damage(std::uint64_t)> damage;
  // Every `stride`-th damage is tried in the tests, and of those every `deep`-th with all attempts;
  // the others with `light`.
  std::uint64_t stride = 1;
  std::uint64_t deep = 8;
  unsigned light = attempt::read_only | attempt::verify;
};

// Fails the test case with what was found.
void run(const std::string& name, const Plan& plan);

}  // namespace tidemark::test
