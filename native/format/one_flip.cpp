// A CRC is linear: flipping a bit changes it by a value that depends only on the bit's distance
// from the end of the message (W. W. Peterson, D. T. Brown, "Cyclic Codes for Error Detection",
// 1961). The register in which that difference grew holds nothing but the flipped bit when it
// enters its byte. So the difference is run backwards, byte by byte from the end, until a single
// bit of the byte is left of it.
//
// The polynomial gives different values to any two bits of a message shorter than 2^31 - 1 bits, so
// the first bit found is the only one. Other damage looks like one flipped bit by chance, with
// probability (bits of the message) / 2^32: whoever asks bounds the length.
#include "format/one_flip.hpp"

#include <array>
#include <bit>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"

namespace tidemark::format {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // RFC 3720, bits reversed
constexpr std::uint32_t one_byte = 0x100;
constexpr std::size_t block_checksum_at = 12;

// What has to be shifted in at the bottom when the register is run back by a byte, by its top byte.
constexpr std::array<std::uint32_t, 256> backward_table() noexcept {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t step = byte;
    for (int bit = 0; bit < 8; ++bit) step = (step >> 1U) ^ ((step & 1U) != 0 ? polynomial : 0U);
    table[step >> 24U] = (step << 8U) ^ byte;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> backward = backward_table();

}  // namespace

std::optional<OneFlip> find_one_flip(std::uint32_t difference, std::uint64_t bytes) noexcept {
  std::uint32_t state = difference;
  for (std::uint64_t left = bytes; left-- > 0;) {
    state = (state << 8U) ^ backward[state >> 24U];
    if (state < one_byte && std::has_single_bit(state)) {
      return OneFlip{left, static_cast<unsigned>(std::countr_zero(state))};
    }
  }
  return std::nullopt;
}

std::optional<OneFlip> find_one_flip_in_block(Bytes block, std::uint32_t seed) noexcept {
  constexpr std::size_t behind = block_checksum_at + sizeof(std::uint32_t);
  if (block.size() < behind) return std::nullopt;
  const std::uint32_t front = crc32c::extend(seed, block.data(), block_checksum_at);
  const std::uint32_t computed =
      crc32c::extend(front, block.data() + behind, block.size() - behind);
  const std::uint32_t difference = computed ^ load<std::uint32_t>(block, block_checksum_at);
  if (std::has_single_bit(difference)) {
    const auto bit = static_cast<unsigned>(std::countr_zero(difference));
    return OneFlip{block_checksum_at + bit / 8, bit % 8};
  }
  auto flip = find_one_flip(difference, block.size() - sizeof(std::uint32_t));
  if (flip && flip->byte >= block_checksum_at) flip->byte += sizeof(std::uint32_t);
  return flip;
}

}  // namespace tidemark::format
