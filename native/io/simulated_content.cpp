#include "io/simulated_content.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "io/seeded_random.hpp"

namespace tidemark::io {
namespace {

// Odd numbers without structure: the fractions of the golden ratio and of the root of 5.
constexpr std::uint64_t high_factor = 0x9e3779b97f4a7c15U;
constexpr std::uint64_t low_factor = 0x3c6ef372fe94f82bU;

bool is_zero(Bytes bytes) noexcept {
  return bytes.empty() || (bytes[0] == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

void Digester::add(std::uint64_t value) noexcept {
  high_ = mixed(high_ ^ (value * high_factor)) + high_factor;
  low_ = mixed(low_ + std::rotl(value, 32) * low_factor) ^ low_factor;
}

// Four lanes, so that the multiplications do not wait for each other.
void Digester::add(Bytes bytes) noexcept {
  constexpr std::size_t word = sizeof(std::uint64_t);
  std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
  const std::size_t length = bytes.size();
  while (!bytes.empty()) {
    for (std::uint64_t& lane : lanes) {
      std::uint64_t value = 0;
      const std::size_t count = std::min(word, bytes.size());
      if (count > 0) std::memcpy(&value, bytes.data(), count);
      bytes = bytes.subspan(count);
      lane = std::rotl((lane ^ value) * high_factor, 29);
    }
  }
  for (const std::uint64_t lane : lanes) add(lane);
  add(length);
}

Digest Digester::digest() const noexcept { return {high_, low_}; }

Digest Block::digest() const noexcept {
  if (!digested_.load(std::memory_order_acquire)) {
    Digester digester;
    digester.add(bytes());
    const Digest digest = digester.digest();
    high_.store(digest.high, std::memory_order_relaxed);
    low_.store(digest.low, std::memory_order_relaxed);
    digested_.store(true, std::memory_order_release);
  }
  return {high_.load(std::memory_order_relaxed), low_.load(std::memory_order_relaxed)};
}

BlockPointer make_block(std::vector<std::byte> bytes) {
  if (is_zero(bytes)) return nullptr;
  return std::make_shared<const Block>(std::move(bytes));
}

std::vector<std::byte> bytes_of(const BlockPointer& block, std::size_t block_bytes) {
  if (!block) return std::vector<std::byte>(block_bytes);
  return {block->bytes().begin(), block->bytes().end()};
}

Content Content::share() const {
  shared_ = true;
  return *this;
}

Content::Table& Content::own_table() {
  if (!table_) {
    table_ = std::make_shared<Table>();
  } else if (shared_) {
    table_ = std::make_shared<Table>(*table_);
  }
  shared_ = false;
  return *table_;
}

BlockPointer Content::block(std::uint64_t index) const {
  return table_ && index < table_->size() ? (*table_)[static_cast<std::size_t>(index)] : nullptr;
}

void Content::set_block(std::uint64_t index, BlockPointer block) {
  if (!block && (!table_ || index >= table_->size())) return;
  Table& table = own_table();
  if (index >= table.size()) table.resize(static_cast<std::size_t>(index) + 1);
  table[static_cast<std::size_t>(index)] = std::move(block);
}

void Content::resize(std::uint64_t size) {
  size_ = size;
  const std::uint64_t whole = size / block_bytes_;
  const auto within = static_cast<std::size_t>(size % block_bytes_);
  if (table_ && table_->size() > whole + (within > 0 ? 1 : 0)) {
    own_table().resize(static_cast<std::size_t>(whole) + (within > 0 ? 1 : 0));
  }
  const BlockPointer last = within > 0 ? block(whole) : nullptr;
  if (!last || is_zero(last->bytes().subspan(within))) return;
  std::vector<std::byte> bytes = bytes_of(last, block_bytes_);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(within), bytes.end(), std::byte{0});
  set_block(whole, make_block(std::move(bytes)));
}

void Content::digest_into(Digester& digester) const {
  digester.add(size_);
  if (!table_) return;
  for (std::size_t index = 0; index < table_->size(); ++index) {
    const BlockPointer& block = (*table_)[index];
    if (!block) continue;
    const Digest digest = block->digest();
    digester.add(index);
    digester.add(digest.high);
    digester.add(digest.low);
  }
}

}  // namespace tidemark::io
