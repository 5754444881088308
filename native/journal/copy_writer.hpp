// Writes a new journal record by record: what snapshot and salvage end in. Every segment gets a new
// salt and all of them one new epoch; the files keep temporary names until all of it is durable, so
// that a copy that was cut short never opens as a journal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "format/marks.hpp"
#include "io/tasks.hpp"
#include "journal/failure.hpp"
#include "journal/report.hpp"
#include "journal/segment_writer.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal {

// One entry of a frame that is copied.
struct CopyEntry {
  std::uint64_t seq = 0;        // of a user's record
  std::uint8_t attributes = 0;  // kind and flags
  format::Bytes payload;        // verified
  format::Bytes hash;
};

class CopyWriter {
 public:
  // Creates `out` durably and takes its lock. EXISTS when it holds anything, UNSUPPORTED on a
  // network file system. `facts` gives what is recorded at creation: id, codec, hash, application,
  // startSeq.
  static Result<std::unique_ptr<CopyWriter>> create(const io::Host& host, const std::string& out,
                                                    const CopyOptions& options,
                                                    const format::SegmentHeader& facts,
                                                    std::uint64_t first_seq);
  // Only for create().
  CopyWriter(const io::Host& host, std::string directory, const CopyOptions& options,
             const format::SegmentHeader& facts, std::uint64_t first_seq);
  ~CopyWriter();  // removes what finish() has not declared complete
  CopyWriter(const CopyWriter&) = delete;
  CopyWriter& operator=(const CopyWriter&) = delete;

  // What follows comes from another segment of the source: it goes into one of its own here,
  // because records refer to the dictionaries of their segment.
  void begin_segment() noexcept { segment_wanted_ = true; }

  // Entries between two calls of end_frame() become one frame, unless a hole divides them. A user's
  // record below next_seq() is left out; one above it leaves a gap of lost seqs in front of it.
  Status add(const CopyEntry& entry);
  Status end_frame();
  // Says that [next_seq(), last_seq] are absent.
  Status add_gap(std::uint64_t last_seq, format::GapReason reason);

  [[nodiscard]] std::uint64_t next_seq() const noexcept { return next_seq_; }
  // Closing mark, zeros ahead, sync; cursors and head; then the names, the first segment's last.
  Status finish(const std::vector<format::CursorMark>& cursors);

  // Counted so far: records, bytes, segments, lost ranges, absent seqs that were not lost.
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t segments() const noexcept { return paths_.size(); }
  [[nodiscard]] std::uint64_t lost_records() const noexcept { return lost_records_; }
  [[nodiscard]] std::uint64_t absent_records() const noexcept { return absent_records_; }
  [[nodiscard]] const std::vector<SeqRange>& lost() const noexcept { return lost_; }
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
  void fill(CopyReport& report) const;

 private:
  std::uint64_t random_number();
  Status start_file();
  Status ready();
  Status seal_current(const format::SegmentHeader& successor);
  Status flush();
  Status name_everything();

  io::Host host_;
  std::string directory_;
  CopyOptions options_;
  format::SegmentHeader header_;  // of the current segment
  std::uint64_t first_seq_;
  std::uint64_t next_seq_;  // behind everything added, flushed or not
  std::unique_ptr<io::Lock> lock_;
  std::unique_ptr<SegmentWriter> current_;
  std::vector<std::string> paths_;  // of the segments, temporary, in order
  std::vector<std::string> marks_;  // head and cursors that may be there
  bool segment_wanted_ = false;
  bool finished_ = false;

  // The frame that is being collected.
  std::uint64_t frame_first_seq_ = 0;
  std::vector<std::byte> payload_;
  std::vector<std::uint32_t> lengths_;
  std::vector<std::uint8_t> attributes_;
  bool any_attributes_ = false;
  std::vector<std::byte> hashes_;

  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t lost_records_ = 0;
  std::uint64_t absent_records_ = 0;
  std::vector<SeqRange> lost_;
};

}  // namespace tidemark::journal
