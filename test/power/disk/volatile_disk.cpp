#include "disk/volatile_disk.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>
#include <utility>

#include "crc32c/crc32c.hpp"
#include "disk/descriptor.hpp"

namespace tidemark::test::power {
namespace {

void apply(std::byte* target, const PendingWrite& write, std::uint64_t from, std::uint64_t length) {
  if (write.data.empty()) {
    std::memset(target, 0, length);
  } else {
    std::memcpy(target, write.data.data() + from, length);
  }
}

bool is_zero(const std::byte* block) {
  return block[0] == std::byte{0} && std::memcmp(block, block + 1, block_bytes - 1) == 0;
}

void write_all(int descriptor, const std::byte* data, std::uint64_t length, std::uint64_t offset) {
  while (length > 0) {
    const ssize_t written = ::pwrite(descriptor, data, length, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("write the image");
    data += written;
    length -= static_cast<std::uint64_t>(written);
    offset += static_cast<std::uint64_t>(written);
  }
}

}  // namespace

PrivateMapping::PrivateMapping(int descriptor, std::size_t bytes) : bytes_(bytes) {
  void* const at =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  if (at == MAP_FAILED) fail("map the image");
  data_ = static_cast<std::byte*>(at);
}

PrivateMapping::~PrivateMapping() { ::munmap(data_, bytes_); }

struct VolatileDisk::File {
  explicit File(const std::string& path)
      : descriptor(open_file(path.c_str(), O_RDONLY)), size(file_size(descriptor)) {}

  Descriptor descriptor;
  std::uint64_t size;
};

VolatileDisk::VolatileDisk(const std::string& image, std::vector<AtomicRange> atomic)
    : VolatileDisk(File(image), std::move(atomic)) {}

VolatileDisk::VolatileDisk(const File& image, std::vector<AtomicRange> atomic)
    : atomic_(std::move(atomic)),
      size_(image.size),
      stable_(image.descriptor.get(), image.size),
      newest_(image.descriptor.get(), image.size),
      present_((image.size + block_bytes - 1) / block_bytes) {
  const int descriptor = image.descriptor.get();
  for (off_t end = 0;;) {
    const off_t data = ::lseek(descriptor, end, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    if (data < 0) fail("look for data in the image");
    end = ::lseek(descriptor, data, SEEK_HOLE);
    if (end < 0) fail("look for holes in the image");
    mark_present(static_cast<std::uint64_t>(data), static_cast<std::uint64_t>(end - data));
  }
}

bool VolatileDisk::is_inside(std::uint64_t offset, std::uint64_t length) const noexcept {
  return offset % sector_bytes == 0 && length % sector_bytes == 0 && offset <= size_ &&
         length <= size_ - offset;
}

void VolatileDisk::mark_present(std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t end = (offset + length + block_bytes - 1) / block_bytes;
  for (std::uint64_t block = offset / block_bytes; block < end; ++block) present_[block] = true;
}

std::span<const std::byte> VolatileDisk::read(std::uint64_t offset,
                                              std::uint64_t length) const noexcept {
  const std::uint64_t from = std::min(offset, size_);
  return {newest_.data() + from, std::min(length, size_ - from)};
}

void VolatileDisk::add(PendingWrite write) {
  apply(newest_.data() + write.offset, write, 0, write.length);
  pending_.push_back(std::move(write));
}

bool VolatileDisk::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (data.empty() || !is_inside(offset, data.size())) return false;
  add({offset, data.size(), {data.begin(), data.end()}});
  return true;
}

bool VolatileDisk::discard(std::uint64_t offset, std::uint64_t length) {
  if (!is_inside(offset, length)) return false;
  add({offset, length, {}});
  return true;
}

void VolatileDisk::flush() {
  for (const PendingWrite& write : pending_) {
    apply(stable_.data() + write.offset, write, 0, write.length);
    mark_present(write.offset, write.length);
  }
  pending_.clear();
}

CutReport VolatileDisk::cut(const std::string& image, CutMode mode, std::mt19937_64& random) const {
  CutReport report;
  const KeptSectors kept = choose(pending_, mode, atomic_, random);
  std::map<std::uint64_t, Block> changed;
  for (std::size_t w = 0; w < pending_.size(); ++w) {
    const PendingWrite& write = pending_[w];
    report.pending_writes += 1;
    report.pending_sectors += kept[w].size();
    for (std::uint64_t n = 0; n < kept[w].size(); ++n) {
      if (!kept[w][n]) continue;
      report.kept_sectors += 1;
      const std::uint64_t at = write.offset + n * sector_bytes;
      const auto [block, is_new] = changed.try_emplace(at / block_bytes);
      if (is_new) {
        const std::uint64_t start = block->first * block_bytes;
        std::memcpy(block->second.data(), stable_.data() + start,
                    std::min(block_bytes, size_ - start));
      }
      apply(block->second.data() + at % block_bytes, write, n * sector_bytes, sector_bytes);
    }
  }

  const Descriptor file = open_file(image.c_str(), O_WRONLY | O_CREAT | O_EXCL);
  if (::ftruncate(file.get(), static_cast<off_t>(size_)) != 0) fail("size the image");
  for (std::uint64_t block = 0; block < present_.size(); ++block) {
    const auto found = changed.find(block);
    if (found == changed.end() && !present_[block]) continue;
    const std::uint64_t start = block * block_bytes;
    Block contents{};
    if (found != changed.end()) {
      contents = found->second;
    } else {
      std::memcpy(contents.data(), stable_.data() + start, std::min(block_bytes, size_ - start));
    }
    if (is_zero(contents.data())) continue;
    report.digest = crc32c::extend(report.digest, &block, sizeof block);
    report.digest = crc32c::extend(report.digest, contents.data(), contents.size());
    write_all(file.get(), contents.data(), std::min(block_bytes, size_ - start), start);
  }
  return report;
}

}  // namespace tidemark::test::power
