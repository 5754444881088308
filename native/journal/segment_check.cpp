#include "journal/segment_check.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "format/bytes.hpp"
#include "format/scan.hpp"

namespace tidemark::journal {
namespace {

constexpr std::size_t check_window = std::size_t{1} << 20U;
// A search for one flipped bit tries every bit of a header against its checksum: not for ever, when
// a file holds nothing but damage.
constexpr std::size_t flip_searches = 64;

}  // namespace

SegmentCheck::SegmentCheck(io::Disk& disk, const Task& task)
    : disk_(disk), task_(task), header_(task.file->headers.header), cursor_(header_) {}

Status SegmentCheck::run(std::vector<Problem>& problems) {
  problems_ = &problems;
  auto opened = disk_.open(task_.file->path, {});
  if (!opened) return from_io(opened.error(), "a segment cannot be opened");
  file_ = std::move(opened).value();
  auto size = file_->size();
  if (!size) return from_io(size.error(), "the length of a segment is unknown");
  source_.emplace(*file_, size.value(), check_window);
  source_->tolerate_unreadable();

  layout_.id = task_.file->id;
  layout_.epoch = header_.epoch;
  layout_.path = task_.file->path;
  layout_.file_bytes = size.value();
  layout_.allocated = task_.file->allocated;
  layout_.data_start = header_.data_start();
  layout_.first_seq = header_.first_seq;
  layout_.created_at = header_.created_at;
  offset_ = header_.data_start();
  expected_ = header_.first_seq;
  // A file that is too short lacks frames, and the end of one of which the rest can be read.
  limit_ = task_.limit == 0           ? size.value()
           : task_.end == End::sealed ? task_.limit
                                      : std::min(task_.limit, size.value());
  const std::size_t known = problems.size();
  if (task_.end == End::watermark) find_watermark();

  check_header_padding();
  walk();
  if (task_.end == End::sealed) check_seal();
  name_unreadable(known);
  layout_.stream_end = offset_;
  layout_.used_bytes = std::max(layout_.used_bytes, offset_);
  layout_.last_seq = expected_ - 1;
  layout_.digest = digest_.value();
  layout_.sealed = seal_.has_value();
  return done();
}

Problem& SegmentCheck::add(ProblemKind kind, std::uint64_t offset, std::uint64_t from,
                           std::uint64_t to, std::string detail) {
  Problem problem;
  problem.kind = kind;
  problem.segment = task_.file->id;
  problem.offset = offset;
  problem.from_seq = from;
  problem.to_seq = to;
  problem.detail = std::move(detail);
  problem.path = task_.file->path;
  return problems_->emplace_back(std::move(problem));
}

// What could not be read was taken for zeros: nobody may call that sound, whatever it did not
// change.
void SegmentCheck::name_unreadable(std::size_t known) {
  for (const UnreadableRange& range : source_->unreadable()) {
    const bool named =
        std::any_of(problems_->begin() + static_cast<std::ptrdiff_t>(known), problems_->end(),
                    [](const Problem& problem) { return problem.kind == ProblemKind::unreadable; });
    if (!named) add(ProblemKind::unreadable, range.offset, 0, 0, "bytes that cannot be read");
  }
}

bool SegmentCheck::zeros(std::uint64_t begin, std::uint64_t end, std::uint64_t& first_nonzero) {
  for (std::uint64_t at = begin; at < end;) {
    const auto view = source_->view(
        at, static_cast<std::size_t>(std::min<std::uint64_t>(end - at, check_window)));
    if (!view || view->empty()) break;
    if (!format::is_zero(*view)) {
      const auto found =
          std::find_if(view->begin(), view->end(), [](std::byte b) { return b != std::byte{0}; });
      first_nonzero = at + static_cast<std::uint64_t>(found - view->begin());
      return false;
    }
    at += view->size();
  }
  return true;
}

// What should be zero in [begin, end) and is not, first at `nonzero`: the one bit, if it is only
// one.
std::optional<std::uint64_t> SegmentCheck::lone_bit(std::uint64_t nonzero, std::uint64_t end) {
  const auto byte = source_->view(nonzero, 1);
  if (!byte || byte->empty() || !std::has_single_bit(std::to_integer<unsigned>(byte->front())))
    return std::nullopt;
  std::uint64_t other = 0;
  return zeros(nonzero + 1, end, other) ? std::optional(nonzero) : std::nullopt;
}

// Where blocks are larger than a copy of the header, the rest of the two blocks is zero.
void SegmentCheck::check_header_padding() {
  for (std::uint64_t copy = 0; copy < 2; ++copy) {
    const std::uint64_t begin = copy * header_.block_bytes;
    std::uint64_t at = 0;
    if (!zeros(begin + format::header_copy_bytes, begin + header_.block_bytes, at)) {
      Problem& problem =
          add(ProblemKind::padding, at, 0, 0, "the rest of a header's block is not zero");
      problem.single_bit_flip = lone_bit(at, begin + header_.block_bytes);
    }
  }
}

// Learns from headers only how far the writer says that everything is durable.
void SegmentCheck::find_watermark() {
  std::uint64_t at = offset_;
  std::uint64_t expected = expected_;
  watermark_ = {offset_, expected_ - 1};
  while (cursor_.load(*source_, at, limit_, true) == FrameCursor::State::good &&
         cursor_.header().first_seq == expected) {
    const format::FrameHeader& header = cursor_.header();
    if (header.watermark.offset >= watermark_.offset) watermark_ = header.watermark;
    at = header.end();
    expected = header.next_seq;
    if (header.is(format::FrameType::seal)) break;
  }
  limit_ = watermark_.offset;
  cursor_.reset();
}

void SegmentCheck::walk() {
  while (offset_ < limit_ && step()) {
  }
}

bool SegmentCheck::step() {
  const FrameCursor::State state =
      cursor_.load(*source_, offset_, std::max(source_->size(), limit_));
  const bool fits = state == FrameCursor::State::good && cursor_.header().first_seq == expected_;
  if (fits && cursor_.header().is(format::FrameType::seal) && task_.limit == 0) {
    limit_ = offset_;
    return false;
  }
  if (fits && cursor_.header().is(format::FrameType::seal) && task_.end != End::sealed) {
    // Of the last segment, when its successor is gone.
    if (task_.end == End::tail) check_found_seal();
    return false;
  }
  if (!fits || cursor_.header().end() > limit_ || cursor_.header().is(format::FrameType::seal)) {
    step_over_damage(state);
    return true;
  }
  const format::FrameHeader& header = cursor_.header();
  if (!header.known() && !header.skippable()) {
    add(ProblemKind::frame, offset_, expected_,
        header.last_seq() >= expected_ ? header.last_seq() : 0,
        "a frame of a newer tidemark, which this one may not pass over")
        .row = newer_frame_row;
  }
  check_body();
  if (header.watermark.offset >= watermark_.offset) watermark_ = header.watermark;
  digest_.add(header.checksum);
  index_.add(offset_, expected_);
  ++frames_;
  layout_.records += header.user_records;
  if (task_.frames) {
    layout_.frames.push_back({offset_, header.frame_bytes, header.raw_type, header.first_seq,
                              header.user_records, header.watermark.offset, header.watermark.seq});
  }
  offset_ = header.end();
  expected_ = header.next_seq;
  return true;
}

void SegmentCheck::step_over_damage(FrameCursor::State state) {
  stepped_over_ = true;
  std::optional<format::FrameHeader> next;
  for (std::uint64_t from = offset_ + format::frame_alignment; from < limit_ && !next;) {
    const format::Found found = format::find_frame(header_, *source_, from);
    if (!found.header || found.header->offset >= limit_) break;
    if (found.header->first_seq >= expected_ && found.header->end() <= limit_) next = found.header;
    from = found.header->offset + format::frame_alignment;
  }
  const std::uint64_t end = next ? next->offset : limit_;
  std::uint64_t to = next ? next->first_seq - 1 : 0;
  if (!next && task_.end == End::sealed)
    to = task_.file->seal ? task_.file->seal->last_seq : task_.last_seq;
  // Of a segment of which nobody says where it ends nothing may be damaged at all: zeros up to the
  // end of the file. What it lacks then is its seal, if it had one.
  std::uint64_t nonzero = 0;
  const bool may_end = task_.end == End::tail || task_.limit == 0;
  const bool only_zeros = !next && may_end && zeros(offset_, end, nonzero);
  const bool unreadable = source_->unreadable_within(
      offset_, std::max<std::uint64_t>(std::min(end, offset_ + check_window) - offset_, 1));
  if (!only_zeros || unreadable) {
    const std::string detail = unreadable ? "bytes that cannot be read"
                               : offset_ >= layout_.file_bytes
                                   ? "the file ends in front of frames that the next segment counts"
                               : state == FrameCursor::State::good
                                   ? "a frame that does not continue the one in front"
                                   : "a frame header that does not match its checksum";
    // A damaged mark takes no seq: then there is none to name.
    const bool named = to == 0 || to >= expected_;
    Problem& problem = add(unreadable ? ProblemKind::unreadable : ProblemKind::frame, offset_,
                           named ? expected_ : 0, named ? to : 0, detail);
    if (state != FrameCursor::State::good)
      problem.single_bit_flip = flipped_bit(offset_, end, expected_);
  }
  if (next) {
    offset_ = end;
    expected_ = next->first_seq;
  } else {
    // The layout ends in front of the damage.
    limit_ = offset_;
    if (to >= expected_) expected_ = to + 1;
  }
}

std::optional<std::uint64_t> SegmentCheck::flipped_bit(std::uint64_t offset, std::uint64_t end,
                                                       std::uint64_t expected) {
  if (problems_->size() > flip_searches) return std::nullopt;
  // Only as far as the damage reaches, so that much damage does not cost its square.
  FileSource part(*file_, std::min(end, layout_.file_bytes), check_window);
  part.tolerate_unreadable();
  format::FrameWalk walk(header_, part, offset, expected, format::FrameWalk::Bodies::skip);
  static_cast<void>(walk.next());
  return format::gather_evidence(header_, part, walk).flipped_bit_offset;
}

void SegmentCheck::check_body() {
  if (task_.bodies) check_entries();
  check_frame_padding();
}

void SegmentCheck::check_entries() {
  const format::RecordTable& table = cursor_.table();
  cursor_.rewind();
  while (cursor_.at().entry < table.size()) {
    const Run run = next_run(cursor_, *source_, {});
    if (run.end == Run::End::frame || run.end == Run::End::limit) continue;
    const EntryPosition at = cursor_.at();
    const std::uint32_t length = table.length(at.entry);
    bool sound = false;
    if (run.end == Run::End::large || run.end == Run::End::other) {
      sound = format::verify_record(*source_, cursor_.place(), cursor_.header(), at.offset, length,
                                    table.checksum(at.entry), at.seq)
                  .value_or(false);
    }
    if (!sound) {
      const bool unreadable = run.end == Run::End::unreadable ||
                              source_->unreadable_within(at.offset, std::max(length, 1U));
      const std::uint64_t seq = cursor_.user_entry() ? at.seq : 0;
      Problem& problem =
          add(unreadable ? ProblemKind::unreadable : ProblemKind::record, at.offset, seq, seq,
              unreadable ? "a record that cannot be read"
                         : "a record that does not match its checksum");
      if (!unreadable) {
        problem.single_bit_flip = format::flipped_record_byte(
            *source_, cursor_.place(), at.offset, length, table.checksum(at.entry), at.seq);
      }
    }
    cursor_.advance();
  }
}

void SegmentCheck::check_frame_padding() {
  const format::FrameHeader& header = cursor_.header();
  if (const auto at = cursor_.dirty_padding(*source_)) {
    const bool takes = header.next_seq > header.first_seq;
    Problem& problem = add(ProblemKind::padding, *at, takes ? header.first_seq : 0,
                           takes ? header.last_seq() : 0, "the padding behind a frame is not zero");
    problem.single_bit_flip = lone_bit(*at, header.end());
  }
}

void SegmentCheck::check_seal() {
  const std::uint64_t at = task_.limit != 0 ? task_.limit : offset_;
  if (cursor_.load(*source_, at, source_->size()) != FrameCursor::State::good ||
      !cursor_.header().is(format::FrameType::seal)) {
    if (source_->unreadable_within(at, format::seal_bytes)) {
      add(ProblemKind::unreadable, at, 0, 0, "a seal that cannot be read");
      return;
    }
    if (!task_.seal_due && !task_.file->seal && task_.limit != 0) return;
    // Where the successor is missing, nobody knows which records stood in front of the seal.
    Problem& problem =
        add(ProblemKind::seal, at, task_.limit == 0 ? expected_ : 0, 0, "the seal is damaged");
    if (!task_.file->seal && at < source_->size())
      problem.single_bit_flip = flipped_bit(at, source_->size(), expected_);
    return;
  }
  check_found_seal();
}

void SegmentCheck::check_found_seal() {
  const std::uint64_t at = cursor_.header().offset;
  seal_ = cursor_.seal();
  check_frame_padding();
  const std::uint64_t behind = cursor_.header().end();
  const bool counted = seal_->records == layout_.records && seal_->frames == frames_ &&
                       seal_->digest == digest_.value() && seal_->last_seq + 1 == expected_;
  if (!stepped_over_ && (!counted || cursor_.header().first_seq != expected_)) {
    add(ProblemKind::seal, at, 0, 0, "the seal does not count what the segment holds");
  }
  check_index(*seal_, behind);
}

void SegmentCheck::check_index(const format::Seal& seal, std::uint64_t offset) {
  const std::uint64_t end = offset + seal.index_bytes;
  layout_.used_bytes = std::min(end, layout_.file_bytes);
  std::optional<format::SparseIndex> stored;
  std::optional<format::OneFlip> flip;
  if (end <= source_->size()) {
    const auto bytes = source_->view(offset, seal.index_bytes);
    if (bytes && bytes->size() == seal.index_bytes) {
      stored = format::SparseIndex::decode(cursor_.place(), *bytes, seal, header_.data_start(),
                                           cursor_.header().offset);
      flip = format::flipped_index_bit(cursor_.place(), *bytes, seal);
    }
  }
  const auto same = [](const format::IndexEntry& a, const format::IndexEntry& b) {
    return a.offset == b.offset && a.first_seq == b.first_seq;
  };
  if (!stored && source_->unreadable_within(offset, std::max(seal.index_bytes, 1U))) {
    add(ProblemKind::unreadable, offset, 0, 0,
        "an index that cannot be read; readers build their own");
  } else if (!stored) {
    Problem& problem =
        add(ProblemKind::index, offset, 0, 0, "the index is damaged; readers build their own");
    if (flip) problem.single_bit_flip = offset + flip->byte;
  } else if (!stepped_over_ &&
             !std::equal(stored->entries().begin(), stored->entries().end(),
                         index_.entries().begin(), index_.entries().end(), same)) {
    add(ProblemKind::index, offset, 0, 0,
        "the index does not say what the segment holds; readers may miss records");
  }
  std::uint64_t nonzero = 0;
  if (!zeros(end, source_->size(), nonzero)) {
    Problem& problem =
        add(ProblemKind::padding, nonzero, 0, 0, "bytes behind the index that belong to nothing");
    problem.single_bit_flip = lone_bit(nonzero, source_->size());
  }
}

}  // namespace tidemark::journal
