// The kernel for AArch64 with 128-bit polynomial multiplication: eight accumulators of 16 bytes
// beside three streams of the crc32c instruction. folding.hpp tells how an input is cut.
//
// The mix suits both kinds of core: Neoverse N1 multiplies once a cycle and lives on the streams,
// Apple's cores multiply several times a cycle and live on the accumulators.
#include "crc32c/kernels.hpp"

#if TIDEMARK_CRC32C_ARMV8

#include <arm_acle.h>
#include <arm_neon.h>

#include <cstring>

#include "crc32c/folding.hpp"

#define TIDEMARK_CRC32C_THIS_TARGET TIDEMARK_CRC32C_ARMV8_TARGET

namespace tidemark::crc32c {

namespace {

constexpr std::size_t vector_bytes = 16;
constexpr std::size_t accumulators = 8;
constexpr std::size_t round_words = 2;
constexpr std::size_t shortest = 96;  // bytes: below, the serial instruction
constexpr std::size_t mix_from = 320;
// Up to this many vectors every vector is multiplied straight to the end.
constexpr std::size_t most_direct = mix_from / vector_bytes;

using Cutting = Cutter<vector_bytes, accumulators, round_words, mix_from>;

// to_end[v]: moves a vector that v vectors follow to the place of the last.
constexpr auto to_end = fold_table<most_direct>(8 * vector_bytes);
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
TIDEMARK_CRC32C_INLINE std::uint64_t load_word(const unsigned char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE std::uint32_t extend_serial(std::uint32_t state, const unsigned char* bytes,
                                                   std::size_t size) noexcept {
  for (; size >= 8; bytes += 8, size -= 8) state = __crc32cd(state, load_word(bytes));
  if ((size & 4U) != 0) {
    std::uint32_t four = 0;
    std::memcpy(&four, bytes, sizeof four);
    state = __crc32cw(state, four);
    bytes += 4;
  }
  if ((size & 2U) != 0) {
    std::uint16_t two = 0;
    std::memcpy(&two, bytes, sizeof two);
    state = __crc32ch(state, two);
    bytes += 2;
  }
  if ((size & 1U) != 0) state = __crc32cb(state, *bytes);
  return state;
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE uint64x2_t load(const unsigned char* bytes) noexcept {
  return vreinterpretq_u64_u8(vld1q_u8(bytes));
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE uint64x2_t load(const FoldFactors& factors) noexcept {
  return vcombine_u64(vcreate_u64(factors.low), vcreate_u64(factors.high));
}

// The carry-less product of two registers of 64 bits.
TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE uint64x2_t product(std::uint64_t a, std::uint64_t b) noexcept {
  return vreinterpretq_u64_p128(vmull_p64(static_cast<poly64_t>(a), static_cast<poly64_t>(b)));
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE uint64x2_t move_forward(uint64x2_t vector, uint64x2_t factors) noexcept {
  const uint64x2_t low = product(vgetq_lane_u64(vector, 0), vgetq_lane_u64(factors, 0));
  const uint64x2_t high = vreinterpretq_u64_p128(
      vmull_high_p64(vreinterpretq_p64_u64(vector), vreinterpretq_p64_u64(factors)));
  return veorq_u64(low, high);
}

// sum + vector * factors.
TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE uint64x2_t multiply_add(uint64x2_t sum, uint64x2_t vector,
                                               uint64x2_t factors) noexcept {
  return veorq_u64(sum, move_forward(vector, factors));
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE uint64x2_t sum_of_two(uint64x2_t a, std::size_t a_vectors_behind,
                                             uint64x2_t b) noexcept {
  return veorq_u64(move_forward(a, load(to_end[a_vectors_behind])),
                   move_forward(b, load(to_end[a_vectors_behind - 1])));
}

// The remainder of the vectors of a short input, each multiplied straight to the end.
TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE uint64x2_t move_all(uint64x2_t first, const Cut& cut,
                                           const unsigned char* bytes) noexcept {
  uint64x2_t sum = move_forward(first, load(to_end[cut.vectors - 1]));
  for (std::size_t left = cut.vectors - 1; left != 0; --left) {
    bytes += vector_bytes;
    sum = multiply_add(sum, load(bytes), load(to_end[left - 1]));
  }
  return sum;
}

// The remainder of the vectors and streams of a long input.
TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE uint64x2_t fold_rounds(uint64x2_t first, const Cut& cut,
                                              const unsigned char* bytes) noexcept {
  const uint64x2_t factors = load(over_round);
  const std::size_t length = 8 * cut.stream_words;
  const unsigned char* at = bytes + vector_bytes * cut.vectors;
  std::uint32_t s = 0;
  std::uint32_t t = 0;
  std::uint32_t u = 0;
  uint64x2_t a = first;
  uint64x2_t b = load(bytes + vector_bytes);
  uint64x2_t c = load(bytes + 2 * vector_bytes);
  uint64x2_t d = load(bytes + 3 * vector_bytes);
  uint64x2_t e = load(bytes + 4 * vector_bytes);
  uint64x2_t f = load(bytes + 5 * vector_bytes);
  uint64x2_t g = load(bytes + 6 * vector_bytes);
  uint64x2_t h = load(bytes + 7 * vector_bytes);
  bytes += Cutting::lead;
  for (std::size_t round = 0; round < cut.rounds; ++round, bytes += Cutting::lead) {
    a = multiply_add(load(bytes), a, factors);
    b = multiply_add(load(bytes + vector_bytes), b, factors);
    c = multiply_add(load(bytes + 2 * vector_bytes), c, factors);
    d = multiply_add(load(bytes + 3 * vector_bytes), d, factors);
    e = multiply_add(load(bytes + 4 * vector_bytes), e, factors);
    f = multiply_add(load(bytes + 5 * vector_bytes), f, factors);
    g = multiply_add(load(bytes + 6 * vector_bytes), g, factors);
    h = multiply_add(load(bytes + 7 * vector_bytes), h, factors);
    for (std::size_t word = 0; word < round_words; ++word, at += 8) {
      s = __crc32cd(s, load_word(at));
      t = __crc32cd(t, load_word(at + length));
      u = __crc32cd(u, load_word(at + 2 * length));
    }
  }
  std::size_t left = cut.vectors - accumulators * (cut.rounds + 1);
  uint64x2_t sum = veorq_u64(veorq_u64(sum_of_two(a, left + 7, b), sum_of_two(c, left + 5, d)),
                             veorq_u64(sum_of_two(e, left + 3, f), sum_of_two(g, left + 1, h)));
  for (; left != 0; --left, bytes += vector_bytes) {
    sum = multiply_add(sum, load(bytes), load(to_end[left - 1]));
  }
  const JoinFactors join = join_factors(cut.stream_words);
  sum = move_forward(sum, load(join.vectors));
  return veorq_u64(veorq_u64(sum, product(s, join.first)),
                   veorq_u64(product(t, join.second), product(u, join.third)));
}

TIDEMARK_CRC32C_THIS_TARGET
TIDEMARK_CRC32C_INLINE std::uint32_t extend_folding(std::uint32_t state, const unsigned char* bytes,
                                                    std::size_t size) noexcept {
  const Cut cut = Cutting::cut(size);
  const uint64x2_t tail = vandq_u64(load(bytes + size - vector_bytes), load(&tail_mask[cut.tail]));
  // The state of what came before is added to the first four bytes.
  const uint64x2_t first = veorq_u64(load(bytes), vcombine_u64(vcreate_u64(state), vcreate_u64(0)));
  const uint64x2_t sum =
      cut.rounds == 0 ? move_all(first, cut, bytes) : fold_rounds(first, cut, bytes);
  const uint64x2_t remainder = multiply_add(tail, sum, load(over_tail[cut.tail]));
  return __crc32cd(__crc32cd(0, vgetq_lane_u64(remainder, 0)), vgetq_lane_u64(remainder, 1));
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
std::uint32_t extend_armv8_pmull(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  return size < shortest ? ~extend_serial(~crc, bytes, size) : ~extend_long(~crc, bytes, size);
}

}  // namespace tidemark::crc32c

#endif
