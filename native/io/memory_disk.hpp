// A plain disk in memory: directories, files, locks, identities; everything written is durable at
// once. It has no links and no users, and its root and working directory are both "/".
#pragma once

#include <cstddef>
#include <memory>

#include "io/disk.hpp"

namespace tidemark::io {

struct MemoryDiskOptions {
  // 1: direct files are refused, as on a file system without them. Otherwise the alignment (a power
  // of two from 512 up) to which direct files hold every transfer.
  std::size_t direct_alignment = 1;
};

std::shared_ptr<Disk> make_memory_disk(const MemoryDiskOptions& options);

}  // namespace tidemark::io
