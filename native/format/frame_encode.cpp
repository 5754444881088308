// Encodes frames into the writer's memory.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "format/bytes.hpp"
#include "format/frame.hpp"
#include "format/frame_fields.hpp"

namespace tidemark::format {
namespace {

namespace at = frame_field;

void put_fixed(MutableBytes into, std::uint8_t type, std::uint8_t flags, std::size_t header_bytes,
               std::uint64_t first_seq) {
  assert(header_bytes % at::header_word_bytes == 0 && header_bytes <= at::maximum_header_bytes);
  store<std::uint32_t>(into, at::sync, sync_word);
  store<std::uint8_t>(into, at::type, type);
  store<std::uint8_t>(into, at::flags, flags);
  store<std::uint8_t>(into, at::header_words,
                      static_cast<std::uint8_t>(header_bytes / at::header_word_bytes));
  store<std::uint64_t>(into, at::first_seq, first_seq);
}

void put_watermark(MutableBytes into, std::uint64_t offset, std::uint64_t first_seq,
                   const Watermark& watermark) {
  assert(offset % frame_alignment == 0 && watermark.offset % frame_alignment == 0);
  assert(watermark.offset <= offset && watermark.seq < first_seq);
  const std::uint64_t units = (offset - watermark.offset) / frame_alignment;
  const std::uint64_t records = first_seq - 1 - watermark.seq;
  // Bytes in flight are bounded by far less, and a gap frame is made durable before a frame behind
  // it is written.
  assert(units <= UINT32_MAX && records <= UINT32_MAX);
  store<std::uint32_t>(into, at::watermark_units, static_cast<std::uint32_t>(units));
  store<std::uint32_t>(into, at::watermark_records, static_cast<std::uint32_t>(records));
}

std::uint32_t put_checksum(const Place& place, std::uint64_t offset, MutableBytes prefix) {
  const std::uint32_t checksum = at::prefix_checksum(place.header_seed(offset), prefix);
  store<std::uint32_t>(prefix, at::checksum, checksum);
  return checksum;
}

}  // namespace

std::size_t commit_prefix_bytes(std::size_t entries, bool attributes, std::size_t hash_bytes,
                                bool commit_time) noexcept {
  std::uint8_t flags = 0;
  if (attributes) flags |= frame_flag::attributes;
  if (hash_bytes > 0) flags |= frame_flag::hashed;
  return fixed_frame_header_bytes + (commit_time ? at::commit_time_bytes : 0) +
         static_cast<std::size_t>(at::table_bytes(flags, entries, hash_bytes));
}

std::uint64_t commit_frame_bytes(std::size_t prefix_bytes, std::uint32_t body_bytes,
                                 std::uint64_t offset, bool block_padded,
                                 std::uint32_t block_bytes) noexcept {
  const std::uint64_t end = offset + prefix_bytes + body_bytes;
  return align_up(end, block_padded ? block_bytes : frame_alignment) - offset;
}

std::uint32_t encode_commit_prefix(const Place& place, const CommitHeader& header,
                                   std::span<const std::uint32_t> lengths,
                                   std::span<const std::uint32_t> checksums,
                                   std::span<const std::uint8_t> attributes, Bytes hashes,
                                   MutableBytes into) {
  const std::size_t entries = lengths.size();
  assert(entries > 0 && entries <= maximum_frame_entries && checksums.size() == entries);
  assert(attributes.empty() || attributes.size() == entries);
  assert(hashes.size() % entries == 0);
  assert(into.size() == commit_prefix_bytes(entries, !attributes.empty(), hashes.size() / entries,
                                            header.commit_time.has_value()));

  std::uint8_t flags = 0;
  if (!attributes.empty()) flags |= frame_flag::attributes;
  if (!hashes.empty()) flags |= frame_flag::hashed;
  if (header.block_padded) flags |= frame_flag::block_padded;
  const std::size_t header_bytes =
      fixed_frame_header_bytes + (header.commit_time ? at::commit_time_bytes : 0);

  put_fixed(into, static_cast<std::uint8_t>(FrameType::commit), flags, header_bytes,
            header.first_seq);
  put_watermark(into, header.offset, header.first_seq, header.watermark);
  store<std::uint8_t>(into, at::optional_bits,
                      header.commit_time ? optional_field::commit_time : std::uint8_t{0});
  store<std::uint32_t>(into, at::body_bytes, header.body_bytes);
  store<std::uint32_t>(into, at::entries, static_cast<std::uint32_t>(entries));
  if (header.commit_time) {
    store<std::uint64_t>(into, at::own, static_cast<std::uint64_t>(*header.commit_time));
  }

  std::size_t next = header_bytes;
  for (std::size_t i = 0; i < entries; ++i, next += 4) store(into, next, lengths[i]);
  for (std::size_t i = 0; i < entries; ++i, next += 4) store(into, next, checksums[i]);
  for (std::size_t i = 0; i < attributes.size(); ++i, ++next) store(into, next, attributes[i]);
  if (!hashes.empty()) std::memcpy(into.data() + next, hashes.data(), hashes.size());
  return put_checksum(place, header.offset, into);
}

std::uint32_t encode_mark(const Place& place, const MarkHeader& mark, MutableBytes into) {
  assert(into.size() == mark_bytes);
  std::fill(into.begin(), into.end(), std::byte{0});
  std::uint8_t flags = 0;
  if (mark.closing) flags |= frame_flag::closing;
  if (mark.block_padded) flags |= frame_flag::block_padded;
  put_fixed(into, static_cast<std::uint8_t>(FrameType::mark), flags, fixed_frame_header_bytes,
            mark.next_seq);
  put_watermark(into, mark.offset, mark.next_seq, {mark.offset, mark.next_seq - 1});
  return put_checksum(place, mark.offset, into.first(fixed_frame_header_bytes));
}

std::uint32_t encode_seal(const Place& place, std::uint64_t offset, const Seal& seal,
                          MutableBytes into) {
  assert(into.size() == seal_bytes);
  std::fill(into.begin(), into.end(), std::byte{0});
  constexpr std::size_t header_bytes = fixed_frame_header_bytes + at::seal_own_bytes;
  const std::uint64_t next_seq = seal.last_seq + 1;
  put_fixed(into, static_cast<std::uint8_t>(FrameType::seal), 0, header_bytes, next_seq);
  put_watermark(into, offset, next_seq, {offset, seal.last_seq});
  store<std::uint64_t>(into, at::seal::successor_id, seal.successor_id);
  store<std::uint64_t>(into, at::seal::successor_salt, seal.successor_salt);
  store<std::uint64_t>(into, at::seal::last_seq, seal.last_seq);
  store<std::uint64_t>(into, at::seal::records, seal.records);
  store<std::uint64_t>(into, at::seal::frames, seal.frames);
  store<std::uint64_t>(into, at::seal::digest, seal.digest);
  store<std::uint32_t>(into, at::seal::index_bytes, seal.index_bytes);
  store<std::uint32_t>(into, at::seal::index_entries, seal.index_entries);
  store<std::uint32_t>(into, at::seal::index_checksum, seal.index_checksum);
  store<std::uint64_t>(into, at::seal::sealed_at, static_cast<std::uint64_t>(seal.sealed_at));
  return put_checksum(place, offset, into.first(header_bytes));
}

std::uint32_t encode_gap(const Place& place, std::uint64_t offset, const Gap& gap,
                         const Watermark& watermark, MutableBytes into) {
  assert(into.size() == gap_bytes && gap.first_seq <= gap.last_seq);
  std::fill(into.begin(), into.end(), std::byte{0});
  constexpr std::size_t header_bytes = fixed_frame_header_bytes + at::gap_own_bytes;
  put_fixed(into, static_cast<std::uint8_t>(FrameType::gap), 0, header_bytes, gap.first_seq);
  put_watermark(into, offset, gap.first_seq, watermark);
  store<std::uint64_t>(into, at::gap::last_seq, gap.last_seq);
  store<std::uint32_t>(into, at::gap::reason, static_cast<std::uint32_t>(gap.reason));
  return put_checksum(place, offset, into.first(header_bytes));
}

}  // namespace tidemark::format
