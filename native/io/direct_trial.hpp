// Trying direct transfers by use, the same on every platform.
#pragma once

#include <cstddef>

#include "io/disk.hpp"

namespace tidemark::io {

inline constexpr std::size_t smallest_direct_block = 512;  // the sector of every disk but 4Kn ones
inline constexpr std::size_t usual_direct_block = 4096;    // satisfies every disk in use

// Writes two blocks of `alignment` to the empty direct file and reads them back; the second has an
// offset and an address that are multiples of `alignment` and of nothing larger. `file` is one that
// does not enforce an alignment by itself. Errc::invalid or not_supported: it does not work; other
// errors say nothing about direct transfers.
Status try_direct_transfers(File& file, std::size_t alignment);

}  // namespace tidemark::io
