// The file of a named cursor, as it is found: sound, damaged, or of a newer version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "format/marks.hpp"
#include "io/disk.hpp"
#include "journal/failure.hpp"

namespace tidemark::journal {

// Of a mark of any version: a newer one may be longer than ours.
inline constexpr std::uint64_t mark_file_limit = 4096;

struct NamedCursor {
  std::string file;
  format::MarkState state = format::MarkState::valid;
  format::CursorMark mark;
  std::optional<Failure> damage;  // unless the state is valid
};

// `name` is what the name of the file says: a file that says otherwise inside is damaged. An error
// is of the disk; a cursor that was deleted meanwhile is io (not_found).
io::Result<NamedCursor> read_cursor(io::Disk& disk, const std::string& path,
                                    const std::string& name);

}  // namespace tidemark::journal
