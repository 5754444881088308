// Where the fields of a frame header stand; shared by the encoder, the decoder and the search for a
// flipped bit. docs/format.md, "Frame", draws it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/bytes.hpp"
#include "format/layout.hpp"
#include "format/segment_header.hpp"

namespace tidemark::format::frame_field {

inline constexpr std::size_t sync = 0;
inline constexpr std::size_t checksum = 4;
inline constexpr std::size_t checksummed = 8;  // the header checksum begins to count here
inline constexpr std::size_t type = 8;
inline constexpr std::size_t flags = 9;
inline constexpr std::size_t header_words = 10;
inline constexpr std::size_t optional_bits = 11;
inline constexpr std::size_t body_bytes = 12;
inline constexpr std::size_t entries = 16;
inline constexpr std::size_t first_seq = 20;
inline constexpr std::size_t watermark_units = 28;
inline constexpr std::size_t watermark_records = 32;
inline constexpr std::size_t own = fixed_frame_header_bytes;  // the type's own fields

inline constexpr std::size_t header_word_bytes = 4;
inline constexpr std::size_t maximum_header_bytes = 255 * header_word_bytes;
inline constexpr std::size_t commit_time_bytes = 8;
inline constexpr std::size_t seal_own_bytes = 72;
inline constexpr std::size_t gap_own_bytes = 16;

namespace seal {
inline constexpr std::size_t successor_id = own;
inline constexpr std::size_t successor_salt = own + 8;
inline constexpr std::size_t last_seq = own + 16;
inline constexpr std::size_t records = own + 24;
inline constexpr std::size_t frames = own + 32;
inline constexpr std::size_t digest = own + 40;
inline constexpr std::size_t index_bytes = own + 48;
inline constexpr std::size_t index_entries = own + 52;
inline constexpr std::size_t index_checksum = own + 56;
inline constexpr std::size_t zero = own + 60;
inline constexpr std::size_t sealed_at = own + 64;
}  // namespace seal

namespace gap {
inline constexpr std::size_t last_seq = own;
inline constexpr std::size_t reason = own + 8;
inline constexpr std::size_t zero = own + 12;
}  // namespace gap

// Bytes of the record table: a length and a checksum per entry, and what the flags add. At most
// 2^20 * (4 + 4 + 1 + 255) for an entry count within the limits.
[[nodiscard]] constexpr std::uint64_t table_bytes(std::uint8_t flag_bits, std::uint64_t count,
                                                  std::size_t hash_bytes) noexcept {
  std::uint64_t each = 8;
  if ((flag_bits & frame_flag::attributes) != 0) each += 1;
  if ((flag_bits & frame_flag::hashed) != 0) each += hash_bytes;
  return count * each;
}

// The header checksum of a prefix (header and record table) under the seed of its place.
[[nodiscard]] std::uint32_t prefix_checksum(std::uint32_t header_seed, Bytes prefix) noexcept;

}  // namespace tidemark::format::frame_field
