// The short form of the crash explorer, and what shows that it can catch.
#include <doctest/doctest.h>

#include <string>

#include "sanitizer.hpp"
#include "support/campaign.hpp"
#include "support/campaign_report.hpp"

using namespace tidemark::test;

namespace {

// What every legal cut may lead to. The other rows refuse, or need rot: no cut may reach them.
constexpr std::string_view rows_of_cuts = "KLMNOPUY";

std::string text_of(const Violation& violation) {
  std::string text = "npm run crash -- --replay '" + violation.route + "'\n";
  for (const std::string& problem : violation.problems) text += "  " + problem + '\n';
  return text + violation.picture;
}

void complain(const Violation& violation) { FAIL_CHECK(text_of(violation)); }

}  // namespace

TEST_CASE("no legal cut loses, invents or hides a record") {
  CampaignPlan plan;
  plan.states = 10'000;
  plan.violations = 1;
  plan.effort.enumerate = 81;
  plan.effort.samples = 8;
  plan.effort.recovery_one_in = 12;
  if (sanitized) {
    plan.states = 1;  // one round
    plan.effort.enumerate = 3;
    plan.effort.samples = 1;
    plan.effort.recovery_one_in = 300;
  }
  MESSAGE("seed " << plan.seed);
  const CampaignResult result = run_campaign(plan, complain);
  INFO(table_of(result));
  CHECK(result.complete);
  CHECK(result.violations.empty());
  if (sanitized) return;
  CHECK(result.states >= plan.states);
  for (char row = Rows::first; row <= Rows::last; ++row) {
    INFO("row " << row);
    const bool legal = rows_of_cuts.find(row) != std::string_view::npos;
    CHECK((result.rows.of(row) > 0) == legal);
  }
  for (const Figures& figures : result.figures) {
    INFO(figures.workload);
    CHECK(figures.by_cuts[0] > 0);
    CHECK(figures.by_cuts[2] > 0);
  }
}

TEST_CASE("a disk whose sync lies is found out, and the route replays the loss") {
  Seen seen;
  Explorer explorer(seen, {}, [] { return false; });
  explorer.explore(lying_workload(), 1);
  REQUIRE_FALSE(explorer.violations().empty());
  const Violation& violation = explorer.violations().front();
  INFO(text_of(violation));
  const auto replay = parse_route(violation.route);
  REQUIRE(replay.has_value());
  Explorer again(seen, {}, [] { return false; });
  again.replay(lying_workload(), *replay, nullptr);
  REQUIRE(again.violations().size() == 1);
  CHECK(again.violations().front().route == violation.route);
  CHECK(again.violations().front().problems == violation.problems);
}

TEST_CASE("a state is counted once, however it is reached") {
  const Workload& workload = *find_workload("append");
  Seen seen;
  Explorer first(seen, {}, [] { return false; });
  const Figures figures = first.explore(workload, 1);
  CHECK(figures.states == seen.states());
  CHECK(figures.seen_before > 0);
  Explorer second(seen, {}, [] { return false; });
  CHECK(second.explore(workload, 1).states == 0);
}

TEST_CASE("routes are written and read alike") {
  const Route route{{12, {Choice::Kind::random, 834}}, {5, {Choice::Kind::none, 0}}};
  const std::string text = route_text("append", 7, route);
  CHECK(text == "append@7:12.r834:5.d");
  const auto replay = parse_route(text);
  REQUIRE(replay.has_value());
  CHECK(replay->workload == "append");
  CHECK(replay->seed == 7);
  CHECK(route_text(replay->workload, replay->seed, replay->route) == text);
  for (const char* wrong :
       {"append", "append@", "append@x", "append@1:5", "append@1:5.q", "a@1:.d"}) {
    INFO(wrong);
    CHECK_FALSE(parse_route(wrong).has_value());
  }
}
