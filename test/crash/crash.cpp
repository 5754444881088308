// The crash explorer as a program; scripts/crash.mjs builds and runs it.
//   --states N    distinct states to explore (default 100000; a round is always completed)
//   --minutes M   at most so long
//   --seed S      of the first round (default 1)
//   --threads T   default 2
//   --only W      one workload
//   --json FILE   the figures
//   --replay R    one state again, as a violation names it
// Exits with 1 when the oracle has found something.
#include <charconv>
#include <fstream>
#include <iostream>
#include <string>

#include "support/campaign.hpp"
#include "support/campaign_report.hpp"

using namespace tidemark::test;

namespace {

constexpr int wrong_usage = 64;

struct Arguments {
  CampaignPlan plan;
  std::string json;
  std::string replay;
  bool understood = true;
};

template <typename Number>
bool read_number(const std::string& text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size();
}

Arguments read_arguments(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    const std::string name = values[i];
    const std::string value = i + 1 < count ? values[i + 1] : "";
    std::uint64_t minutes = 0;
    if (name == "--states") {
      arguments.understood &= read_number(value, arguments.plan.states);
    } else if (name == "--minutes") {
      arguments.understood &= read_number(value, minutes);
      arguments.plan.limit = std::chrono::minutes(minutes);
    } else if (name == "--seed") {
      arguments.understood &= read_number(value, arguments.plan.seed);
    } else if (name == "--threads") {
      arguments.understood &= read_number(value, arguments.plan.threads);
    } else if (name == "--only") {
      arguments.plan.only = value;
      arguments.understood &= find_workload(value) != nullptr;
    } else if (name == "--json") {
      arguments.json = value;
    } else if (name == "--replay") {
      arguments.replay = value;
    } else {
      arguments.understood = false;
    }
  }
  return arguments;
}

void print(const Violation& violation) {
  std::cout << "\nVIOLATION, replayed by: npm run crash -- --replay '" << violation.route << "'\n";
  for (const std::string& problem : violation.problems) std::cout << "  " << problem << '\n';
  std::cout << violation.picture << std::endl;
}

int replay(const std::string& text) {
  const auto route = parse_route(text);
  const Workload* workload = route ? find_workload(route->workload) : nullptr;
  if (workload == nullptr) return wrong_usage;
  Seen seen;
  Explorer explorer(seen, {}, [] { return false; });
  explorer.replay(*workload, *route, [](const std::string& line) { std::cout << line << '\n'; });
  for (const Violation& violation : explorer.violations()) print(violation);
  return explorer.violations().empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** values) {
  const Arguments arguments = read_arguments(count, values);
  if (!arguments.understood) {
    std::cerr << "usage: crash [--states N] [--minutes M] [--seed S] [--threads T] [--only W] "
                 "[--json FILE] | --replay R\n";
    return wrong_usage;
  }
  if (!arguments.replay.empty()) return replay(arguments.replay);
  const CampaignResult result = run_campaign(arguments.plan, print);
  std::cout << table_of(result);
  if (!arguments.json.empty()) std::ofstream(arguments.json) << json_of(result, arguments.plan);
  return result.violations.empty() && result.complete ? 0 : 1;
}
