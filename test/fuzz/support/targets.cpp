#include <algorithm>
#include <array>

#include "target.hpp"

namespace tidemark::test::fuzz {
namespace {

// Names and texts carry no checksum.
void leave(MutableBytes, std::uint32_t) {}

constexpr std::array all = {
    Target{"segment-header", examine_segment_header, repair_segment_header,
           seeds_of_segment_header},
    Target{"frame", examine_frame, repair_frame, seeds_of_frame},
    Target{"record-table", examine_record_table, repair_record_table, seeds_of_record_table},
    Target{"seal", examine_seal, repair_frame, seeds_of_seal},
    Target{"index", examine_index, repair_index, seeds_of_index},
    Target{"segment", examine_segment, repair_segment, seeds_of_segment},
    Target{"head", examine_head, repair_mark, seeds_of_head},
    Target{"cursor", examine_cursor, repair_mark, seeds_of_cursor},
    Target{"dictionary", examine_dictionary, leave, seeds_of_dictionary},
    Target{"lock", examine_lock, leave, seeds_of_lock},
    Target{"name", examine_name, leave, seeds_of_name},
    Target{"checkpoint", examine_checkpoint, repair_checkpoint, seeds_of_checkpoint},
    Target{"checkpoint-name", examine_checkpoint_name, leave, seeds_of_checkpoint_name},
};

}  // namespace

std::span<const Target> targets() { return all; }

const Target* find_target(std::string_view name) {
  const auto* const found =
      std::find_if(all.begin(), all.end(), [&](const Target& each) { return each.name == name; });
  return found == all.end() ? nullptr : found;
}

}  // namespace tidemark::test::fuzz
