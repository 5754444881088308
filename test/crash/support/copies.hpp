// What is found of a copy (snapshot, salvage) after a cut: nothing, debris that no open takes for a
// journal, or all of it.
#pragma once

#include "machine.hpp"

namespace tidemark::test {

// Complains to the machine.
void judge_copies(Machine& machine);

}  // namespace tidemark::test
