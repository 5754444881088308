#include "format/checkpoint.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/layout.hpp"

namespace tidemark::format {
namespace {

constexpr std::uint64_t checkpoint_magic = 0x504B484345444954;  // "TIDECHKP" as little-endian bytes

namespace at {
constexpr std::size_t magic = 0;
constexpr std::size_t version = 8;
constexpr std::size_t used_bytes = 10;
constexpr std::size_t checksum = 12;
constexpr std::size_t incompatible_features = 16;
constexpr std::size_t salt = 24;
constexpr std::size_t generation = 32;
constexpr std::size_t covered_seq = 40;
constexpr std::size_t journal_id = 48;
constexpr std::size_t epoch = 64;
constexpr std::size_t body_bytes = 72;
constexpr std::size_t saved_at = 80;
constexpr std::size_t chunk_bytes = 88;
constexpr std::size_t value_version = 92;
constexpr std::size_t codec_version = 96;
constexpr std::size_t codec_name_bytes = 100;
constexpr std::size_t codec_name = 102;
}  // namespace at

// The whole block except the checksum itself.
std::uint32_t block_checksum(Bytes block) noexcept {
  const std::uint32_t front = crc32c::extend(0, block.data(), at::checksum);
  constexpr std::size_t behind = at::checksum + sizeof(std::uint32_t);
  return crc32c::extend(front, block.data() + behind, block.size() - behind);
}

bool within_limits(const CheckpointHeader& header) noexcept {
  return header.generation > 0 && header.generation <= maximum_seq &&
         header.covered_seq <= maximum_seq && header.body_bytes <= maximum_checkpoint_body_bytes &&
         header.chunk_bytes >= minimum_checkpoint_chunk_bytes &&
         header.chunk_bytes <= maximum_checkpoint_chunk_bytes && !header.codec_name.empty() &&
         header.codec_name.size() <= maximum_name_bytes;
}

}  // namespace

std::uint64_t CheckpointHeader::chunks() const noexcept {
  return (body_bytes + chunk_bytes - 1) / chunk_bytes;
}

std::uint64_t CheckpointHeader::file_bytes() const noexcept {
  return checkpoint_header_bytes + body_bytes + chunks() * checkpoint_checksum_bytes;
}

std::uint64_t CheckpointHeader::chunk_offset(std::uint64_t index) const noexcept {
  return checkpoint_header_bytes + index * (chunk_bytes + checkpoint_checksum_bytes);
}

std::size_t CheckpointHeader::chunk_length(std::uint64_t index) const noexcept {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(chunk_bytes, body_bytes - index * chunk_bytes));
}

CheckpointBlock encode_checkpoint_header(const CheckpointHeader& header) {
  assert(within_limits(header));
  CheckpointBlock block{};
  const MutableBytes into(block);
  store<std::uint64_t>(into, at::magic, checkpoint_magic);
  store<std::uint16_t>(into, at::version, checkpoint_format_version);
  store<std::uint16_t>(into, at::used_bytes,
                       static_cast<std::uint16_t>(at::codec_name + header.codec_name.size()));
  store<std::uint64_t>(into, at::salt, header.salt);
  store<std::uint64_t>(into, at::generation, header.generation);
  store<std::uint64_t>(into, at::covered_seq, header.covered_seq);
  std::ranges::copy(header.journal_id, into.begin() + at::journal_id);
  store<std::uint64_t>(into, at::epoch, header.epoch);
  store<std::uint64_t>(into, at::body_bytes, header.body_bytes);
  store<std::uint64_t>(into, at::saved_at, static_cast<std::uint64_t>(header.saved_at));
  store<std::uint32_t>(into, at::chunk_bytes, header.chunk_bytes);
  store<std::uint32_t>(into, at::value_version, header.value_version);
  store<std::uint32_t>(into, at::codec_version, header.codec_version);
  store<std::uint16_t>(into, at::codec_name_bytes,
                       static_cast<std::uint16_t>(header.codec_name.size()));
  std::memcpy(into.data() + at::codec_name, header.codec_name.data(), header.codec_name.size());
  store<std::uint32_t>(into, at::checksum, block_checksum(into));
  return block;
}

CheckpointState decode_checkpoint_header(Bytes block, CheckpointHeader& into) {
  if (block.size() < checkpoint_header_bytes) return CheckpointState::damaged;
  block = block.first(checkpoint_header_bytes);
  if (load<std::uint64_t>(block, at::magic) != checkpoint_magic ||
      load<std::uint32_t>(block, at::checksum) != block_checksum(block)) {
    return CheckpointState::damaged;
  }
  const auto version = load<std::uint16_t>(block, at::version);
  if (version == 0) return CheckpointState::damaged;
  if (version > checkpoint_format_version ||
      load<std::uint64_t>(block, at::incompatible_features) != known_incompatible_features) {
    return CheckpointState::newer;
  }
  CheckpointHeader header;
  header.salt = load<std::uint64_t>(block, at::salt);
  header.generation = load<std::uint64_t>(block, at::generation);
  header.covered_seq = load<std::uint64_t>(block, at::covered_seq);
  std::copy_n(block.begin() + at::journal_id, header.journal_id.size(), header.journal_id.begin());
  header.epoch = load<std::uint64_t>(block, at::epoch);
  header.body_bytes = load<std::uint64_t>(block, at::body_bytes);
  header.saved_at = static_cast<std::int64_t>(load<std::uint64_t>(block, at::saved_at));
  header.chunk_bytes = load<std::uint32_t>(block, at::chunk_bytes);
  header.value_version = load<std::uint32_t>(block, at::value_version);
  header.codec_version = load<std::uint32_t>(block, at::codec_version);
  const std::size_t name_bytes = load<std::uint16_t>(block, at::codec_name_bytes);
  const std::size_t used = load<std::uint16_t>(block, at::used_bytes);
  if (name_bytes > maximum_name_bytes || used < at::codec_name + name_bytes ||
      used > checkpoint_header_bytes) {
    return CheckpointState::damaged;
  }
  header.codec_name.resize(name_bytes);
  std::memcpy(header.codec_name.data(), block.data() + at::codec_name, name_bytes);
  if (!within_limits(header)) return CheckpointState::damaged;
  into = std::move(header);
  return CheckpointState::valid;
}

// Salt and index go first, so that no chunk validates in another file or at another place.
std::uint32_t checkpoint_chunk_checksum(std::uint64_t salt, std::uint64_t index,
                                        Bytes chunk) noexcept {
  std::array<std::byte, 16> place{};
  store<std::uint64_t>(place, 0, salt);
  store<std::uint64_t>(place, 8, index);
  return crc32c::extend(crc32c::extend(0, place.data(), place.size()), chunk.data(), chunk.size());
}

bool valid_checkpoint_chunk(std::uint64_t salt, std::uint64_t index, Bytes chunk_and_checksum) {
  if (chunk_and_checksum.size() < checkpoint_checksum_bytes) return false;
  const std::size_t length = chunk_and_checksum.size() - checkpoint_checksum_bytes;
  return load<std::uint32_t>(chunk_and_checksum, length) ==
         checkpoint_chunk_checksum(salt, index, chunk_and_checksum.first(length));
}

CheckpointVerdict decode_checkpoint(Bytes file) {
  CheckpointVerdict verdict;
  verdict.state = decode_checkpoint_header(file, verdict.header);
  if (verdict.state != CheckpointState::valid) return verdict;
  const CheckpointHeader& header = verdict.header;
  if (file.size() != header.file_bytes()) {
    verdict.state = CheckpointState::damaged;
    verdict.offset = std::min<std::uint64_t>(file.size(), header.file_bytes());
    return verdict;
  }
  for (std::uint64_t index = 0; index < header.chunks(); ++index) {
    const auto offset = static_cast<std::size_t>(header.chunk_offset(index));
    const std::size_t length = header.chunk_length(index) + checkpoint_checksum_bytes;
    if (!valid_checkpoint_chunk(header.salt, index, file.subspan(offset, length))) {
      verdict.state = CheckpointState::damaged;
      verdict.offset = offset;
      return verdict;
    }
  }
  return verdict;
}

}  // namespace tidemark::format
