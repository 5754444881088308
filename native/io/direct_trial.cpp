// Two blocks out, two blocks back.
#include "io/direct_trial.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "io/aligned_buffer.hpp"

namespace tidemark::io {

Status try_direct_transfers(File& file, std::size_t alignment) {
  AlignedBuffer buffer(std::max(alignment, usual_direct_block));
  if (!buffer.reserve(4 * alignment, 0)) {
    return Error{Errc::no_memory, Call::probe_direct, 0, {}};
  }
  const std::span<std::byte> memory(buffer.data(), 4 * alignment);
  const auto block = [&](std::size_t index) {
    return memory.subspan(index * alignment, alignment);
  };
  for (const std::size_t index : {std::size_t{0}, std::size_t{1}}) {
    const std::uint64_t offset = index * alignment;
    const auto written = block(index);
    const auto returned = block(index + 2);
    std::fill(written.begin(), written.end(), static_cast<std::byte>(0xA5 + index));
    std::fill(returned.begin(), returned.end(), std::byte{0});
    if (auto status = file.write_at(offset, Bytes(written)); !status) return status;
    auto count = file.read_at(offset, returned);
    if (!count) return std::move(count).error();
    if (count.value() != alignment ||
        std::memcmp(written.data(), returned.data(), alignment) != 0) {
      return Error{Errc::not_supported, Call::probe_direct, 0, "another content read back"};
    }
  }
  return done();
}

}  // namespace tidemark::io
