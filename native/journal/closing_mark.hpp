// The closing mark of the last segment, looked for on the device: where it stands, everything in
// front of it was durable before it was written, so that the page cache tells the same and an open
// need not read a whole segment past it.
#pragma once

#include <cstdint>
#include <optional>

#include "io/disk.hpp"
#include "journal/survey.hpp"

namespace tidemark::journal {

struct ClosingMark {
  std::uint64_t end = 0;         // behind it the device holds zeros, as far as was looked
  std::uint64_t bytes_read = 0;  // from the device, to find it
};

// nullopt: there is none, or it cannot be asked of the device. Reads a few blocks: the end of the
// file and, by halving it, the last one that is not zero. Records of zeros may mislead it, and then
// it finds nothing. The file was synced.
std::optional<ClosingMark> closing_mark_on_device(io::Disk& disk, const SurveyedFile& file);

}  // namespace tidemark::journal
