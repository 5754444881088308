// Verifies a segment from end to end in pieces that do not wait for each other, where it is known
// to end in a closing mark. It says only that all is as it should be: anything else is for the walk
// from the front, which knows what damage means.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "format/scan.hpp"
#include "io/disk.hpp"
#include "io/tasks.hpp"
#include "journal/segment.hpp"

namespace tidemark::journal {

// Of a piece at most: what is read twice, where two of them meet, is little beside it.
inline constexpr std::uint64_t closed_walk_piece_bytes = std::uint64_t{8} << 20U;

struct ClosedSegment {
  format::Stream stream;
  std::shared_ptr<SharedIndex> index;
  std::uint64_t bytes_read = 0;
};

// Of the file of `bytes` bytes: every frame is sound up to the closing mark that ends at `end`, and
// only zeros are behind it. nullopt: it is not so, or that cannot be known.
std::optional<ClosedSegment> walk_closed(io::File& file, std::uint64_t bytes,
                                         const format::SegmentHeader& header, std::uint64_t end,
                                         io::Tasks& tasks,
                                         std::uint64_t piece_bytes = closed_walk_piece_bytes);

}  // namespace tidemark::journal
