// The listing of a journal's directory for a human: files, frames, what verify says of them.
#pragma once

#include <string>

#include "io/simulated_disk.hpp"

namespace tidemark::test {

std::string picture_of(const io::SimulatedDisk& disk, const std::string& directory);

}  // namespace tidemark::test
