// The largest single allocation of the whole process since it was last forgotten: nothing may be
// allocated by a number out of a damaged file. Always 0 under a sanitizer, which has allocators of
// its own.
#pragma once

#include <cstddef>

namespace tidemark::test::allocations {

void forget() noexcept;
std::size_t largest() noexcept;

}  // namespace tidemark::test::allocations
