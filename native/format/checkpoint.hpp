// A checkpoint file: one value, saved whole. A header block says whose it is and how long; behind
// it stands the body in chunks of one size, each followed by its checksum, so that a value of any
// length is written and verified in bounded memory. docs/format.md, "Checkpoints", draws it. Bytes
// only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "format/segment_header.hpp"

namespace tidemark::format {

inline constexpr std::uint16_t checkpoint_format_version = 1;
inline constexpr std::size_t checkpoint_header_bytes = 4096;
inline constexpr std::size_t checkpoint_checksum_bytes = 4;  // behind every chunk
inline constexpr std::uint32_t checkpoint_chunk_bytes = 1U << 20U;
inline constexpr std::uint32_t minimum_checkpoint_chunk_bytes = 512;
inline constexpr std::uint32_t maximum_checkpoint_chunk_bytes = 16U << 20U;
inline constexpr std::uint64_t maximum_checkpoint_body_bytes = 1ULL << 50U;

struct CheckpointHeader {
  std::uint64_t salt = 0;  // drawn anew for every file; seeds the checksums of its chunks
  std::uint64_t generation = 0;
  std::uint64_t covered_seq = 0;
  JournalId journal_id{};   // zeros where it belongs to no journal
  std::uint64_t epoch = 0;  // 0 where it belongs to no journal
  std::uint64_t body_bytes = 0;
  std::uint32_t chunk_bytes = checkpoint_chunk_bytes;
  std::uint32_t value_version = 0;  // the program's own
  std::uint32_t codec_version = 0;
  std::int64_t saved_at = 0;  // milliseconds since 1970
  std::string codec_name;

  bool operator==(const CheckpointHeader&) const = default;

  [[nodiscard]] std::uint64_t chunks() const noexcept;
  [[nodiscard]] std::uint64_t file_bytes() const noexcept;
  // Where chunk `index` begins, and how many bytes of the body it holds.
  [[nodiscard]] std::uint64_t chunk_offset(std::uint64_t index) const noexcept;
  [[nodiscard]] std::size_t chunk_length(std::uint64_t index) const noexcept;
};

using CheckpointBlock = std::array<std::byte, checkpoint_header_bytes>;

// Preconditions (asserted): generation and seq up to maximum_seq, 1 to maximum_name_bytes bytes of
// codec name, lengths within the limits above.
CheckpointBlock encode_checkpoint_header(const CheckpointHeader& header);

enum class CheckpointState : std::uint8_t {
  valid,
  damaged,
  newer,  // sound, of a format version or with an incompatible feature that this build does not
          // know (place and reach of the header's checksum are kept by every version)
};

// `block` is the first 4,096 bytes of the file, or all there are.
CheckpointState decode_checkpoint_header(Bytes block, CheckpointHeader& into);

std::uint32_t checkpoint_chunk_checksum(std::uint64_t salt, std::uint64_t index,
                                        Bytes chunk) noexcept;

// Of a chunk that is followed by its checksum.
bool valid_checkpoint_chunk(std::uint64_t salt, std::uint64_t index, Bytes chunk_and_checksum);

// The verdict over a whole file in memory.
struct CheckpointVerdict {
  CheckpointState state = CheckpointState::damaged;
  std::uint64_t offset = 0;  // of the damage
  CheckpointHeader header;   // meaningful when valid, and when the damage is behind the header
};
CheckpointVerdict decode_checkpoint(Bytes file);

// ---- the names of the files in its directory. A name is ours only in its one spelling.
enum class CheckpointName : std::uint8_t { foreign, lock, generation, temporary };
struct ParsedCheckpointName {
  CheckpointName kind = CheckpointName::foreign;
  std::uint64_t generation = 0;
};
inline constexpr std::string_view checkpoint_lock_name = "checkpoint.lock";
ParsedCheckpointName parse_checkpoint_name(std::string_view name);
std::string checkpoint_name(std::uint64_t generation);  // "checkpoint-0000000000000001.tide"
// Of a file that is being written; `token` makes it unique.
std::string checkpoint_temporary_name(std::uint64_t token);

}  // namespace tidemark::format
