#include "mass.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "sanitizer.hpp"

namespace tidemark::test {
namespace {

constexpr std::size_t threads = 2;
constexpr std::size_t most_complaints = 12;

// A sanitizer makes everything slower by this much, more or less.
constexpr std::uint64_t slowness = one_in<std::uint64_t>(12, 40);

struct Part {
  bool all = false;
  std::uint64_t number = 0;
  std::uint64_t of = 1;
};

Part part() {
  const char* text = std::getenv("TIDEMARK_BYTES");
  if (text == nullptr || *text == '\0') return {};
  const std::string wanted(text);
  if (wanted == "all") return {true, 0, 1};
  const std::size_t slash = wanted.find('/');
  REQUIRE(slash != std::string::npos);
  return {true, std::stoull(wanted.substr(0, slash)), std::stoull(wanted.substr(slash + 1))};
}

void report(const std::string& name, const std::map<std::string, std::uint64_t>& tally) {
  const char* path = std::getenv("TIDEMARK_BYTES_REPORT");
  if (path == nullptr) return;
  std::ofstream file(path, std::ios::app);
  file << "{\"name\":\"" << name << "\"";
  for (const auto& [what, count] : tally) file << ",\"" << what << "\":" << count;
  file << "}\n";
}

}  // namespace

void run(const std::string& name, const Plan& plan) {
  const Part chosen = part();
  const bool trace = std::getenv("TIDEMARK_BYTES_TRACE") != nullptr;
  // However slow it is, so many are looked at.
  constexpr std::uint64_t fewest = 64;
  const std::uint64_t sampled =
      std::min(plan.stride * slowness, std::max<std::uint64_t>(1, plan.count / fewest));
  const std::uint64_t stride = chosen.all ? chosen.of : sampled;
  const std::uint64_t first = chosen.all ? chosen.number : 0;
  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  std::vector<std::string> complaints;
  std::map<std::string, std::uint64_t> tally;

  const auto work = [&] {
    Examiner examiner;
    while (true) {
      const std::uint64_t turn = next++;
      const std::uint64_t number = first + turn * stride;
      if (number >= plan.count) break;
      const bool deep = chosen.all || turn % plan.deep == 0;
      const Damage damage = plan.damage(number);
      if (damage.nothing()) continue;
      if (trace) std::cerr << damage.what() + '\n' << std::flush;
      const auto found = examiner.examine(damage, deep ? attempt::all : plan.light);
      if (found.empty()) continue;
      const std::lock_guard lock(mutex);
      complaints.insert(complaints.end(), found.begin(), found.end());
      if (complaints.size() >= most_complaints) next = plan.count;
    }
    const std::lock_guard lock(mutex);
    for (const auto& [what, count] : examiner.tally) tally[what] += count;
  };
  std::array<std::thread, threads> workers;
  for (std::thread& worker : workers) worker = std::thread(work);
  for (std::thread& worker : workers) worker.join();

  report(name, tally);
  for (std::size_t i = 0; i < complaints.size() && i < most_complaints; ++i)
    FAIL_CHECK(complaints[i]);
  CHECK(tally["states"] > 0);
}

}  // namespace tidemark::test
