// Which file system a path is on, and what that means for us.
#pragma once

#include <string>

#include "io/disk.hpp"

namespace tidemark::io::posix {

Result<FileSystemInfo> describe_file_system(const std::string& path);

}  // namespace tidemark::io::posix
