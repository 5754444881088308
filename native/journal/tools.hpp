// The offline tools: verify, salvage, snapshot. They use the survey, the walk and the decision of
// recovery itself; there is no second opinion about what a journal holds.
#pragma once

#include <string>

#include "io/tasks.hpp"
#include "journal/failure.hpp"
#include "journal/report.hpp"

namespace tidemark::journal {

struct VerifyOptions {
  bool frames = false;  // fill SegmentLayout::frames
  bool bodies = true;   // false: structure only (inspect)
  std::optional<std::uint64_t> expect_seq;
};
// Reads everything, changes nothing, takes no lock; beside a live writer it stops at the watermark.
// Damage is in the report; a failure means that the journal could not be read at all.
Result<VerifyReport> verify(const io::Host& host, const std::string& directory,
                            const VerifyOptions& options);

struct CopyOptions {
  std::uint32_t mode = 0600;
  bool allow_network = false;
};
// Every readable record keeps its seq; lost seqs become gap frames; damaged bytes are copied to
// <out>/quarantine/. Takes the source's lock against a writer (LOCKED) but changes nothing in it.
// EXISTS when `out` is not empty. Everything is durable when it returns.
Result<CopyReport> salvage(const io::Host& host, const std::string& directory,
                           const std::string& out, const CopyOptions& options);
// A consistent copy of a View: same journal id, new epoch and salts, cursors and head included.
// Fails CORRUPT on any damage. Everything is durable when it returns.
Result<CopyReport> copy_view(const io::Host& host, const View& view, const std::string& directory,
                             const std::string& out, const CopyOptions& options);

}  // namespace tidemark::journal
