// The bytes of a file of the simulated disk, in blocks that copies share until they are written. A
// block that holds only zeros is no block at all.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "io/disk.hpp"
#include "io/simulated_disk.hpp"

namespace tidemark::io {

// Takes in numbers and bytes; equal sequences have equal digests.
class Digester {
 public:
  void add(std::uint64_t value) noexcept;
  void add(Bytes bytes) noexcept;
  [[nodiscard]] Digest digest() const noexcept;

 private:
  std::uint64_t high_ = 0x6a09e667f3bcc908U;  // two starts that differ: the roots of 2 and 3
  std::uint64_t low_ = 0xbb67ae8584caa73bU;
};

// Immutable, and with a digest that is computed once.
class Block {
 public:
  explicit Block(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }
  [[nodiscard]] Digest digest() const noexcept;

 private:
  const std::vector<std::byte> bytes_;
  mutable std::atomic<bool> digested_{false};
  mutable std::atomic<std::uint64_t> high_{0};
  mutable std::atomic<std::uint64_t> low_{0};
};
using BlockPointer = std::shared_ptr<const Block>;  // null: zeros

// Null where all of `bytes` is zero.
BlockPointer make_block(std::vector<std::byte> bytes);
std::vector<std::byte> bytes_of(const BlockPointer& block, std::size_t block_bytes);

class Content {
 public:
  explicit Content(std::size_t block_bytes) : block_bytes_(block_bytes) {}
  Content(Content&&) = default;
  Content& operator=(Content&&) = default;
  Content& operator=(const Content&) = delete;
  ~Content() = default;
  // A copy that shares the table until one of the two is written. Not for several threads.
  [[nodiscard]] Content share() const;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] BlockPointer block(std::uint64_t index) const;
  // Keeps blocks behind the size, too: clip() ends that.
  void set_block(std::uint64_t index, BlockPointer block);
  // What lies behind a smaller size is gone, and zero when the size grows again.
  void resize(std::uint64_t size);
  void set_size(std::uint64_t size) noexcept { size_ = size; }
  void clip() { resize(size_); }
  void digest_into(Digester& digester) const;

 private:
  Content(const Content&) = default;  // share() only
  using Table = std::vector<BlockPointer>;
  Table& own_table();

  std::size_t block_bytes_;
  std::uint64_t size_ = 0;
  std::shared_ptr<Table> table_;  // null: no block
  mutable bool shared_ = false;
};

}  // namespace tidemark::io
