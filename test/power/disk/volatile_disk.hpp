// A disk with a volatile cache, in memory: what a flush made stable, and the writes since, in
// order. Its first contents are an image file, which is mapped and never changed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "disk/cut_mode.hpp"

namespace tidemark::test::power {

inline constexpr std::uint64_t block_bytes = 4096;

// A private mapping of a file: its pages are the file's until they are written.
class PrivateMapping {
 public:
  PrivateMapping(int descriptor, std::size_t bytes);
  ~PrivateMapping();
  PrivateMapping(const PrivateMapping&) = delete;
  PrivateMapping& operator=(const PrivateMapping&) = delete;

  std::byte* data() const noexcept { return data_; }

 private:
  std::byte* data_;
  std::size_t bytes_;
};

// What was in the cache when the power was cut, and what of it the image has.
struct CutReport {
  std::uint64_t pending_writes = 0;
  std::uint64_t pending_sectors = 0;
  std::uint64_t kept_sectors = 0;
  std::uint32_t digest = 0;  // CRC32C of the image's blocks with their places
};

// All functions that meet a failing system call throw std::system_error.
class VolatileDisk {
 public:
  VolatileDisk(const std::string& image, std::vector<AtomicRange> atomic);

  std::uint64_t size() const noexcept { return size_; }

  // What a reader of the running disk sees: the newest contents. Clipped to the end of the disk.
  std::span<const std::byte> read(std::uint64_t offset, std::uint64_t length) const noexcept;

  // False when the range is not made of whole sectors inside the disk.
  bool write(std::uint64_t offset, std::span<const std::byte> data);
  bool discard(std::uint64_t offset, std::uint64_t length);

  std::size_t pending_writes() const noexcept { return pending_.size(); }

  // Everything that was written before is stable now.
  void flush();

  // Writes what a power cut at this moment may leave to a new sparse file. Changes nothing here.
  CutReport cut(const std::string& image, CutMode mode, std::mt19937_64& random) const;

 private:
  struct File;
  using Block = std::array<std::byte, block_bytes>;

  bool is_inside(std::uint64_t offset, std::uint64_t length) const noexcept;
  void add(PendingWrite write);
  void mark_present(std::uint64_t offset, std::uint64_t length);

  std::vector<AtomicRange> atomic_;
  std::uint64_t size_;
  PrivateMapping stable_;
  PrivateMapping newest_;
  std::vector<bool> present_;  // the blocks of stable_ that may hold something else than zeros
  std::vector<PendingWrite> pending_;

  VolatileDisk(const File& image, std::vector<AtomicRange> atomic);
};

}  // namespace tidemark::test::power
