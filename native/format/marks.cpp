// The head mark and the cursor marks. docs/format.md, "Marks", draws them.
#include "format/marks.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/names.hpp"

namespace tidemark::format {
namespace {

constexpr std::uint64_t head_magic = 0x4441454845444954;    // "TIDEHEAD" as little-endian bytes
constexpr std::uint64_t cursor_magic = 0x5352554345444954;  // "TIDECURS"

namespace at {
constexpr std::size_t magic = 0;
constexpr std::size_t version = 8;
constexpr std::size_t used_bytes = 10;
constexpr std::size_t checksum = 12;
constexpr std::size_t journal_id = 16;
constexpr std::size_t head_segment_id = 32;
constexpr std::size_t head_first_seq = 40;
constexpr std::size_t head_end = 48;
constexpr std::size_t cursor_seq = 32;
constexpr std::size_t cursor_epoch = 40;
constexpr std::size_t cursor_name_bytes = 48;
constexpr std::size_t cursor_name = 50;
}  // namespace at

// Everything except the checksum itself.
std::uint32_t mark_checksum(Bytes bytes) noexcept {
  const std::uint32_t front = crc32c::extend(0, bytes.data(), at::checksum);
  return crc32c::extend(front, bytes.data() + at::journal_id, bytes.size() - at::journal_id);
}

void put_common(MutableBytes into, std::uint64_t magic, const JournalId& id) {
  store<std::uint64_t>(into, at::magic, magic);
  store<std::uint16_t>(into, at::version, format_version);
  store<std::uint16_t>(into, at::used_bytes, static_cast<std::uint16_t>(into.size()));
  std::copy(id.begin(), id.end(), into.begin() + at::journal_id);
}

MarkState check(Bytes bytes, std::uint64_t magic, std::size_t minimum, JournalId& id) {
  if (bytes.size() < at::head_end || bytes.size() > maximum_mark_bytes) return MarkState::damaged;
  if (load<std::uint64_t>(bytes, at::magic) != magic) return MarkState::damaged;
  if (load<std::uint32_t>(bytes, at::checksum) != mark_checksum(bytes)) return MarkState::damaged;
  const auto version = load<std::uint16_t>(bytes, at::version);
  if (version > format_version) return MarkState::newer;
  if (version == 0 || bytes.size() < minimum ||
      load<std::uint16_t>(bytes, at::used_bytes) != bytes.size()) {
    return MarkState::damaged;
  }
  std::memcpy(id.data(), bytes.data() + at::journal_id, id.size());
  return MarkState::valid;
}

}  // namespace

std::vector<std::byte> encode_head_mark(const HeadMark& mark) {
  std::vector<std::byte> bytes(at::head_end);
  put_common(bytes, head_magic, mark.journal_id);
  store<std::uint64_t>(bytes, at::head_segment_id, mark.head.segment_id);
  store<std::uint64_t>(bytes, at::head_first_seq, mark.head.first_seq);
  store<std::uint32_t>(bytes, at::checksum, mark_checksum(bytes));
  return bytes;
}

std::vector<std::byte> encode_cursor_mark(const CursorMark& mark) {
  assert(!mark.name.empty() && mark.name.size() <= maximum_cursor_name_bytes);
  std::vector<std::byte> bytes(at::cursor_name + mark.name.size());
  put_common(bytes, cursor_magic, mark.journal_id);
  store<std::uint64_t>(bytes, at::cursor_seq, mark.seq);
  store<std::uint64_t>(bytes, at::cursor_epoch, mark.epoch);
  store<std::uint16_t>(bytes, at::cursor_name_bytes, static_cast<std::uint16_t>(mark.name.size()));
  std::memcpy(bytes.data() + at::cursor_name, mark.name.data(), mark.name.size());
  store<std::uint32_t>(bytes, at::checksum, mark_checksum(bytes));
  return bytes;
}

MarkState decode_head_mark(Bytes bytes, HeadMark& into) {
  HeadMark mark;
  const MarkState state = check(bytes, head_magic, at::head_end, mark.journal_id);
  if (state != MarkState::valid) return state;
  mark.head.segment_id = load<std::uint64_t>(bytes, at::head_segment_id);
  mark.head.first_seq = load<std::uint64_t>(bytes, at::head_first_seq);
  if (bytes.size() != at::head_end || mark.head.segment_id == 0 ||
      mark.head.segment_id > maximum_segment_id || mark.head.first_seq == 0 ||
      mark.head.first_seq > maximum_seq + 1) {
    return MarkState::damaged;
  }
  into = mark;
  return MarkState::valid;
}

MarkState decode_cursor_mark(Bytes bytes, CursorMark& into) {
  CursorMark mark;
  const MarkState state = check(bytes, cursor_magic, at::cursor_name + 1, mark.journal_id);
  if (state != MarkState::valid) return state;
  mark.seq = load<std::uint64_t>(bytes, at::cursor_seq);
  mark.epoch = load<std::uint64_t>(bytes, at::cursor_epoch);
  const std::size_t name_bytes = load<std::uint16_t>(bytes, at::cursor_name_bytes);
  if (name_bytes > maximum_cursor_name_bytes || bytes.size() != at::cursor_name + name_bytes ||
      mark.seq > maximum_seq) {
    return MarkState::damaged;
  }
  mark.name.resize(name_bytes);
  std::memcpy(mark.name.data(), bytes.data() + at::cursor_name, name_bytes);
  if (!valid_cursor_name(mark.name)) return MarkState::damaged;
  into = std::move(mark);
  return MarkState::valid;
}

}  // namespace tidemark::format
