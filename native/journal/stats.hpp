// Counters and latency histograms of one open journal.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tidemark::journal {

// Log-linear buckets: 16 per power of two, so that a value is known within 6.25 %. Written by one
// thread, read by any.
class Histogram {
 public:
  static constexpr std::size_t sub_buckets = 16;
  static constexpr std::size_t buckets = sub_buckets * 61;
  void add(std::uint64_t value) noexcept;
  struct Summary {
    std::uint64_t count = 0, min = 0, max = 0;
    double mean = 0;
    std::uint64_t p50 = 0, p90 = 0, p99 = 0, p999 = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> filled;  // (upper bound, count), ascending
  };
  [[nodiscard]] Summary summary() const;

 private:
  std::array<std::atomic<std::uint32_t>, buckets> counts_{};
  std::atomic<std::uint64_t> count_{0}, sum_{0}, min_{UINT64_MAX}, max_{0};
};

struct Stats {
  std::uint64_t records = 0;  // written by this process since the open
  std::uint64_t commits = 0;
  std::uint64_t syncs = 0;
  std::uint64_t marks = 0;
  std::uint64_t rotations = 0;
  std::uint64_t rejected = 0;
  std::uint64_t bytes_written = 0;  // handed to the system, headers, marks and seals included
  std::uint64_t payload_bytes = 0;
  std::uint64_t bytes_used = 0;     // of all live segments: headers and frames
  std::uint64_t pending_bytes = 0;  // accepted and not yet written
  std::uint64_t pending_records = 0;
  std::uint64_t segments = 0;
  std::uint64_t handles = 0;
  bool direct = false;
  std::string sync_mode;  // "fdatasync", …
  std::uint64_t alignment = 1;
  std::string why;  // of the mode
  std::string crc32c_kernel;
  Histogram::Summary commit_records;  // records per commit
  Histogram::Summary commit_ns;       // from taking a commit to durable
  Histogram::Summary sync_ns;
};

}  // namespace tidemark::journal
