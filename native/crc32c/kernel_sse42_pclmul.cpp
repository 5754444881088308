// The kernel for x86-64 with 128-bit carry-less multiplication: four accumulators of 16 bytes
// beside three streams of the crc32 instruction. folding.hpp tells how an input is cut.
//
// Short inputs are not folded round by round: every vector is multiplied straight to the end, so
// that all multiplications are independent of each other.
#include "crc32c/kernels.hpp"
#include "crc32c/x86_folding.hpp"

#if TIDEMARK_CRC32C_X86_64

#define TIDEMARK_CRC32C_THIS_TARGET TIDEMARK_CRC32C_TARGET("sse4.2,pclmul")

namespace tidemark::crc32c {

namespace {

constexpr std::size_t vector_bytes = 16;
constexpr std::size_t accumulators = 4;
// 96 bytes of streams beside 64 of vectors: between what the multipliers of AMD (one in two cycles)
// and of Intel (one in each) would like.
constexpr std::size_t round_words = 4;
// Measured: below `shortest` bytes the serial instruction is faster.
constexpr std::size_t shortest = 96;
constexpr std::size_t mix_from = 256;
// Up to this many vectors every vector is multiplied straight to the end.
constexpr std::size_t most_direct = mix_from / vector_bytes;

using Cutting = Cutter<vector_bytes, accumulators, round_words, mix_from>;

// to_end[v]: moves a vector that v vectors follow to the place of the last.
constexpr auto to_end = fold_table<most_direct + accumulators>(8 * vector_bytes);
static_assert(to_end.size() >= (Cutting::round - 1) / vector_bytes + accumulators);
constexpr FoldFactors over_round = fold_factors(8 * vector_bytes * accumulators);
constexpr auto over_tail = fold_table<vector_bytes>(8);

// Loaded from offset n: the last n bytes of a vector.
constexpr auto tail_mask = [] {
  std::array<unsigned char, 2 * vector_bytes> mask{};
  for (std::size_t i = vector_bytes; i < mask.size(); ++i) mask[i] = 0xFF;
  return mask;
}();

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE __m128i move_forward(__m128i lane, const FoldFactors& factors) noexcept {
  return multiply_add_lane(_mm_setzero_si128(), lane, load_lane(&factors));
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE std::uint32_t extend_folding(std::uint32_t state, const unsigned char* bytes,
                                                    std::size_t size) noexcept {
  const Cut cut = Cutting::cut(size);
  const __m128i tail =
      _mm_and_si128(load_lane(bytes + size - vector_bytes), load_lane(&tail_mask[cut.tail]));
  // The state of what came before is added to the first four bytes.
  const __m128i first = _mm_xor_si128(load_lane(bytes), _mm_cvtsi32_si128(static_cast<int>(state)));
  std::size_t left = cut.vectors;
  Streams streams{bytes + vector_bytes * cut.vectors, 8 * cut.stream_words, 0, 0, 0};
  __m128i sum;

  if (cut.rounds == 0) {
    sum = move_forward(first, to_end[left - 1]);
    bytes += vector_bytes;
    --left;
  } else {
    const __m128i factors = load_lane(&over_round);
    __m128i a = first;
    __m128i b = load_lane(bytes + vector_bytes);
    __m128i c = load_lane(bytes + 2 * vector_bytes);
    __m128i d = load_lane(bytes + 3 * vector_bytes);
    bytes += Cutting::lead;
    for (std::size_t round = 0; round < cut.rounds; ++round, bytes += Cutting::lead) {
      a = multiply_add_lane(load_lane(bytes), a, factors);
      b = multiply_add_lane(load_lane(bytes + vector_bytes), b, factors);
      c = multiply_add_lane(load_lane(bytes + 2 * vector_bytes), c, factors);
      d = multiply_add_lane(load_lane(bytes + 3 * vector_bytes), d, factors);
      advance<round_words>(streams);
    }
    left -= accumulators * (cut.rounds + 1);
    sum = _mm_xor_si128(
        _mm_xor_si128(move_forward(a, to_end[left + 3]), move_forward(b, to_end[left + 2])),
        _mm_xor_si128(move_forward(c, to_end[left + 1]), move_forward(d, to_end[left])));
  }
  for (; left != 0; --left, bytes += vector_bytes) {
    sum = multiply_add_lane(sum, load_lane(bytes), load_lane(&to_end[left - 1]));
  }
  if (cut.rounds != 0) sum = join(sum, streams, cut.stream_words);
  return reduce(multiply_add_lane(tail, sum, load_lane(&over_tail[cut.tail])));
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
std::uint32_t extend_sse42_pclmul(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  return size < shortest ? ~extend_serial(~crc, bytes, size) : ~extend_long(~crc, bytes, size);
}

}  // namespace tidemark::crc32c

#endif
