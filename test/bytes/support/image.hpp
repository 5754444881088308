// What a directory holds, as a value: files by name, their bytes in shared pages, so that a copy
// with one byte changed costs one page. Damage is made on images; disks are made of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tidemark::test {

class Content {
 public:
  static constexpr std::size_t page_bytes = 4096;

  Content() = default;
  explicit Content(std::span<const std::byte> bytes) { write(0, bytes); }

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  void resize(std::uint64_t size);
  // Extends the file where needed. Zeros where there is no page yet need none.
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  // The number of bytes read: fewer only at the end.
  std::size_t read(std::uint64_t offset, std::span<std::byte> into) const;
  [[nodiscard]] std::vector<std::byte> bytes(std::uint64_t offset, std::uint64_t count) const;
  [[nodiscard]] std::vector<std::byte> bytes() const { return bytes(0, size_); }
  [[nodiscard]] std::byte at(std::uint64_t offset) const;
  void flip(std::uint64_t offset, unsigned bit);
  // Behind the last byte that is not zero.
  [[nodiscard]] std::uint64_t used() const;

  friend bool operator==(const Content& a, const Content& b);
  // Offsets at which the two differ, as ranges [begin, end); what one has beyond the other's end
  // differs, zeros too.
  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  static std::vector<Range> difference(const Content& a, const Content& b);

 private:
  using Page = std::array<std::byte, page_bytes>;
  Page& own(std::size_t number);
  [[nodiscard]] const Page& page(std::size_t number) const noexcept;

  std::vector<std::shared_ptr<const Page>> pages_;  // null: zeros
  std::uint64_t size_ = 0;
};

using Image = std::map<std::string, Content>;

}  // namespace tidemark::test
