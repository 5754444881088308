// The volume behind a path: its file system, and whether and how direct transfers work on it.
#pragma once

#include <cstddef>
#include <string>

#include "io/disk.hpp"
#include "io/windows/handle.hpp"

namespace tidemark::io::windows {

Result<FileSystemInfo> describe_file_system(const std::string& path);
Result<DirectSupport> probe_direct_support(const std::string& directory);

// The alignment that the storage below an open file states; 4096 where it states none.
std::size_t direct_alignment(HANDLE handle) noexcept;

}  // namespace tidemark::io::windows
