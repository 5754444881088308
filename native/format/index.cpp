// The sparse index of a sealed segment.
#include "format/index.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"

namespace tidemark::format {
namespace {

constexpr std::size_t seq_at = 0;
constexpr std::size_t offset_at = 8;

}  // namespace

void SparseIndex::add(std::uint64_t offset, std::uint64_t first_seq) {
  if (!entries_.empty() &&
      offset / index_stride_bytes == entries_.back().offset / index_stride_bytes) {
    return;
  }
  entries_.push_back({first_seq, offset});
}

std::optional<std::size_t> SparseIndex::position(std::uint64_t seq) const noexcept {
  const auto behind = std::upper_bound(
      entries_.begin(), entries_.end(), seq,
      [](std::uint64_t wanted, const IndexEntry& entry) { return wanted < entry.first_seq; });
  if (behind == entries_.begin()) return std::nullopt;
  return static_cast<std::size_t>(std::distance(entries_.begin(), behind)) - 1;
}

std::uint64_t SparseIndex::find(std::uint64_t seq, std::uint64_t fallback) const noexcept {
  const auto found = position(seq);
  return found ? entries_[*found].offset : fallback;
}

std::uint32_t SparseIndex::encode(const Place& place, MutableBytes into) const {
  assert(into.size() == encoded_bytes());
  std::size_t next = 0;
  for (const IndexEntry& entry : entries_) {
    store<std::uint64_t>(into, next + seq_at, entry.first_seq);
    store<std::uint64_t>(into, next + offset_at, entry.offset);
    next += index_entry_bytes;
  }
  return crc32c::extend(place.index_seed(), into.data(), into.size());
}

std::optional<SparseIndex> SparseIndex::decode(const Place& place, Bytes bytes, const Seal& seal,
                                               std::uint64_t data_start, std::uint64_t stream_end) {
  if (bytes.size() != seal.index_bytes ||
      bytes.size() != std::size_t{seal.index_entries} * index_entry_bytes) {
    return std::nullopt;
  }
  if (crc32c::extend(place.index_seed(), bytes.data(), bytes.size()) != seal.index_checksum) {
    return std::nullopt;
  }
  SparseIndex index;
  index.entries_.reserve(seal.index_entries);
  for (std::size_t next = 0; next < bytes.size(); next += index_entry_bytes) {
    const IndexEntry entry{load<std::uint64_t>(bytes, next + seq_at),
                           load<std::uint64_t>(bytes, next + offset_at)};
    if (entry.offset < data_start || entry.offset >= stream_end ||
        entry.offset % frame_alignment != 0 || entry.first_seq > seal.last_seq + 1) {
      return std::nullopt;
    }
    // Frames without records share the seq of the frame behind them: seqs may repeat, offsets not.
    if (!index.entries_.empty() && (entry.offset <= index.entries_.back().offset ||
                                    entry.first_seq < index.entries_.back().first_seq)) {
      return std::nullopt;
    }
    index.entries_.push_back(entry);
  }
  return index;
}

std::optional<OneFlip> flipped_index_bit(const Place& place, Bytes bytes, const Seal& seal) {
  const std::uint32_t computed = crc32c::extend(place.index_seed(), bytes.data(), bytes.size());
  return find_one_flip(computed ^ seal.index_checksum, bytes.size());
}

}  // namespace tidemark::format
