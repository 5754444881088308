// Encodes and decodes the segment header. docs/format.md, "Segment header", draws it.
#include "format/segment_header.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <tuple>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"

namespace tidemark::format {
namespace {

// Offsets inside one copy.
namespace at {
constexpr std::size_t magic = 0;
constexpr std::size_t version = 8;
constexpr std::size_t used_bytes = 10;
constexpr std::size_t checksum = 12;
constexpr std::size_t copy = 16;
constexpr std::size_t checksum_kind = 17;
constexpr std::size_t zero_1 = 18;
constexpr std::size_t block_bytes = 20;
constexpr std::size_t incompatible = 24;
constexpr std::size_t read_only_compatible = 32;
constexpr std::size_t compatible = 40;
constexpr std::size_t journal_id = 48;
constexpr std::size_t segment_id = 64;
constexpr std::size_t epoch = 72;
constexpr std::size_t salt = 80;
constexpr std::size_t first_seq = 88;
constexpr std::size_t capacity = 96;
constexpr std::size_t created_at = 104;
constexpr std::size_t predecessor_id = 112;
constexpr std::size_t predecessor_end = 120;
constexpr std::size_t predecessor_last_seq = 128;
constexpr std::size_t predecessor_digest = 136;
constexpr std::size_t head_segment_id = 144;
constexpr std::size_t head_first_seq = 152;
constexpr std::size_t max_body_bytes = 160;
constexpr std::size_t max_record_bytes = 164;
constexpr std::size_t max_frame_entries = 168;
constexpr std::size_t zero_2 = 172;
constexpr std::size_t start_seq = 176;
constexpr std::size_t codec_name_bytes = 184;
constexpr std::size_t hash_name_bytes = 185;
constexpr std::size_t application_bytes = 186;
constexpr std::size_t hash_bytes = 187;
constexpr std::size_t codec_version = 188;
constexpr std::size_t user_data_bytes = 192;
constexpr std::size_t zero_3 = 194;
constexpr std::size_t names = 196;
}  // namespace at

constexpr std::uint8_t crc32c_kind = 1;

// Everything except the checksum itself, so that no bit of the block is unprotected. The copy's
// number is the seed: one copy written at the other's place does not validate.
std::uint32_t block_checksum(Bytes block, std::uint8_t copy) noexcept {
  const std::uint32_t front = crc32c::extend(copy, block.data(), at::checksum);
  return crc32c::extend(front, block.data() + at::copy, header_copy_bytes - at::copy);
}

std::size_t put(MutableBytes into, std::size_t at, const void* data, std::size_t size) {
  if (size > 0) std::memcpy(into.data() + at, data, size);
  return at + size;
}

std::string text(Bytes block, std::size_t at, std::size_t size) {
  std::string result(size, '\0');
  if (size > 0) std::memcpy(result.data(), block.data() + at, size);
  return result;
}

bool is_block_size(std::uint32_t bytes) noexcept {
  return bytes >= minimum_block_bytes && bytes <= maximum_block_bytes && (bytes & (bytes - 1)) == 0;
}

// But for the copy's number and the checksum that is seeded with it; also behind the fields that
// this build knows.
bool hold_the_same(Bytes one, Bytes other) noexcept {
  const auto equal = [&](std::size_t begin, std::size_t end) {
    return std::equal(one.begin() + static_cast<std::ptrdiff_t>(begin),
                      one.begin() + static_cast<std::ptrdiff_t>(end),
                      other.begin() + static_cast<std::ptrdiff_t>(begin));
  };
  return equal(0, at::checksum) && equal(at::copy + 1, header_copy_bytes);
}

bool is_segment_id(std::uint64_t id) noexcept { return id >= 1 && id <= maximum_segment_id; }
bool is_seq(std::uint64_t seq) noexcept { return seq >= 1 && seq <= maximum_seq; }

// What a writer of this version can have written; anything else under a right checksum is damage
// that happened before the checksum was made.
bool within_bounds(const SegmentHeader& header) noexcept {
  return is_block_size(header.block_bytes) && is_segment_id(header.segment_id) &&
         header.predecessor.id < header.segment_id && header.predecessor.last_seq <= maximum_seq &&
         header.head.segment_id != 0 && header.head.segment_id <= header.segment_id &&
         is_seq(header.start_seq) && header.first_seq >= header.start_seq &&
         header.first_seq <= maximum_seq + 1 && header.head.first_seq >= header.start_seq &&
         header.head.first_seq <= header.first_seq && header.max_body_bytes <= maximum_body_bytes &&
         header.max_record_bytes <= maximum_body_bytes &&
         header.max_frame_entries <= maximum_frame_entries &&
         header.hash_name.empty() == (header.hash_bytes == 0);
}

}  // namespace

std::uint32_t SegmentHeader::seed() const noexcept {
  std::array<std::byte, 32> identity{};
  std::copy(journal_id.begin(), journal_id.end(), identity.begin());
  store<std::uint64_t>(identity, 16, segment_id);
  store<std::uint64_t>(identity, 24, salt);
  return crc32c::extend(0, identity.data(), identity.size());
}

SegmentHeader continuation_of(const SegmentHeader& header) {
  SegmentHeader next;
  next.block_bytes = header.block_bytes;
  next.journal_id = header.journal_id;
  next.epoch = header.epoch;
  next.start_seq = header.start_seq;
  next.codec_name = header.codec_name;
  next.codec_version = header.codec_version;
  next.hash_name = header.hash_name;
  next.hash_bytes = header.hash_bytes;
  next.application = header.application;
  next.user_data = header.user_data;
  return next;
}

bool record_the_same(const SegmentHeader& one, const SegmentHeader& other) noexcept {
  const auto recorded = [](const SegmentHeader& header) {
    return std::tie(header.journal_id, header.start_seq, header.codec_name, header.codec_version,
                    header.hash_name, header.hash_bytes, header.application);
  };
  return recorded(one) == recorded(other);
}

void encode_segment_header(const SegmentHeader& header, std::uint8_t copy, MutableBytes into) {
  assert(into.size() == header_copy_bytes && copy <= 1);
  assert(within_bounds(header));
  assert(header.codec_name.size() <= maximum_name_bytes &&
         header.hash_name.size() <= maximum_name_bytes &&
         header.application.size() <= maximum_name_bytes &&
         header.user_data.size() <= maximum_user_data_bytes);

  std::fill(into.begin(), into.end(), std::byte{0});
  store<std::uint64_t>(into, at::magic, segment_magic);
  store<std::uint16_t>(into, at::version, format_version);
  store<std::uint8_t>(into, at::copy, copy);
  store<std::uint8_t>(into, at::checksum_kind, crc32c_kind);
  store<std::uint32_t>(into, at::block_bytes, header.block_bytes);
  store<std::uint64_t>(into, at::incompatible, header.incompatible_features);
  store<std::uint64_t>(into, at::read_only_compatible, header.read_only_compatible_features);
  store<std::uint64_t>(into, at::compatible, header.compatible_features);
  put(into, at::journal_id, header.journal_id.data(), header.journal_id.size());
  store<std::uint64_t>(into, at::segment_id, header.segment_id);
  store<std::uint64_t>(into, at::epoch, header.epoch);
  store<std::uint64_t>(into, at::salt, header.salt);
  store<std::uint64_t>(into, at::first_seq, header.first_seq);
  store<std::uint64_t>(into, at::capacity, header.capacity);
  store<std::uint64_t>(into, at::created_at, static_cast<std::uint64_t>(header.created_at));
  store<std::uint64_t>(into, at::predecessor_id, header.predecessor.id);
  store<std::uint64_t>(into, at::predecessor_end, header.predecessor.end);
  store<std::uint64_t>(into, at::predecessor_last_seq, header.predecessor.last_seq);
  store<std::uint64_t>(into, at::predecessor_digest, header.predecessor.digest);
  store<std::uint64_t>(into, at::head_segment_id, header.head.segment_id);
  store<std::uint64_t>(into, at::head_first_seq, header.head.first_seq);
  store<std::uint32_t>(into, at::max_body_bytes, header.max_body_bytes);
  store<std::uint32_t>(into, at::max_record_bytes, header.max_record_bytes);
  store<std::uint32_t>(into, at::max_frame_entries, header.max_frame_entries);
  store<std::uint64_t>(into, at::start_seq, header.start_seq);
  store<std::uint8_t>(into, at::codec_name_bytes,
                      static_cast<std::uint8_t>(header.codec_name.size()));
  store<std::uint8_t>(into, at::hash_name_bytes,
                      static_cast<std::uint8_t>(header.hash_name.size()));
  store<std::uint8_t>(into, at::application_bytes,
                      static_cast<std::uint8_t>(header.application.size()));
  store<std::uint8_t>(into, at::hash_bytes, header.hash_bytes);
  store<std::uint32_t>(into, at::codec_version, header.codec_version);
  store<std::uint16_t>(into, at::user_data_bytes,
                       static_cast<std::uint16_t>(header.user_data.size()));
  std::size_t end = at::names;
  end = put(into, end, header.codec_name.data(), header.codec_name.size());
  end = put(into, end, header.hash_name.data(), header.hash_name.size());
  end = put(into, end, header.application.data(), header.application.size());
  end = put(into, end, header.user_data.data(), header.user_data.size());
  store<std::uint16_t>(into, at::used_bytes, static_cast<std::uint16_t>(end));
  store<std::uint32_t>(into, at::checksum, block_checksum(into, copy));
}

DecodedHeader decode_segment_header(Bytes block, std::uint8_t copy) {
  DecodedHeader result;
  if (block.size() < header_copy_bytes) {
    result.state = HeaderState::truncated;
    return result;
  }
  block = block.first(header_copy_bytes);
  if (is_zero(block)) {
    result.state = HeaderState::zero;
    return result;
  }
  result.state = HeaderState::damaged;
  if (load<std::uint64_t>(block, at::magic) != segment_magic) return result;
  if (load<std::uint32_t>(block, at::checksum) != block_checksum(block, copy)) return result;
  if (load<std::uint8_t>(block, at::copy) != copy) return result;

  const auto version = load<std::uint16_t>(block, at::version);
  if (version == 0) return result;
  if (version > format_version || load<std::uint8_t>(block, at::checksum_kind) != crc32c_kind ||
      (load<std::uint64_t>(block, at::incompatible) & ~known_incompatible_features) != 0) {
    result.state = HeaderState::newer;
    return result;
  }

  const std::size_t codec_bytes = load<std::uint8_t>(block, at::codec_name_bytes);
  const std::size_t hash_name_bytes = load<std::uint8_t>(block, at::hash_name_bytes);
  const std::size_t application_bytes = load<std::uint8_t>(block, at::application_bytes);
  const std::size_t user_data_bytes = load<std::uint16_t>(block, at::user_data_bytes);
  if (codec_bytes > maximum_name_bytes || hash_name_bytes > maximum_name_bytes ||
      application_bytes > maximum_name_bytes || user_data_bytes > maximum_user_data_bytes) {
    return result;
  }
  // The names and user data of the greatest lengths fit into the block, so this end is inside it.
  const std::size_t end =
      at::names + codec_bytes + hash_name_bytes + application_bytes + user_data_bytes;
  // Fields that a compatible feature adds stand between our end and the end that the header states.
  const std::size_t used = load<std::uint16_t>(block, at::used_bytes);
  if (used < end || used > header_copy_bytes || !is_zero(block.subspan(used))) return result;
  if (load<std::uint16_t>(block, at::zero_1) != 0 || load<std::uint32_t>(block, at::zero_2) != 0 ||
      load<std::uint16_t>(block, at::zero_3) != 0) {
    return result;
  }

  SegmentHeader& header = result.header;
  header.block_bytes = load<std::uint32_t>(block, at::block_bytes);
  header.incompatible_features = load<std::uint64_t>(block, at::incompatible);
  header.read_only_compatible_features = load<std::uint64_t>(block, at::read_only_compatible);
  header.compatible_features = load<std::uint64_t>(block, at::compatible);
  std::memcpy(header.journal_id.data(), block.data() + at::journal_id, header.journal_id.size());
  header.segment_id = load<std::uint64_t>(block, at::segment_id);
  header.epoch = load<std::uint64_t>(block, at::epoch);
  header.salt = load<std::uint64_t>(block, at::salt);
  header.first_seq = load<std::uint64_t>(block, at::first_seq);
  header.capacity = load<std::uint64_t>(block, at::capacity);
  header.created_at = static_cast<std::int64_t>(load<std::uint64_t>(block, at::created_at));
  header.predecessor.id = load<std::uint64_t>(block, at::predecessor_id);
  header.predecessor.end = load<std::uint64_t>(block, at::predecessor_end);
  header.predecessor.last_seq = load<std::uint64_t>(block, at::predecessor_last_seq);
  header.predecessor.digest = load<std::uint64_t>(block, at::predecessor_digest);
  header.head.segment_id = load<std::uint64_t>(block, at::head_segment_id);
  header.head.first_seq = load<std::uint64_t>(block, at::head_first_seq);
  header.max_body_bytes = load<std::uint32_t>(block, at::max_body_bytes);
  header.max_record_bytes = load<std::uint32_t>(block, at::max_record_bytes);
  header.max_frame_entries = load<std::uint32_t>(block, at::max_frame_entries);
  header.start_seq = load<std::uint64_t>(block, at::start_seq);
  header.hash_bytes = load<std::uint8_t>(block, at::hash_bytes);
  header.codec_version = load<std::uint32_t>(block, at::codec_version);
  std::size_t next = at::names;
  header.codec_name = text(block, next, codec_bytes);
  next += codec_bytes;
  header.hash_name = text(block, next, hash_name_bytes);
  next += hash_name_bytes;
  header.application = text(block, next, application_bytes);
  next += application_bytes;
  const Bytes user_data = block.subspan(next, user_data_bytes);
  header.user_data.assign(user_data.begin(), user_data.end());
  if (within_bounds(header)) result.state = HeaderState::valid;
  return result;
}

HeaderPair decode_header_pair(Bytes file_start) {
  HeaderPair pair;
  constexpr std::size_t shortest_pair = 2 * minimum_block_bytes;
  pair.all_zero = is_zero(file_start.first(std::min(file_start.size(), shortest_pair)));

  const auto copy_at = [&](std::size_t offset, std::uint8_t copy) {
    if (file_start.size() <= offset) return DecodedHeader{HeaderState::truncated, {}};
    DecodedHeader decoded = decode_segment_header(file_start.subspan(offset), copy);
    // The second copy stands where it says that a block ends, and nowhere else.
    if (copy == 1 && decoded.state == HeaderState::valid && decoded.header.block_bytes != offset) {
      decoded.state = HeaderState::damaged;
    }
    return decoded;
  };

  DecodedHeader first = copy_at(0, 0);
  DecodedHeader second;
  if (first.state == HeaderState::valid) {
    second = copy_at(first.header.block_bytes, 1);
  } else {
    for (std::size_t block = minimum_block_bytes; block <= maximum_block_bytes; block *= 2) {
      second = copy_at(block, 1);
      if (second.state == HeaderState::valid || second.state == HeaderState::newer) break;
    }
  }
  const bool first_valid = first.state == HeaderState::valid;
  const bool second_valid = second.state == HeaderState::valid;
  const bool newer = first.state == HeaderState::newer || second.state == HeaderState::newer;
  pair.copy_valid[0] = first_valid;
  pair.copy_valid[1] = second_valid;

  if ((first_valid || second_valid) && newer) {
    pair.contradictory = true;
  } else if (first_valid && second_valid) {
    pair.contradictory = !hold_the_same(file_start, file_start.subspan(first.header.block_bytes));
  }
  if (first_valid && second_valid && pair.contradictory) pair.other = second.header;
  if (first_valid || second_valid) {
    pair.state = HeaderState::valid;
    pair.header = first_valid ? std::move(first.header) : std::move(second.header);
  } else if (newer) {
    pair.state = HeaderState::newer;
  } else if (file_start.size() < shortest_pair) {
    pair.state = HeaderState::truncated;
  } else {
    pair.state = pair.all_zero ? HeaderState::zero : HeaderState::damaged;
  }
  return pair;
}

}  // namespace tidemark::format
