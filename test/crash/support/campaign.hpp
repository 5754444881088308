// Explores all workloads, round after round with another seed, in several threads, until there are
// enough states or the time is over.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "explorer.hpp"

namespace tidemark::test {

struct CampaignPlan {
  std::uint64_t seed = 1;
  std::uint64_t states = 100'000;  // distinct; the first round is always completed
  std::optional<std::chrono::seconds> limit;
  unsigned threads = 2;
  std::string only;  // one workload
  // So many are enough to tell that something is wrong: nothing more is explored then.
  std::size_t violations = SIZE_MAX;
  Effort effort;
};

struct CampaignResult {
  std::uint64_t states = 0;
  std::uint64_t images = 0;
  std::uint64_t rounds = 0;      // that were begun
  bool complete = false;         // at least one round came to its end
  double cpu_seconds = 0;        // of the process, in all threads
  std::vector<Figures> figures;  // by workload
  Rows rows;
  std::vector<Violation> violations;
};

CampaignResult run_campaign(const CampaignPlan& plan,
                            const std::function<void(const Violation&)>& found);

}  // namespace tidemark::test
