#include "journal/segment_file.hpp"

#include <algorithm>
#include <utility>

namespace tidemark::journal {

io::Result<std::unique_ptr<SegmentFile>> SegmentFile::open(io::Disk& disk,
                                                           std::shared_ptr<const Segment> segment) {
  auto opened = disk.open(segment->path, {});
  if (!opened) return opened.error();
  return std::make_unique<SegmentFile>(std::move(opened).value(), std::move(segment));
}

// Unreadable blocks are tolerated: they are damage like any other to the search behind them.
SegmentFile::SegmentFile(std::unique_ptr<io::File> file, std::shared_ptr<const Segment> segment)
    : file_(std::move(file)),
      origin_(segment),
      segment_(std::move(segment)),
      source_(*file_, 0),
      cursor_(origin_->header),
      next_offset_(origin_->header.data_start()),
      next_seq_(origin_->header.first_seq) {
  source_.tolerate_unreadable();
}

Bounds bounds_of(const View& view, std::size_t number) noexcept {
  const Segment& segment = *view.segments[number];
  const bool growing = number + 1 == view.segments.size() && !segment.sealed();
  if (growing) return {view.limit, view.last_seq, true};
  return {segment.stream_end, segment.last_seq, false};
}

void SegmentFile::set_bounds(const Bounds& bounds) noexcept {
  last_seq_ = bounds.last_seq;
  growing_ = bounds.growing;
  if (bounds.limit == limit_) return;
  limit_ = bounds.limit;
  // Nothing at or behind the limit is ever looked at, and a window that was read before the limit
  // moved may hold older bytes of what is in front of it now.
  source_.set_size(limit_);
}

Located SegmentFile::locate(std::uint64_t seq, std::vector<FrameSpot>* spots) {
  Located located;
  const auto found = [&] {
    located.kind =
        cursor_.header().is(format::FrameType::gap) ? Located::Kind::gap : Located::Kind::commit;
    return located;
  };
  if (!spots && cursor_.holds(seq)) return found();

  FrameSpot from{segment_->header.data_start(), segment_->header.first_seq, 0};
  if (spots || seq != next_seq_) {
    if (!growing_) load_index();
    const auto entry = segment_->index->find(seq);
    if (entry && entry->offset < limit_) from = {entry->offset, entry->first_seq, 0};
  }
  if (!spots && next_seq_ <= seq && next_offset_ > from.offset) from = {next_offset_, next_seq_, 0};

  std::uint64_t offset = from.offset;
  std::uint64_t expected = from.first_seq;
  while (offset < limit_) {
    const FrameCursor::State state = cursor_.load(source_, offset, limit_);
    if (state == FrameCursor::State::good && cursor_.header().first_seq == expected) {
      const format::FrameHeader& header = cursor_.header();
      if (!header.known() && !header.skippable()) {
        located.kind = Located::Kind::version;
        located.damage = {offset, header.frame_bytes, expected, std::max(expected, last_seq_), {},
                          false};
        cursor_.reset();
        return located;
      }
      next_offset_ = header.end();
      next_seq_ = header.next_seq;
      if (spots && header.next_seq > expected)
        spots->push_back({offset, expected, header.next_seq});
      if (cursor_.holds(seq)) return found();
      offset = next_offset_;
      expected = next_seq_;
      continue;
    }
    const bool unreadable =
        state == FrameCursor::State::unreadable ||
        source_.unreadable_within(
            offset, std::min<std::uint64_t>(format::fixed_frame_header_bytes, limit_ - offset));
    const std::string reason = unreadable ? "bytes that cannot be read"
                               : state == FrameCursor::State::good
                                   ? "a frame that belongs elsewhere"
                                   : "a frame header that does not match its checksum";
    cursor_.reset();
    const auto next = resynchronize(offset + format::frame_alignment, expected);
    const std::uint64_t damage_end = next ? next->offset : limit_;
    const std::uint64_t damage_last = next ? next->first_seq - 1 : last_seq_;
    if (!next || next->first_seq > seq) {
      located.damage = {offset, damage_end - offset, expected, std::max(damage_last, expected),
                        reason, unreadable};
      if (next) {
        next_offset_ = next->offset;
        next_seq_ = next->first_seq;
      }
      return located;
    }
    if (spots) spots->clear();
    offset = next->offset;
    expected = next->first_seq;
  }
  cursor_.reset();
  located.damage = {
      limit_, 0, expected, std::max(last_seq_, expected), "the end of the frames came too early",
      false};
  return located;
}

bool SegmentFile::load(const FrameSpot& spot) {
  if (cursor_.good() && cursor_.header().offset == spot.offset) return true;
  if (cursor_.load(source_, spot.offset, limit_) != FrameCursor::State::good) return false;
  next_offset_ = cursor_.header().end();
  next_seq_ = cursor_.header().next_seq;
  return cursor_.header().first_seq == spot.first_seq;
}

std::optional<FrameSpot> SegmentFile::resynchronize(std::uint64_t offset, std::uint64_t expected) {
  while (offset < limit_) {
    const format::Found found = format::find_frame(segment_->header, source_, offset);
    if (!found.header) return std::nullopt;
    const format::FrameHeader& header = *found.header;
    if (header.first_seq >= expected && header.end() <= limit_) {
      return FrameSpot{header.offset, header.first_seq, header.next_seq};
    }
    offset = header.offset + format::frame_alignment;
  }
  return std::nullopt;
}

void SegmentFile::load_index() {
  if (segment_->index->loaded()) return;
  if (!read_index()) rebuild_index();
  segment_->index->mark_loaded();
}

bool SegmentFile::read_index() {
  if (!segment_->seal) return false;
  const format::Seal& seal = *segment_->seal;
  const std::uint64_t start = segment_->stream_end + format::seal_bytes;
  auto size = file_->size();
  if (!size || start > size.value() || seal.index_bytes > size.value() - start) return false;
  std::vector<std::byte> bytes(seal.index_bytes);
  auto read = file_->read_at(start, bytes);
  if (!read || read.value() != bytes.size()) return false;
  auto index = format::SparseIndex::decode(format::Place(segment_->header.seed()), bytes, seal,
                                           segment_->header.data_start(), segment_->stream_end);
  if (!index) return false;
  segment_->index->assign(std::move(*index));
  return true;
}

void SegmentFile::rebuild_index() {
  format::SparseIndex index;
  std::uint64_t offset = segment_->header.data_start();
  std::uint64_t expected = segment_->header.first_seq;
  FrameCursor cursor(segment_->header);
  while (offset < limit_) {
    if (cursor.load(source_, offset, limit_) == FrameCursor::State::good &&
        cursor.header().first_seq == expected) {
      index.add(offset, expected);
      offset = cursor.header().end();
      expected = cursor.header().next_seq;
      continue;
    }
    const auto next = resynchronize(offset + format::frame_alignment, expected);
    if (!next) break;
    offset = next->offset;
    expected = next->first_seq;
  }
  segment_->index->assign(std::move(index));
}

}  // namespace tidemark::journal
