// Shared dictionaries of a codec inside the log: a record names the dictionary that it was encoded
// with by content hash, and a segment that holds the record holds the dictionary too, in two
// commits where two use it, so that no segment depends on another one or on one block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "journal/segment_writer.hpp"

namespace tidemark::journal {

inline constexpr std::size_t dictionary_name_bytes = 8;

// The hash that a dictionary's or a dependent record's payload begins with; nullopt when it is too
// short to have one.
std::optional<std::uint64_t> dictionary_name(std::span<const std::byte> payload) noexcept;

using DictionaryBytes = std::shared_ptr<const std::vector<std::byte>>;

// The hashes that the records of a batch or commit name, ascending; nullopt when a flagged record
// has no room for a name.
std::optional<std::vector<std::uint64_t>> named_dictionaries(
    std::span<const std::byte> payload, std::span<const std::uint32_t> lengths,
    std::span<const std::uint8_t> attributes);

// What the current segment holds, and the commits that have to carry a dictionary. Used by the
// writer only.
class SegmentDictionaries {
 public:
  using Find = std::function<DictionaryBytes(std::uint64_t)>;
  // The same commit with the dictionaries it has to bring in front, or as it is. The result is
  // valid until the next call; nothing counts as written before wrote().
  CommitContents complete(const CommitContents& contents, const Find& find);
  void wrote();  // the commit of the last complete() is in the segment
  void begin_segment() { copies_.clear(); }

 private:
  std::map<std::uint64_t, unsigned> copies_;  // in the segment
  std::vector<std::uint64_t> carried_;
  std::vector<std::byte> payload_;
  std::vector<std::uint32_t> lengths_;
  std::vector<std::uint8_t> attributes_;
};

}  // namespace tidemark::journal
