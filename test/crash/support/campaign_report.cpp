#include "campaign_report.hpp"

#include <algorithm>

namespace tidemark::test {
namespace {

std::string padded_left(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}
std::string padded_right(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, text.size()), ' ');
}

// "K 12, L 30": the rows that decided.
std::string rows_text(const Rows& rows) {
  std::string text;
  for (char row = Rows::first; row <= Rows::last; ++row) {
    if (rows.of(row) == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::string(1, row) + ' ' + std::to_string(rows.of(row));
  }
  return text;
}

std::string rows_json(const Rows& rows) {
  std::string text;
  for (char row = Rows::first; row <= Rows::last; ++row) {
    if (rows.of(row) == 0) continue;
    if (!text.empty()) text += ", ";
    text += '"' + std::string(1, row) + "\": " + std::to_string(rows.of(row));
  }
  return '{' + text + '}';
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + '"';
}

std::string field(const char* name, std::uint64_t value) {
  return '"' + std::string(name) + "\": " + std::to_string(value);
}

}  // namespace

std::string table_of(const CampaignResult& result) {
  constexpr std::size_t name_width = 18;
  constexpr std::size_t width = 12;
  const auto line = [&](const std::string& name, const std::vector<std::string>& cells) {
    std::string text = padded_right(name, name_width);
    for (const std::string& cell : cells) text += padded_left(cell, width);
    return text;
  };
  std::string text = line("workload", {"cut points", "in recovery", "states", "images", "1 cut",
                                       "2 cuts", "3 cuts"}) +
                     "  rows\n";
  for (const Figures& figures : result.figures) {
    std::vector<std::string> cells;
    for (const std::uint64_t value :
         {figures.cut_points, figures.recovery_cut_points, figures.states, figures.images,
          figures.by_cuts[0], figures.by_cuts[1], figures.by_cuts[2]}) {
      cells.push_back(std::to_string(value));
    }
    text += line(figures.workload, cells) + "  " + rows_text(figures.rows) + '\n';
  }
  text += '\n' + std::to_string(result.states) + " distinct states, " +
          std::to_string(result.images) + " distinct images, " + std::to_string(result.rounds) +
          " rounds, " + std::to_string(result.violations.size()) + " violations\n" +
          rows_text(result.rows) + '\n';
  return text;
}

std::string json_of(const CampaignResult& result, const CampaignPlan& plan) {
  std::string text = "{\n  " + field("seed", plan.seed) + ",\n  " + field("states", result.states) +
                     ",\n  " + field("images", result.images) + ",\n  " +
                     field("rounds", result.rounds) +
                     ",\n  \"cpuSeconds\": " + std::to_string(result.cpu_seconds) +
                     ",\n  \"complete\": " + (result.complete ? "true" : "false") +
                     ",\n  \"rows\": " + rows_json(result.rows) + ",\n  \"workloads\": [";
  for (std::size_t i = 0; i < result.figures.size(); ++i) {
    const Figures& figures = result.figures[i];
    text += (i == 0 ? "\n" : ",\n");
    text += "    {\"name\": " + quoted(figures.workload) + ", " +
            field("cutPoints", figures.cut_points) + ", " +
            field("recoveryCutPoints", figures.recovery_cut_points) + ", " +
            field("states", figures.states) + ", " + field("images", figures.images) +
            ", \"byCuts\": [" + std::to_string(figures.by_cuts[0]) + ", " +
            std::to_string(figures.by_cuts[1]) + ", " + std::to_string(figures.by_cuts[2]) + "], " +
            field("seenBefore", figures.seen_before) + ", " +
            field("withoutRoom", figures.without_room) + ", \"rows\": " + rows_json(figures.rows) +
            "}";
  }
  text += "\n  ],\n  \"violations\": [";
  for (std::size_t i = 0; i < result.violations.size(); ++i) {
    const Violation& violation = result.violations[i];
    text += (i == 0 ? "\n" : ",\n");
    text += "    {\"replay\": " + quoted(violation.route) + ", \"problems\": [";
    for (std::size_t k = 0; k < violation.problems.size(); ++k) {
      text += (k == 0 ? "" : ", ") + quoted(violation.problems[k]);
    }
    text += "]}";
  }
  return text + (result.violations.empty() ? "]" : "\n  ]") + "\n}\n";
}

}  // namespace tidemark::test
