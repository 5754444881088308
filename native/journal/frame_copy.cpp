#include "journal/frame_copy.hpp"

namespace tidemark::journal {

Status copy_frame(FrameCursor& cursor, FileSource& source, std::uint64_t until, CopyWriter& writer,
                  std::vector<Damage>& damaged) {
  const format::RecordTable& table = cursor.table();
  for (cursor.rewind(); cursor.at().entry < table.size(); cursor.advance()) {
    const EntryPosition at = cursor.at();
    const bool user = cursor.user_entry();
    if (user && at.seq > until) break;
    const std::uint32_t length = table.length(at.entry);
    const auto payload = source.view(at.offset, length);
    const bool whole = payload && payload->size() == length;
    if (!whole ||
        format::record_checksum(cursor.place(), at.seq, *payload) != table.checksum(at.entry)) {
      Damage damage{at.offset, length, at.seq, at.seq, "a record that does not match its checksum",
                    false};
      if (!user) damage.reason = "a dictionary that does not match its checksum";
      if (!user) damage.from_seq = damage.to_seq = 0;
      damage.unreadable = !payload || source.unreadable_within(at.offset, length);
      damaged.push_back(std::move(damage));
      continue;
    }
    const CopyEntry entry{at.seq, table.attributes(at.entry), *payload, table.hash(at.entry)};
    if (Status status = writer.add(entry); !status) return status;
  }
  return writer.end_frame();
}

}  // namespace tidemark::journal
