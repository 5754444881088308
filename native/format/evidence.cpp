// Looks closely at the place where a walk stopped, and at everything behind it.
#include <algorithm>

#include "format/body.hpp"
#include "format/bytes.hpp"
#include "format/flipped_bit.hpp"
#include "format/frame_probe.hpp"
#include "format/frame_search.hpp"

namespace tidemark::format {
namespace {

// Whether a sector that lies wholly inside the frame and overlaps a damaged record is all zero.
// nullopt: unreadable.
std::optional<bool> has_zero_sector(Source& source, const FrameHeader& frame,
                                    const BodyReport& body) {
  const std::uint64_t first = align_up(frame.offset, sector_bytes);
  for (const ByteRange& range : body.damaged) {
    std::uint64_t sector = std::max(first, range.begin / sector_bytes * sector_bytes);
    for (; sector < range.end && sector + sector_bytes <= frame.end(); sector += sector_bytes) {
      const auto bytes = source.view(sector, sector_bytes);
      if (!bytes) return std::nullopt;
      if (is_zero(*bytes)) return true;
    }
  }
  return false;
}

class Gathering {
 public:
  Gathering(const SegmentHeader& segment, Source& source, const FrameWalk& walk)
      : segment_(segment), source_(source), walk_(walk), at_(walk.stream().end) {}

  Evidence run() {
    switch (walk_.stop()) {
      case Stop::end:
      case Stop::zeros:
      case Stop::seal:
      case Stop::limit:
        return evidence_;
      case Stop::unreadable:
        evidence_.unreadable = true;
        state_last_seq();
        break;
      case Stop::no_header:
        judge_bytes();
        break;
      case Stop::beyond_file:
        evidence_.residue = Residue::incomplete;
        state_last_seq();
        break;
      case Stop::bad_body:
        judge_body();
        state_last_seq();
        break;
      case Stop::wrong_seq:
      case Stop::unknown:
        evidence_.residue = Residue::complete;
        state_last_seq();
        break;
    }
    measure();
    search_proof();
    return evidence_;
  }

 private:
  void state_last_seq() {
    if (walk_.stopped_at()) evidence_.stated_last_seq = walk_.stopped_at()->last_seq();
  }

  void judge_bytes() {
    evidence_.residue = Residue::headerless;
    const FlipSearch search = find_flipped_bit(segment_, source_, at_, walk_.stream().next_seq);
    evidence_.unreadable = search.unreadable;
    if (!search.found) return;
    evidence_.residue = Residue::one_bit;
    evidence_.flipped_bit_offset = search.found->offset;
    evidence_.stated_last_seq = search.found->header.last_seq();
  }

  void judge_body() {
    evidence_.residue = Residue::complete;
    const FrameHeader& frame = *walk_.stopped_at();
    const auto body = inspect_body(source_, segment_, frame);
    if (!body) {
      evidence_.unreadable = true;
      return;
    }
    if (body->damaged.empty() && body->padding_bits == 1) {
      evidence_.residue = Residue::one_bit;
      evidence_.flipped_bit_offset = body->padding_offset;
      return;
    }
    const auto zero_sector = has_zero_sector(source_, frame, *body);
    if (!zero_sector) {
      evidence_.unreadable = true;
    } else if (*zero_sector) {
      evidence_.residue = Residue::incomplete;
    }
  }

  // Up to the last byte that is not zero.
  void measure() {
    for (std::uint64_t end = source_.size(); end > at_;) {
      const std::uint64_t size = std::min<std::uint64_t>(end - at_, scan_window_bytes);
      const auto view = source_.view(end - size, static_cast<std::size_t>(size));
      if (!view) {
        evidence_.unreadable = true;
        return;
      }
      const auto last =
          std::find_if(view->rbegin(), view->rend(), [](std::byte b) { return b != std::byte{0}; });
      if (last != view->rend()) {
        const auto zeros = static_cast<std::uint64_t>(last - view->rbegin());
        evidence_.residue_bytes = end - size + view->size() - zeros - at_;
        return;
      }
      end -= size;
    }
  }

  void search_proof() {
    FrameSearch search(segment_, source_, at_ + frame_alignment);
    while (const auto frame = search.next()) {
      if (frame->watermark.offset >= evidence_.later_watermark.offset) {
        evidence_.later_watermark = frame->watermark;
      }
    }
    if (search.unreadable()) evidence_.unreadable = true;
    // Found proof refuses as well, and says more.
    if (search.exhausted() && evidence_.later_watermark.offset <= at_) {
      evidence_.residue = Residue::imitations;
    }
  }

  const SegmentHeader& segment_;
  Source& source_;
  const FrameWalk& walk_;
  std::uint64_t at_;
  Evidence evidence_;
};

}  // namespace

Evidence gather_evidence(const SegmentHeader& segment, Source& source, const FrameWalk& walk) {
  return Gathering(segment, source, walk).run();
}

}  // namespace tidemark::format
