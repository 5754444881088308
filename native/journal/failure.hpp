// The typed failures of the journal: what the addon turns into a TidemarkError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/result.hpp"
#include "io/tasks.hpp"

namespace tidemark::journal {

// ERR_TIDEMARK_<name in capitals>; the paragraph of each is in docs/errors.md.
enum class Code : std::uint8_t {
  locked,
  corrupt,
  poisoned,
  closed,
  too_large,
  no_space,
  io,
  version,
  truncated,
  mismatch,
  conflict,
  busy,
  read_only,
  exists,
  unsupported,
  range,
};
const char* name(Code code) noexcept;  // "LOCKED", …; `range` is a RangeError on the JS side

// What a rejected write may have left behind.
enum class WriteOutcome : std::uint8_t {
  none,         // the failure is not about a write
  not_written,  // the next open provably cannot find the record
  unknown,
};

struct Failure {
  Code code = Code::io;
  std::string message;  // one sentence: what happened; the next says what to do
  std::string path;
  std::optional<std::uint64_t> segment;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> from_seq;
  std::optional<std::uint64_t> to_seq;
  WriteOutcome outcome = WriteOutcome::none;
  std::optional<io::Error> cause;
  std::string holder;  // of a lock: the JSON line in the lock file, "" when unreadable
  char row = 0;        // letter of the recovery table that decided, 0 when none did
};

template <class T>
using Result = io::Result<T, Failure>;
using Status = Result<io::Done>;
inline Status done() { return Status(io::Done{}); }

// NO_SPACE for a full disk or quota, IO for the rest.
Failure from_io(const io::Error& error, std::string what);
// In front of what needs threads: without one it would wait for ever.
Status require_threads(io::Tasks& tasks, const std::string& directory);

}  // namespace tidemark::journal
