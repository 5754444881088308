// Little-endian numbers in byte ranges, and the test for zeros. The callers check bounds before
// they load; the asserts here are the second net.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace tidemark::format {

template <typename Number>
[[nodiscard]] Number load(std::span<const std::byte> bytes, std::size_t at) noexcept {
  static_assert(std::is_unsigned_v<Number>);
  assert(at <= bytes.size() && bytes.size() - at >= sizeof(Number));
  Number value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes.data() + at, sizeof(Number));
  } else {
    for (std::size_t i = sizeof(Number); i > 0; --i) {
      // The widest type keeps the shift defined for 8-bit numbers.
      value = static_cast<Number>((static_cast<std::uint64_t>(value) << 8U) |
                                  std::to_integer<std::uint64_t>(bytes[at + i - 1]));
    }
  }
  return value;
}

template <typename Number>
void store(std::span<std::byte> bytes, std::size_t at, Number value) noexcept {
  static_assert(std::is_unsigned_v<Number>);
  assert(at <= bytes.size() && bytes.size() - at >= sizeof(Number));
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(bytes.data() + at, &value, sizeof(Number));
  } else {
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      bytes[at + i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8U * i));
    }
  }
}

[[nodiscard]] inline bool is_zero(std::span<const std::byte> bytes) noexcept {
  // Blocks without a branch inside, which compilers make vectors of: recovery looks at whole
  // zero-filled segments.
  constexpr std::size_t block = 64;
  std::size_t at = 0;
  for (; bytes.size() - at >= block; at += block) {
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < block; i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at + i, 8);
      any |= word;
    }
    if (any != 0) return false;
  }
  for (; at < bytes.size(); ++at) {
    if (bytes[at] != std::byte{0}) return false;
  }
  return true;
}

}  // namespace tidemark::format
