#include "journal/named_cursor.hpp"

#include <utility>

#include "journal/damage.hpp"

namespace tidemark::journal {

io::Result<NamedCursor> read_cursor(io::Disk& disk, const std::string& path,
                                    const std::string& name) {
  auto bytes = io::read_file(disk, path, mark_file_limit);
  if (!bytes && !io::beyond_limit(bytes.error())) return bytes.error();
  NamedCursor cursor;
  cursor.file = path;
  cursor.state =
      bytes ? format::decode_cursor_mark(bytes.value(), cursor.mark) : format::MarkState::damaged;
  if (cursor.state == format::MarkState::valid && cursor.mark.name != name) {
    cursor.state = format::MarkState::damaged;
  }
  if (cursor.state == format::MarkState::newer) {
    cursor.damage = newer(path, "the cursor '" + name + "'");
  } else if (cursor.state == format::MarkState::damaged) {
    cursor.damage = damaged(path, 0, 0, "the cursor '" + name + "' is damaged", 0);
  }
  return cursor;
}

}  // namespace tidemark::journal
