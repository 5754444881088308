// The checksum seeds of a segment, and the digest over its frames.
#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/frame.hpp"
#include "format/frame_fields.hpp"

namespace tidemark::format {
namespace {

constexpr std::uint64_t fnv_prime = 0x00000100000001B3;

}  // namespace

// The checksum goes on from the segment's seed over the offset: journal id, segment id, salt and
// offset are under it as if they stood in the header, without taking room there.
std::uint32_t Place::header_seed(std::uint64_t offset) const noexcept {
  std::array<std::byte, 8> bytes{};
  store<std::uint64_t>(bytes, 0, offset);
  return crc32c::extend(seed_, bytes.data(), bytes.size());
}

std::uint32_t Place::index_seed() const noexcept { return seed_; }

void Digest::add(std::uint32_t header_checksum) noexcept {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    value_ = (value_ ^ ((header_checksum >> shift) & 0xFFU)) * fnv_prime;
  }
}

namespace frame_field {

std::uint32_t prefix_checksum(std::uint32_t header_seed, Bytes prefix) noexcept {
  return crc32c::extend(header_seed, prefix.data() + checksummed, prefix.size() - checksummed);
}

}  // namespace frame_field
}  // namespace tidemark::format
