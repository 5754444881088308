// Memory whose address is a multiple of a block, as direct transfers need it. Grows by doubling and
// keeps its contents; never zeroes what it hands out.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace tidemark::io {

class AlignedBuffer {
 public:
  // `alignment` is a power of two and at least the size of a pointer.
  explicit AlignedBuffer(std::size_t alignment = 4096) noexcept : alignment_(alignment) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : alignment_(other.alignment_),
        capacity_(std::exchange(other.capacity_, 0)),
        memory_(std::move(other.memory_)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    alignment_ = other.alignment_;
    memory_ = std::move(other.memory_);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer() = default;

  [[nodiscard]] std::byte* data() noexcept { return memory_.get(); }
  [[nodiscard]] const std::byte* data() const noexcept { return memory_.get(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t alignment() const noexcept { return alignment_; }

  // Makes room for `size` bytes, keeping the first `keep` bytes. False when memory is exhausted;
  // the old contents then stand.
  [[nodiscard]] bool reserve(std::size_t size, std::size_t keep) noexcept;
  void release() noexcept;

 private:
  struct Free {
    void operator()(std::byte* memory) const noexcept;
  };
  std::size_t alignment_;
  std::size_t capacity_ = 0;
  std::unique_ptr<std::byte, Free> memory_;
};

}  // namespace tidemark::io
