#include "choice.hpp"

#include <algorithm>
#include <charconv>

#include "io/seeded_random.hpp"

namespace tidemark::test {
namespace {

// Garbage is of one sort: states that differ in nothing but noise are not counted as several.
constexpr std::uint64_t garbage_seed = 0x6761726261676521;
// The regular fates of more pending changes than these are left to the draw.
constexpr std::size_t most_regular = 12;

template <typename Number>
bool parse_number(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size();
}

io::Fate applied_where(const io::SimulatedDisk& disk, auto&& wanted) {
  io::Fate fate;
  std::size_t at = 0;
  for (io::ChangeFate& change : disk.all_applied().changes) {
    if (wanted(at++)) fate.changes.push_back(std::move(change));
  }
  return fate;
}

io::Fate fate_of(const io::SimulatedDisk& disk, const Choice& choice) {
  io::Fate fate;
  switch (choice.kind) {
    case Choice::Kind::none:
    case Choice::Kind::process:
      break;
    case Choice::Kind::all:
      fate = disk.all_applied();
      break;
    case Choice::Kind::prefix:
      fate = applied_where(disk, [&](std::size_t at) { return at < choice.number; });
      break;
    case Choice::Kind::only:
      fate = applied_where(disk, [&](std::size_t at) { return at == choice.number; });
      break;
    case Choice::Kind::but:
      fate = applied_where(disk, [&](std::size_t at) { return at != choice.number; });
      break;
    case Choice::Kind::enumerated:
      fate = disk.fate(choice.number);
      break;
    case Choice::Kind::random:
      fate = disk.random_fate(choice.number);
      break;
  }
  fate.seed = garbage_seed;
  return fate;
}

}  // namespace

std::string Choice::text() const {
  const bool numbered = kind != Kind::none && kind != Kind::all && kind != Kind::process;
  return std::string(1, static_cast<char>(kind)) + (numbered ? std::to_string(number) : "");
}

std::optional<Choice> Choice::parse(std::string_view text) {
  if (text.empty() || std::string_view("dapoxerk").find(text[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  Choice choice;
  choice.kind = static_cast<Kind>(text[0]);
  if (text.size() > 1 && !parse_number(text.substr(1), choice.number)) return std::nullopt;
  return choice;
}

std::string route_text(const std::string& workload, std::uint64_t seed, const Route& route) {
  std::string text = workload + '@' + std::to_string(seed);
  for (const Step& step : route) {
    text += ':' + std::to_string(step.call) + '.' + step.choice.text();
  }
  return text;
}

std::optional<Replay> parse_route(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    parts.push_back(text.substr(0, colon));
    if (colon == text.size()) break;
    text.remove_prefix(colon + 1);
  }
  Replay replay;
  const std::size_t at = parts[0].find('@');
  if (at == std::string_view::npos) return std::nullopt;
  replay.workload = parts[0].substr(0, at);
  if (!parse_number(parts[0].substr(at + 1), replay.seed)) return std::nullopt;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t dot = parts[i].find('.');
    Step step;
    if (dot == std::string_view::npos || !parse_number(parts[i].substr(0, dot), step.call)) {
      return std::nullopt;
    }
    const auto choice = Choice::parse(parts[i].substr(dot + 1));
    if (!choice) return std::nullopt;
    step.choice = *choice;
    replay.route.push_back(step);
  }
  return replay;
}

std::shared_ptr<io::SimulatedDisk> disk_after(const io::SimulatedDisk& disk, const Choice& choice) {
  return choice.kind == Choice::Kind::process ? disk.copy() : disk.cut(fate_of(disk, choice));
}

io::Digest digest_after(const io::SimulatedDisk& disk, const Choice& choice) {
  io::Digest digest = disk.digest();
  if (choice.kind != Choice::Kind::process) return digest;
  const io::Digest seen = disk.cut(disk.all_applied())->digest();
  digest.high = io::mixed(digest.high ^ io::mixed(seen.high));
  digest.low = io::mixed(digest.low + io::mixed(seen.low));
  return digest;
}

std::vector<Choice> choices_at(const io::SimulatedDisk& disk, std::uint64_t enumerate,
                               std::uint64_t samples, std::uint64_t seed) {
  using Kind = Choice::Kind;
  std::vector<Choice> choices{{Kind::process, 0}};
  const std::uint64_t fates = disk.fates();
  if (fates <= enumerate) {
    for (std::uint64_t number = 0; number < fates; ++number) {
      choices.push_back({Kind::enumerated, number});
    }
    return choices;
  }
  choices.push_back({Kind::none, 0});
  choices.push_back({Kind::all, 0});
  const std::size_t pending = disk.pending().size();
  if (pending <= most_regular) {
    for (std::size_t number = 0; number < pending; ++number) {
      if (number > 0) choices.push_back({Kind::prefix, number});
      choices.push_back({Kind::only, number});
      choices.push_back({Kind::but, number});
    }
  }
  io::SeededRandom random(seed);
  for (std::uint64_t i = 0; i < samples; ++i) {
    constexpr std::uint64_t readable = 1'000'000'000;  // as a number in a route
    choices.push_back({Kind::random, random.below(readable)});
  }
  return choices;
}

}  // namespace tidemark::test
