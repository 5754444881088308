// The kernel for x86-64 without carry-less multiplication: three interleaved streams of the crc32
// instruction, joined by tables that move a state over the length of a stream.
#include "crc32c/kernels.hpp"
#include "crc32c/polynomial.hpp"
#include "crc32c/x86_streams.hpp"

#if TIDEMARK_CRC32C_X86_64

namespace tidemark::crc32c {

namespace {

constexpr std::size_t long_stream = 1024;  // bytes: the join costs little against three of these
constexpr std::size_t short_stream = 128;  // bytes: the shortest for which a join still pays

constexpr ShiftTable over_long_stream = shift_table(8 * long_stream);
constexpr ShiftTable over_short_stream = shift_table(8 * short_stream);
static_assert(shift(over_short_stream, one) == x_to_the(8 * short_stream));

// Takes as many groups of three streams as fit, and moves `bytes` and `size` behind them.
template <std::size_t length>
TIDEMARK_CRC32C_TARGET("sse4.2")
TIDEMARK_CRC32C_INLINE std::uint32_t
    extend_three_way(std::uint32_t state, const ShiftTable& over, const unsigned char*& bytes,
                     std::size_t& size) noexcept {
  constexpr std::size_t step_words = 4;
  for (; size >= 3 * length; bytes += 3 * length, size -= 3 * length) {
    Streams streams{bytes, length, state, 0, 0};
    for (std::size_t i = 0; i < length; i += 8 * step_words) advance<step_words>(streams);
    state = shift(over, static_cast<std::uint32_t>(streams.first)) ^
            static_cast<std::uint32_t>(streams.second);
    state = shift(over, state) ^ static_cast<std::uint32_t>(streams.third);
  }
  return state;
}

}  // namespace

TIDEMARK_CRC32C_TARGET("sse4.2")
std::uint32_t extend_sse42(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t state = ~crc;
  if (size >= 3 * short_stream) {
    state = extend_three_way<long_stream>(state, over_long_stream, bytes, size);
    state = extend_three_way<short_stream>(state, over_short_stream, bytes, size);
  }
  return ~extend_serial(state, bytes, size);
}

}  // namespace tidemark::crc32c

#endif
