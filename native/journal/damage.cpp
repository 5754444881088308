#include "journal/damage.hpp"

#include <utility>

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

Failure newer(const std::string& path, std::string what) {
  Failure failure;
  failure.code = Code::version;
  failure.message =
      std::move(what) + " was written by a newer tidemark; nothing was changed: use that version";
  failure.path = path;
  return failure;
}

}  // namespace tidemark::journal
