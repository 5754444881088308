// How the live segments of a journal hang together: what each header says of the segment in front,
// and each seal of the one behind. Part of the survey; changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/disk.hpp"
#include "journal/failure.hpp"
#include "journal/survey.hpp"

namespace tidemark::journal {

struct Chain {
  const std::vector<SurveyedFile*>& files;  // with a sound header, at or above the head, by id
  const std::set<std::uint64_t>& present;   // ids of all files with a segment's name
  const std::optional<format::SegmentHeader>& reference;  // of the journal's first sound header
  std::optional<format::Head> head;  // in force; nullopt: no mark and no sound header says
};

// Damage where a file should end, which is no reason to doubt the file itself.
struct DamagedEnd {
  std::uint64_t offset = 0;
  std::string why;  // goes on after "segment <id> "
};
struct LinkedFile {
  SurveyedFile* file = nullptr;
  std::string contradiction;  // empty: it is what its neighbours say that it is
  std::optional<DamagedEnd> damaged_end;
};
struct MissingSegment {
  std::uint64_t id = 0;
  std::string why;
};
struct LinkedChain {
  std::vector<LinkedFile> files;  // all of the chain, in order
  std::vector<MissingSegment> missing;
};

// Fills `stream_end` and `seal` of the files. A failure: a file cannot be read.
Result<LinkedChain> link_chain(io::Disk& disk, const Chain& chain);

}  // namespace tidemark::journal
