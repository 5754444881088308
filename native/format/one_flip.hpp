// Where the one flipped bit is that explains a checksum which does not match: found from the
// difference of the checksums alone, without trying every bit.
#pragma once

#include <cstdint>
#include <optional>

#include "format/segment_header.hpp"

namespace tidemark::format {

struct OneFlip {
  std::uint64_t byte = 0;  // from the front of the message
  unsigned bit = 0;
};

// The bit of a message of `bytes` bytes that changes its CRC32C by `difference` (computed xor
// stored) when it is flipped. Takes one table step per byte, from the end.
std::optional<OneFlip> find_one_flip(std::uint32_t difference, std::uint64_t bytes) noexcept;

// The same for a block, header copy or mark, of which everything is under a checksum with this seed
// except the checksum itself, which stands at byte 12. A flipped bit of the checksum counts too.
std::optional<OneFlip> find_one_flip_in_block(Bytes block, std::uint32_t seed) noexcept;

}  // namespace tidemark::format
