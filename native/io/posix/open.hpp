// Opening regular files, and nothing but regular files.
#pragma once

#include <string>

#include "io/disk.hpp"
#include "io/posix/descriptor.hpp"

namespace tidemark::io::posix {

// Close-on-exec; refuses links, directories, devices, pipes and sockets, and waits for none of
// them. Errors name `call`, since locks are opened here too.
Result<Descriptor> open_regular_file(const std::string& path, const OpenOptions& options,
                                     Call call);

// Paths of the system end at a NUL: one inside would name another file than the caller meant.
Status check_path(const std::string& path, Call call);

}  // namespace tidemark::io::posix
