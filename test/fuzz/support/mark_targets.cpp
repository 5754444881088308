// The head mark and the cursors.
#include <algorithm>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/marks.hpp"
#include "format/names.hpp"
#include "scene.hpp"

namespace tidemark::test::fuzz {
namespace {

using format::MarkState;

constexpr std::size_t checksum_at = 12;

bool equal(Bytes one, const File& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end());
}

}  // namespace

bool examine_head(Bytes input) {
  format::HeadMark mark;
  const MarkState state = format::decode_head_mark(input, mark);
  format::CursorMark cursor;
  hold(state == MarkState::damaged ||
           format::decode_cursor_mark(input, cursor) == MarkState::damaged,
       "a head is no cursor");
  if (state != MarkState::valid) return false;
  hold(mark.head.segment_id >= 1 && mark.head.first_seq >= 1 &&
           mark.head.first_seq <= format::maximum_seq + 1,
       "a head names a segment and a seq that there can be");
  hold(equal(input, format::encode_head_mark(mark)),
       "a head that was decoded is encoded to the same bytes");
  return true;
}

bool examine_cursor(Bytes input) {
  format::CursorMark mark;
  if (format::decode_cursor_mark(input, mark) != MarkState::valid) return false;
  hold(mark.seq <= format::maximum_seq, "the seq of a cursor is a safe integer");
  hold(format::valid_cursor_name(mark.name), "a cursor has a name that a file can have");
  const auto name = format::parse_name(format::cursor_file_name(mark.name));
  hold(name.kind == format::NameKind::cursor && name.cursor == mark.name,
       "the file of a cursor names it");
  hold(equal(input, format::encode_cursor_mark(mark)),
       "a cursor that was decoded is encoded to the same bytes");
  return true;
}

void repair_mark(MutableBytes input, std::uint32_t choice) {
  if (input.size() < checksum_at + 4) return;
  constexpr std::size_t used_at = 10;
  if ((choice & 1U) != 0) {
    format::store<std::uint16_t>(input, used_at, static_cast<std::uint16_t>(input.size()));
  }
  const std::uint32_t front = crc32c::extend(0, input.data(), checksum_at);
  format::store<std::uint32_t>(
      input, checksum_at,
      crc32c::extend(front, input.data() + checksum_at + 4, input.size() - checksum_at - 4));
}

std::vector<File> seeds_of_head() { return {golden("head")}; }

std::vector<File> seeds_of_cursor() {
  format::CursorMark mark;
  hold(format::decode_cursor_mark(golden("cursor"), mark) == MarkState::valid,
       "the golden cursor is one");
  std::vector<File> seeds = {golden("cursor")};
  for (const char* name : {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x8C\x8A", "UPPER.case-1_2"}) {
    mark.name = name;
    seeds.push_back(format::encode_cursor_mark(mark));
  }
  return seeds;
}

}  // namespace tidemark::test::fuzz
