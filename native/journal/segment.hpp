// What is known of one live segment, and a consistent picture of all of them for readers.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "format/index.hpp"
#include "format/segment_header.hpp"
#include "io/disk.hpp"
#include "journal/failure.hpp"

namespace tidemark::journal {

// A sparse index that grows while its segment is written and is read by many threads. For a sealed
// segment it is loaded from the file at the first use (see reader.cpp), or rebuilt by a scan when
// the stored one is damaged.
class SharedIndex {
 public:
  void add(std::uint64_t offset, std::uint64_t first_seq);
  // Offset and seq of the last known frame that starts at or before `seq`; nullopt: start at the
  // front.
  [[nodiscard]] std::optional<format::IndexEntry> find(std::uint64_t seq) const;
  // The entry in front of the one that starts at `offset`, for walking backwards.
  [[nodiscard]] std::optional<format::IndexEntry> before(std::uint64_t offset) const;
  void assign(format::SparseIndex index);
  [[nodiscard]] format::SparseIndex copy() const;
  [[nodiscard]] bool loaded() const;
  void mark_loaded();

 private:
  mutable std::mutex mutex_;
  format::SparseIndex index_;
  bool loaded_ = false;
};

// Immutable once published, except through `index`. The writer publishes a new Segment whenever the
// facts of the unsealed one change by a seal.
struct Segment {
  std::string path;
  format::SegmentHeader header;
  std::optional<format::Seal> seal;  // of a sealed segment
  // Offset behind the last frame: where the seal stands. For the unsealed segment the view's
  // `limit` counts instead.
  std::uint64_t stream_end = 0;
  std::uint64_t last_seq = 0;  // first_seq - 1 when it has no record; for sealed segments
  std::uint64_t file_bytes = 0;
  std::shared_ptr<SharedIndex> index = std::make_shared<SharedIndex>();

  [[nodiscard]] bool sealed() const noexcept { return seal.has_value(); }
  // Header, frames, seal and index of a sealed segment.
  [[nodiscard]] std::uint64_t sealed_bytes() const noexcept {
    return stream_end + format::seal_bytes + seal->index_bytes;
  }
};

// Live segments in order and how far they may be read. Everything below `limit` in the last segment
// and everything in the others is durable and never changes.
struct View {
  std::vector<std::shared_ptr<const Segment>> segments;
  std::uint64_t first_seq = 1;  // oldest retained record; last_seq + 1 when there is none
  std::uint64_t last_seq = 0;   // newest final record
  std::uint64_t limit = 0;      // in the last segment: offset behind the last frame to be shown
};

// Records of the view that a consumer at `seq` has not processed.
std::uint64_t lag_of(const View& view, std::uint64_t seq);

}  // namespace tidemark::journal
