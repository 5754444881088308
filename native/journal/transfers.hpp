// How a journal writes in its directory: what the file system is, and whether direct transfers pay.
#pragma once

#include <cstddef>
#include <string>

#include "io/disk.hpp"
#include "journal/failure.hpp"
#include "journal/options.hpp"

namespace tidemark::journal {

struct Transfers {
  bool direct = false;
  bool write_through = false;  // direct, and durable writes are: one call makes a commit durable
  std::size_t alignment = 1;
  std::string reason;
};

// UNSUPPORTED on a network file system that was not allowed.
Result<io::FileSystemInfo> usable_file_system(io::Disk& disk, const std::string& directory,
                                              bool allow_network);

// Direct transfers where each makes its own commit durable: one call instead of two, and no page
// cache to believe. UNSUPPORTED where they are demanded and refused.
Result<Transfers> choose_transfers(io::Disk& disk, const std::string& directory,
                                   DirectChoice choice, const io::FileSystemInfo& file_system);

}  // namespace tidemark::journal
