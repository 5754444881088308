// What becomes of the machine at a cut: a small alphabet of fates, each with a name, so that a path
// through several cuts can be written down, counted and replayed.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/simulated_disk.hpp"
#include "ledger.hpp"

namespace tidemark::test {

struct Choice {
  enum class Kind : char {
    none = 'd',        // the power goes, nothing of what is pending persists
    all = 'a',         // … all of it does
    prefix = 'p',      // … the first `number` changes do
    only = 'o',        // … only change `number` does
    but = 'x',         // … all but change `number` do
    enumerated = 'e',  // … legal fate `number` of all that there are
    random = 'r',      // … what the seed `number` says
    process = 'k',     // the process dies, the system lives on
  };
  Kind kind = Kind::none;
  std::uint64_t number = 0;
  friend auto operator<=>(const Choice&, const Choice&) = default;

  [[nodiscard]] Death death() const noexcept {
    return kind == Kind::process ? Death::process : Death::power;
  }
  [[nodiscard]] std::string text() const;  // "d", "r834"
  static std::optional<Choice> parse(std::string_view text);
};

// Just before the call with this number (the machine's calls are counted from 1), or at the end.
struct Step {
  std::uint64_t call = 0;
  Choice choice;
};
// One step for each cut: the first one in the workload, the next in the recovery behind it, …
using Route = std::vector<Step>;

// "append@7:12.r834:5.d"
std::string route_text(const std::string& workload, std::uint64_t seed, const Route& route);
struct Replay {
  std::string workload;
  std::uint64_t seed = 0;
  Route route;
};
std::optional<Replay> parse_route(std::string_view text);

// The disk as the choice leaves it.
std::shared_ptr<io::SimulatedDisk> disk_after(const io::SimulatedDisk& disk, const Choice& choice);
// Equal where disks are, pending changes and what is seen of them included.
io::Digest digest_after(const io::SimulatedDisk& disk, const Choice& choice);

// Every legal fate where there are at most `enumerate` of them; otherwise the regular ones (none,
// all, prefixes, all but one, only one) and `samples` drawn from the seed. The death of the process
// alone is always among them.
std::vector<Choice> choices_at(const io::SimulatedDisk& disk, std::uint64_t enumerate,
                               std::uint64_t samples, std::uint64_t seed);

}  // namespace tidemark::test
