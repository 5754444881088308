// Counts what operator new is asked for in this process.
#pragma once

#include <cstdint>

namespace tidemark::bench {

// Calls of operator new so far, by all threads.
std::uint64_t allocations() noexcept;

}  // namespace tidemark::bench
