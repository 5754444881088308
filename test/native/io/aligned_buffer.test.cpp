// AlignedBuffer: addresses, growth, contents, exhaustion.
#include "io/aligned_buffer.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <limits>

using tidemark::io::AlignedBuffer;

TEST_CASE("an aligned buffer starts at a multiple of its alignment and keeps its contents") {
  for (const std::size_t alignment : {std::size_t{512}, std::size_t{4096}, std::size_t{65536}}) {
    AlignedBuffer buffer(alignment);
    CHECK(buffer.capacity() == 0);
    CHECK(buffer.alignment() == alignment);
    REQUIRE(buffer.reserve(100, 0));
    CHECK(buffer.capacity() == alignment);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % alignment == 0);
    std::memset(buffer.data(), 'x', 100);
    REQUIRE(buffer.reserve(alignment + 1, 100));
    CHECK(buffer.capacity() == 2 * alignment);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % alignment == 0);
    for (std::size_t at = 0; at < 100; ++at) CHECK(buffer.data()[at] == std::byte{'x'});
  }
}

TEST_CASE("an aligned buffer grows by doubling at least") {
  AlignedBuffer buffer(512);
  REQUIRE(buffer.reserve(10 * 512, 0));
  const std::byte* before = buffer.data();
  REQUIRE(buffer.reserve(512, 0));
  CHECK(buffer.data() == before);
  REQUIRE(buffer.reserve(10 * 512 + 1, 0));
  CHECK(buffer.capacity() == 20 * 512);
}

TEST_CASE("an aligned buffer that cannot grow keeps what it has") {
  AlignedBuffer buffer(512);
  REQUIRE(buffer.reserve(1, 0));
  buffer.data()[0] = std::byte{42};
  CHECK_FALSE(buffer.reserve(std::numeric_limits<std::size_t>::max(), 1));
  CHECK(buffer.capacity() == 512);
  CHECK(buffer.data()[0] == std::byte{42});
}

TEST_CASE("a moved aligned buffer takes memory and capacity with it") {
  AlignedBuffer buffer(512);
  REQUIRE(buffer.reserve(1, 0));
  AlignedBuffer other(std::move(buffer));
  CHECK(other.capacity() == 512);
  CHECK(buffer.capacity() == 0);  // NOLINT(bugprone-use-after-move)
  buffer = std::move(other);
  CHECK(buffer.capacity() == 512);
  buffer.release();
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.data() == nullptr);
}
