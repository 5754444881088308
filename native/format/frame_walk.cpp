// Walks the frames of one segment from the front.
#include <algorithm>
#include <limits>

#include "format/frame_probe.hpp"
#include "format/scan.hpp"

namespace tidemark::format {

FrameWalk::FrameWalk(const SegmentHeader& segment, Source& source, std::uint64_t from,
                     std::uint64_t first_seq, Bodies bodies)
    : segment_(segment),
      source_(source),
      place_(segment.seed()),
      bodies_(bodies),
      limit_(std::numeric_limits<std::uint64_t>::max()),
      from_start_(from == segment.data_start()) {
  stream_.end = from;
  stream_.next_seq = first_seq;
}

std::optional<FrameHeader> FrameWalk::next() {
  current_.reset();
  while (!stopped_) {
    const auto header = look();
    if (!header) break;
    if (const auto why = check(*header)) {
      stop_ = *why;
      stopped_ = true;
      break;
    }
    stopped_at_.reset();
    take(*header);
    if (header->known()) {
      current_ = header;
      return header;
    }
  }
  return std::nullopt;
}

// The valid header at the end of the stream; nullopt: stopped.
std::optional<FrameHeader> FrameWalk::look() {
  const auto stop = [this](Stop why) -> std::optional<FrameHeader> {
    stop_ = why;
    stopped_ = true;
    return std::nullopt;
  };
  const std::uint64_t at = stream_.end;
  if (at >= limit_) return stop(Stop::limit);
  if (at < source_.size()) {
    Probe probe = probe_frame(segment_, place_, source_, at);
    if (probe.state == ProbeState::unreadable) return stop(Stop::unreadable);
    if (probe.state == ProbeState::valid) return probe.header;
  }
  const std::uint64_t end = std::min(limit_, source_.size());
  // Bytes where a header should begin say enough, whether what is behind them can be read or not.
  const std::uint64_t near_end = std::min(end, at + fixed_frame_header_bytes);
  auto nonzero = first_nonzero(source_, at, near_end);
  if (nonzero && *nonzero == near_end) nonzero = first_nonzero(source_, near_end, end);
  if (!nonzero) return stop(Stop::unreadable);
  if (*nonzero < end) return stop(Stop::no_header);
  const bool room = at < source_.size() && source_.size() - at >= fixed_frame_header_bytes;
  return stop(room ? Stop::zeros : Stop::end);
}

// Why the frame with this valid header is not the next good one; nullopt: it is.
std::optional<Stop> FrameWalk::check(const FrameHeader& header) {
  stopped_at_ = header;
  if (header.first_seq != stream_.next_seq) return Stop::wrong_seq;
  if (!header.known() && !header.skippable()) return Stop::unknown;
  if (header.end() > source_.size()) return Stop::beyond_file;
  // The padding behind a header without body is cheap to look at, so it always is.
  if (bodies_ == Bodies::verify || header.body_bytes == 0) {
    const auto sound = verify_body(source_, segment_, header);
    if (!sound) return Stop::unreadable;
    if (!*sound) return Stop::bad_body;
  }
  if (!header.is(FrameType::seal)) return std::nullopt;

  const auto prefix = source_.view(header.offset, header.header_bytes);
  if (!prefix) return Stop::unreadable;
  seal_ = decode_seal(header, *prefix);
  if (!seal_) return Stop::unreadable;  // the file changed under us
  // A walk over all frames knows what the seal counted.
  const bool counted = seal_->records == stream_.records && seal_->frames == stream_.frames &&
                       seal_->digest == stream_.digest.value();
  if (from_start_ && !counted) {
    seal_.reset();
    return Stop::wrong_seq;
  }
  stream_.watermark = header.watermark;
  return Stop::seal;
}

void FrameWalk::take(const FrameHeader& header) {
  stream_.end = header.end();
  stream_.next_seq = header.next_seq;
  ++stream_.frames;
  stream_.records += header.user_records;
  stream_.digest.add(header.checksum);
  stream_.closed = header.is(FrameType::mark) && (header.flags & frame_flag::closing) != 0;
  if (header.watermark.offset >= stream_.watermark.offset) stream_.watermark = header.watermark;
}

std::optional<Bytes> FrameWalk::prefix() {
  if (!current_) return std::nullopt;
  return source_.view(current_->offset,
                      std::size_t{current_->header_bytes} + current_->table_bytes);
}

}  // namespace tidemark::format
