// The header of a segment: who it is, what it continues, which rules its frames follow. It stands
// twice, in two blocks, because its fields seed every checksum behind it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/layout.hpp"

namespace tidemark::format {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using JournalId = std::array<std::byte, 16>;

struct Predecessor {
  std::uint64_t id = 0;   // 0: the journal's first segment
  std::uint64_t end = 0;  // offset behind its last frame, where its seal stands
  std::uint64_t last_seq = 0;
  std::uint64_t digest = 0;

  bool operator==(const Predecessor&) const = default;
};

struct Head {
  std::uint64_t segment_id = 1;  // the first live segment
  std::uint64_t first_seq = 1;   // the oldest record that may be read

  bool operator==(const Head&) const = default;
};

struct SegmentHeader {
  std::uint32_t block_bytes = minimum_block_bytes;
  std::uint64_t incompatible_features = 0;
  std::uint64_t read_only_compatible_features = 0;
  std::uint64_t compatible_features = 0;
  JournalId journal_id{};
  std::uint64_t segment_id = 0;
  std::uint64_t epoch = 0;
  std::uint64_t salt = 0;
  std::uint64_t first_seq = 1;
  std::uint64_t capacity = 0;
  std::int64_t created_at = 0;
  Predecessor predecessor;
  Head head;
  std::uint32_t max_body_bytes = maximum_body_bytes;
  std::uint32_t max_record_bytes = maximum_body_bytes;
  std::uint32_t max_frame_entries = maximum_frame_entries;
  std::uint64_t start_seq = 1;
  std::string codec_name;
  std::uint32_t codec_version = 0;
  std::string hash_name;  // "" when records carry no content hash
  std::uint8_t hash_bytes = 0;
  std::string application;
  std::vector<std::byte> user_data;

  bool operator==(const SegmentHeader&) const = default;

  [[nodiscard]] std::uint64_t data_start() const noexcept { return 2ULL * block_bytes; }
  // Its limits take any frame that this build writes.
  [[nodiscard]] bool takes_all_frames() const noexcept {
    return max_body_bytes >= maximum_body_bytes && max_record_bytes >= maximum_body_bytes &&
           max_frame_entries >= maximum_frame_entries;
  }
  // CRC32C of journal id, segment id and salt: what every checksum of the segment is seeded with.
  [[nodiscard]] std::uint32_t seed() const noexcept;
};

// A header for a further segment of the same journal: what the journal recorded at its creation,
// and what names it. The limits and features are those of the build that writes.
SegmentHeader continuation_of(const SegmentHeader& header);
// Whether both say the same of what was recorded at the creation of the journal.
bool record_the_same(const SegmentHeader& one, const SegmentHeader& other) noexcept;

// Why a header copy is not one.
enum class HeaderState : std::uint8_t {
  valid,
  zero,       // all bytes zero: a spare, or a creation whose header never reached the disk
  truncated,  // the file ends inside
  damaged,    // anything else that does not validate
  newer,      // a sound header of a format version, checksum kind or incompatible feature that
              // this build does not know (its place in the block and its checksum are kept by
              // every version)
};

struct DecodedHeader {
  HeaderState state = HeaderState::damaged;
  SegmentHeader header;  // meaningful when valid
};

// Writes one copy, 4,096 bytes. Preconditions (asserted): names <= maximum_name_bytes, user data <=
// maximum_user_data_bytes, limits and seqs as layout.hpp gives them, a hash name exactly where
// there are hash bytes.
void encode_segment_header(const SegmentHeader& header, std::uint8_t copy, MutableBytes into);
DecodedHeader decode_segment_header(Bytes block, std::uint8_t copy);

// Both copies, from the first bytes of a file. The second copy stands at block_bytes, which only a
// valid first copy names; where the first is bad, every possible power of two is tried. A file that
// is not as long as two copies is truncated, unless one copy in it is valid.
struct HeaderPair {
  HeaderState state = HeaderState::damaged;  // valid when at least one copy is
  SegmentHeader header;
  bool copy_valid[2] = {false, false};
  // Every byte of the first 8,192 (as far as the file reaches). Where no copy is valid the block
  // size is unknown, and what must be zero "behind the header" begins there.
  bool all_zero = false;
  // Two sound copies that differ in more than the copy number: damage, whatever they say. `state`
  // is valid all the same; for the recovery table the file's link is contradicted.
  bool contradictory = false;
  std::optional<SegmentHeader> other;  // of two sound copies that differ the second one
};
HeaderPair decode_header_pair(Bytes file_start);
// The bytes of file_start that decode_header_pair can make use of.
inline constexpr std::size_t header_probe_bytes = maximum_block_bytes + header_copy_bytes;

}  // namespace tidemark::format
