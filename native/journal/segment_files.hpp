// Makes segment files: the zeros, the header in two places, the name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "format/segment_header.hpp"
#include "io/disk.hpp"

namespace tidemark::journal {

struct SegmentFileRules {
  std::uint32_t mode = 0600;
  bool direct = false;  // open the result for direct transfers
};

// Zeros [from, to) in slices of at most zero_slice_bytes; for callers that do it all at once.
inline constexpr std::uint64_t zero_slice_bytes = 1U << 20U;
io::Status write_zeros(io::File& file, std::uint64_t from, std::uint64_t to);

// Both copies. Durable only after a sync.
io::Status write_header(io::File& file, const format::SegmentHeader& header);

// Temporary file → zeros up to header.capacity → header → sync → rename → sync of the directory:
// when it returns, the segment with its header is durable. An unfinished one keeps its temporary
// name, which is debris.
io::Result<std::unique_ptr<io::File>> create_segment(io::Disk& disk, const std::string& directory,
                                                     const format::SegmentHeader& header,
                                                     const SegmentFileRules& rules);

// Opens an existing segment for writing.
io::Result<std::unique_ptr<io::File>> open_segment(io::Disk& disk, const std::string& path,
                                                   bool direct);

}  // namespace tidemark::journal
