// What the survey saw through the page cache, asked of the device: a sync that failed in a process
// that is gone leaves pages in the cache that no later sync writes.
#pragma once

#include "io/disk.hpp"
#include "journal/failure.hpp"
#include "journal/survey.hpp"

namespace tidemark::journal {

// Syncs what the last rotation wrote, then looks past the page cache whether it is there: a
// header and a seal that only the cache knows never were, and nothing was acknowledged behind
// them.
Status believe_the_device(io::Disk& disk, Survey& survey);

// Whether the page cache, which may hold what a sync that failed left out, shows nothing but zeros
// from here on.
Result<bool> zero_in_cache(io::Disk& disk, const SurveyedFile& file, std::uint64_t from);

// Asks the system to forget what it has cached of the file; false where it shows all the same that
// it has something behind `from`, as far as one read reaches.
Result<bool> forget_cached(io::Disk& disk, const SurveyedFile& file, std::uint64_t from);

}  // namespace tidemark::journal
