// Whether one flipped bit is all that keeps the bytes at a place from being a valid frame header:
// that is rot of something that was written whole, not the trace of a torn write.
#pragma once

#include <cstdint>
#include <optional>

#include "format/scan.hpp"

namespace tidemark::format {

struct FlippedBit {
  std::uint64_t offset = 0;  // of its byte, in the file
  FrameHeader header;        // as it is without the flip
};
struct FlipSearch {
  std::optional<FlippedBit> found;
  bool unreadable = false;
};
// Only a header that continues the stream with `first_seq` counts.
FlipSearch find_flipped_bit(const SegmentHeader& segment, Source& source, std::uint64_t offset,
                            std::uint64_t first_seq);

}  // namespace tidemark::format
