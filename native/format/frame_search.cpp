// The forward search for valid frames.
#include "format/frame_search.hpp"

#include <algorithm>

#include "format/bytes.hpp"
#include "format/frame_probe.hpp"

namespace tidemark::format {
namespace {

// Frames do not overlap, so what a log can hold of them, and of copies of them inside payloads, is
// checksummed about once. Only bytes made to look like headers with long tables at every multiple
// of 8 cost more, up to the square of the file's length; such a search is given up, and refused.
constexpr std::uint64_t budget_per_byte = 8;
constexpr std::uint64_t budget_at_least = std::uint64_t{64} << 20U;

}  // namespace

FrameSearch::FrameSearch(const SegmentHeader& segment, Source& source, std::uint64_t from)
    : segment_(segment),
      source_(source),
      place_(segment.seed()),
      at_(align_up(std::max(from, segment.data_start()), frame_alignment)),
      budget_(source.size() * budget_per_byte + budget_at_least) {}

bool FrameSearch::spend(std::uint64_t bytes) noexcept {
  if (bytes > budget_) {
    exhausted_ = true;
    return false;
  }
  budget_ -= bytes;
  return true;
}

std::optional<FrameHeader> FrameSearch::next() {
  while (!unreadable_ && !exhausted_ && at_ < source_.size()) {
    const auto view = source_.view(at_, scan_window_bytes);
    if (!view) {
      unreadable_ = true;
      return std::nullopt;
    }
    const Bytes window = *view;
    if (window.size() < fixed_frame_header_bytes) return std::nullopt;
    // Every place in the window whose fixed header is inside it.
    const std::uint64_t window_at = at_;
    const std::size_t last = window.size() - fixed_frame_header_bytes;
    std::size_t i = 0;
    bool moved = false;
    for (; i <= last && !moved; i += frame_alignment) {
      if (load<std::uint32_t>(window, i) != sync_word) continue;
      const std::uint64_t offset = window_at + i;
      const Bytes rest = window.subspan(i);
      const auto prefix_bytes = frame_prefix_bytes(segment_, offset, rest, source_.size());
      if (!prefix_bytes) continue;
      if (!spend(*prefix_bytes)) return std::nullopt;
      std::optional<FrameHeader> header;
      if (*prefix_bytes <= rest.size()) {
        header = decode_frame_header(segment_, place_, offset, rest);
      } else {
        Probe probe = probe_frame(segment_, place_, source_, offset);
        if (probe.state == ProbeState::unreadable) {
          unreadable_ = true;
          return std::nullopt;
        }
        header = probe.header;
        moved = true;  // the window is no longer valid
      }
      if (header) {
        at_ = align_up(header->end(), frame_alignment);
        return header;
      }
    }
    at_ = window_at + i;
  }
  return std::nullopt;
}

Found find_frame(const SegmentHeader& segment, Source& source, std::uint64_t from) {
  FrameSearch search(segment, source, from);
  Found found;
  found.header = search.next();
  found.unreadable = search.unreadable();
  found.exhausted = search.exhausted();
  return found;
}

}  // namespace tidemark::format
