// The constants of format version 1: magic numbers, sizes, limits and flag bits. docs/format.md
// explains them; a change here is a change of the format.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark::format {

inline constexpr std::uint64_t segment_magic =
    0x4B52414D45444954;  // "TIDEMARK" as little-endian bytes
inline constexpr std::uint16_t format_version = 1;
inline constexpr std::size_t header_copy_bytes = 4096;
inline constexpr std::size_t minimum_block_bytes = 4096;
inline constexpr std::size_t maximum_block_bytes = 65536;
inline constexpr std::size_t maximum_name_bytes = 64;  // codec, hash and application names
inline constexpr std::size_t maximum_user_data_bytes = 1024;
// Feature bits that this build knows. A segment with another incompatible one is refused; with
// another read-only-compatible one it may be read and not be written; other compatible ones are
// passed over.
inline constexpr std::uint64_t known_incompatible_features = 0;
inline constexpr std::uint64_t known_read_only_compatible_features = 0;

inline constexpr std::uint32_t sync_word = 0x9D4D4454;  // "TDM" and a byte that is not text
inline constexpr std::size_t frame_alignment = 8;
inline constexpr std::size_t fixed_frame_header_bytes = 36;
inline constexpr std::uint32_t maximum_body_bytes = 256U << 20U;
inline constexpr std::uint32_t maximum_frame_entries = 1U << 20U;
inline constexpr std::uint64_t maximum_seq = (1ULL << 53U) - 1;  // Number.MAX_SAFE_INTEGER
inline constexpr std::uint64_t maximum_segment_id = maximum_seq;
inline constexpr std::size_t index_stride_bytes = 65536;
inline constexpr std::size_t index_entry_bytes = 16;  // first seq, offset
inline constexpr std::size_t sector_bytes = 512;      // the smallest unit that a disk tears at

enum class FrameType : std::uint8_t { commit = 1, mark = 2, seal = 3, gap = 4 };
inline constexpr std::uint8_t skippable_type_bit = 0x80;

namespace frame_flag {
inline constexpr std::uint8_t attributes = 1;
inline constexpr std::uint8_t hashed = 2;
inline constexpr std::uint8_t block_padded = 4;
inline constexpr std::uint8_t closing = 8;
// Which of them each type may carry. Any other bit on a frame that may not be skipped is refused.
inline constexpr std::uint8_t of_commit = attributes | hashed | block_padded;
inline constexpr std::uint8_t of_mark = block_padded | closing;
}  // namespace frame_flag

// Bits of the optional fields, which stand in this order behind the type's own fields. An unknown
// bit is passed over (the header states its length): what changes how a body is read needs a flag.
namespace optional_field {
inline constexpr std::uint8_t commit_time = 1;      // 8 bytes
inline constexpr std::uint8_t raw_length = 2;       // 8 bytes, reserved
inline constexpr std::uint8_t key_id = 4;           // 8 bytes, reserved
inline constexpr std::uint8_t previous_digest = 8;  // 32 bytes, reserved
inline constexpr std::uint8_t known = commit_time | raw_length | key_id | previous_digest;
}  // namespace optional_field

namespace record_kind {
inline constexpr std::uint8_t user = 0;  // the only kind that takes a seq
inline constexpr std::uint8_t dictionary = 1;
inline constexpr std::uint8_t skippable_bit = 0x08;  // a reader that does not know it steps over
inline constexpr std::uint8_t mask = 0x0F;
}  // namespace record_kind
namespace record_flag {
inline constexpr std::uint8_t has_dictionary = 0x10;
inline constexpr std::uint8_t known = has_dictionary;
inline constexpr std::uint8_t mask = 0xF0;
}  // namespace record_flag

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) noexcept {
  return (value + alignment - 1) / alignment * alignment;
}

}  // namespace tidemark::format
