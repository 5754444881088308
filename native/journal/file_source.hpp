// A format::Source over an io::File: one window of the file is cached.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "format/scan.hpp"
#include "io/aligned_buffer.hpp"
#include "io/disk.hpp"

namespace tidemark::journal {

// Bytes of a file that the disk refused to give.
struct UnreadableRange {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

class FileSource final : public format::Source {
 public:
  // Reads up to `window` bytes at a time (larger views read what they need): a jump reads a small
  // part of it, so that looking up one record is cheap, and reads that go on read all of it. Works
  // on direct files too: reads are widened to the file's alignment. `size` bounds every view.
  FileSource(io::File& file, std::uint64_t size, std::size_t window = std::size_t{256} << 10U);
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  std::optional<format::Bytes> view(std::uint64_t offset, std::size_t size) override;
  [[nodiscard]] const std::optional<io::Error>& error() const noexcept { return error_; }
  // Another size, for a file that grew or of which more may be read; forgets the window.
  void set_size(std::uint64_t size) noexcept;
  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }
  [[nodiscard]] std::size_t window() const noexcept { return window_; }

  // From now on a block that cannot be read is taken for zeros, which validate as nothing, and is
  // listed: verify, salvage and readers that may skip look at what stands behind it.
  void tolerate_unreadable() noexcept { tolerant_ = true; }
  [[nodiscard]] const std::vector<UnreadableRange>& unreadable() const noexcept {
    return unreadable_;
  }
  // Whether a listed range touches [offset, offset + bytes).
  [[nodiscard]] bool unreadable_within(std::uint64_t offset, std::uint64_t bytes) const noexcept;

 private:
  bool fill(std::uint64_t offset, std::size_t size);
  // Reads [start, start + length) but for the first `kept` bytes, which the buffer holds already.
  bool read_range(std::uint64_t start, std::size_t length, std::size_t kept);
  bool read_blocks(std::uint64_t start, std::size_t length);
  void list_unreadable(std::uint64_t offset, std::uint64_t bytes);

  io::File& file_;
  std::uint64_t size_;
  std::size_t window_;
  io::AlignedBuffer buffer_;
  std::uint64_t start_ = 0;  // of the cached bytes
  std::size_t length_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::optional<io::Error> error_;
  bool tolerant_ = false;
  std::vector<UnreadableRange> unreadable_;  // ascending, not overlapping
};

}  // namespace tidemark::journal
