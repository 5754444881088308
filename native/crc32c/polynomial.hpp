// Arithmetic of polynomials over GF(2) modulo the CRC32C polynomial, and the folding constants that
// follow from it. Everything is constexpr: no constant of a kernel is typed in by hand.
//
// Representation ("bit-reflected"): in a register of w bits, bit i is the coefficient of
// x^(w-1-i). Bytes in memory order, loaded little-endian, then have the first bit of the message as
// the highest power, and a CRC state of 32 bits is a polynomial of degree below 32.
//
// Source of the method: V. Gopal, E. Ozturk et al., "Fast CRC Computation for Generic Polynomials
// Using PCLMULQDQ Instruction", Intel white paper, 2009. The exponents below are derived here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tidemark::crc32c {

// x^32 mod P for Castagnoli's P = 0x1EDC6F41 (RFC 3720 section 12.1), reflected.
inline constexpr std::uint32_t polynomial = 0x82F63B78U;

// P = (x + 1) times a primitive polynomial of degree 31, so x^n mod P repeats with this period.
inline constexpr std::uint64_t period = 0x7FFFFFFFU;

inline constexpr std::uint32_t one = 0x80000000U;  // the polynomial 1, reflected

constexpr std::uint32_t times_x(std::uint32_t a) noexcept {
  return (a >> 1) ^ ((a & 1U) != 0 ? polynomial : 0U);
}

// a * b mod P.
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t product = 0;
  for (std::uint32_t bit = one; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = times_x(b);
  }
  return product;
}

// squares[k] = x^(2^k) mod P, enough for the bits of any 64-bit exponent.
inline constexpr std::array<std::uint32_t, 64> squares = [] {
  std::array<std::uint32_t, 64> powers{};
  powers[0] = times_x(one);
  for (std::size_t k = 1; k < powers.size(); ++k) {
    powers[k] = multiply(powers[k - 1], powers[k - 1]);
  }
  return powers;
}();

// x^exponent mod P.
constexpr std::uint32_t x_to_the(std::uint64_t exponent) noexcept {
  std::uint32_t power = one;
  for (std::size_t k = 0; exponent != 0; ++k, exponent >>= 1) {
    if ((exponent & 1U) != 0) power = multiply(power, squares[k]);
  }
  return power;
}

static_assert(x_to_the(32) == polynomial);
static_assert(x_to_the(period) == one);
static_assert(multiply(x_to_the(1000), x_to_the(period - 1000)) == one);

// x^(bits - 33) mod P; the exponent may be negative, because x has an inverse modulo P.
//
// Why 33: the carry-less product of two reflected 64-bit registers A and K is a 127-bit number that
// reads, as a reflected 128-bit register, A*K*x. A factor k of degree below 32 in the low half of K
// stands for k*x^32. So multiplying by a register that holds k gives A*k*x^33.
//
// Moves a 32-bit CRC state `bits` forward: the crc32 instruction applied to state 0 and the low 64
// bits of product(state, shift_factor(bits)) gives state * x^bits mod P, since the state sits in
// the low half too (x^32 more) of a product whose high 64 bits are empty (x^64 less), and the
// instruction multiplies by x^32.
constexpr std::uint32_t shift_factor(std::uint64_t bits) noexcept {
  return x_to_the((bits % period + period - 33) % period);
}

// Moves a 128-bit remainder `bits` forward: product(low half, low) ^ product(high half, high).
// The low half comes first in memory, so it is the half with 64 powers of x more. bits = 0 gives
// another register of the same remainder.
struct FoldFactors {
  std::uint64_t low;
  std::uint64_t high;
};

constexpr FoldFactors fold_factors(std::uint64_t bits) noexcept {
  return {shift_factor(bits + 64), shift_factor(bits)};
}

// The constants for one 128-bit block, as in other published CRC32C implementations.
static_assert(fold_factors(128).low == 0xF20C0DFEU);
static_assert(fold_factors(128).high == 0x493C7D27U);

// fold[i] moves a 128-bit remainder i * step_bits forward.
template <std::size_t count>
constexpr std::array<FoldFactors, count> fold_table(std::uint64_t step_bits) noexcept {
  std::array<FoldFactors, count> fold{};
  for (std::size_t i = 0; i < count; ++i) fold[i] = fold_factors(i * step_bits);
  return fold;
}

// table[k][b]: the state whose byte k is b and whose other bytes are 0, moved forward by `bits`, so
// that any state moves with four look-ups: the way to do it without carry-less multiplication.
using ShiftTable = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr ShiftTable shift_table(std::uint64_t bits) noexcept {
  const std::uint32_t factor = x_to_the(bits);
  ShiftTable table{};
  for (std::uint32_t k = 0; k < table.size(); ++k) {
    for (std::uint32_t bit = 0; bit < 8; ++bit) {
      const std::uint32_t low = 1U << bit;
      table[k][low] = multiply(low << (8 * k), factor);
      for (std::uint32_t rest = 1; rest < low; ++rest) {
        table[k][low + rest] = table[k][low] ^ table[k][rest];
      }
    }
  }
  return table;
}

constexpr std::uint32_t shift(const ShiftTable& table, std::uint32_t state) noexcept {
  return table[0][state & 0xFFU] ^ table[1][(state >> 8) & 0xFFU] ^
         table[2][(state >> 16) & 0xFFU] ^ table[3][state >> 24];
}

}  // namespace tidemark::crc32c
