#include "journal/damage.hpp"

#include <utility>

#include "format/recovery_table.hpp"

namespace tidemark::journal {

Failure damaged(const std::string& path, std::uint64_t segment, std::uint64_t offset,
                std::string message, char row) {
  Failure failure;
  failure.code = Code::corrupt;
  failure.message = std::move(message) +
                    "; nothing was changed: run `tidemark verify` for the extent and `tidemark "
                    "salvage` to copy out what is sound";
  failure.path = path;
  failure.segment = segment;
  failure.offset = offset;
  failure.row = row;
  return failure;
}

Failure unreadable(std::uint64_t segment, const io::Error& error) {
  format::FileSituation situation;
  situation.unreadable = true;
  Failure failure = from_io(
      error, "segment " + std::to_string(segment) +
                 " cannot be read, so it cannot be known what it proves; nothing was changed");
  failure.segment = segment;
  failure.row = format::decide(format::file_table(), situation).letter;
  return failure;
}

Failure newer(const std::string& path, std::string what) {
  Failure failure;
  failure.code = Code::version;
  failure.message =
      std::move(what) + " was written by a newer tidemark; nothing was changed: use that version";
  failure.path = path;
  return failure;
}

}  // namespace tidemark::journal
