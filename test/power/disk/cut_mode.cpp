#include "disk/cut_mode.hpp"

#include <array>
#include <unordered_map>
#include <utility>

namespace tidemark::test::power {
namespace {

constexpr std::array<std::pair<std::string_view, CutMode>, 5> names{{
    {"drop", CutMode::drop},
    {"prefix", CutMode::prefix},
    {"subset", CutMode::subset},
    {"torn", CutMode::torn},
    {"reordered", CutMode::reordered},
}};

// The distributions of the standard library differ between implementations; a seed shall not.
std::uint64_t below(std::mt19937_64& random, std::uint64_t bound) { return random() % bound; }

bool toss(std::mt19937_64& random) { return below(random, 2) == 1; }

std::uint64_t sectors(const PendingWrite& write) { return write.length / sector_bytes; }

// The first sector of what is kept or lost together with this one.
std::uint64_t unit_of(std::uint64_t sector, const std::vector<AtomicRange>& atomic) {
  const std::uint64_t at = sector * sector_bytes;
  for (const AtomicRange& range : atomic) {
    if (at >= range.offset && at < range.offset + range.length) return range.offset / sector_bytes;
  }
  return sector;
}

// Calls body(n, unit, is_first) for the n-th sector of a write; is_first at the first one of a
// unit.
template <typename Body>
void each_sector(const PendingWrite& write, const std::vector<AtomicRange>& atomic, Body&& body) {
  const std::uint64_t first = write.offset / sector_bytes;
  std::uint64_t last_unit = UINT64_MAX;
  for (std::uint64_t n = 0; n < sectors(write); ++n) {
    const std::uint64_t unit = unit_of(first + n, atomic);
    body(n, unit, unit != last_unit);
    last_unit = unit;
  }
}

std::vector<bool> all_or_nothing(const PendingWrite& write, bool keep) {
  return std::vector<bool>(sectors(write), keep);
}

// The sectors of one write in front of a random place in it.
std::vector<bool> beginning(const PendingWrite& write, const std::vector<AtomicRange>& atomic,
                            std::mt19937_64& random) {
  const std::uint64_t end = write.offset / sector_bytes + below(random, sectors(write) + 1);
  std::vector<bool> kept(sectors(write));
  each_sector(write, atomic,
              [&](std::uint64_t n, std::uint64_t unit, bool) { kept[n] = unit < end; });
  return kept;
}

std::vector<bool> any_sectors(const PendingWrite& write, const std::vector<AtomicRange>& atomic,
                              std::mt19937_64& random) {
  std::vector<bool> kept(sectors(write));
  bool keep = false;
  each_sector(write, atomic, [&](std::uint64_t n, std::uint64_t, bool is_first) {
    if (is_first) keep = toss(random);
    kept[n] = keep;
  });
  return kept;
}

std::vector<bool> torn(const PendingWrite& write, const std::vector<AtomicRange>& atomic,
                       std::mt19937_64& random) {
  switch (below(random, 4)) {
    case 0:
      return all_or_nothing(write, false);
    case 1:
      return all_or_nothing(write, true);
    case 2:
      return beginning(write, atomic, random);
    default:
      return any_sectors(write, atomic, random);
  }
}

struct Versions {
  std::uint64_t pending = 0;  // writes to this unit
  std::uint64_t seen = 0;
  std::uint64_t chosen = 0;  // 1 for the first of them; 0 for what was stable
};

KeptSectors reordered(const std::vector<PendingWrite>& pending,
                      const std::vector<AtomicRange>& atomic, std::mt19937_64& random) {
  std::unordered_map<std::uint64_t, Versions> units;
  for (const PendingWrite& write : pending) {
    each_sector(write, atomic, [&](std::uint64_t, std::uint64_t unit, bool is_first) {
      if (is_first) units[unit].pending += 1;
    });
  }
  KeptSectors kept;
  for (const PendingWrite& write : pending) {
    std::vector<bool>& sectors_kept = kept.emplace_back(sectors(write));
    each_sector(write, atomic, [&](std::uint64_t n, std::uint64_t unit, bool is_first) {
      Versions& versions = units[unit];
      if (is_first) {
        if (versions.seen == 0) versions.chosen = below(random, versions.pending + 1);
        versions.seen += 1;
      }
      sectors_kept[n] = versions.seen == versions.chosen;
    });
  }
  return kept;
}

}  // namespace

std::optional<CutMode> cut_mode_of(std::string_view name) noexcept {
  for (const auto& [known, mode] : names) {
    if (known == name) return mode;
  }
  return std::nullopt;
}

KeptSectors choose(const std::vector<PendingWrite>& pending, CutMode mode,
                   const std::vector<AtomicRange>& atomic, std::mt19937_64& random) {
  if (mode == CutMode::reordered) return reordered(pending, atomic, random);
  const std::uint64_t whole = mode == CutMode::prefix ? below(random, pending.size() + 1) : 0;
  KeptSectors kept;
  for (const PendingWrite& write : pending) {
    switch (mode) {
      case CutMode::prefix:
        kept.push_back(kept.size() == whole ? beginning(write, atomic, random)
                                            : all_or_nothing(write, kept.size() < whole));
        break;
      case CutMode::subset:
        kept.push_back(all_or_nothing(write, toss(random)));
        break;
      case CutMode::torn:
        kept.push_back(torn(write, atomic, random));
        break;
      default:
        kept.push_back(all_or_nothing(write, false));
    }
  }
  return kept;
}

}  // namespace tidemark::test::power
