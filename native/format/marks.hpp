// The two small files beside the segments: the head mark and the named cursors. Each is replaced
// atomically as a whole, so one that does not validate is corruption, never a torn write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format/segment_header.hpp"

namespace tidemark::format {

struct HeadMark {
  JournalId journal_id{};
  Head head;
};
struct CursorMark {
  JournalId journal_id{};
  std::string name;  // UTF-8, 1..128 bytes
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;  // of the segment that was current when it was advanced
};

inline constexpr std::size_t maximum_mark_bytes = 512;
inline constexpr std::size_t maximum_cursor_name_bytes = 128;

std::vector<std::byte> encode_head_mark(const HeadMark& mark);
std::vector<std::byte> encode_cursor_mark(const CursorMark& mark);
enum class MarkState : std::uint8_t { valid, damaged, newer };
MarkState decode_head_mark(Bytes bytes, HeadMark& into);
MarkState decode_cursor_mark(Bytes bytes, CursorMark& into);

}  // namespace tidemark::format
