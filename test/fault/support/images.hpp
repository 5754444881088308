// Disks to begin with, and how runs end.
#pragma once

#include <memory>

#include "run.hpp"

namespace tidemark::test {

Image empty_disk();
// Four segments, cursors 'slow' and 'fast', the first segment truncated, closed.
Image closed_journal();
// Killed in the middle of a commit: half of its frame is there.
Image torn_journal();
// Killed in the middle of the header of a successor: one of its two copies is there.
Image half_made_journal();
// Killed between the header of a successor and the seal of the segment in front.
Image unsealed_journal();
// Recovered and killed before the first commit: the last segment is unused.
Image unused_journal();

// The last segment's file, and the one in front.
std::vector<std::string> last_segments(const Image& image, std::size_t count);

// In one of three ways, by the run's choice: healed, one more record, closed, opened once more;
// closed while calls still fail; killed.
void end_run(Run& run, std::unique_ptr<Pen> pen);

}  // namespace tidemark::test
