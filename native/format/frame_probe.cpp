// Reading through a Source in bounded pieces.
#include "format/frame_probe.hpp"

#include <algorithm>
#include <array>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/frame_fields.hpp"

namespace tidemark::format {

Probe probe_frame(const SegmentHeader& segment, const Place& place, Source& source,
                  std::uint64_t offset) {
  Probe probe;
  const auto start = source.view(offset, fixed_frame_header_bytes);
  if (!start) {
    probe.state = ProbeState::unreadable;
    return probe;
  }
  const auto prefix_bytes = frame_prefix_bytes(segment, offset, *start, source.size());
  if (!prefix_bytes) return probe;
  probe.checksummed_bytes = *prefix_bytes;

  if (*prefix_bytes > scan_window_bytes) {
    const auto stated = load<std::uint32_t>(*start, frame_field::checksum);
    const auto computed = checksum_range(source, place.header_seed(offset),
                                         offset + frame_field::checksummed, offset + *prefix_bytes);
    if (!computed) {
      probe.state = ProbeState::unreadable;
      return probe;
    }
    if (*computed != stated) return probe;
  }
  const auto prefix = source.view(offset, *prefix_bytes);
  if (!prefix) {
    probe.state = ProbeState::unreadable;
    return probe;
  }
  // A file that became shorter meanwhile gives fewer bytes, which do not validate.
  probe.header = decode_frame_header(segment, place, offset, *prefix);
  if (probe.header) probe.state = ProbeState::valid;
  return probe;
}

std::optional<std::uint32_t> checksum_range(Source& source, std::uint32_t seed, std::uint64_t begin,
                                            std::uint64_t end) {
  std::uint32_t checksum = seed;
  while (begin < end) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, scan_window_bytes));
    const auto bytes = source.view(begin, size);
    if (!bytes || bytes->size() < size) return std::nullopt;
    checksum = crc32c::extend(checksum, bytes->data(), size);
    begin += size;
  }
  return checksum;
}

std::optional<std::uint64_t> first_nonzero(Source& source, std::uint64_t begin, std::uint64_t end) {
  while (begin < end) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, scan_window_bytes));
    const auto bytes = source.view(begin, size);
    if (!bytes) return std::nullopt;
    if (bytes->empty()) return end;
    const Bytes window = bytes->first(std::min(size, bytes->size()));
    if (!is_zero(window)) {
      const auto found =
          std::find_if(window.begin(), window.end(), [](std::byte b) { return b != std::byte{0}; });
      return begin + static_cast<std::uint64_t>(found - window.begin());
    }
    begin += window.size();
  }
  return end;
}

}  // namespace tidemark::format
