// The kernel for x86-64 with 512-bit carry-less multiplication: four accumulators of 64 bytes
// beside three streams of the crc32 instruction. folding.hpp tells how an input is cut.
//
// Short inputs are not folded round by round: every lane is multiplied straight to the end, so that
// all multiplications are independent of each other. The tail is loaded as the last 64 bytes of the
// input, with those that a vector or stream has taken masked out: no byte outside is touched.
#include "crc32c/kernels.hpp"
#include "crc32c/x86_folding.hpp"

#if TIDEMARK_CRC32C_AVX512

#if defined(__GNUC__) && !defined(__clang__)
// The intrinsics without a mask pass an undefined register on purpose (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#define TIDEMARK_CRC32C_THIS_TARGET \
  TIDEMARK_CRC32C_TARGET("sse4.2,pclmul,avx512f,avx512vl,avx512bw,vpclmulqdq")

namespace tidemark::crc32c {

namespace {

constexpr std::size_t vector_bytes = 64;
constexpr std::size_t lane_bits = 128;
constexpr std::size_t lanes = 4;
constexpr std::size_t accumulators = 4;
// 120 bytes of streams beside 256 of vectors: 16 cycles of multiplications, 15 of crc32 (Zen 5).
constexpr std::size_t round_words = 5;
// Measured: below `shortest` bytes the serial instruction is faster, below `mix_from` the streams
// cost more than they give.
constexpr std::size_t shortest = 112;
constexpr std::size_t mix_from = 1024;
// Up to this many vectors every vector is multiplied straight to the end.
constexpr std::size_t most_direct = 8;

using Cutting = Cutter<vector_bytes, accumulators, round_words, mix_from>;

// The factors of the four lanes of a vector.
struct alignas(vector_bytes) VectorFactors {
  std::array<FoldFactors, lanes> lane;
};

// to_end[v]: moves each lane of the vector that v vectors follow to the place of the last lane.
constexpr auto to_end = [] {
  std::array<VectorFactors, most_direct> factors{};
  for (std::size_t v = 0; v < factors.size(); ++v) {
    for (std::size_t i = 0; i < lanes; ++i) {
      factors[v].lane[i] = fold_factors(lane_bits * (lanes * v + lanes - 1 - i));
    }
  }
  return factors;
}();
static_assert(most_direct >= 2 * accumulators);

constexpr VectorFactors over_round = [] {
  VectorFactors factors{};
  for (FoldFactors& lane : factors.lane) lane = fold_factors(8 * Cutting::lead);
  return factors;
}();

// over_tail[n]: moves a remainder over n bytes.
constexpr auto over_tail = fold_table<vector_bytes>(8);

constexpr int xor_of_three = 0x96;  // truth table of the ternary logic instruction

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE __m512i load(const void* bytes) noexcept {
  return _mm512_loadu_si512(bytes);
}

// sum + vector * factors, in every lane.
TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE __m512i multiply_add(__m512i sum, __m512i vector, __m512i factors) noexcept {
  return _mm512_ternarylogic_epi64(sum, _mm512_clmulepi64_epi128(vector, factors, low_halves),
                                   _mm512_clmulepi64_epi128(vector, factors, high_halves),
                                   xor_of_three);
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE __m512i move_forward(__m512i vector, const VectorFactors& factors) noexcept {
  return multiply_add(_mm512_setzero_si512(), vector, load(&factors));
}

// Moves the accumulators over the next round of vectors and adds these.
TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE void fold_round(__m512i& a, __m512i& b, __m512i& c, __m512i& d,
                                       const unsigned char* bytes) noexcept {
  const __m512i factors = load(&over_round);
  a = multiply_add(load(bytes), a, factors);
  b = multiply_add(load(bytes + vector_bytes), b, factors);
  c = multiply_add(load(bytes + 2 * vector_bytes), c, factors);
  d = multiply_add(load(bytes + 3 * vector_bytes), d, factors);
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE __m128i sum_of_lanes(__m512i vector) noexcept {
  const __m256i half =
      _mm256_xor_si256(_mm512_castsi512_si256(vector), _mm512_extracti64x4_epi64(vector, 1));
  return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

// The last `size` bytes of the 64 in front of `end`, behind zeros.
TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE __m512i load_tail(const unsigned char* end, std::size_t size) noexcept {
  const __mmask64 taken = (~std::uint64_t{0} << (vector_bytes - 1 - size)) << 1;
  return _mm512_maskz_mov_epi8(taken, load(end - vector_bytes));
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE std::uint32_t extend_folding(std::uint32_t state, const unsigned char* bytes,
                                                    std::size_t size) noexcept {
  const Cut cut = Cutting::cut(size);
  const __m512i tail = load_tail(bytes + size, cut.tail);
  // The state of what came before is added to the first four bytes.
  const __m512i first = _mm512_xor_si512(
      load(bytes), _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(state))));
  std::size_t left = cut.vectors;
  Streams streams{bytes + vector_bytes * cut.vectors, 8 * cut.stream_words, 0, 0, 0};
  __m512i sum;

  if (left <= most_direct) {
    sum = move_forward(first, to_end[left - 1]);
    bytes += vector_bytes;
    --left;
  } else {
    __m512i a = first;
    __m512i b = load(bytes + vector_bytes);
    __m512i c = load(bytes + 2 * vector_bytes);
    __m512i d = load(bytes + 3 * vector_bytes);
    bytes += Cutting::lead;
    for (std::size_t round = 0; round < cut.rounds; ++round, bytes += Cutting::lead) {
      fold_round(a, b, c, d, bytes);
      advance<round_words>(streams);
    }
    left -= accumulators * (cut.rounds + 1);
    for (; left >= accumulators; left -= accumulators, bytes += Cutting::lead) {
      fold_round(a, b, c, d, bytes);
    }
    sum = _mm512_xor_si512(
        _mm512_xor_si512(move_forward(a, to_end[left + 3]), move_forward(b, to_end[left + 2])),
        _mm512_xor_si512(move_forward(c, to_end[left + 1]), move_forward(d, to_end[left])));
  }
  for (; left != 0; --left, bytes += vector_bytes) {
    sum = multiply_add(sum, load(bytes), load(&to_end[left - 1]));
  }

  __m128i remainder = sum_of_lanes(sum);
  if (cut.rounds != 0) remainder = join(remainder, streams, cut.stream_words);
  const __m128i tail_remainder = sum_of_lanes(move_forward(tail, to_end[0]));
  return reduce(multiply_add_lane(tail_remainder, remainder, load_lane(&over_tail[cut.tail])));
}

// Apart from the short path, which then saves no register.
TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_NOINLINE std::uint32_t extend_long(std::uint32_t state, const unsigned char* bytes,
                                                   std::size_t size) noexcept {
  while (size >= shortest) {
    const std::size_t taken = std::min(size, Cutting::most_bytes);
    state = extend_folding(state, bytes, taken);
    bytes += taken;
    size -= taken;
  }
  return extend_serial(state, bytes, size);
}

}  // namespace

TIDEMARK_CRC32C_THIS_TARGET
std::uint32_t extend_avx512_vpclmul(std::uint32_t crc, const void* data,
                                    std::size_t size) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  return size < shortest ? ~extend_serial(~crc, bytes, size) : ~extend_long(~crc, bytes, size);
}

}  // namespace tidemark::crc32c

#endif
