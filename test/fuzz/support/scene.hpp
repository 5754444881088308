// Where a frame stands that is fuzzed: its segment and its offset, which the first bytes of an
// input choose, so that a corpus holds no headers and no zeros.
#pragma once

#include <cstdint>
#include <span>

#include "format/frame.hpp"
#include "target.hpp"

namespace tidemark::test::fuzz {

// Of the segment: its checksums are those of test/golden/segment.hex.
namespace scene_bit {
inline constexpr unsigned hashed = 1;          // content hashes of 32 bytes
inline constexpr unsigned narrow = 2;          // limits that a small frame can pass
inline constexpr unsigned large_blocks = 4;    // 8,192 bytes
inline constexpr unsigned last_seqs = 8;       // near the end of the seqs
inline constexpr unsigned with_capacity = 16;  // longer than the file
}  // namespace scene_bit
format::SegmentHeader scene_segment(std::byte choices);

// A frame that stands alone: choices, offset in units of 8 bytes behind the headers, frame.
class FrameScene {
 public:
  static constexpr std::size_t head_bytes = 3;
  explicit FrameScene(Bytes input);
  [[nodiscard]] bool there() const noexcept { return there_; }
  [[nodiscard]] const format::SegmentHeader& segment() const noexcept { return segment_; }
  [[nodiscard]] format::Place place() const noexcept { return format::Place(segment_.seed()); }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] Bytes frame() const noexcept { return frame_; }
  // The file that ends with the frame; zeros in front of it.
  [[nodiscard]] File file() const;

 private:
  bool there_ = false;
  format::SegmentHeader segment_;
  std::uint64_t offset_ = 0;
  Bytes frame_;
};
// The input that says so.
File frame_input(unsigned choices, std::uint64_t offset, Bytes frame);

// Makes the checksums of the frame at the front of `bytes` fit, and what `choice` says.
namespace repair_bit {
inline constexpr std::uint32_t body_sum = 1;    // the body is as long as its records together
inline constexpr std::uint32_t records = 2;     // payloads match their checksums
inline constexpr std::uint32_t own_fields = 4;  // what a seal and a gap say about themselves
}  // namespace repair_bit
// Bytes of the whole frame; 0 when there is none.
std::uint64_t repair_at(const format::SegmentHeader& segment, std::uint64_t offset,
                        MutableBytes bytes, std::uint32_t choice);

// test/golden/segment.hex, and the frames in it.
File golden(const char* name);
struct GoldenFrame {
  std::uint64_t offset = 0;
  format::FrameHeader header;
  File bytes;  // whole
};
std::vector<GoldenFrame> golden_frames();

}  // namespace tidemark::test::fuzz
