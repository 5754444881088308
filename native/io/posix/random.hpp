// Random bytes from the system's cryptographic source.
#pragma once

#include "io/disk.hpp"

namespace tidemark::io::posix {

void fill_random(MutableBytes into);

}  // namespace tidemark::io::posix
