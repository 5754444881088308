// What a damaged directory offers to salvage: files with the names of segments, as far as their
// headers can be read, and the marks beside them. Unlike the survey it judges nothing and refuses
// nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format/marks.hpp"
#include "format/segment_header.hpp"
#include "io/disk.hpp"
#include "journal/failure.hpp"
#include "journal/report.hpp"

namespace tidemark::journal {

// A file with a segment's name.
struct SalvageFile {
  std::uint64_t named_id = 0;
  std::string path;
  std::uint64_t bytes = 0;
  format::HeaderPair headers;
  [[nodiscard]] bool usable() const noexcept { return headers.state == format::HeaderState::valid; }
  [[nodiscard]] std::uint64_t id() const noexcept {
    return usable() ? headers.header.segment_id : named_id;
  }
};

struct SalvageSources {
  // By id; of two files of one segment the one that bears its name comes first.
  std::vector<SalvageFile> files;
  std::optional<format::SegmentHeader> facts;  // recorded at creation; nullopt: no sound header
  format::Head head;                           // in force
  std::vector<format::CursorMark> cursors;     // sound ones of this journal
  std::vector<std::string> bad_marks;          // paths of damaged marks
  std::uint64_t known_last_seq = 0;            // proven to have been durable by headers and marks
  std::vector<Problem> problems;
  std::optional<io::Error> unreadable;  // the first segment's file of which nothing could be read

  void problem(ProblemKind kind, std::uint64_t segment, std::uint64_t offset, std::uint64_t from,
               std::uint64_t to, std::string detail, const std::string& path);
};

Result<SalvageSources> collect_sources(io::Disk& disk, const std::string& directory);

}  // namespace tidemark::journal
