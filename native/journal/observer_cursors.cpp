// Named cursors, seen without the lock. Each file is replaced whole, so any moment's content is one
// that was written; a name that is gone when it is read was deleted meanwhile.
#include <algorithm>
#include <utility>

#include "format/names.hpp"
#include "journal/damage.hpp"
#include "journal/named_cursor.hpp"
#include "journal/observer.hpp"
#include "journal/observer_state.hpp"

namespace tidemark::journal {

Result<std::vector<CursorInfo>> Observer::cursors() const {
  const View shown = view();
  const format::SegmentHeader header = this->header();
  auto listed = state_->host.disk->list(state_->directory);
  if (!listed) return from_io(listed.error(), "the directory of the journal cannot be listed");
  std::vector<CursorInfo> infos;
  for (const io::Entry& entry : listed.value()) {
    const format::ParsedName parsed = format::parse_name(entry.name);
    if (parsed.kind != format::NameKind::cursor) continue;
    const std::string path = io::join(state_->directory, entry.name);
    auto read = read_cursor(*state_->host.disk, path, parsed.cursor);
    if (!read) {
      if (read.error().code == io::Errc::not_found) continue;
      return from_io(read.error(), "a cursor cannot be read");
    }
    const NamedCursor& cursor = read.value();
    if (cursor.damage) return *cursor.damage;
    if (cursor.mark.journal_id != header.journal_id) {
      return damaged(path, 0, 0, "the cursor '" + cursor.mark.name + "' belongs to another journal",
                     0);
    }
    infos.push_back({cursor.mark.name, cursor.mark.seq, lag_of(shown, cursor.mark.seq)});
  }
  std::ranges::sort(infos, {}, &CursorInfo::name);
  return infos;
}

}  // namespace tidemark::journal
