// What a reader says about damage, and the look at the directory before it says so.
#include <algorithm>

#include "format/marks.hpp"
#include "format/names.hpp"
#include "journal/reader_state.hpp"

namespace tidemark::journal {
namespace {

std::string seqs(std::uint64_t from, std::uint64_t to) {
  if (from == to) return "record " + std::to_string(from);
  return "records " + std::to_string(from) + " to " + std::to_string(to);
}

// Whether the head mark of the journal released the segment. It is durable before the first file
// goes, so a file that is missing at or above it was not truncated but lost.
bool released(io::Disk& disk, const Segment& segment) {
  const std::string path = io::join(io::parent(segment.path), format::head_name);
  auto bytes = io::read_file(disk, path, format::maximum_mark_bytes);
  if (!bytes) return false;
  format::HeadMark mark;
  if (format::decode_head_mark(bytes.value(), mark) != format::MarkState::valid) return false;
  return mark.journal_id == segment.header.journal_id &&
         mark.head.segment_id > segment.header.segment_id;
}

Failure released_failure(const Segment& segment, std::uint64_t from, std::uint64_t to) {
  Failure failure;
  failure.code = Code::truncated;
  failure.message = seqs(from, to) + " went with segment " +
                    std::to_string(segment.header.segment_id) +
                    ", which was truncated while it was read: go on at the journal's first seq";
  failure.path = segment.path;
  failure.segment = segment.header.segment_id;
  failure.from_seq = from;
  failure.to_seq = to;
  return failure;
}

Failure missing_failure(const Segment& segment) {
  Failure failure;
  failure.code = Code::corrupt;
  failure.message =
      "the file of segment " + std::to_string(segment.header.segment_id) +
      " is gone, and no truncation released it: bring it back, or run `tidemark verify` for the "
      "extent and `tidemark salvage` to copy out what is sound";
  failure.path = segment.path;
  failure.segment = segment.header.segment_id;
  failure.offset = 0;
  failure.from_seq = segment.header.first_seq;
  if (segment.last_seq >= segment.header.first_seq) failure.to_seq = segment.last_seq;
  return failure;
}

Failure version_failure(const Segment& segment, const Damage& damage) {
  Failure failure;
  failure.code = Code::version;
  failure.message = "the frame at byte " + std::to_string(damage.offset) + " of segment " +
                    std::to_string(segment.header.segment_id) +
                    " was written by a newer tidemark and may not be passed over: use that version";
  failure.path = segment.path;
  failure.segment = segment.header.segment_id;
  failure.offset = damage.offset;
  failure.from_seq = damage.from_seq;
  failure.to_seq = damage.to_seq;
  return failure;
}

}  // namespace

Failure truncated_failure(const std::string& path, std::uint64_t seq, std::uint64_t first_seq) {
  Failure failure;
  failure.code = Code::truncated;
  failure.message = "record " + std::to_string(seq) + " was truncated: the journal begins at " +
                    std::to_string(first_seq);
  failure.path = path;
  failure.from_seq = seq;
  failure.to_seq = seq;
  return failure;
}

SkippedRange skipped_range(const Segment& segment, const Damage& damage) {
  return {segment.header.segment_id, damage.offset, damage.bytes,
          damage.from_seq,           damage.to_seq, damage.reason};
}

Failure failure_of_open(io::Disk& disk, const Segment& segment, const io::Error& error) {
  if (error.code != io::Errc::not_found) {
    return from_io(error,
                   "segment " + std::to_string(segment.header.segment_id) + " cannot be opened");
  }
  if (released(disk, segment)) {
    return released_failure(segment, segment.header.first_seq,
                            std::max(segment.header.first_seq, segment.last_seq));
  }
  return missing_failure(segment);
}

Failure failure_of(io::Disk& disk, const Segment& segment, SegmentFile* file,
                   const Located& located) {
  if (located.kind == Located::Kind::version) return version_failure(segment, located.damage);
  const Damage& damage = located.damage;
  if (file != nullptr) {
    auto status = disk.status(segment.path);
    auto identity = file->file().identity();
    const bool gone = !status && status.error().code == io::Errc::not_found;
    const bool replaced = status && identity && status.value().identity != identity.value();
    if ((gone && released(disk, segment)) || replaced) {
      return released_failure(segment, damage.from_seq, damage.to_seq);
    }
  }
  Failure failure;
  failure.code = damage.unreadable ? Code::io : Code::corrupt;
  failure.message =
      seqs(damage.from_seq, damage.to_seq) + " of segment " +
      std::to_string(segment.header.segment_id) +
      (damage.unreadable ? " cannot be read" : " cannot be trusted") + ": " + damage.reason +
      " at byte " + std::to_string(damage.offset) +
      "; run `tidemark verify` for the extent and `tidemark salvage` to copy out what is sound";
  failure.path = segment.path;
  failure.segment = segment.header.segment_id;
  failure.offset = damage.offset;
  failure.from_seq = damage.from_seq;
  failure.to_seq = damage.to_seq;
  if (damage.unreadable && file != nullptr) failure.cause = file->source().error();
  return failure;
}

}  // namespace tidemark::journal
