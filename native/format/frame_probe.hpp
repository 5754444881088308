// Reads a frame header through a Source without believing the size that it claims: a long prefix is
// checksummed in pieces first, so that nothing is allocated for a number that nobody has verified.
#pragma once

#include <cstdint>
#include <optional>

#include "format/scan.hpp"

namespace tidemark::format {

// How much the scan looks at in one view().
inline constexpr std::size_t scan_window_bytes = 65536;

enum class ProbeState : std::uint8_t { valid, invalid, unreadable };
struct Probe {
  ProbeState state = ProbeState::invalid;
  std::optional<FrameHeader> header;    // when valid
  std::uint64_t checksummed_bytes = 0;  // what it cost, for the limit of a search
};
Probe probe_frame(const SegmentHeader& segment, const Place& place, Source& source,
                  std::uint64_t offset);

// extend() over bytes of the source. nullopt: unreadable, or the file ends before `end`.
std::optional<std::uint32_t> checksum_range(Source& source, std::uint32_t seed, std::uint64_t begin,
                                            std::uint64_t end);

// Offset of the first byte in [begin, end) that is not zero; `end` when there is none (the file may
// end before). nullopt: unreadable.
std::optional<std::uint64_t> first_nonzero(Source& source, std::uint64_t begin, std::uint64_t end);

}  // namespace tidemark::format
