// The POSIX File.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "io/disk.hpp"
#include "io/posix/descriptor.hpp"

namespace tidemark::io::posix {

// `durable_writes`: direct and synchronous, so that a write can be begun and is durable at its end.
std::unique_ptr<File> make_file(Descriptor descriptor, const std::string& path,
                                std::size_t alignment, bool durable_writes = false);

}  // namespace tidemark::io::posix
