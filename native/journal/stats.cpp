#include "journal/stats.hpp"

#include <bit>

namespace tidemark::journal {
namespace {

constexpr unsigned sub_bits = 4;
static_assert(Histogram::sub_buckets == 1U << sub_bits);

// Values below sub_buckets have a bucket each; above, a power of two is cut into sub_buckets.
std::size_t bucket_of(std::uint64_t value) noexcept {
  if (value < Histogram::sub_buckets) return static_cast<std::size_t>(value);
  const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1;
  const std::uint64_t sub = (value >> (exponent - sub_bits)) & (Histogram::sub_buckets - 1);
  return (exponent - sub_bits + 1) * Histogram::sub_buckets + static_cast<std::size_t>(sub);
}

std::uint64_t upper_bound(std::size_t bucket) noexcept {
  if (bucket < Histogram::sub_buckets) return bucket;
  const std::size_t exponent = bucket / Histogram::sub_buckets - 1 + sub_bits;
  const std::uint64_t sub = bucket % Histogram::sub_buckets;
  const std::uint64_t width = std::uint64_t{1} << (exponent - sub_bits);
  return (std::uint64_t{1} << exponent) + sub * width + (width - 1);
}

}  // namespace

void Histogram::add(std::uint64_t value) noexcept {
  // One writer: plain read-modify-write of each counter, atomic only for the readers' sake.
  const auto bump = [](auto& counter, auto by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  };
  bump(counts_[bucket_of(value)], 1U);
  bump(count_, std::uint64_t{1});
  bump(sum_, value);
  if (value < min_.load(std::memory_order_relaxed)) min_.store(value, std::memory_order_relaxed);
  if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
}

Histogram::Summary Histogram::summary() const {
  Summary summary;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::uint64_t count = counts_[bucket].load(std::memory_order_relaxed);
    if (count == 0) continue;
    summary.filled.emplace_back(upper_bound(bucket), count);
    summary.count += count;
  }
  if (summary.count == 0) return summary;
  summary.min = min_.load(std::memory_order_relaxed);
  summary.max = max_.load(std::memory_order_relaxed);
  summary.mean = static_cast<double>(sum_.load(std::memory_order_relaxed)) /
                 static_cast<double>(summary.count);
  const auto percentile = [&summary](double share) {
    const auto rank =
        static_cast<std::uint64_t>(share * static_cast<double>(summary.count - 1)) + 1;
    std::uint64_t seen = 0;
    for (const auto& [bound, count] : summary.filled) {
      seen += count;
      if (seen >= rank) return bound < summary.max ? bound : summary.max;
    }
    return summary.max;
  };
  summary.p50 = percentile(0.5);
  summary.p90 = percentile(0.9);
  summary.p99 = percentile(0.99);
  summary.p999 = percentile(0.999);
  return summary;
}

}  // namespace tidemark::journal
