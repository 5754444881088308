// The 128-bit part of folding.hpp that the x86-64 kernels share. Internal to the crc32c room.
#pragma once

#include "crc32c/folding.hpp"
#include "crc32c/x86_streams.hpp"

#if TIDEMARK_CRC32C_X86_64

#include <wmmintrin.h>

namespace tidemark::crc32c {

// Operands of the carry-less multiplication: which halves of a lane are multiplied.
inline constexpr int low_halves = 0x00;
inline constexpr int high_halves = 0x11;

TIDEMARK_CRC32C_TARGET("sse4.2,pclmul")
TIDEMARK_CRC32C_INLINE __m128i load_lane(const void* bytes) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
}

TIDEMARK_CRC32C_TARGET("sse4.2,pclmul")
TIDEMARK_CRC32C_INLINE __m128i lane_of(std::uint64_t low) noexcept {
  return _mm_cvtsi64_si128(static_cast<long long>(low));
}

// sum + lane * factors.
TIDEMARK_CRC32C_TARGET("sse4.2,pclmul")
TIDEMARK_CRC32C_INLINE __m128i multiply_add_lane(__m128i sum, __m128i lane,
                                                 __m128i factors) noexcept {
  return _mm_xor_si128(_mm_xor_si128(sum, _mm_clmulepi64_si128(lane, factors, low_halves)),
                       _mm_clmulepi64_si128(lane, factors, high_halves));
}

// The remainder of vectors and streams together.
TIDEMARK_CRC32C_TARGET("sse4.2,pclmul")
TIDEMARK_CRC32C_INLINE __m128i join(__m128i vectors, const Streams& streams,
                                    std::size_t words) noexcept {
  const JoinFactors factors = join_factors(words);
  const __m128i first =
      _mm_clmulepi64_si128(lane_of(streams.first), lane_of(factors.first), low_halves);
  const __m128i second =
      _mm_clmulepi64_si128(lane_of(streams.second), lane_of(factors.second), low_halves);
  const __m128i third =
      _mm_clmulepi64_si128(lane_of(streams.third), lane_of(factors.third), low_halves);
  const __m128i all = _mm_xor_si128(_mm_xor_si128(first, second), third);
  const __m128i over =
      _mm_unpacklo_epi64(lane_of(factors.vectors.low), lane_of(factors.vectors.high));
  return multiply_add_lane(all, vectors, over);
}

TIDEMARK_CRC32C_TARGET("sse4.2,pclmul")
TIDEMARK_CRC32C_INLINE std::uint32_t reduce(__m128i remainder) noexcept {
  const auto low = static_cast<std::uint64_t>(_mm_cvtsi128_si64(remainder));
  const auto high = static_cast<std::uint64_t>(_mm_extract_epi64(remainder, 1));
  return static_cast<std::uint32_t>(_mm_crc32_u64(_mm_crc32_u64(0, low), high));
}

}  // namespace tidemark::crc32c

#endif
