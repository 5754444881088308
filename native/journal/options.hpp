// What an open of a journal may ask for, in the units of the core. The defaults here are the
// documented ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/tasks.hpp"

namespace tidemark::journal {

enum class DurabilityKind : std::uint8_t {
  commit,    // acknowledged when it is on stable storage
  interval,  // acknowledged when the system has the bytes; a sync follows within the interval
  os,        // the same with the interval os_sync_interval
};
struct Durability {
  DurabilityKind kind = DurabilityKind::commit;
  io::Nanoseconds interval = 0;
};
inline constexpr io::Nanoseconds os_sync_interval = 1'000'000'000;
inline constexpr io::Nanoseconds longest_sync_interval = 3'600'000'000'000;

// The mode of directories that are made for files of this mode: who may read may also enter.
constexpr std::uint32_t directory_mode(std::uint32_t file_mode) noexcept {
  return file_mode | ((file_mode & 0444U) >> 2U);
}

enum class DirectChoice : std::uint8_t { automatic, on, off };

struct Retention {  // zero: no limit
  std::uint64_t max_bytes = 0;
  std::uint64_t max_records = 0;
  std::uint64_t max_age_ms = 0;
};

// What is recorded in the segment headers at creation. An absent value is taken from the journal;
// a different one is MISMATCH.
struct Recorded {
  std::optional<std::string> codec_name;
  std::optional<std::uint32_t> codec_version;
  std::optional<std::string> hash_name;  // "" = none
  std::uint8_t hash_bytes = 0;
  std::optional<std::string> application;
  std::optional<std::uint64_t> start_seq;
};

inline constexpr std::uint64_t minimum_segment_bytes = 65536;
inline constexpr std::uint64_t maximum_segment_bytes = 4ULL << 30U;
inline constexpr std::uint64_t first_segment_bytes = 1U << 20U;
inline constexpr std::uint64_t segment_growth = 4;

struct Options {
  Recorded recorded;
  std::string default_codec_name = "msgpack";  // for a journal that this open creates
  std::uint32_t default_codec_version = 1;
  Durability durability;
  std::uint64_t segment_bytes = 64U << 20U;
  std::uint32_t max_record_bytes = 16U << 20U;
  std::uint64_t max_pending_bytes = 256U << 20U;
  std::uint64_t high_water_bytes = 16U << 20U;  // above it `writable` is false
  std::uint32_t commit_max_bytes = 4U << 20U;
  std::uint32_t commit_max_records = 65536;
  io::Nanoseconds linger = 0;
  Retention retain;
  DirectChoice direct = DirectChoice::automatic;
  bool block_padding = false;
  io::Nanoseconds idle_mark = 5'000'000;
  std::optional<std::uint64_t> expect_seq;
  std::uint32_t mode = 0600;
  bool allow_network = false;
  bool skip_corruption = false;  // read-only opens only
};

}  // namespace tidemark::journal
