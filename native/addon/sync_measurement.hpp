// The raw disk: one thread that writes and syncs one temporary file, with one latency for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/tasks.hpp"

namespace tidemark::addon {

enum class SyncMode : std::uint8_t {
  append,        // a growing file, write + fdatasync
  zero_filled,   // a file that was filled with zeros and synced, write + fdatasync
  direct,        // the same with O_DIRECT
  direct_dsync,  // zero-filled, O_DIRECT and O_DSYNC, write only
};

struct SyncRequest {
  std::string directory;
  SyncMode mode = SyncMode::zero_filled;
  std::size_t bytes = 4096;   // of each write; rounded up to the alignment of direct transfers
  std::uint64_t count = 0;    // ends after so many
  io::Nanoseconds limit = 0;  // or after so long
};

struct SyncMeasurement {
  std::string refused;  // why the disk does not do it; empty when it does
  std::size_t alignment = 1;
  std::size_t bytes = 0;
  std::vector<double> nanoseconds;
};

// Makes a temporary file in the directory and removes it again.
SyncMeasurement measure_sync(const io::Host& host, const SyncRequest& request);

}  // namespace tidemark::addon
