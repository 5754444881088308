// Numbers drawn from a seed, the same on every platform and in every run.
#pragma once

#include <cstdint>

namespace tidemark::io {

// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
// 2014): a bijection in which every bit of the input changes half of the output.
constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

// SplitMix64.
class SeededRandom {
 public:
  constexpr explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}
  constexpr std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    return mixed(state_);
  }
  // 0 ≤ result < bound, bound > 0. The bias of the remainder is of no consequence for bounds like
  // ours.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  constexpr bool one_in(std::uint64_t n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace tidemark::io
