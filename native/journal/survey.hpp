// Looks at the files of a journal's directory and decides, by the file table, which of them are the
// live segments. Changes nothing. Recovery, read-only opens, verify and salvage all begin here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format/marks.hpp"
#include "format/names.hpp"
#include "format/recovery_table.hpp"
#include "format/segment_header.hpp"
#include "io/disk.hpp"
#include "journal/failure.hpp"
#include "journal/named_cursor.hpp"

namespace tidemark::journal {

struct SurveyedFile {
  std::uint64_t id = 0;  // by its name
  std::string path;
  std::uint64_t bytes = 0;
  std::uint64_t allocated = 0;
  format::HeaderPair headers;
  std::optional<format::Seal> seal;  // found where the successor's header says that it stands
  std::uint64_t stream_end = 0;      // when the successor's header fixes it, else 0
  char row = 0;                      // of the file table
  format::Outcome outcome = format::Outcome::accept;
};

struct Survey {
  bool directory_exists = false;
  std::vector<SurveyedFile>
      live;  // in order; the last one is unsealed unless the journal is damaged
  std::vector<SurveyedFile> debris;  // torn creations, spares, released segments: may be removed
  std::vector<std::string> temporaries;  // names of ours, left by a dead process
  std::vector<std::string> foreign;
  std::vector<NamedCursor> cursors;
  std::optional<format::HeadMark> head;
  format::Head effective_head;   // highest of the head mark and the headers
  std::uint64_t highest_id = 0;  // of any file with a segment's name
  // The last seq in front of a successor that was cut while it was being made: its header was
  // written when all of that was durable.
  std::uint64_t half_made_proof = 0;
  std::vector<Failure> damage;  // what the file table refuses, in order; empty when sound
  std::vector<std::pair<std::uint64_t, int>>
      bad_header_copies;  // (segment id, copy): the other one is sound
  std::optional<format::SegmentHeader>
      reference;  // of the first live segment: the journal's recorded facts
};

// `damage` holds what an open must refuse with; an I/O error that prevents looking is the failure,
// with the table's row where a live segment could not be read.
Result<Survey> survey(io::Disk& disk, const std::string& directory);

}  // namespace tidemark::journal
