// Verifies what a frame with a valid header holds: its records and its padding.
#include "format/body.hpp"

#include <algorithm>
#include <bit>

#include "format/bytes.hpp"
#include "format/frame_probe.hpp"
#include "format/one_flip.hpp"

namespace tidemark::format {
namespace {

// Frames up to this size are verified in one view, without copying their table.
constexpr std::uint64_t one_view_bytes = std::uint64_t{256} << 10U;

bool takes_seq(const FrameHeader& frame, const RecordTable& table, std::uint32_t entry) noexcept {
  return frame.is(FrameType::commit) && table.kind(entry) == record_kind::user;
}

// One view for everything. nullopt: the source gave too few bytes, or none.
std::optional<bool> verify_at_once(Source& source, const SegmentHeader& segment,
                                   const FrameHeader& frame) {
  const auto size = static_cast<std::size_t>(frame.frame_bytes);
  const auto view = source.view(frame.offset, size);
  if (!view || view->size() < size) return std::nullopt;
  const Place place(segment.seed());
  const std::size_t prefix_bytes = frame.header_bytes + frame.table_bytes;
  const RecordTable table(frame, view->first(prefix_bytes), segment.hash_bytes);
  std::uint64_t seq = frame.first_seq;
  std::size_t at = prefix_bytes;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const std::size_t length = table.length(i);
    if (length > size - at) return false;
    if (record_checksum(place, seq, view->subspan(at, length)) != table.checksum(i)) return false;
    at += length;
    if (takes_seq(frame, table, i)) ++seq;
  }
  return is_zero(view->subspan(at));
}

}  // namespace

std::optional<bool> verify_record(Source& source, const Place& place, const FrameHeader& frame,
                                  std::uint64_t payload_offset, std::uint32_t length,
                                  std::uint32_t checksum, std::uint64_t seq) {
  if (payload_offset < frame.body_offset() || payload_offset > frame.end() ||
      length > frame.end() - payload_offset || payload_offset > source.size() ||
      length > source.size() - payload_offset) {
    return false;
  }
  const auto computed =
      checksum_range(source, place.record_seed(seq), payload_offset, payload_offset + length);
  if (!computed) return std::nullopt;
  return *computed == checksum;
}

std::optional<std::uint64_t> flipped_record_byte(Source& source, const Place& place,
                                                 std::uint64_t payload_offset, std::uint32_t length,
                                                 std::uint32_t checksum, std::uint64_t seq) {
  if (length > flip_searched_record_bytes) return std::nullopt;
  const auto computed =
      checksum_range(source, place.record_seed(seq), payload_offset, payload_offset + length);
  if (!computed) return std::nullopt;
  const auto flip = find_one_flip(*computed ^ checksum, length);
  if (!flip) return std::nullopt;
  return payload_offset + flip->byte;
}

std::optional<BodyReport> inspect_body(Source& source, const SegmentHeader& segment,
                                       const FrameHeader& frame) {
  BodyReport report;
  const std::size_t prefix_bytes = frame.header_bytes + frame.table_bytes;
  const auto view = source.view(frame.offset, prefix_bytes);
  if (!view) return std::nullopt;
  // Copied, because the payloads are looked at next. Its size is under the verified checksum.
  const std::vector<std::byte> prefix(
      view->begin(),
      view->begin() + static_cast<std::ptrdiff_t>(std::min(prefix_bytes, view->size())));
  const RecordTable table(frame, prefix, segment.hash_bytes);
  const Place place(segment.seed());
  std::uint64_t seq = frame.first_seq;
  std::uint64_t at = frame.body_offset();
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const auto sound =
        verify_record(source, place, frame, at, table.length(i), table.checksum(i), seq);
    if (!sound) return std::nullopt;
    if (!*sound) report.damaged.push_back({at, at + table.length(i)});
    at += table.length(i);
    if (takes_seq(frame, table, i)) ++seq;
  }
  for (std::uint64_t next = at; next < frame.end();) {
    const auto found = first_nonzero(source, next, frame.end());
    if (!found) return std::nullopt;
    if (*found >= frame.end()) break;
    const auto byte = source.view(*found, 1);
    if (!byte || byte->empty()) return std::nullopt;
    report.padding_bits +=
        static_cast<unsigned>(std::popcount(std::to_integer<unsigned char>(byte->front())));
    if (!report.padding_offset) report.padding_offset = *found;
    if (report.padding_bits > 1) break;
    next = *found + 1;
  }
  return report;
}

std::optional<bool> verify_body(Source& source, const SegmentHeader& segment,
                                const FrameHeader& frame) {
  if (frame.end() > source.size()) return false;
  if (frame.frame_bytes <= one_view_bytes) return verify_at_once(source, segment, frame);
  const auto report = inspect_body(source, segment, frame);
  if (!report) return std::nullopt;
  return report->damaged.empty() && report->padding_bits == 0;
}

}  // namespace tidemark::format
