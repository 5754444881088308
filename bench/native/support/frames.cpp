#include "frames.hpp"

#include <algorithm>
#include <cstring>

namespace tidemark::bench {
namespace {

format::SegmentHeader header_of_a_segment() {
  format::SegmentHeader header;
  header.segment_id = 1;
  header.salt = 0x5A17;
  header.capacity = std::uint64_t{1} << 30U;
  return header;
}

}  // namespace

Encoder::Encoder(std::uint32_t records, std::uint32_t record_bytes)
    : segment_(header_of_a_segment()),
      place_(segment_.seed()),
      payload_(std::size_t{records} * record_bytes),
      lengths_(records, record_bytes),
      checksums_(records),
      prefix_(format::commit_prefix_bytes(records, false, 0, false)) {
  for (std::size_t i = 0; i < payload_.size(); ++i)
    payload_[i] = static_cast<std::byte>(i * 2654435761U >> 13U);
}

format::Bytes Encoder::encode(std::uint64_t offset, std::uint64_t first_seq) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < lengths_.size(); ++i) {
    const format::Bytes record(payload_.data() + at, lengths_[i]);
    checksums_[i] = format::record_checksum(place_, first_seq + i, record);
    at += lengths_[i];
  }
  format::CommitHeader commit;
  commit.offset = offset;
  commit.first_seq = first_seq;
  commit.watermark = {offset, first_seq - 1};
  commit.body_bytes = static_cast<std::uint32_t>(payload_.size());
  format::encode_commit_prefix(place_, commit, lengths_, checksums_, {}, {}, prefix_);
  return prefix_;
}

std::uint64_t Encoder::frame_bytes(std::uint64_t offset) const noexcept {
  return format::commit_frame_bytes(prefix_.size(), static_cast<std::uint32_t>(payload_.size()),
                                    offset, false, segment_.block_bytes);
}

Segment::Segment(std::uint32_t records, std::uint32_t record_bytes, std::uint64_t commits)
    : encoder_(records, record_bytes) {
  std::uint64_t used = encoder_.segment().data_start();
  std::uint64_t seq = 1;
  for (std::uint64_t n = 0; n < commits; ++n) {
    const std::uint64_t end = used + encoder_.frame_bytes(used);
    bytes_.resize(static_cast<std::size_t>(end));
    const format::Bytes prefix = encoder_.encode(used, seq);
    std::memcpy(bytes_.data() + used, prefix.data(), prefix.size());
    const format::Bytes payload = encoder_.payload();
    std::memcpy(bytes_.data() + used + prefix.size(), payload.data(), payload.size());
    used = end;
    seq += records;
  }
}

std::optional<format::Bytes> Segment::view(std::uint64_t offset, std::size_t size) {
  if (offset >= bytes_.size()) return format::Bytes();
  return format::Bytes(bytes_).subspan(
      static_cast<std::size_t>(offset),
      std::min(size, static_cast<std::size_t>(bytes_.size() - offset)));
}

std::uint64_t walk(Segment& segment, format::FrameWalk::Bodies bodies) {
  const format::SegmentHeader& header = segment.header();
  format::FrameWalk frames(header, segment, header.data_start(), header.first_seq, bodies);
  frames.set_limit(segment.size());
  std::uint64_t count = 0;
  while (frames.next()) ++count;
  return count;
}

}  // namespace tidemark::bench
