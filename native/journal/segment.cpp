#include "journal/segment.hpp"

#include <algorithm>
#include <utility>

namespace tidemark::journal {

void SharedIndex::add(std::uint64_t offset, std::uint64_t first_seq) {
  const std::lock_guard guard(mutex_);
  index_.add(offset, first_seq);
}

std::optional<format::IndexEntry> SharedIndex::find(std::uint64_t seq) const {
  const std::lock_guard guard(mutex_);
  const auto position = index_.position(seq);
  if (!position) return std::nullopt;
  return index_.entries()[*position];
}

std::optional<format::IndexEntry> SharedIndex::before(std::uint64_t offset) const {
  const std::lock_guard guard(mutex_);
  const auto& entries = index_.entries();
  const auto at = std::lower_bound(
      entries.begin(), entries.end(), offset,
      [](const format::IndexEntry& entry, std::uint64_t limit) { return entry.offset < limit; });
  if (at == entries.begin()) return std::nullopt;
  return *std::prev(at);
}

void SharedIndex::assign(format::SparseIndex index) {
  const std::lock_guard guard(mutex_);
  index_ = std::move(index);
}

format::SparseIndex SharedIndex::copy() const {
  const std::lock_guard guard(mutex_);
  return index_;
}

bool SharedIndex::loaded() const {
  const std::lock_guard guard(mutex_);
  return loaded_;
}

void SharedIndex::mark_loaded() {
  const std::lock_guard guard(mutex_);
  loaded_ = true;
}

std::uint64_t lag_of(const View& view, std::uint64_t seq) {
  const std::uint64_t done = std::max(seq, view.first_seq - 1);
  return view.last_seq > done ? view.last_seq - done : 0;
}

}  // namespace tidemark::journal
