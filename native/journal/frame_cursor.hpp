// The frame of a segment that is being looked at: its verified header, its record table, and how
// far into its body somebody has read. Shared by readers, observers, verify and salvage.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "format/frame.hpp"
#include "journal/file_source.hpp"

namespace tidemark::journal {

// One entry of a record table and where its payload stands.
struct EntryPosition {
  std::uint32_t entry = 0;
  std::uint64_t seq = 0;     // of this entry, or of the next user record for other kinds
  std::uint64_t offset = 0;  // of the payload in the file
};

class FrameCursor {
 public:
  enum class State : std::uint8_t { none, good, damaged, unreadable };

  explicit FrameCursor(const format::SegmentHeader& segment)
      : segment_(&segment), place_(segment.seed()) {}

  // Looks at the frame at `offset`, which must end at or before `limit`; with `part`, only its
  // header and table must. What it learns is copied: other views of the source do not disturb it.
  State load(FileSource& source, std::uint64_t offset, std::uint64_t limit, bool part = false);
  void reset() noexcept { state_ = State::none; }

  [[nodiscard]] bool good() const noexcept { return state_ == State::good; }
  [[nodiscard]] const format::FrameHeader& header() const noexcept { return header_; }
  [[nodiscard]] const format::RecordTable& table() const noexcept { return *table_; }
  [[nodiscard]] const format::Place& place() const noexcept { return place_; }
  [[nodiscard]] format::Bytes prefix() const noexcept { return prefix_; }
  // Whether `seq` is one of its records, or in its gap.
  [[nodiscard]] bool holds(std::uint64_t seq) const noexcept {
    return good() && seq >= header_.first_seq && seq < header_.next_seq;
  }
  [[nodiscard]] std::optional<format::Gap> gap() const {
    return format::decode_gap(header_, prefix_);
  }
  [[nodiscard]] std::optional<format::Seal> seal() const {
    return format::decode_seal(header_, prefix_);
  }

  // Offset of the first byte of padding behind the frame that is not zero.
  [[nodiscard]] std::optional<std::uint64_t> dirty_padding(FileSource& source) const;

  [[nodiscard]] const EntryPosition& at() const noexcept { return at_; }
  [[nodiscard]] bool user_entry() const noexcept {
    return table_->kind(at_.entry) == format::record_kind::user;
  }
  void rewind() noexcept { at_ = {0, header_.first_seq, header_.body_offset()}; }
  // Steps over the entry at(), which takes a seq when it is a user's.
  void advance() noexcept;
  // Goes to the record `seq`, which the frame holds.
  void seek(std::uint64_t seq) noexcept;

 private:
  const format::SegmentHeader* segment_;
  format::Place place_;
  State state_ = State::none;
  format::FrameHeader header_;
  std::vector<std::byte> prefix_;
  std::optional<format::RecordTable> table_;
  EntryPosition at_;
};

// Walks the good entries of the loaded frame in runs that lie behind each other in memory.
struct Run {
  enum class End : std::uint8_t {
    limit,       // a limit that was given, or the end of the window: call again
    frame,       // the last entry was taken
    bad,         // the entry at() does not match its checksum
    unreadable,  // the source could not read it
    large,       // the entry at() is larger than the source's window: read it piecewise
    other,       // the entry at() is not a user's record
  };
  End end = End::limit;
  format::Bytes bytes;  // payloads, one behind the other; valid until the next view
  std::uint32_t first_entry = 0;
  std::uint32_t entries = 0;
};
struct RunLimits {
  std::uint64_t last_seq = UINT64_MAX;
  std::size_t max_bytes = SIZE_MAX;
  std::size_t max_records = SIZE_MAX;
};
// Verifies user records from cursor.at() on and moves the cursor behind them.
Run next_run(FrameCursor& cursor, FileSource& source, const RunLimits& limits);

}  // namespace tidemark::journal
