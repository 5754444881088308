// The value of a concatenation from the values of its parts.
#include "crc32c/crc32c.hpp"
#include "crc32c/polynomial.hpp"

namespace tidemark::crc32c {

// Appending n bytes multiplies the state by x^(8n) and adds what the bytes give on their own. The
// inversions at either end of a CRC32C cancel: both values carry the same ones.
std::uint32_t combine(std::uint32_t crc_a, std::uint32_t crc_b, std::uint64_t size_b) noexcept {
  // Reduced before the multiplication by 8, which would overflow.
  const std::uint64_t bits = 8 * (size_b % period);
  return multiply(crc_a, x_to_the(bits)) ^ crc_b;
}

}  // namespace tidemark::crc32c
