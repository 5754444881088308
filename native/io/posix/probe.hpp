// Whether direct transfers work in a directory, and with which alignment.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "io/disk.hpp"

namespace tidemark::io::posix {

// The alignments that probing has found, by device.
class DirectAlignments {
 public:
  [[nodiscard]] std::optional<std::size_t> find(dev_t device) const;
  void remember(dev_t device, std::size_t alignment);

 private:
  mutable std::mutex mutex_;
  std::map<dev_t, std::size_t> found_;
};

Result<DirectSupport> probe_direct_support(const std::string& directory,
                                           DirectAlignments& alignments);

// The alignment for an open direct file: what the kernel says of it (statx), else what probing
// found on its device, else 4096. Errc::invalid when the kernel says that this file has no direct
// transfers.
Result<std::size_t> direct_alignment(int descriptor, const std::string& path,
                                     const DirectAlignments& alignments);

}  // namespace tidemark::io::posix
