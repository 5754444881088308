// The sparse index of a sealed segment: where to start looking for a seq. It is an accelerator and
// proves nothing; a reader that finds it damaged scans instead, and says so.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "format/frame.hpp"
#include "format/one_flip.hpp"

namespace tidemark::format {

struct IndexEntry {
  std::uint64_t first_seq = 0;
  std::uint64_t offset = 0;
};

// Collects an entry for the first frame that starts in each index_stride_bytes of the file (counted
// from offset 0). Used by the writer for its seal and by readers of a segment that has none yet;
// each adds every frame of the stream, whatever its type, in order.
class SparseIndex {
 public:
  void add(std::uint64_t offset, std::uint64_t first_seq);
  // Offset of the last entry whose first_seq <= seq; `fallback` when there is none.
  [[nodiscard]] std::uint64_t find(std::uint64_t seq, std::uint64_t fallback) const noexcept;
  // The entry's number that `find` would take, for walking backwards; nullopt when none.
  [[nodiscard]] std::optional<std::size_t> position(std::uint64_t seq) const noexcept;
  [[nodiscard]] const std::vector<IndexEntry>& entries() const noexcept { return entries_; }
  [[nodiscard]] std::size_t encoded_bytes() const noexcept {
    return entries_.size() * index_entry_bytes;
  }

  std::uint32_t encode(const Place& place, MutableBytes into) const;  // returns the checksum
  // Authenticated first: nullopt when the checksum differs or the entries are not inside the
  // segment's frames, ascending in offset and not descending in seq. `stream_end` is the offset of
  // the seal; the seal's own bounds (decode_frame_header) bound index_bytes by the length of the
  // stream.
  static std::optional<SparseIndex> decode(const Place& place, Bytes bytes, const Seal& seal,
                                           std::uint64_t data_start, std::uint64_t stream_end);

 private:
  std::vector<IndexEntry> entries_;
};

// The flipped bit that explains why the bytes of an index do not match the seal's checksum.
std::optional<OneFlip> flipped_index_bit(const Place& place, Bytes bytes, const Seal& seal);

}  // namespace tidemark::format
