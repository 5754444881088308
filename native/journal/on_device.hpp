// What the survey saw through the page cache, asked of the device: a sync that failed in a process
// that is gone leaves pages in the cache that no later sync writes.
#pragma once

#include "io/disk.hpp"
#include "journal/failure.hpp"
#include "journal/survey.hpp"

namespace tidemark::journal {

// What the device holds of the header that the survey saw.
enum class HeaderOnDevice : std::uint8_t {
  none,
  part,  // one copy, where the cache shows two
  whole,
};
Result<HeaderOnDevice> header_on_device(io::Disk& disk, const SurveyedFile& file);

// Whether it holds the seal that the survey saw.
Result<bool> seal_on_device(io::Disk& disk, const SurveyedFile& file);

// Whether it holds nothing but zeros behind the header.
Result<bool> unused_on_device(io::Disk& disk, const SurveyedFile& file);

// Whether the page cache, which may hold what a sync that failed left out, shows nothing but zeros
// from here on.
Result<bool> zero_in_cache(io::Disk& disk, const SurveyedFile& file, std::uint64_t from);

// Asks the system to forget what it has cached of the file; false where it shows all the same that
// it has something behind `from`, as far as one read reaches.
Result<bool> forget_cached(io::Disk& disk, const SurveyedFile& file, std::uint64_t from);

}  // namespace tidemark::journal
