// One way in which a call fails: what a loop goes through.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/fault_disk.hpp"

namespace tidemark::test {

struct Case {
  io::FaultPlan plan;
  std::uint64_t seed =
      1;  // of the scheduler, of what a power cut leaves, of what the run does last

  // "sync 7 ENOSPC none kind seed 3": names the run, and finds it again.
  [[nodiscard]] std::string text() const;
};

// The kind of a call by the name of its enumerator: name(Call) is what a Node user knows, and says
// "fstat" to two of them.
const char* kind_name(io::Call call) noexcept;

// The kinds that a disk can be asked to fail. A close reports nothing.
const std::vector<io::Call>& failing_kinds();

// ENOSPC, EDQUOT, EMFILE, ENOMEM, EROFS, EINTR, EFBIG, and a short write; EIO comes first.
inline constexpr std::array errors{
    io::Errc::io,         io::Errc::no_space,  io::Errc::quota,       io::Errc::too_many_files,
    io::Errc::no_memory,  io::Errc::read_only, io::Errc::interrupted, io::Errc::file_too_large,
    io::Errc::short_write};

// The effects that differ for this kind.
std::vector<io::Effect> effects_of(io::Call call);

}  // namespace tidemark::test
