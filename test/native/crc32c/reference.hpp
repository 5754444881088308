// The definition of CRC32C, one bit at a time, and what the tests of this room share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "crc32c/crc32c.hpp"

namespace reference {

using tidemark::crc32c::Kernel;

inline constexpr std::array<Kernel, 5> all_kernels{Kernel::table, Kernel::sse42,
                                                   Kernel::sse42_pclmul, Kernel::avx512_vpclmul,
                                                   Kernel::armv8_pmull};

inline std::vector<Kernel> supported_kernels() {
  std::vector<Kernel> supported;
  for (const Kernel kernel : all_kernels) {
    if (tidemark::crc32c::supported(kernel)) supported.push_back(kernel);
  }
  return supported;
}

// RFC 3720 section 12.1: the polynomial 0x11edc6f41, bits reflected, initial and final inversion.
inline std::uint32_t next(std::uint32_t crc, std::uint8_t byte) noexcept {
  std::uint32_t state = ~crc ^ byte;
  for (int bit = 0; bit < 8; ++bit)
    state = (state & 1U) != 0 ? state >> 1 ^ 0x82F63B78U : state >> 1;
  return ~state;
}

// values[n]: the value of the first n bytes.
inline std::vector<std::uint32_t> values_of_prefixes(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint32_t> values{0};
  values.reserve(bytes.size() + 1);
  for (const std::uint8_t byte : bytes) values.push_back(next(values.back(), byte));
  return values;
}

inline std::vector<std::uint8_t> random_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 random{seed};
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 24);
  return bytes;
}

}  // namespace reference
