// Where the unsealed segment ends and what its damage means: the walk, the evidence and the tail
// table put together. Recovery, read-only opens and verify all ask here. Changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "format/scan.hpp"
#include "io/disk.hpp"
#include "io/tasks.hpp"
#include "journal/failure.hpp"
#include "journal/report.hpp"
#include "journal/segment.hpp"
#include "journal/survey.hpp"

namespace tidemark::journal {

struct TailDecision {
  char row = 0;
  format::Outcome outcome = format::Outcome::end;
  format::TailWord tail = format::TailWord::clean;
  format::Stream stream;  // the good frames
  std::shared_ptr<SharedIndex> index = std::make_shared<SharedIndex>();
  std::optional<Cut> cut;
  std::optional<Failure> refusal;     // what an open must answer with; then nothing else counts
  bool refused_for_previous = false;  // only for the segment in front: the rest is as decided
  format::Evidence evidence;
  format::Stop stop = format::Stop::end;
  bool from_device = false;
  bool closed_on_device = false;  // and the cache has nothing behind it: it was read instead
  std::uint64_t file_bytes = 0;
  std::uint64_t bytes_read = 0;
};

struct TailQuestion {
  const SurveyedFile* last = nullptr;
  const SurveyedFile* previous = nullptr;  // null for the first live segment
  std::uint64_t proof_seq = 0;             // known to have been durable: cursors, head, expectSeq
  // From the device, unless that has the closing mark (closing_mark.hpp): direct, else with the
  // cache dropped where that works.
  bool from_device = true;
  // To verify a closed segment in pieces; without, the device is asked whatever it has.
  io::Tasks* tasks = nullptr;
};
Result<TailDecision> decide_tail(io::Disk& disk, const TailQuestion& question);

// The last live segment has a seal: the file that it names is gone. Row R, with the path of that
// file.
Failure missing_successor(const SurveyedFile& file, const format::Seal& seal);

// The frames of a segment that has no seal although its successor's header is there: a crash came
// between the two. CORRUPT when they do not reach to where that header says that they end.
struct UnsealedFrames {
  format::Stream stream;
  std::shared_ptr<SharedIndex> index = std::make_shared<SharedIndex>();
};
Result<UnsealedFrames> walk_unsealed(io::Disk& disk, const SurveyedFile& file,
                                     const format::SegmentHeader& successor);

// The highest seq that the marks of a survey, a half-made successor and the caller know to have
// been durable.
std::uint64_t proof_seq(const Survey& survey, std::optional<std::uint64_t> expect_seq);

// Opens for reading past the page cache where the file system allows it. `from_device` says whether
// it did; elsewhere the cache was asked to forget the file.
Result<std::unique_ptr<io::File>> open_from_device(io::Disk& disk, const std::string& path,
                                                   bool& from_device);

}  // namespace tidemark::journal
