// What an exploration counted.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "io/simulated_disk.hpp"

namespace tidemark::test {

// By letter of the recovery tables, how often the row decided.
class Rows {
 public:
  static constexpr char first = 'A';
  static constexpr char last = 'Y';
  void add(char row);
  void add(const Rows& other);
  [[nodiscard]] std::uint64_t of(char row) const {
    return counts_[static_cast<std::size_t>(row - first)];
  }

 private:
  std::array<std::uint64_t, last - first + 1> counts_{};
};

struct Figures {
  static constexpr std::size_t most_cuts = 3;
  std::string workload;
  std::uint64_t cut_points = 0;  // of the workload itself
  std::uint64_t recovery_cut_points = 0;
  std::uint64_t states = 0;  // distinct: durable image, knowledge of the oracle, way of dying
  std::uint64_t images = 0;  // distinct durable images among them
  std::array<std::uint64_t, most_cuts> by_cuts{};  // states behind 1, 2, 3 cuts
  std::uint64_t seen_before = 0;                   // cuts that led to a state that was known
  std::uint64_t without_room = 0;                  // opens that were refused for want of room
  Rows rows;
  void add(const Figures& other);
};

struct Violation {
  std::string route;  // replays it
  std::vector<std::string> problems;
  std::string picture;  // the image's listing, and what the oracle knew
};

// The states and images that were met, by all threads.
class Seen {
 public:
  // Whether it is new.
  bool add_state(const io::Digest& digest);
  bool add_image(const io::Digest& digest);
  [[nodiscard]] std::uint64_t states() const;
  [[nodiscard]] std::uint64_t images() const;

 private:
  struct Hash {
    std::size_t operator()(const io::Digest& digest) const noexcept {
      return static_cast<std::size_t>(digest.low);
    }
  };
  mutable std::mutex mutex_;
  std::unordered_set<io::Digest, Hash> states_;
  std::unordered_set<io::Digest, Hash> images_;
};

}  // namespace tidemark::test
