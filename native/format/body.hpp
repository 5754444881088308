// A closer look at the body of a frame than verify_body() takes: which bytes of it are wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "format/scan.hpp"

namespace tidemark::format {

struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
struct BodyReport {
  std::vector<ByteRange> damaged;  // payloads that do not match their checksums
  unsigned padding_bits = 0;  // set bits in the padding; counted up to the first byte with a second
  std::optional<std::uint64_t> padding_offset;  // of the first byte of padding that is not zero
};
// nullopt: unreadable. The frame lies inside the file.
std::optional<BodyReport> inspect_body(Source& source, const SegmentHeader& segment,
                                       const FrameHeader& frame);

}  // namespace tidemark::format
