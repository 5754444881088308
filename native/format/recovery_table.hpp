// The recovery decision, as data. Each row has a letter that documentation, reports, errors and
// tests share; the deciding code reads the rows and knows no case of its own. docs/recovery.md is
// generated from these tables.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "format/scan.hpp"
#include "format/segment_header.hpp"

namespace tidemark::format {

// What to do.
enum class Outcome : std::uint8_t {
  clean,           // nothing to do: closed, and only zeros behind
  end,             // the log ends here, nothing is cut
  cut,             // what follows was never promised: cut and reported
  corrupt,         // refused: ERR_TIDEMARK_CORRUPT
  refuse_io,       // refused: ERR_TIDEMARK_IO, a byte that could hold proof could not be read
  refuse_version,  // refused: ERR_TIDEMARK_VERSION
  remove,          // a file that never held a promised byte: removed after the witness is durable
  create,          // the journal is created anew in its place
  accept,          // the file is a live segment
};
enum class TailWord : std::uint8_t { clean, torn, undecidable, none };

// ---- where the frames of the unsealed segment end

struct TailSituation {
  Stop stop = Stop::zeros;
  Residue residue = Residue::none;
  bool proven = false;      // some watermark lies behind the place where the walk stopped
  bool unreadable = false;  // a byte that could hold a later watermark could not be read
  bool closed = false;      // the last good frame is a closing mark
  bool short_file = false;  // the file is shorter than its header says that it was made
};

// ---- what one file with a segment's name is

enum class Link : std::uint8_t {
  none,          // nothing names it
  named,         // a seal, a successor's header or (for the first live segment) the head names it
  contradicted,  // its links and what they point at disagree: id, journal, length, seq, digest,
                 // salt; or its two header copies do
};
struct FileSituation {
  HeaderState header = HeaderState::damaged;  // missing files: truncated with missing = true
  bool missing = false;                       // named but not there
  bool below_head = false;                    // the head mark released it
  bool first = false;                         // no live segment in front of it
  Link link = Link::none;
  bool zero_behind =
      false;  // everything behind the header's blocks is zero; where no copy is
              // valid, everything behind the first 8,192 bytes. See vouches_for_zeros
  bool unreadable = false;
};

// Whether what is there of a file says that nothing stood behind its header. The first segment gets
// its name when it is as long as it will be: a file of it that ends inside the header, and holds
// bytes, was cut off, and nobody knows what stood behind. (A later one is named by a seal before
// anything is acknowledged in it.)
constexpr bool vouches_for_zeros(const HeaderPair& headers, bool first) noexcept {
  return !first || headers.state != HeaderState::truncated || headers.all_zero;
}

// A condition on one field: any value, or a set of values as a bit mask.
template <typename Value>
constexpr std::uint32_t bit_of(Value value) noexcept {
  return std::uint32_t{1} << static_cast<unsigned>(value);
}
struct TailRow {
  char letter;
  std::uint32_t stops;     // bit per Stop
  std::uint32_t residues;  // bit per Residue
  std::uint8_t proven;     // bit 0: false allowed, bit 1: true allowed; likewise below
  std::uint8_t unreadable;
  std::uint8_t closed;
  std::uint8_t short_file;
  Outcome outcome;
  TailWord tail;
  std::string_view cause;  // the physical cause, one sentence, in the words of docs/recovery.md
};
struct FileRow {
  char letter;
  std::uint32_t headers;  // bit per HeaderState
  std::uint8_t missing, below_head, first;
  std::uint32_t links;  // bit per Link
  std::uint8_t zero_behind, unreadable;
  Outcome outcome;
  std::string_view cause;
};

std::span<const TailRow> tail_table() noexcept;  // letters A…
std::span<const FileRow> file_table() noexcept;  // letters continue where the tail table ends

bool matches(const TailRow& row, const TailSituation& situation) noexcept;
bool matches(const FileRow& row, const FileSituation& situation) noexcept;

// The first row that matches. The tables are total: every situation has a row (tested
// exhaustively). Precondition (asserted): a row matches.
const TailRow& decide(std::span<const TailRow> table, const TailSituation& situation) noexcept;
const FileRow& decide(std::span<const FileRow> table, const FileSituation& situation) noexcept;

}  // namespace tidemark::format
