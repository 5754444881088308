// Copies the records of one verified frame into a CopyWriter; shared by snapshot and salvage.
#pragma once

#include <vector>

#include "journal/copy_writer.hpp"
#include "journal/frame_cursor.hpp"
#include "journal/segment_file.hpp"

namespace tidemark::journal {

// Copies every entry of the frame that matches its checksum, and lists the others. `until`: records
// above it are left out.
Status copy_frame(FrameCursor& cursor, FileSource& source, std::uint64_t until, CopyWriter& writer,
                  std::vector<Damage>& damaged);

}  // namespace tidemark::journal
