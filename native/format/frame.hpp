// The frame: what is made durable together. Encoding happens in the writer's own memory; decoding
// believes nothing before its checksum was verified and its bounds were checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "format/bytes.hpp"
#include "format/layout.hpp"
#include "format/segment_header.hpp"

namespace tidemark::format {

// A position up to which every byte is durable.
struct Watermark {
  std::uint64_t offset = 0;
  std::uint64_t seq = 0;
};

// The checksum seeds of one segment.
class Place {
 public:
  explicit Place(std::uint32_t segment_seed) noexcept : seed_(segment_seed) {}
  [[nodiscard]] std::uint32_t header_seed(std::uint64_t offset) const noexcept;
  [[nodiscard]] std::uint32_t record_seed(std::uint64_t seq) const noexcept {
    return seed_ ^ static_cast<std::uint32_t>(seq * seq_multiplier);
  }
  [[nodiscard]] std::uint32_t index_seed() const noexcept;

 private:
  // Odd, so that two seqs that differ in their low 32 bits never share a seed: floor(2^32 / golden
  // ratio), the multiplier of Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4).
  static constexpr std::uint64_t seq_multiplier = 0x9E3779B1;

  std::uint32_t seed_;
};

// What the record table says of a payload: CRC32C under the place of its seq.
std::uint32_t record_checksum(const Place& place, std::uint64_t seq, Bytes payload) noexcept;

// ---- writing

struct CommitHeader {
  std::uint64_t offset = 0;  // where the frame will stand
  std::uint64_t first_seq = 0;
  Watermark watermark;
  std::uint32_t body_bytes = 0;
  bool block_padded = false;
  std::optional<std::int64_t> commit_time;  // wall ms, optional field
};

// Bytes that the header and record table of a commit frame take.
std::size_t commit_prefix_bytes(std::size_t entries, bool attributes, std::size_t hash_bytes,
                                bool commit_time) noexcept;
// Bytes of the whole frame with its padding.
std::uint64_t commit_frame_bytes(std::size_t prefix_bytes, std::uint32_t body_bytes,
                                 std::uint64_t offset, bool block_padded,
                                 std::uint32_t block_bytes) noexcept;
// Writes header and table into `into` (exactly commit_prefix_bytes) and returns the header
// checksum, which the digest of the segment is made of. `attributes` may be empty (all zero).
// `hashes` is entries * hash_bytes or empty.
std::uint32_t encode_commit_prefix(const Place& place, const CommitHeader& header,
                                   std::span<const std::uint32_t> lengths,
                                   std::span<const std::uint32_t> checksums,
                                   std::span<const std::uint8_t> attributes, Bytes hashes,
                                   MutableBytes into);

inline constexpr std::size_t mark_bytes = 40;
inline constexpr std::size_t seal_bytes = 112;
inline constexpr std::size_t gap_bytes = 56;

struct Seal {
  std::uint64_t successor_id = 0;  // greater than the id of the sealed segment
  std::uint64_t successor_salt = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t records = 0;  // that took a seq
  std::uint64_t frames = 0;   // in front of the seal, of every type
  std::uint64_t digest = 0;   // of the frames in front of the seal, of every type
  std::uint32_t index_bytes = 0;
  std::uint32_t index_entries = 0;
  std::uint32_t index_checksum = 0;
  std::int64_t sealed_at = 0;
};
enum class GapReason : std::uint32_t { lost = 1, compacted = 2, before_start = 3 };
struct Gap {
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  GapReason reason = GapReason::lost;
};

// Each writes its *_bytes and returns the header checksum. `next_seq` is the seq behind the frame's
// place in the stream; everything in front of a mark and of a seal is durable when it is written.
// Precondition of every encoder that takes a watermark (asserted): it is at or in front of the
// frame, less than 32 GiB and 2^32 seqs back. So a gap frame is made durable before a frame follows
// it.
struct MarkHeader {
  std::uint64_t offset = 0;
  std::uint64_t next_seq = 0;
  bool closing = false;
  bool block_padded = false;  // then zeros up to the next block follow the mark_bytes
};
std::uint32_t encode_mark(const Place& place, const MarkHeader& mark, MutableBytes into);
std::uint32_t encode_seal(const Place& place, std::uint64_t offset, const Seal& seal,
                          MutableBytes into);
std::uint32_t encode_gap(const Place& place, std::uint64_t offset, const Gap& gap,
                         const Watermark& watermark, MutableBytes into);

// ---- reading

struct FrameHeader {
  std::uint8_t raw_type = 0;  // with the skippable bit
  std::uint8_t flags = 0;
  std::uint64_t offset = 0;
  std::uint32_t header_bytes = 0;
  std::uint32_t table_bytes = 0;
  std::uint32_t body_bytes = 0;
  std::uint32_t entries = 0;
  std::uint64_t first_seq = 0;
  Watermark watermark;
  std::uint32_t checksum = 0;
  std::uint64_t frame_bytes = 0;   // with padding: the next frame stands at offset + frame_bytes
  std::uint32_t user_records = 0;  // entries of kind 0 of a commit: the seqs that it takes
  std::uint64_t next_seq = 0;  // the seq behind this frame: behind its records, or behind its gap
  bool understood = true;      // no entry kind, record flag or gap reason is unknown
  std::optional<std::int64_t> commit_time;

  [[nodiscard]] bool is(FrameType type) const noexcept {
    return raw_type == static_cast<std::uint8_t>(type);
  }
  [[nodiscard]] bool known() const noexcept;  // this build can interpret type, flags and entries
  [[nodiscard]] bool skippable() const noexcept { return (raw_type & skippable_type_bit) != 0; }
  // The last seq that the frame takes; first_seq - 1 when it takes none.
  [[nodiscard]] std::uint64_t last_seq() const noexcept { return next_seq - 1; }
  [[nodiscard]] std::uint64_t body_offset() const noexcept {
    return offset + header_bytes + table_bytes;
  }
  [[nodiscard]] std::uint64_t end() const noexcept { return offset + frame_bytes; }
};

// Reads the size that header and table claim, checking only bounds (sync word, header words, entry
// count against the limits of the segment, everything inside `file_bytes`); nullopt when it cannot
// be a frame. What it returns is a number of bytes to look at, nothing to be believed.
// `start` holds at least fixed_frame_header_bytes.
std::optional<std::size_t> frame_prefix_bytes(const SegmentHeader& segment, std::uint64_t offset,
                                              Bytes start, std::uint64_t file_bytes);
// Verifies checksum and bounds of header and table: `prefix` is the bytes that frame_prefix_bytes
// asked for. nullopt when it does not validate. Bounds: limits in the segment header, sum of the
// lengths == body, watermark inside [data start, offset], seqs within maximum_seq, and what the
// type of the frame demands of its own fields. The whole frame may still reach beyond the end of
// the file (a torn one): compare end().
std::optional<FrameHeader> decode_frame_header(const SegmentHeader& segment, const Place& place,
                                               std::uint64_t offset, Bytes prefix);

// The record table of a verified prefix.
class RecordTable {
 public:
  RecordTable(const FrameHeader& header, Bytes prefix, std::size_t hash_bytes);
  [[nodiscard]] std::uint32_t size() const noexcept { return entries_; }
  // Here, because they are called for every record that is read.
  [[nodiscard]] std::uint32_t length(std::uint32_t entry) const noexcept {
    return load<std::uint32_t>(lengths_, std::size_t{entry} * 4);
  }
  [[nodiscard]] std::uint32_t checksum(std::uint32_t entry) const noexcept {
    return load<std::uint32_t>(checksums_, std::size_t{entry} * 4);
  }
  [[nodiscard]] std::uint8_t attributes(std::uint32_t entry) const noexcept {
    return attributes_.empty() ? std::uint8_t{0} : load<std::uint8_t>(attributes_, entry);
  }
  [[nodiscard]] std::uint8_t kind(std::uint32_t entry) const noexcept {
    return attributes(entry) & record_kind::mask;
  }
  [[nodiscard]] Bytes hash(std::uint32_t entry) const noexcept;  // empty when not hashed
  [[nodiscard]] std::uint32_t user_records() const noexcept;     // entries of kind 0

 private:
  Bytes lengths_;
  Bytes checksums_;
  Bytes attributes_;
  Bytes hashes_;
  std::uint32_t entries_ = 0;
  std::size_t hash_bytes_ = 0;
};

std::optional<Seal> decode_seal(const FrameHeader& header, Bytes prefix);
std::optional<Gap> decode_gap(const FrameHeader& header, Bytes prefix);

// FNV-1a 64 over header checksums, in order (offset basis and prime of the FNV reference,
// http://www.isthe.com/chongo/tech/comp/fnv/).
class Digest {
 public:
  void add(std::uint32_t header_checksum) noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

}  // namespace tidemark::format
