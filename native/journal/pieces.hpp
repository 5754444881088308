// Pieces of work that do not depend on each other.
#pragma once

#include <cstddef>
#include <functional>

#include "io/tasks.hpp"

namespace tidemark::journal {

// Calls `piece` once with each number below `count`: in this thread and, as soon as one of the pool
// is free, in that one at the same time. Nothing waits for a thread to come free, so that callers
// who fill the pool do not wait for each other. All pieces are done when it returns.
void do_pieces(io::Tasks& tasks, std::size_t count, std::function<void(std::size_t)> piece);

}  // namespace tidemark::journal
