// Looks into the segments on both sides of one that is missing or has lost its header: which seqs
// it held. They change nothing.
#pragma once

#include <optional>

#include "journal/report.hpp"
#include "journal/survey.hpp"

namespace tidemark::journal {

// The seal at which the frames end, wherever that is; nullopt when they end otherwise.
Result<std::optional<format::Seal>> find_seal(io::Disk& disk, const SurveyedFile& file);
// The seqs that stand between two files, as far as they say: from the seal of the one in front
// (null: from `first_seq`) to what the one behind says of its predecessor (null: open, to is 0).
Result<SeqRange> seqs_between(io::Disk& disk, const SurveyedFile* before,
                              const SurveyedFile* behind, std::uint64_t first_seq);

}  // namespace tidemark::journal
