// What a run left, on a disk that is well again: opened as readers and writers open it, after the
// end of the process and after a loss of power, and held against the ledger.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "run.hpp"

namespace tidemark::test {

// Opens, judges, opens again, goes on, closes; after a kill and after power cuts. REQUIREs that no
// open refuses: nothing was damaged.
void judge_aftermath(const Image& left, std::uint64_t seed);

// What a reader sees in a directory; nothing where it is refused.
std::optional<Found> seen_in(const std::shared_ptr<io::SimulatedDisk>& disk,
                             const std::string& directory);
// The records by their seqs, of a journal that may have gaps.
std::map<std::uint64_t, std::string> numbered_records(
    const std::shared_ptr<io::SimulatedDisk>& disk, const std::string& directory);

// A copy in another directory, held against the ledger of what was copied.
void judge_copy(const std::shared_ptr<io::SimulatedDisk>& disk, const std::string& directory,
                const Ledger& ledger);

}  // namespace tidemark::test
