// The kernel for any processor: slicing-by-8, eight table look-ups for eight bytes.
//
// Source: M. Kounavis, F. Berry, "A Systematic Approach to Building High Performance Software-Based
// CRC Generators", ISCC 2005.
#include <array>

#include "crc32c/kernels.hpp"
#include "crc32c/polynomial.hpp"

namespace tidemark::crc32c {

namespace {

// slices[k][b]: the state that the byte b leaves behind when k zero bytes follow it.
using Slices = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Slices make_slices() noexcept {
  Slices slices{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t state = byte;
    for (int bit = 0; bit < 8; ++bit) state = times_x(state);
    slices[0][byte] = state;
  }
  for (std::size_t k = 1; k < slices.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = slices[k - 1][byte];
      slices[k][byte] = (before >> 8) ^ slices[0][before & 0xFFU];
    }
  }
  return slices;
}

constexpr Slices slices = make_slices();
// The second and the last entry of the table in RFC 3309.
static_assert(slices[0][1] == 0xF26B8303U && slices[0][255] == 0xAD7D5351U);

std::uint32_t load_little_endian(const unsigned char* bytes) noexcept {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace

std::uint32_t extend_table(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t state = ~crc;
  for (; size >= 8; bytes += 8, size -= 8) {
    const std::uint32_t first = state ^ load_little_endian(bytes);
    const std::uint32_t second = load_little_endian(bytes + 4);
    state = slices[7][first & 0xFFU] ^ slices[6][(first >> 8) & 0xFFU] ^
            slices[5][(first >> 16) & 0xFFU] ^ slices[4][first >> 24] ^ slices[3][second & 0xFFU] ^
            slices[2][(second >> 8) & 0xFFU] ^ slices[1][(second >> 16) & 0xFFU] ^
            slices[0][second >> 24];
  }
  for (; size != 0; ++bytes, --size) {
    state = (state >> 8) ^ slices[0][(state ^ *bytes) & 0xFFU];
  }
  return ~state;
}

}  // namespace tidemark::crc32c
