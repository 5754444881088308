// The Windows File.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "io/disk.hpp"
#include "io/windows/handle.hpp"

namespace tidemark::io::windows {

std::unique_ptr<File> make_file(Handle handle, const std::string& path, std::size_t alignment);

}  // namespace tidemark::io::windows
