// Reads records out of a View. Every byte that leaves is verified: header, table, record checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/tasks.hpp"
#include "journal/failure.hpp"
#include "journal/segment.hpp"

namespace tidemark::journal {

struct SkippedRange {  // damage that a reader was asked to step over
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t from_seq = 0;
  std::uint64_t to_seq = 0;
  std::string reason;
};

// Records with ascending, contiguous seqs; payloads one behind the other in `payload`.
struct RecordBatch {
  std::uint64_t first_seq = 0;
  std::vector<std::byte> payload;
  std::vector<std::uint32_t> lengths;
  std::vector<std::uint8_t> attributes;  // empty when all are zero
  std::vector<std::byte> hashes;         // hash_bytes each, empty when the journal has none
  std::uint64_t segment_id = 0;  // of all of them: a batch never spans segments (dictionaries)
  // What was stepped over in front of first_seq (reverse: behind the last record). Also set in an
  // empty batch: then the rest of the range was damaged.
  std::vector<SkippedRange> skipped;
};

struct ReadRequest {
  std::uint64_t from = 1;  // inclusive, from <= to
  std::uint64_t to = 0;    // inclusive; clipped to the view
  std::size_t max_bytes =
      1U << 18U;  // of payload; at least one record is returned whatever its size
  std::size_t max_records = 16384;
  bool reverse = false;  // the *last* records of [from, to], still in ascending order
  bool skip_corruption = false;
};

// Keeps one segment file open and a window of it cached, so that consecutive reads are cheap. Not
// thread-safe: one reader per iterator.
class Reader {
 public:
  // `journal_hash_bytes`: of the content hash that the journal records, 0 for none.
  explicit Reader(std::shared_ptr<io::Disk> disk, std::uint64_t journal_hash_bytes = 0);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // The first (or, reverse, the last) records of the range that the view holds. An empty batch
  // means that there is none (any more). Gaps are stepped over; a batch never spans one.
  // TRUNCATED when `from` < view.first_seq; CORRUPT (segment, offset, from_seq, to_seq) when the
  // next record is damaged, IO when it cannot be read, VERSION when a newer tidemark wrote it. A
  // batch ends in front of damage; the next call fails. Before anything is called damaged the
  // segment's name is looked up again: a segment whose file is gone was truncated meanwhile.
  Result<RecordBatch> read(const View& view, const ReadRequest& request);
  // One record; an empty batch when the seq is above view.last_seq or in a gap of kind
  // compacted/before start, CORRUPT when it is in one of kind lost.
  Result<RecordBatch> get(const View& view, std::uint64_t seq);
  // The dictionary record whose payload begins with this content hash (8 bytes, little-endian),
  // from the segment that holds `segment_id`; empty when there is none.
  Result<std::vector<std::byte>> dictionary(const View& view, std::uint64_t segment_id,
                                            std::uint64_t hash);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidemark::journal
