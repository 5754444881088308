// The index behind a seal. An input is: the stride in which the seal stands, the last seq, the
// checksum in the seal, the entries.
#include <algorithm>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/index.hpp"
#include "scene.hpp"

namespace tidemark::test::fuzz {
namespace {

using format::load;
using format::SparseIndex;

constexpr std::size_t seq_at = 1;
constexpr std::size_t checksum_at = seq_at + 8;
constexpr std::size_t head_bytes = checksum_at + 4;

format::Place place() { return format::Place(scene_segment(std::byte{0}).seed()); }

std::uint32_t checksum_of(Bytes entries) {
  return crc32c::extend(place().index_seed(), entries.data(), entries.size());
}

void hold_search(const SparseIndex& index, std::uint64_t seq) {
  std::uint64_t last = 1;  // no offset of a frame
  for (const format::IndexEntry& entry : index.entries()) {
    if (entry.first_seq <= seq) last = entry.offset;
  }
  hold(index.find(seq, 1) == last, "a search ends at the last entry that is not behind the seq");
}

}  // namespace

bool examine_index(Bytes input) {
  if (input.size() < head_bytes) return false;
  const Bytes entries = input.subspan(head_bytes);
  const std::uint64_t data_start = scene_segment(std::byte{0}).data_start();
  const std::uint64_t end =
      data_start + format::index_stride_bytes * std::to_integer<std::uint64_t>(input[0]);
  format::Seal seal;
  seal.last_seq = load<std::uint64_t>(input, seq_at) & format::maximum_seq;
  seal.index_bytes = static_cast<std::uint32_t>(entries.size());
  seal.index_entries = seal.index_bytes / format::index_entry_bytes;
  seal.index_checksum = load<std::uint32_t>(input, checksum_at);
  const auto index = SparseIndex::decode(place(), entries, seal, data_start, end);
  if (const auto flip = format::flipped_index_bit(place(), entries, seal)) {
    File mended(entries.begin(), entries.end());
    mended.at(static_cast<std::size_t>(flip->byte)) ^= static_cast<std::byte>(1U << flip->bit);
    hold(checksum_of(mended) == seal.index_checksum, "the flipped bit that is named explains it");
    hold(!index, "an index with a flipped bit is not believed");
  }
  if (!index) return false;
  hold(checksum_of(entries) == seal.index_checksum, "only what the seal vouches for is believed");
  hold(index->encoded_bytes() == entries.size(), "every entry is decoded");
  std::uint64_t offset = 0;
  std::uint64_t seq = 0;
  for (const format::IndexEntry& entry : index->entries()) {
    hold(entry.offset > offset && entry.offset >= data_start && entry.offset < end &&
             entry.offset % format::frame_alignment == 0,
         "offsets ascend inside the stream");
    hold(entry.first_seq >= seq && entry.first_seq <= seal.last_seq + 1, "seqs do not descend");
    offset = entry.offset;
    seq = entry.first_seq;
    for (std::uint64_t near = seq == 0 ? 0 : seq - 1; near <= seq + 1; ++near) {
      hold_search(*index, near);
    }
  }
  File again(entries.size());
  hold(index->encode(place(), again) == seal.index_checksum &&
           std::equal(entries.begin(), entries.end(), again.begin()),
       "an index that was decoded is encoded to the same bytes");
  return !entries.empty();
}

void repair_index(MutableBytes input, std::uint32_t /*choice*/) {
  if (input.size() < head_bytes) return;
  format::store<std::uint32_t>(input, checksum_at, checksum_of(input.subspan(head_bytes)));
}

std::vector<File> seeds_of_index() {
  const auto made = [](unsigned strides, unsigned entries, std::uint64_t seqs) {
    SparseIndex index;
    const std::uint64_t data_start = scene_segment(std::byte{0}).data_start();
    for (unsigned i = 0; i < entries; ++i) {
      index.add(data_start + i * format::index_stride_bytes, 1000 + i * seqs);
    }
    File seed(head_bytes + index.encoded_bytes());
    seed[0] = static_cast<std::byte>(strides);
    format::store<std::uint64_t>(seed, seq_at, 1000 + entries * seqs);
    index.encode(place(), MutableBytes(seed).subspan(head_bytes));
    repair_index(seed, 0);
    return seed;
  };
  return {made(1, 1, 5), made(8, 8, 100), made(12, 12, 0)};
}

}  // namespace tidemark::test::fuzz
