// What an open found and did, and what the offline tools report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format/recovery_table.hpp"
#include "journal/reader.hpp"

namespace tidemark::journal {

enum class OpenPath : std::uint8_t { created, clean, recovered };

struct Cut {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t from_seq = 0;  // 0: no seq can be named
  std::uint64_t to_seq = 0;
};

struct RecoveryReport {
  OpenPath path = OpenPath::created;
  io::Nanoseconds duration = 0;
  std::uint64_t segments = 0;
  std::uint64_t last_seq = 0;
  bool read_from_device = false;
  format::TailWord tail = format::TailWord::clean;
  char row = 0;  // letter of the tail table
  std::optional<Cut> cut;
  std::vector<std::string> foreign;
  std::vector<SkippedRange> skipped;
  std::vector<std::pair<std::uint64_t, int>> bad_header_copies;
  std::uint64_t bytes_read = 0;
};

enum class ProblemKind : std::uint8_t {
  header,
  frame,
  record,
  padding,
  seal,
  index,
  link,
  missing,
  head,
  cursor,
  unreadable
};
const char* name(ProblemKind kind) noexcept;
struct Problem {
  ProblemKind kind = ProblemKind::frame;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint64_t from_seq = 0;
  std::uint64_t to_seq = 0;
  std::optional<std::uint64_t>
      single_bit_flip;  // offset in the file of the byte whose one flipped bit explains it
  char row = 0;
  std::string detail;
  std::string path;
};

struct FrameLayout {  // for inspect
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint8_t type = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t records = 0;
  std::uint64_t watermark_offset = 0;
  std::uint64_t watermark_seq = 0;
};
struct SegmentLayout {
  std::uint64_t id = 0;
  std::uint64_t epoch = 0;
  std::string path;
  std::uint64_t file_bytes = 0;
  std::uint64_t allocated = 0;
  std::uint64_t data_start = 0;
  std::uint64_t stream_end = 0;  // behind the last good frame
  std::uint64_t used_bytes = 0;  // with seal and index
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t records = 0;
  std::uint64_t digest = 0;
  bool sealed = false;
  std::int64_t created_at = 0;
  std::vector<FrameLayout> frames;  // only when asked for
};

struct VerifyReport {
  bool ok = false;
  format::TailWord tail = format::TailWord::clean;
  char row = 0;
  std::optional<Cut> torn;
  std::uint64_t records = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t bytes_used = 0;
  std::uint64_t bytes_on_disk = 0;
  std::vector<SegmentLayout> segments;
  std::vector<Problem> problems;
  std::vector<std::string> foreign;
  std::optional<format::SegmentHeader> header;  // recorded facts: id, codec, application, …
  std::uint64_t watermark_seq = 0;
  bool beside_writer = false;
};

struct SeqRange {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};
struct CopyReport {  // of snapshot and salvage
  std::uint64_t records = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t lost_records = 0;
  std::vector<SeqRange> lost;
  struct Quarantined {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::string file;
  };
  std::vector<Quarantined> quarantined;
  std::vector<Problem> problems;
};

}  // namespace tidemark::journal
