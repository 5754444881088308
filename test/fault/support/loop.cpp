#include "loop.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "aftermath.hpp"
#include "case.hpp"
#include "sanitizer.hpp"
#include "watchdog.hpp"

namespace tidemark::test {
namespace {

constexpr std::uint64_t slowness = one_in<std::uint64_t>(4, 16);

// No workload makes so many calls of a kind: a run that goes on being hit does not end.
constexpr std::uint64_t most_calls = 5000;
// So many runs without a hit, each with another ending, are the end of a loop.
constexpr std::uint64_t last_runs = 3;

struct Count {
  std::uint64_t runs = 0;
  std::uint64_t hits = 0;  // runs that were hit
  std::uint64_t felt = 0;  // runs in which some call said so
};

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

bool full() { return setting("TIDEMARK_FAULT_LOOPS") == "full"; }

std::uint64_t seeds() {
  const std::string count = setting("TIDEMARK_FAULT_SEEDS");
  return count.empty() ? 1 : std::max<std::uint64_t>(1, std::stoull(count));
}

// Every how many-th n is run. EIO stands for all in the tests; the others differ from it in what
// the error is called, and are sampled. No multiple of the number of endings that a run may choose.
std::uint64_t stride(const io::FaultPlan& plan) {
  if (full()) return 1;
  std::uint64_t every = plan.fault.code == io::Errc::io ? 1 : 11;
  if (plan.lasting != io::Lasting::once) every *= 2;
  return every * slowness;
}

class Loop {
 public:
  explicit Loop(const Workload& workload)
      : workload_(workload), only_(setting("TIDEMARK_FAULT_CASE")), image_(workload.prepare()) {}

  void run() {
    run_without_faults();
    for (const io::Call kind : workload_.kinds) {
      for (const io::Errc code : errors) {
        for (const io::Effect effect : effects_of(kind)) {
          // EFBIG is of lengths, which a read does not ask for.
          if (kind == io::Call::read && code == io::Errc::file_too_large) continue;
          for (const io::Lasting lasting :
               {io::Lasting::once, io::Lasting::kind, io::Lasting::disk}) {
            try_all({kind, 1, {code, effect, {}}, lasting});
          }
        }
      }
    }
    report();
  }

 private:
  // How many calls of each kind there are to fail.
  void run_without_faults() {
    INFO(workload_.name, ": without a fault");
    for (std::uint64_t seed = 0; seed < last_runs; ++seed) {
      Run run(image_, seed);
      workload_.run(run);
      for (const io::Call kind : failing_kinds()) {
        std::uint64_t& calls = calls_.at(static_cast<std::size_t>(kind));
        calls = std::max(calls, run.calls(kind));
      }
      finish(run, seed);
    }
    std::vector<io::Call> used;
    std::string names;
    for (const io::Call kind : failing_kinds()) {
      if (calls_.at(static_cast<std::size_t>(kind)) == 0) continue;
      used.push_back(kind);
      names += std::string(" Call::") + kind_name(kind) + ",";
    }
    INFO("it uses", names);
    REQUIRE(std::ranges::is_permutation(used, workload_.kinds));
  }

  void try_all(io::FaultPlan plan) {
    const std::uint64_t calls = calls_.at(static_cast<std::size_t>(plan.call));
    const std::uint64_t every = stride(plan);
    for (std::uint64_t seed = 0; seed < seeds(); ++seed) {
      std::uint64_t missed = 0;
      for (plan.nth = 1; missed < last_runs; ++plan.nth) {
        // Which ones are left out differs from plan to plan. A sample ends with the calls that the
        // workload makes without a fault.
        if (every > 1 && plan.nth > calls) break;
        if ((plan.nth + plans_ + seed) % every != 0) continue;
        REQUIRE(plan.nth < most_calls);
        missed = try_one({plan, plan.nth + 7 * seed}) ? 0 : missed + 1;
      }
    }
    plans_ += 1;
  }

  // Whether the case was hit.
  bool try_one(const Case& injected) {
    const std::string text = workload_.name + ": " + injected.text();
    if (!only_.empty() && only_ != text) return injected.plan.nth <= most_of(injected);
    INFO(text);
    const Watchdog::Watch watch(text);
    Run run(image_, injected.seed, injected.plan);
    workload_.run(run);
    const bool hit = run.hit();
    Count& count = counts_.at(static_cast<std::size_t>(injected.plan.call));
    count.runs += 1;
    count.hits += hit ? 1 : 0;
    count.felt += run.felt() > 0 ? 1 : 0;
    finish(run, injected.seed);
    return hit;
  }

  // When one case is picked, the others are passed over.
  [[nodiscard]] std::uint64_t most_of(const Case& injected) const {
    return 2 * calls_.at(static_cast<std::size_t>(injected.plan.call)) + 16;
  }

  void finish(Run& run, std::uint64_t seed) const {
    const Image left = run.kill();
    if (workload_.behind) workload_.behind(run, left);
    if (!workload_.damaged) judge_aftermath(left, seed);
  }

  // A line that test/fault/campaign.mjs reads: of each kind runs, runs that were hit, and felt.
  void report() const {
    Count all;
    std::printf("%s:", workload_.name.c_str());
    for (const io::Call kind : workload_.kinds) {
      const Count& count = counts_.at(static_cast<std::size_t>(kind));
      std::printf(
          " %s %llu/%llu/%llu", kind_name(kind), static_cast<unsigned long long>(count.runs),
          static_cast<unsigned long long>(count.hits), static_cast<unsigned long long>(count.felt));
      all.runs += count.runs;
      all.hits += count.hits;
      all.felt += count.felt;
      INFO(std::string(kind_name(kind)), " was never hit");
      // Where calls are only sampled, a kind with a few calls may be missed.
      if (only_.empty() && slowness == 1) CHECK(count.hits > 0);
    }
    std::printf("; %llu runs, %llu hit, %llu felt\n", static_cast<unsigned long long>(all.runs),
                static_cast<unsigned long long>(all.hits),
                static_cast<unsigned long long>(all.felt));
  }

  const Workload& workload_;
  const std::string only_;
  const Image image_;
  std::array<std::uint64_t, io::call_kinds> calls_{};
  std::array<Count, io::call_kinds> counts_{};
  std::uint64_t plans_ = 0;
};

}  // namespace

void fault_loop(const Workload& workload) { Loop(workload).run(); }

}  // namespace tidemark::test
