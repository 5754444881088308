// What is pending, and what may become of it: counted, enumerated, drawn from a seed.
#include <algorithm>
#include <utility>

#include "io/simulated_system.hpp"

namespace tidemark::io {
namespace {

constexpr std::uint64_t fates_of_sector = 3;
// Subsets of more pending entries than these are drawn, not enumerated.
constexpr std::size_t most_entries_enumerated = 12;

// The legal subsets of the pending changes of entries, as bits in the order of their ids.
class EntrySubsets {
 public:
  explicit EntrySubsets(const std::vector<Change>& pending) {
    for (const Change& change : pending) {
      if (change.of_entries()) entries_.push_back(&change);
    }
    if (entries_.size() > most_entries_enumerated) return;
    for (std::uint64_t subset = 0; subset < std::uint64_t{1} << entries_.size(); ++subset) {
      if (legal(subset)) subsets_.push_back(subset);
    }
  }
  [[nodiscard]] bool too_many() const { return subsets_.empty(); }
  [[nodiscard]] std::uint64_t count() const { return subsets_.size(); }
  [[nodiscard]] bool contains(std::uint64_t number, ChangeId id) const {
    return holds(subsets_[static_cast<std::size_t>(number)], id);
  }

 private:
  // An id that is not pending any more is durable.
  [[nodiscard]] bool holds(std::uint64_t subset, ChangeId id) const {
    for (std::size_t bit = 0; bit < entries_.size(); ++bit) {
      if (entries_[bit]->id == id) return (subset >> bit & 1U) != 0;
    }
    return true;
  }
  [[nodiscard]] bool legal(std::uint64_t subset) const {
    for (std::size_t bit = 0; bit < entries_.size(); ++bit) {
      if ((subset >> bit & 1U) == 0) continue;
      for (const ChangeId earlier : entries_[bit]->after) {
        if (!holds(subset, earlier)) return false;
      }
    }
    return true;
  }

  std::vector<const Change*> entries_;
  std::vector<std::uint64_t> subsets_;
};

std::uint64_t times(std::uint64_t one, std::uint64_t other) {
  return one > SimulatedDisk::saturated / other ? SimulatedDisk::saturated : one * other;
}

// How the cut treats one change as a whole, before it looks at sectors.
enum class Manner : std::uint8_t { dropped, applied, prefix, sectors };

Manner manner(SeededRandom& random) {
  constexpr Manner manners[] = {Manner::dropped, Manner::dropped, Manner::dropped, Manner::applied,
                                Manner::applied, Manner::applied, Manner::prefix,  Manner::sectors};
  return manners[random.below(std::size(manners))];
}

SectorFate any_fate(SeededRandom& random, std::uint64_t garbled_one_in) {
  if (random.one_in(garbled_one_in)) return SectorFate::garbled;
  return random.one_in(2) ? SectorFate::applied : SectorFate::dropped;
}

ChangeFate draw(SeededRandom& random, ChangeId id, std::size_t sectors, Manner how) {
  ChangeFate fate{id, {}};
  switch (how) {
    case Manner::dropped:
    case Manner::applied:
      fate.sectors.assign(1, how == Manner::applied ? SectorFate::applied : SectorFate::dropped);
      break;
    case Manner::prefix: {  // written from the front until the power went
      fate.sectors.assign(static_cast<std::size_t>(random.below(sectors + 1)), SectorFate::applied);
      fate.sectors.push_back(random.one_in(2) ? SectorFate::garbled : SectorFate::dropped);
      fate.sectors.push_back(SectorFate::dropped);
      break;
    }
    case Manner::sectors: {
      constexpr std::uint64_t rarely = 8;
      const std::uint64_t garbled_one_in = random.one_in(2) ? 2 : rarely;
      for (std::size_t sector = 0; sector < sectors; ++sector) {
        fate.sectors.push_back(any_fate(random, garbled_one_in));
      }
      break;
    }
  }
  return fate;
}

}  // namespace

SectorRange sectors_touched(const BlockWrite& write, const SimulatedDiskOptions& options) {
  if (!options.powersafe_overwrite) return {0, static_cast<std::uint32_t>(options.block_bytes)};
  const auto sector = static_cast<std::uint32_t>(options.sector_bytes);
  return {write.from / sector * sector, (write.to + sector - 1) / sector * sector};
}

std::size_t SimulatedDisk::System::sectors_of(const Change& change) const {
  if (!change.of_data()) return 1;
  std::size_t sectors = 0;
  for (const BlockWrite& one : change.blocks) {
    const SectorRange range = sectors_touched(one, options);
    sectors += (range.to - range.from) / options.sector_bytes;
  }
  return sectors;
}

std::vector<ChangeId> SimulatedDisk::System::predecessors_of(const Change& change) const {
  std::vector<ChangeId> ids;
  for (const Change& earlier : pending) {
    if (std::find(change.after.begin(), change.after.end(), earlier.id) != change.after.end()) {
      ids.push_back(earlier.id);
    }
  }
  return ids;
}

std::vector<PendingChange> SimulatedDisk::pending() const {
  const std::lock_guard lock(system_->mutex);
  std::vector<PendingChange> described;
  for (const Change& change : system_->pending) {
    PendingChange one;
    one.id = change.id;
    one.kind = change.kind;
    one.path = *change.path;
    one.target = change.target_path;
    one.file = change.inode->number;
    one.offset = change.of_size() ? change.size_before : change.offset;
    one.length = change.of_size() ? change.size_after : change.length;
    one.sectors = system_->sectors_of(change);
    one.after = system_->predecessors_of(change);
    described.push_back(std::move(one));
  }
  return described;
}

Fate SimulatedDisk::all_applied() const {
  const std::lock_guard lock(system_->mutex);
  Fate fate;
  for (const Change& change : system_->pending) {
    fate.changes.push_back({change.id, {SectorFate::applied}});
  }
  return fate;
}

// A quarter of the fates is what a cache that writes in order leaves: everything up to one change,
// and that one perhaps in part. The others treat every change on its own.
Fate SimulatedDisk::random_fate(std::uint64_t seed) const {
  const std::lock_guard lock(system_->mutex);
  SeededRandom random(seed);
  Fate fate;
  fate.seed = random.next();
  const std::vector<Change>& pending = system_->pending;
  const bool in_order = random.one_in(4);
  const std::uint64_t last = random.below(pending.size() + 1);
  std::vector<ChangeId> dropped;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    const Change& change = pending[i];
    Manner how = manner(random);
    if (in_order && i != last) how = i < last ? Manner::applied : Manner::dropped;
    if (!change.of_data()) {
      const bool orphan =
          std::any_of(change.after.begin(), change.after.end(), [&](ChangeId earlier) {
            return std::find(dropped.begin(), dropped.end(), earlier) != dropped.end();
          });
      if (how != Manner::dropped) how = Manner::applied;
      if (orphan) how = Manner::dropped;
      if (how == Manner::dropped) dropped.push_back(change.id);
    }
    fate.changes.push_back(draw(random, change.id, system_->sectors_of(change), how));
  }
  return fate;
}

std::uint64_t SimulatedDisk::fates() const {
  const std::lock_guard lock(system_->mutex);
  const EntrySubsets entries(system_->pending);
  if (entries.too_many()) return saturated;
  std::uint64_t count = entries.count();
  for (const Change& change : system_->pending) {
    if (change.of_size()) count = times(count, 2);
    if (!change.of_data()) continue;
    const std::size_t sectors = system_->sectors_of(change);
    for (std::size_t i = 0; i < sectors && count < saturated; ++i) {
      count = times(count, fates_of_sector);
    }
  }
  return count;
}

Fate SimulatedDisk::fate(std::uint64_t number) const {
  const std::lock_guard lock(system_->mutex);
  const EntrySubsets entries(system_->pending);
  Fate fate;
  if (entries.too_many()) return fate;
  const auto digit = [&number](std::uint64_t base) {
    const std::uint64_t value = number % base;
    number /= base;
    return value;
  };
  const std::uint64_t subset = digit(entries.count());
  for (const Change& change : system_->pending) {
    ChangeFate one{change.id, {}};
    if (change.of_data()) {
      for (std::size_t left = system_->sectors_of(change); left > 0; --left) {
        one.sectors.push_back(static_cast<SectorFate>(digit(fates_of_sector)));
      }
    } else {
      const bool applied = change.of_size() ? digit(2) == 1 : entries.contains(subset, change.id);
      one.sectors.push_back(applied ? SectorFate::applied : SectorFate::dropped);
    }
    fate.changes.push_back(std::move(one));
  }
  return fate;
}

}  // namespace tidemark::io
