// Searches a segment for valid frames behind damage, at every multiple of 8.
#pragma once

#include <cstdint>
#include <optional>

#include "format/scan.hpp"

namespace tidemark::format {

class FrameSearch {
 public:
  FrameSearch(const SegmentHeader& segment, Source& source, std::uint64_t from);
  // The next valid header; the search goes on behind its frame. nullopt: none, or the search ended
  // early (see below).
  std::optional<FrameHeader> next();
  [[nodiscard]] bool unreadable() const noexcept { return unreadable_; }
  [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }

 private:
  bool spend(std::uint64_t bytes) noexcept;

  const SegmentHeader& segment_;
  Source& source_;
  Place place_;
  std::uint64_t at_;
  std::uint64_t budget_;
  bool unreadable_ = false;
  bool exhausted_ = false;
};

}  // namespace tidemark::format
