// How the kernels with a carry-less multiplication cut an input, and their constants. Internal.
//
//   [ vectors ][ first stream ][ second stream ][ third stream ][ tail ]
//
// Vectors are folded into accumulators by multiplications while, in long inputs, the crc32
// instruction runs over three streams: the two use different parts of the processor. The tail is
// shorter than a vector. The results are joined as 128-bit remainders, moved to the place of the
// tail's last 16 bytes, and reduced to 32 bits once.
//
// Source of folding: the white paper named in polynomial.hpp.
#pragma once

#include <algorithm>

#include "crc32c/polynomial.hpp"

namespace tidemark::crc32c {

// Bounds the tables; the results are joined at least every so many words of a stream.
inline constexpr std::size_t most_stream_words = 680;

// over_words[i]: the factor that moves a register by i - 1 words of 64 bits.
inline constexpr std::array<std::uint32_t, 3 * most_stream_words + 3> over_words = [] {
  std::array<std::uint32_t, 3 * most_stream_words + 3> factors{};
  const std::uint32_t word = x_to_the(64);
  factors[0] = shift_factor(period - 64);
  for (std::size_t i = 1; i < factors.size(); ++i) factors[i] = multiply(factors[i - 1], word);
  return factors;
}();
static_assert(over_words[1] == shift_factor(0) && over_words[3] == fold_factors(64).low);

// Joining: what the streams' states and the vectors' remainder are multiplied by, when the streams
// are `words` long. A state is a finished 32-bit remainder in the low half of a register; as a
// 128-bit remainder it is still to be multiplied by x^32, hence the word less: the product reads
// state * factor * x^65, and (65 - 33 - 64) + 32 = 0.
struct JoinFactors {
  FoldFactors vectors;
  std::uint64_t first;
  std::uint64_t second;
  std::uint64_t third;
};

constexpr JoinFactors join_factors(std::size_t words) noexcept {
  return {{over_words[3 * words + 2], over_words[3 * words + 1]},
          over_words[2 * words],
          over_words[words],
          over_words[0]};
}

struct Cut {
  std::size_t vectors;       // at least one
  std::size_t rounds;        // in which vectors and streams advance together; 0: no streams
  std::size_t stream_words;  // per stream
  std::size_t tail;          // bytes
};

// vector: bytes; accumulators: vectors folded per round; words: of each stream per round; mix_from:
// the input size from which streams pay.
template <std::size_t vector, std::size_t accumulators, std::size_t words, std::size_t mix_from>
struct Cutter {
  static constexpr std::size_t lead = vector * accumulators;  // fills the accumulators
  static constexpr std::size_t round = lead + 3 * 8 * words;
  static constexpr std::size_t most_bytes = lead + round * (most_stream_words / words);
  static_assert(mix_from >= lead + round);

  // size: at least one vector, at most most_bytes.
  static constexpr Cut cut(std::size_t size) noexcept {
    const std::size_t rounds = size < mix_from ? 0 : (size - lead) / round;
    const std::size_t folded = size - rounds * 3 * 8 * words;
    return {folded / vector, rounds, rounds * words, folded % vector};
  }
};

}  // namespace tidemark::crc32c
