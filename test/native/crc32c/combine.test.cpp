// combine() gives the value of a concatenation from the values of its parts.
#include <doctest/doctest.h>

#include <limits>

#include "crc32c/polynomial.hpp"
#include "reference.hpp"

namespace crc32c = tidemark::crc32c;

TEST_CASE("combine gives the value of the concatenation, wherever it is cut") {
  const std::vector<std::uint8_t> bytes = reference::random_bytes(3000, 5);
  const std::uint32_t whole = crc32c::extend(0, bytes.data(), bytes.size());
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::uint32_t front = crc32c::extend(0, bytes.data(), cut);
    const std::uint32_t back = crc32c::extend(0, bytes.data() + cut, bytes.size() - cut);
    REQUIRE(crc32c::combine(front, back, bytes.size() - cut) == whole);
  }
}

TEST_CASE("combine with an empty part changes nothing") {
  CHECK(crc32c::combine(0xE3069283, 0, 0) == 0xE3069283);
  CHECK(crc32c::combine(0, 0xE3069283, 9) == 0xE3069283);
}

TEST_CASE("combine is associative for sizes up to 2^63") {
  std::mt19937_64 random{6};
  for (int i = 0; i < 1000; ++i) {
    const auto a = static_cast<std::uint32_t>(random());
    const auto b = static_cast<std::uint32_t>(random());
    const auto c = static_cast<std::uint32_t>(random());
    const std::uint64_t size_b = random() >> (1 + random() % 63);
    const std::uint64_t size_c = random() >> (1 + random() % 63);
    REQUIRE(crc32c::combine(crc32c::combine(a, b, size_b), c, size_c) ==
            crc32c::combine(a, crc32c::combine(b, c, size_c), size_b + size_c));
  }
}

TEST_CASE("doubling zeros by combine gives the value of the zeros themselves") {
  constexpr int doublings = 20;
  const std::vector<std::uint8_t> zeros(std::size_t{1} << doublings, 0);
  std::uint32_t value = crc32c::extend(0, zeros.data(), 1);
  for (int i = 0; i < doublings; ++i) value = crc32c::combine(value, value, std::uint64_t{1} << i);
  CHECK(value == crc32c::extend(0, zeros.data(), zeros.size()));
}

TEST_CASE("combine knows the period of the polynomial, without overflow for the largest size") {
  constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  CHECK(crc32c::combine(0x12345678, 0, crc32c::period) == 0x12345678);
  CHECK(crc32c::combine(0x12345678, 0x9ABCDEF0, largest) ==
        crc32c::combine(0x12345678, 0x9ABCDEF0, largest % crc32c::period));
}
