// Decodes frame headers: checksum, then bounds, then use.
#include <cstring>

#include "format/bytes.hpp"
#include "format/frame.hpp"
#include "format/frame_fields.hpp"

namespace tidemark::format {
namespace {

namespace at = frame_field;

constexpr std::uint8_t type_of(FrameType type) noexcept { return static_cast<std::uint8_t>(type); }

bool is_known_type(std::uint8_t raw_type) noexcept {
  return raw_type >= type_of(FrameType::commit) && raw_type <= type_of(FrameType::gap);
}

std::uint8_t flags_of(std::uint8_t raw_type) noexcept {
  if (raw_type == type_of(FrameType::commit)) return frame_flag::of_commit;
  if (raw_type == type_of(FrameType::mark)) return frame_flag::of_mark;
  return 0;
}

std::size_t own_bytes(std::uint8_t raw_type) noexcept {
  if (raw_type == type_of(FrameType::seal)) return at::seal_own_bytes;
  if (raw_type == type_of(FrameType::gap)) return at::gap_own_bytes;
  return 0;
}

std::size_t optional_bytes(std::uint8_t bits) noexcept {
  std::size_t bytes = 0;
  if ((bits & optional_field::commit_time) != 0) bytes += at::commit_time_bytes;
  if ((bits & optional_field::raw_length) != 0) bytes += 8;
  if ((bits & optional_field::key_id) != 0) bytes += 8;
  if ((bits & optional_field::previous_digest) != 0) bytes += 32;
  return bytes;
}

// The header of a type that this build knows has room for what its type and bits say; exactly that
// room where all bits are known.
bool header_length_fits(std::uint8_t raw_type, std::uint8_t bits, std::size_t header_bytes) {
  if (!is_known_type(raw_type)) return true;
  const std::size_t needed = fixed_frame_header_bytes + own_bytes(raw_type) + optional_bytes(bits);
  return (bits & ~optional_field::known) == 0 ? header_bytes == needed : header_bytes >= needed;
}

// Lengths, kinds and flags of the entries. False: they contradict the header.
bool read_table(const SegmentHeader& segment, Bytes prefix, FrameHeader& header) {
  const RecordTable table(header, prefix, segment.hash_bytes);
  const bool commit = header.is(FrameType::commit);
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const std::uint32_t length = table.length(i);
    if (length > segment.max_record_bytes) return false;
    sum += length;  // at most 2^20 entries of 2^32: no overflow
    const std::uint8_t attributes = table.attributes(i);
    const auto kind = static_cast<std::uint8_t>(attributes & record_kind::mask);
    if (commit && kind == record_kind::user) ++header.user_records;
    const bool kind_known = kind == record_kind::user || kind == record_kind::dictionary ||
                            (kind & record_kind::skippable_bit) != 0;
    // A flag says how the payload is read, so it must be known, except where nobody has to read it.
    const bool flags_known = (attributes & record_flag::mask & ~record_flag::known) == 0 ||
                             (kind & record_kind::skippable_bit) != 0;
    if (!kind_known || !flags_known) header.understood = false;
  }
  return sum == header.body_bytes;
}

// What mark, seal, gap and commit say beyond the common fields.
bool read_own_fields(const SegmentHeader& segment, Bytes prefix, FrameHeader& header) {
  header.next_seq = header.first_seq;
  if (!is_known_type(header.raw_type)) return true;
  if (header.is(FrameType::commit)) {
    header.next_seq += header.user_records;
    return header.entries > 0;
  }
  if (header.entries != 0) return false;
  if (header.is(FrameType::seal)) {
    const auto last_seq = load<std::uint64_t>(prefix, at::seal::last_seq);
    const std::uint64_t index_bytes = load<std::uint32_t>(prefix, at::seal::index_bytes);
    const std::uint64_t index_entries = load<std::uint32_t>(prefix, at::seal::index_entries);
    const auto successor_id = load<std::uint64_t>(prefix, at::seal::successor_id);
    // One index entry for each stride of the stream at most, which also bounds what a reader of the
    // index allocates by the length of the file.
    return last_seq == header.first_seq - 1 && index_bytes == index_entries * index_entry_bytes &&
           index_entries <= header.offset / index_stride_bytes + 1 &&
           successor_id > segment.segment_id && successor_id <= maximum_segment_id &&
           load<std::uint32_t>(prefix, at::seal::zero) == 0;
  }
  if (header.is(FrameType::gap)) {
    const auto last_seq = load<std::uint64_t>(prefix, at::gap::last_seq);
    if (last_seq < header.first_seq || last_seq > maximum_seq) return false;
    const auto reason = load<std::uint32_t>(prefix, at::gap::reason);
    header.understood = reason >= static_cast<std::uint32_t>(GapReason::lost) &&
                        reason <= static_cast<std::uint32_t>(GapReason::before_start);
    header.next_seq = last_seq + 1;
    return load<std::uint32_t>(prefix, at::gap::zero) == 0;
  }
  return true;
}

}  // namespace

bool FrameHeader::known() const noexcept {
  return is_known_type(raw_type) && (flags & ~flags_of(raw_type)) == 0 && understood;
}

std::optional<std::size_t> frame_prefix_bytes(const SegmentHeader& segment, std::uint64_t offset,
                                              Bytes start, std::uint64_t file_bytes) {
  if (start.size() < fixed_frame_header_bytes || offset % frame_alignment != 0 ||
      offset < segment.data_start() || offset > file_bytes) {
    return std::nullopt;
  }
  if (load<std::uint32_t>(start, at::sync) != sync_word) return std::nullopt;
  const std::uint64_t header_bytes =
      load<std::uint8_t>(start, at::header_words) * at::header_word_bytes;
  const auto entries = load<std::uint32_t>(start, at::entries);
  const auto flags = load<std::uint8_t>(start, at::flags);
  if (header_bytes < fixed_frame_header_bytes || entries > segment.max_frame_entries ||
      load<std::uint32_t>(start, at::body_bytes) > segment.max_body_bytes) {
    return std::nullopt;
  }
  if ((flags & frame_flag::hashed) != 0 && segment.hash_bytes == 0) return std::nullopt;
  const std::uint64_t bytes = header_bytes + at::table_bytes(flags, entries, segment.hash_bytes);
  if (bytes > file_bytes - offset) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

std::optional<FrameHeader> decode_frame_header(const SegmentHeader& segment, const Place& place,
                                               std::uint64_t offset, Bytes prefix) {
  if (prefix.size() > UINT64_MAX - offset) return std::nullopt;
  const auto bytes = frame_prefix_bytes(segment, offset, prefix, offset + prefix.size());
  if (!bytes) return std::nullopt;
  prefix = prefix.first(*bytes);
  FrameHeader header;
  header.checksum = load<std::uint32_t>(prefix, at::checksum);
  if (header.checksum != at::prefix_checksum(place.header_seed(offset), prefix)) {
    return std::nullopt;
  }

  header.raw_type = load<std::uint8_t>(prefix, at::type);
  header.flags = load<std::uint8_t>(prefix, at::flags);
  header.offset = offset;
  header.header_bytes =
      load<std::uint8_t>(prefix, at::header_words) * std::uint32_t{at::header_word_bytes};
  header.table_bytes = static_cast<std::uint32_t>(prefix.size() - header.header_bytes);
  header.body_bytes = load<std::uint32_t>(prefix, at::body_bytes);
  header.entries = load<std::uint32_t>(prefix, at::entries);
  header.first_seq = load<std::uint64_t>(prefix, at::first_seq);
  const auto bits = load<std::uint8_t>(prefix, at::optional_bits);
  if (!header_length_fits(header.raw_type, bits, header.header_bytes)) return std::nullopt;
  if (header.first_seq < segment.first_seq || header.first_seq > maximum_seq + 1) {
    return std::nullopt;
  }
  if (!read_table(segment, prefix, header)) return std::nullopt;
  if (!read_own_fields(segment, prefix, header)) return std::nullopt;
  if (header.next_seq > maximum_seq + 1) return std::nullopt;

  // The watermark stands in the same segment, at or in front of this frame.
  const std::uint64_t back =
      std::uint64_t{load<std::uint32_t>(prefix, at::watermark_units)} * frame_alignment;
  const std::uint64_t records = load<std::uint32_t>(prefix, at::watermark_records);
  if (back > offset - segment.data_start() || records > header.first_seq - segment.first_seq) {
    return std::nullopt;
  }
  header.watermark = {offset - back, header.first_seq - 1 - records};

  if (is_known_type(header.raw_type) && (bits & optional_field::commit_time) != 0) {
    header.commit_time = static_cast<std::int64_t>(
        load<std::uint64_t>(prefix, at::own + own_bytes(header.raw_type)));
  }
  const std::uint64_t alignment =
      (header.flags & frame_flag::block_padded) != 0 ? segment.block_bytes : frame_alignment;
  header.frame_bytes = align_up(header.body_offset() + header.body_bytes, alignment) - offset;
  return header;
}

RecordTable::RecordTable(const FrameHeader& header, Bytes prefix, std::size_t hash_bytes) {
  const std::size_t count = header.entries;
  const bool hashed = (header.flags & frame_flag::hashed) != 0;
  const std::uint64_t bytes = at::table_bytes(header.flags, count, hash_bytes);
  // A prefix that is shorter than its header says is not the verified one: an empty table.
  if (prefix.size() < header.header_bytes || bytes > prefix.size() - header.header_bytes) return;
  entries_ = header.entries;
  std::size_t next = header.header_bytes;
  lengths_ = prefix.subspan(next, count * 4);
  next += count * 4;
  checksums_ = prefix.subspan(next, count * 4);
  next += count * 4;
  if ((header.flags & frame_flag::attributes) != 0) {
    attributes_ = prefix.subspan(next, count);
    next += count;
  }
  if (hashed) {
    hash_bytes_ = hash_bytes;
    hashes_ = prefix.subspan(next, count * hash_bytes);
  }
}

Bytes RecordTable::hash(std::uint32_t entry) const noexcept {
  return hashes_.empty() ? Bytes{} : hashes_.subspan(entry * hash_bytes_, hash_bytes_);
}

std::uint32_t RecordTable::user_records() const noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < entries_; ++i) {
    if (kind(i) == record_kind::user) ++count;
  }
  return count;
}

std::optional<Seal> decode_seal(const FrameHeader& header, Bytes prefix) {
  constexpr std::size_t needed = fixed_frame_header_bytes + at::seal_own_bytes;
  if (!header.is(FrameType::seal) || prefix.size() < needed) return std::nullopt;
  Seal seal;
  seal.successor_id = load<std::uint64_t>(prefix, at::seal::successor_id);
  seal.successor_salt = load<std::uint64_t>(prefix, at::seal::successor_salt);
  seal.last_seq = load<std::uint64_t>(prefix, at::seal::last_seq);
  seal.records = load<std::uint64_t>(prefix, at::seal::records);
  seal.frames = load<std::uint64_t>(prefix, at::seal::frames);
  seal.digest = load<std::uint64_t>(prefix, at::seal::digest);
  seal.index_bytes = load<std::uint32_t>(prefix, at::seal::index_bytes);
  seal.index_entries = load<std::uint32_t>(prefix, at::seal::index_entries);
  seal.index_checksum = load<std::uint32_t>(prefix, at::seal::index_checksum);
  seal.sealed_at = static_cast<std::int64_t>(load<std::uint64_t>(prefix, at::seal::sealed_at));
  return seal;
}

std::optional<Gap> decode_gap(const FrameHeader& header, Bytes prefix) {
  constexpr std::size_t needed = fixed_frame_header_bytes + at::gap_own_bytes;
  if (!header.is(FrameType::gap) || !header.known() || prefix.size() < needed) return std::nullopt;
  Gap gap;
  gap.first_seq = header.first_seq;
  gap.last_seq = load<std::uint64_t>(prefix, at::gap::last_seq);
  gap.reason = static_cast<GapReason>(load<std::uint32_t>(prefix, at::gap::reason));
  return gap;
}

}  // namespace tidemark::format
