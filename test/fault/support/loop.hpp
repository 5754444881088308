// The loops: for every kind of call that a workload makes, the n-th one fails, n = 1, 2, … until a
// run completes without a hit.
//
// What is run where: TIDEMARK_FAULT_LOOPS=full runs every error with every effect at every n, and
// TIDEMARK_FAULT_SEEDS=<count> does so with that many seeds; otherwise it is a share that fits into
// the tests. TIDEMARK_FAULT_CASE="<workload>: <case>" runs one case again, as a failure names it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "run.hpp"

namespace tidemark::test {

struct Workload {
  std::string name;
  // That it uses: a loop in which one of them is never hit fails, and so does one that uses more.
  std::vector<io::Call> kinds;
  std::function<Image()> prepare;
  std::function<void(Run&)> run;
  // Beside the judgement of what it leaves; instead of it where the journal is a damaged one.
  std::function<void(Run&, const Image& left)> behind;
  bool damaged = false;
};

void fault_loop(const Workload& workload);

}  // namespace tidemark::test
