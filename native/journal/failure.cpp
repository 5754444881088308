#include "journal/failure.hpp"

#include <utility>

namespace tidemark::journal {

const char* name(Code code) noexcept {
  switch (code) {
    case Code::locked:
      return "LOCKED";
    case Code::corrupt:
      return "CORRUPT";
    case Code::poisoned:
      return "POISONED";
    case Code::closed:
      return "CLOSED";
    case Code::too_large:
      return "TOO_LARGE";
    case Code::no_space:
      return "NO_SPACE";
    case Code::io:
      return "IO";
    case Code::version:
      return "VERSION";
    case Code::truncated:
      return "TRUNCATED";
    case Code::mismatch:
      return "MISMATCH";
    case Code::conflict:
      return "CONFLICT";
    case Code::busy:
      return "BUSY";
    case Code::read_only:
      return "READ_ONLY";
    case Code::exists:
      return "EXISTS";
    case Code::unsupported:
      return "UNSUPPORTED";
    case Code::range:
      return "RANGE";
  }
  return "IO";
}

Failure from_io(const io::Error& error, std::string what) {
  Failure failure;
  // A read refuses a file for its size too; that has nothing to do with room.
  const bool limited = error.code == io::Errc::file_too_large && error.call != io::Call::read;
  const bool full = error.code == io::Errc::no_space || error.code == io::Errc::quota || limited;
  failure.code = full ? Code::no_space : Code::io;
  failure.message = std::move(what) + ": " + error.message();
  failure.path = error.path;
  failure.cause = error;
  return failure;
}

Status require_threads(io::Tasks& tasks, const std::string& directory) {
  if (tasks.ready()) return done();
  Failure failure;
  failure.code = Code::io;
  failure.path = directory;
  failure.message =
      "the system starts no thread, and a journal needs one: the limit of processes and threads is "
      "reached (`ulimit -u`, or that of a container)";
  return Status(std::move(failure));
}

}  // namespace tidemark::journal
