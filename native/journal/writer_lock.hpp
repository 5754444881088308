// The lock of a journal's directory, for tools that must not run beside its writer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/tasks.hpp"
#include "journal/failure.hpp"

namespace tidemark::journal {

// LOCKED, with the holder, when somebody writes there.
Result<std::unique_ptr<io::Lock>> lock_directory(const io::Host& host, const std::string& directory,
                                                 std::uint32_t mode);
Failure locked_failure(io::Disk& disk, const std::string& directory);
// Whether somebody writes there. A question that fails is no answer: who takes a writer for dead
// interprets what it is writing just then.
Result<bool> writer_lives(io::Disk& disk, const std::string& directory);
Failure writer_unknown(const io::Error& error);

}  // namespace tidemark::journal
