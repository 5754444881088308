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

// The newest generation, or nothing where none was ever saved. Damage of the newest is an error,
// and so is its absence, where it is known that there was a newer one: an older one is never given
// instead.
journal::Result<std::unique_ptr<FileReader>> open_newest(io::Disk& disk,
                                                         const std::string& directory,
                                                         const SyncNames& sync,
                                                         std::uint64_t known);

// One generation. Where it is not there it was removed, because there are newer ones; or it is
// missing, if it is the newest that is known of and there is none.
journal::Result<std::unique_ptr<FileReader>> open_generation(io::Disk& disk,
                                                             const std::string& directory,
                                                             std::uint64_t generation,
                                                             std::uint64_t known);

// Whether the failure says that the file is not there (any more).
bool is_absent(const journal::Failure& failure) noexcept;

}  // namespace tidemark::checkpoint
