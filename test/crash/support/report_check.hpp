// Whether what an open reports is what it did: every byte that it cut is named with its place, and
// nothing is named that was not cut. The bytes are counted by themselves, without the scan.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/disk.hpp"
#include "journal/report.hpp"
#include "journal/segment.hpp"

namespace tidemark::test {

struct SegmentBytes {
  std::uint64_t size = 0;
  std::uint64_t used = 0;  // behind the last byte that is not zero
};
using Before = std::map<std::uint64_t, SegmentBytes>;  // by segment id

// By the device where it can be asked.
Before look_before(io::Disk& disk, const std::string& directory);

std::vector<std::string> judge_report(const Before& before, const journal::View& view,
                                      const journal::RecoveryReport& report);

}  // namespace tidemark::test
