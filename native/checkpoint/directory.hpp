// What is in the directory of a checkpoint.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/file_reader.hpp"

namespace tidemark::checkpoint {

struct Listing {
  std::vector<std::uint64_t> generations;  // ascending
  std::vector<std::string> temporaries;    // names
  std::vector<std::string> foreign;        // names that are not ours
};
journal::Result<Listing> list(io::Disk& disk, const std::string& directory);

// Syncs the directory. A disk that cannot be written to needs no sync.
journal::Status sync_names(io::Disk& disk, const std::string& directory);
using SyncNames = std::function<journal::Status()>;

// The list, made durable before anybody is told: a generation that was seen once is there after a
// power cut, too.
journal::Result<Listing> list_durably(io::Disk& disk, const std::string& directory,
                                      const SyncNames& sync);

// The newest generation, or nothing where none was ever saved. Damage of the newest is an error:
// an older one is never given instead.
journal::Result<std::unique_ptr<FileReader>> open_newest(io::Disk& disk,
                                                         const std::string& directory,
                                                         const SyncNames& sync);

// Whether the failure says that the file is not there (any more).
bool is_absent(const journal::Failure& failure) noexcept;

}  // namespace tidemark::checkpoint
