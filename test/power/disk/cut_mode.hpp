// What a loss of power may leave of the writes that no flush has covered: the choice, as a function
// of a seed. Writes are cut at sectors; who wins where two of them overlap is part of the choice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

namespace tidemark::test::power {

// What a disk writes as one: NVMe and SATA promise no more than a logical block, and the loop
// device has logical blocks of 512 bytes.
inline constexpr std::uint64_t sector_bytes = 512;

enum class CutMode : std::uint8_t {
  drop,       // nothing that was pending is there
  prefix,     // the first so many writes, the next one in part, in the order in which they came
  subset,     // each write as a whole, or not at all
  torn,       // each write as a whole, not at all, its first sectors, or any of its sectors
  reordered,  // each sector has any of the contents that were pending for it, or what was stable
};

std::optional<CutMode> cut_mode_of(std::string_view name) noexcept;

// A write that was answered and that no flush has covered.
struct PendingWrite {
  std::uint64_t offset = 0;  // in bytes, a multiple of sector_bytes, as is the length
  std::uint64_t length = 0;
  std::vector<std::byte> data;  // empty: zeros (a discarded range)
};

// A range that a disk writes as one although it is longer than a sector.
struct AtomicRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// For each write, which of its sectors are kept. Where kept sectors overlap, the later write wins.
using KeptSectors = std::vector<std::vector<bool>>;

KeptSectors choose(const std::vector<PendingWrite>& pending, CutMode mode,
                   const std::vector<AtomicRange>& atomic, std::mt19937_64& random);

}  // namespace tidemark::test::power
