// How a file of a journal that cannot be taken as it is becomes a failure. Says where, and what to
// do.
#pragma once

#include <cstdint>
#include <string>

#include "journal/failure.hpp"

namespace tidemark::journal {

// CORRUPT. `row` is the letter of the table that decided, 0 where none did.
Failure damaged(const std::string& path, std::uint64_t segment, std::uint64_t offset,
                std::string message, char row);
// What could not be read of a live segment may prove what was durable: IO, with the file table's
// row.
Failure unreadable(std::uint64_t segment, const io::Error& error);
// VERSION.
Failure newer(const std::string& path, std::string what);

}  // namespace tidemark::journal
