// Allocation behind AlignedBuffer: the platform's aligned malloc, which reports exhaustion without
// an exception.
#include "io/aligned_buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#if defined(_WIN32)
#include <malloc.h>
#endif

namespace tidemark::io {
namespace {

std::byte* allocate(std::size_t alignment, std::size_t size) noexcept {
#if defined(_WIN32)
  return static_cast<std::byte*>(_aligned_malloc(size, alignment));
#else
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, size) == 0 ? static_cast<std::byte*>(memory) : nullptr;
#endif
}

}  // namespace

void AlignedBuffer::Free::operator()(std::byte* memory) const noexcept {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): what posix_memalign gave
#endif
}

bool AlignedBuffer::reserve(std::size_t size, std::size_t keep) noexcept {
  if (size <= capacity_) return true;
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max() / 2;
  if (size > max - alignment_) return false;
  const std::size_t doubled = capacity_ <= max / 2 ? capacity_ * 2 : size;
  const std::size_t wanted = (std::max(size, doubled) + alignment_ - 1) / alignment_ * alignment_;
  std::unique_ptr<std::byte, Free> larger(allocate(alignment_, wanted));
  if (!larger) return false;
  keep = std::min(keep, capacity_);
  if (keep > 0) std::memcpy(larger.get(), memory_.get(), keep);
  memory_ = std::move(larger);
  capacity_ = wanted;
  return true;
}

void AlignedBuffer::release() noexcept {
  memory_.reset();
  capacity_ = 0;
}

}  // namespace tidemark::io
