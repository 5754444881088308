// What a crash may have cut of the last rotation beside the seal: the index behind it. Part of the
// open for writing, behind the decision.
#pragma once

#include "io/disk.hpp"
#include "journal/failure.hpp"
#include "journal/survey.hpp"

namespace tidemark::journal {

// Seal and index are one write, and a crash may have cut it between the two. Writes the index again
// as the seal says that it was, and cuts what is not zero behind it. Where the seal's index cannot
// be made again, it stays as it is: readers make their own, and verify names the damage.
Status mend_index(io::Disk& disk, const SurveyedFile& file, const format::SegmentHeader& successor);

}  // namespace tidemark::journal
