// A segment in memory, full of commits of one shape: what the benches encode, verify and scan.
#pragma once

#include <cstdint>
#include <vector>

#include "format/frame.hpp"
#include "format/scan.hpp"

namespace tidemark::bench {

// Encodes commits of `records` records of `record_bytes` bytes each, as a writer does: checksum of
// every record, then header and table. Reuses its memory.
class Encoder {
 public:
  Encoder(std::uint32_t records, std::uint32_t record_bytes);
  // Header and table; the payload stands behind it.
  format::Bytes encode(std::uint64_t offset, std::uint64_t first_seq);
  [[nodiscard]] format::Bytes payload() const noexcept { return payload_; }
  [[nodiscard]] std::uint64_t frame_bytes(std::uint64_t offset) const noexcept;
  [[nodiscard]] const format::SegmentHeader& segment() const noexcept { return segment_; }

 private:
  format::SegmentHeader segment_;
  format::Place place_;
  std::vector<std::byte> payload_;
  std::vector<std::uint32_t> lengths_;
  std::vector<std::uint32_t> checksums_;
  std::vector<std::byte> prefix_;
};

class Segment final : public format::Source {
 public:
  Segment(std::uint32_t records, std::uint32_t record_bytes, std::uint64_t commits);
  [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_.size(); }
  std::optional<format::Bytes> view(std::uint64_t offset, std::size_t size) override;
  [[nodiscard]] const format::SegmentHeader& header() const noexcept { return encoder_.segment(); }

 private:
  Encoder encoder_;
  std::vector<std::byte> bytes_;
};

// Walks all frames of the segment and gives their number.
std::uint64_t walk(Segment& segment, format::FrameWalk::Bodies bodies);

}  // namespace tidemark::bench
