// Property tests: random histories of whole operations, deaths, cuts and failures, each judged by
// the oracle as it goes. TIDEMARK_HISTORY=<seed> runs the one history of that seed.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "sanitizer.hpp"
#include "support/history.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint64_t histories = sanitized ? 60 : 1'000;
constexpr std::size_t actions_each = 100;

void complain(const History& history) {
  const History shortest = shortened(history);
  std::string text = "TIDEMARK_HISTORY=" + std::to_string(history.seed) + " goes wrong; of it\n" +
                     text_of(shortest);
  for (const std::string& problem : run_history(shortest)) text += problem + '\n';
  FAIL_CHECK(text);
}

}  // namespace

TEST_CASE("whatever the history, what was promised is there and nothing else is") {
  if (const char* one = std::getenv("TIDEMARK_HISTORY")) {
    const History history = make_history(std::stoull(one), actions_each);
    if (!run_history(history).empty()) complain(history);
    return;
  }
  const std::uint64_t seed = std::uint64_t{std::random_device{}()} << 20U;
  MESSAGE("seeds from " << seed);
  std::map<std::string_view, std::uint64_t> counts;
  int wrong = 0;
  for (std::uint64_t number = 0; number < histories && wrong < 3; ++number) {
    const History history = make_history(seed + number, actions_each);
    if (run_history(history, &counts).empty()) continue;
    ++wrong;
    complain(history);
  }
  for (const std::string_view name : action_names()) {
    INFO(name);
    CHECK(counts[name] > 0);
  }
}

TEST_CASE("a history that goes wrong is made shorter and still goes wrong") {
  History history = make_history(7, actions_each);
  CHECK(run_history(history).empty());
  history.actions.insert(history.actions.begin() + 50, {"lie", 0, 0});
  const History shortest = shortened(history);
  CHECK(!run_history(shortest).empty());
  CHECK(shortest.actions.size() == 1);
}
