#include "journal/file_source.hpp"

#include <algorithm>
#include <cstring>

namespace tidemark::journal {
namespace {

// What a jump reads: the stride of the sparse index, so that one read reaches the record looked
// for.
constexpr std::size_t jump_bytes = format::index_stride_bytes;
// A power of two, as the alignments of files are.
constexpr std::size_t look_back_bytes = 4096;
// The smallest unit that is tried by itself when a larger read fails.
constexpr std::size_t retry_bytes = 4096;

constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t alignment) noexcept {
  return value / alignment * alignment;
}

}  // namespace

FileSource::FileSource(io::File& file, std::uint64_t size, std::size_t window)
    : file_(file),
      size_(size),
      window_(window),
      buffer_(std::max<std::size_t>(file.alignment(), format::minimum_block_bytes)) {}

std::optional<format::Bytes> FileSource::view(std::uint64_t offset, std::size_t size) {
  if (offset >= size_) return format::Bytes{};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset));
  if (offset < start_ || offset + wanted > start_ + length_) {
    if (!fill(offset, wanted)) return std::nullopt;
  }
  // A file that is shorter than `size_` gives fewer bytes.
  const auto skip = static_cast<std::size_t>(offset - start_);
  if (skip >= length_) return format::Bytes{};
  return format::Bytes(buffer_.data() + skip, std::min(wanted, length_ - skip));
}

void FileSource::set_size(std::uint64_t size) noexcept {
  size_ = size;
  length_ = 0;
  start_ = 0;
}

bool FileSource::unreadable_within(std::uint64_t offset, std::uint64_t bytes) const noexcept {
  return std::any_of(unreadable_.begin(), unreadable_.end(), [&](const UnreadableRange& range) {
    return range.offset < offset + bytes && offset < range.offset + range.bytes;
  });
}

bool FileSource::fill(std::uint64_t offset, std::size_t size) {
  const std::size_t alignment = std::max<std::size_t>(file_.alignment(), 1);
  const bool goes_on = length_ > 0 && offset >= start_ && offset <= start_ + length_;
  const std::size_t ahead = goes_on ? window_ : std::min(window_, jump_bytes);
  // A walk looks back by some bytes, to the beginning of a header of which it looked at a field:
  // they are kept, where a jump would read a whole window anew.
  const std::uint64_t start =
      goes_on ? std::max(start_, align_down(offset, std::max(alignment, look_back_bytes)))
              : align_down(offset, alignment);
  const std::uint64_t need_end = offset + size;
  const std::uint64_t want_end = std::min<std::uint64_t>(size_, std::max(need_end, start + ahead));
  const auto want = static_cast<std::size_t>(format::align_up(want_end - start, alignment));
  // A walk that goes on keeps what it has of its next bytes, so that none is read twice.
  const std::uint64_t cached_end = start_ + length_;
  const bool overlaps = goes_on && start >= start_ && start < cached_end;
  const std::size_t skip = overlaps ? static_cast<std::size_t>(start - start_) : 0;
  const std::size_t kept =
      overlaps ? static_cast<std::size_t>(align_down(cached_end - start, alignment)) : 0;
  length_ = 0;
  if (!buffer_.reserve(want, skip + kept)) {
    error_ = io::Error{io::Errc::no_memory, io::Call::read, 0, {}};
    return false;
  }
  if (skip > 0 && kept > 0) std::memmove(buffer_.data(), buffer_.data() + skip, kept);
  if (read_range(start, want, kept)) return true;
  // One bad block must not hide its neighbours: only what was asked for, then block by block.
  const auto need = static_cast<std::size_t>(format::align_up(need_end - start, alignment));
  if (need < want && read_range(start, need, 0)) return true;
  return tolerant_ && read_blocks(start, need);
}

bool FileSource::read_range(std::uint64_t start, std::size_t length, std::size_t kept) {
  auto read = file_.read_at(start + kept, io::MutableBytes(buffer_.data() + kept, length - kept));
  if (!read) {
    error_ = read.error();
    return false;
  }
  bytes_read_ += read.value();
  start_ = start;
  // What a direct read was widened by is not the caller's to see.
  length_ = static_cast<std::size_t>(
      std::min<std::uint64_t>(kept + read.value(), size_ > start ? size_ - start : 0));
  return true;
}

bool FileSource::read_blocks(std::uint64_t start, std::size_t length) {
  const std::size_t block = std::max<std::size_t>(retry_bytes, file_.alignment());
  std::size_t at = 0;
  while (at < length) {
    // Up to the next block of the file, so that a range is tried as the disk divides it.
    const std::uint64_t block_end = align_down(start + at, block) + block;
    const std::size_t part =
        std::min<std::size_t>(length - at, static_cast<std::size_t>(block_end - start - at));
    auto read = file_.read_at(start + at, io::MutableBytes(buffer_.data() + at, part));
    std::size_t got = read ? read.value() : part;
    if (read) {
      bytes_read_ += got;
    } else {
      error_ = read.error();
      std::memset(buffer_.data() + at, 0, part);
      list_unreadable(start + at, part);
    }
    at += got;
    if (got < part) break;
  }
  start_ = start;
  length_ =
      static_cast<std::size_t>(std::min<std::uint64_t>(at, size_ > start ? size_ - start : 0));
  return true;
}

void FileSource::list_unreadable(std::uint64_t offset, std::uint64_t bytes) {
  UnreadableRange merged{offset, bytes};
  std::vector<UnreadableRange> kept;
  for (const UnreadableRange& range : unreadable_) {
    if (range.offset > merged.offset + merged.bytes || merged.offset > range.offset + range.bytes) {
      kept.push_back(range);
      continue;
    }
    const std::uint64_t end = std::max(range.offset + range.bytes, merged.offset + merged.bytes);
    merged.offset = std::min(range.offset, merged.offset);
    merged.bytes = end - merged.offset;
  }
  kept.push_back(merged);
  std::sort(kept.begin(), kept.end(),
            [](const UnreadableRange& a, const UnreadableRange& b) { return a.offset < b.offset; });
  unreadable_ = std::move(kept);
}

}  // namespace tidemark::journal
