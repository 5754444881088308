// The search for one flipped bit from the difference of two checksums, against every bit.
#include "format/one_flip.hpp"

#include <doctest/doctest.h>

#include <random>

#include "crc32c/crc32c.hpp"
#include "support.hpp"

using namespace tidemark;
using namespace tidemark::format;

namespace {

std::vector<std::byte> random_bytes(std::mt19937_64& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

void flip(std::vector<std::byte>& bytes, std::size_t byte, unsigned bit) {
  bytes[byte] ^= static_cast<std::byte>(1U << bit);
}

}  // namespace

TEST_CASE("every flipped bit of a message is found from the difference of its checksums") {
  std::mt19937_64 random(1);
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 8U, 17U, 64U, 333U}) {
    auto message = random_bytes(random, size);
    const auto seed = static_cast<std::uint32_t>(random());
    const std::uint32_t stored = crc32c::extend(seed, message.data(), size);
    for (std::size_t byte = 0; byte < size; ++byte) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        flip(message, byte, bit);
        const auto found = find_one_flip(crc32c::extend(seed, message.data(), size) ^ stored, size);
        REQUIRE(found.has_value());
        REQUIRE(found->byte == byte);
        REQUIRE(found->bit == bit);
        flip(message, byte, bit);
      }
    }
  }
}

TEST_CASE("two flipped bits, and none, are not one") {
  std::mt19937_64 random(2);
  const std::size_t size = 600;
  auto message = random_bytes(random, size);
  const std::uint32_t stored = crc32c::extend(7, message.data(), size);
  CHECK(!find_one_flip(0, size));
  for (std::size_t other = 1; other < size * 8; ++other) {
    flip(message, 0, 0);
    flip(message, other / 8, static_cast<unsigned>(other % 8));
    REQUIRE(!find_one_flip(crc32c::extend(7, message.data(), size) ^ stored, size));
    flip(message, 0, 0);
    flip(message, other / 8, static_cast<unsigned>(other % 8));
  }
}

TEST_CASE("a bit in front of the message is not found in it") {
  std::mt19937_64 random(3);
  auto message = random_bytes(random, 100);
  const std::uint32_t stored = crc32c::extend(0, message.data(), message.size());
  flip(message, 49, 3);
  const std::uint32_t difference = crc32c::extend(0, message.data(), message.size()) ^ stored;
  CHECK(!find_one_flip(difference, 50));
  CHECK(find_one_flip(difference, 51));
}

TEST_CASE("a flipped bit of a block is found wherever it is, in its checksum too") {
  std::mt19937_64 random(4);
  auto block = random_bytes(random, 50);
  const std::uint32_t seed = 1;
  const std::uint32_t front = crc32c::extend(seed, block.data(), 12);
  store<std::uint32_t>(block, 12, crc32c::extend(front, block.data() + 16, block.size() - 16));
  CHECK(!find_one_flip_in_block(block, seed));
  for (std::size_t byte = 0; byte < block.size(); ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      flip(block, byte, bit);
      const auto found = find_one_flip_in_block(block, seed);
      REQUIRE(found.has_value());
      REQUIRE(found->byte == byte);
      REQUIRE(found->bit == bit);
      flip(block, byte, bit);
    }
  }
  CHECK(!find_one_flip_in_block(format::Bytes(block).first(15), seed));
}
