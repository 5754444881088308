// The crc32 instruction of SSE4.2 on one stream, for short inputs and for ends, and on three
// streams side by side: it has a latency of three cycles and a throughput of one. States here are
// raw (not inverted). Internal to the crc32c room.
#pragma once

#include <cstring>

#include "crc32c/kernels.hpp"

#if TIDEMARK_CRC32C_X86_64

#include <nmmintrin.h>

namespace tidemark::crc32c {

TIDEMARK_CRC32C_TARGET("sse4.2")
TIDEMARK_CRC32C_INLINE std::uint64_t load_word(const unsigned char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

TIDEMARK_CRC32C_TARGET("sse4.2")
TIDEMARK_CRC32C_INLINE std::uint32_t extend_serial(std::uint32_t state, const unsigned char* bytes,
                                                   std::size_t size) noexcept {
  std::uint64_t wide = state;
  for (; size >= 8; bytes += 8, size -= 8) wide = _mm_crc32_u64(wide, load_word(bytes));
  state = static_cast<std::uint32_t>(wide);
  if ((size & 4U) != 0) {
    std::uint32_t four = 0;
    std::memcpy(&four, bytes, sizeof four);
    state = _mm_crc32_u32(state, four);
    bytes += 4;
  }
  if ((size & 2U) != 0) {
    std::uint16_t two = 0;
    std::memcpy(&two, bytes, sizeof two);
    state = _mm_crc32_u16(state, two);
    bytes += 2;
  }
  if ((size & 1U) != 0) state = _mm_crc32_u8(state, *bytes);
  return state;
}

// Three states and how far they have come: stream i runs over `length` bytes from at + i * length.
struct Streams {
  const unsigned char* at;
  std::size_t length;
  std::uint64_t first;
  std::uint64_t second;
  std::uint64_t third;
};

// Takes the next `words` words of eight bytes of every stream.
template <std::size_t words>
TIDEMARK_CRC32C_TARGET("sse4.2")
TIDEMARK_CRC32C_INLINE void advance(Streams& streams) noexcept {
  for (std::size_t i = 0; i < words; ++i, streams.at += 8) {
    streams.first = _mm_crc32_u64(streams.first, load_word(streams.at));
    streams.second = _mm_crc32_u64(streams.second, load_word(streams.at + streams.length));
    streams.third = _mm_crc32_u64(streams.third, load_word(streams.at + 2 * streams.length));
  }
}

}  // namespace tidemark::crc32c

#endif
