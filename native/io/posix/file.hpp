// The POSIX File.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "io/disk.hpp"
#include "io/posix/descriptor.hpp"

namespace tidemark::io::posix {

std::unique_ptr<File> make_file(Descriptor descriptor, const std::string& path,
                                std::size_t alignment);

}  // namespace tidemark::io::posix
