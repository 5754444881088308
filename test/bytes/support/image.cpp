#include "image.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tidemark::test {
namespace {

constexpr std::array<std::byte, Content::page_bytes> zero_page{};

bool is_zero(std::span<const std::byte> bytes) {
  return bytes.empty() || (bytes.front() == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

const Content::Page& Content::page(std::size_t number) const noexcept {
  return number < pages_.size() && pages_[number] ? *pages_[number] : zero_page;
}

// The page, for writing: a copy of its own where it is shared.
Content::Page& Content::own(std::size_t number) {
  auto copy = std::make_shared<Page>(page(number));
  Page& writable = *copy;
  pages_[number] = std::move(copy);
  return writable;
}

void Content::resize(std::uint64_t size) {
  const auto count = static_cast<std::size_t>((size + page_bytes - 1) / page_bytes);
  pages_.resize(count);
  // What lies behind the end in the last page comes back as zeros when the file grows again.
  if (size < size_ && size % page_bytes != 0 && pages_.back()) {
    Page& last = own(count - 1);
    std::fill(last.begin() + static_cast<std::ptrdiff_t>(size % page_bytes), last.end(),
              std::byte{0});
  }
  size_ = size;
}

void Content::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (offset + bytes.size() > size_) resize(offset + bytes.size());
  while (!bytes.empty()) {
    const auto number = static_cast<std::size_t>(offset / page_bytes);
    const auto in_page = static_cast<std::size_t>(offset % page_bytes);
    const std::size_t count = std::min(bytes.size(), page_bytes - in_page);
    const auto part = bytes.first(count);
    if (pages_[number] || !is_zero(part)) {
      std::memcpy(own(number).data() + in_page, part.data(), count);
    }
    bytes = bytes.subspan(count);
    offset += count;
  }
}

std::size_t Content::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset >= size_) return 0;
  const auto wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  for (std::size_t done = 0; done < wanted;) {
    const auto number = static_cast<std::size_t>((offset + done) / page_bytes);
    const auto in_page = static_cast<std::size_t>((offset + done) % page_bytes);
    const std::size_t count = std::min(wanted - done, page_bytes - in_page);
    std::memcpy(into.data() + done, page(number).data() + in_page, count);
    done += count;
  }
  return wanted;
}

std::vector<std::byte> Content::bytes(std::uint64_t offset, std::uint64_t count) const {
  std::vector<std::byte> out(static_cast<std::size_t>(count));
  out.resize(read(offset, out));
  return out;
}

std::byte Content::at(std::uint64_t offset) const {
  return page(static_cast<std::size_t>(offset / page_bytes))[offset % page_bytes];
}

void Content::flip(std::uint64_t offset, unsigned bit) {
  own(static_cast<std::size_t>(offset / page_bytes))[offset % page_bytes] ^=
      static_cast<std::byte>(1U << bit);
}

std::uint64_t Content::used() const {
  for (std::size_t number = pages_.size(); number-- > 0;) {
    if (!pages_[number]) continue;
    const Page& bytes = *pages_[number];
    for (std::size_t i = page_bytes; i-- > 0;) {
      if (bytes[i] != std::byte{0}) return number * page_bytes + i + 1;
    }
  }
  return 0;
}

bool operator==(const Content& a, const Content& b) {
  if (a.size_ != b.size_) return false;
  for (std::size_t i = 0; i < a.pages_.size(); ++i) {
    if (a.pages_[i] != b.pages_[i] && a.page(i) != b.page(i)) return false;
  }
  return true;
}

std::vector<Content::Range> Content::difference(const Content& a, const Content& b) {
  std::vector<Range> ranges;
  const auto add = [&ranges](std::uint64_t begin, std::uint64_t end) {
    if (!ranges.empty() && ranges.back().end == begin) {
      ranges.back().end = end;
    } else {
      ranges.push_back({begin, end});
    }
  };
  const std::uint64_t shared = std::min(a.size_, b.size_);
  for (std::uint64_t start = 0; start < shared; start += page_bytes) {
    const auto number = static_cast<std::size_t>(start / page_bytes);
    const Page& left = a.page(number);
    const Page& right = b.page(number);
    if (&left == &right || left == right) continue;
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(shared - start, page_bytes));
    for (std::size_t i = 0; i < count; ++i) {
      if (left[i] != right[i]) add(start + i, start + i + 1);
    }
  }
  if (a.size_ != b.size_) add(shared, std::max(a.size_, b.size_));
  return ranges;
}

}  // namespace tidemark::test
