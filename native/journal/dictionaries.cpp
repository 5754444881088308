#include "journal/dictionaries.hpp"

#include <algorithm>

namespace tidemark::journal {
namespace {

constexpr unsigned copies_per_segment = 2;

}  // namespace

std::optional<std::uint64_t> dictionary_name(std::span<const std::byte> payload) noexcept {
  if (payload.size() < dictionary_name_bytes) return std::nullopt;
  std::uint64_t name = 0;
  for (std::size_t i = dictionary_name_bytes; i-- > 0;) {
    name = (name << 8U) | std::to_integer<std::uint64_t>(payload[i]);
  }
  return name;
}

std::optional<std::vector<std::uint64_t>> named_dictionaries(
    std::span<const std::byte> payload, std::span<const std::uint32_t> lengths,
    std::span<const std::uint8_t> attributes) {
  std::vector<std::uint64_t> names;
  std::size_t at = 0;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if ((attributes[i] & format::record_flag::has_dictionary) != 0) {
      const auto name = dictionary_name(payload.subspan(at, lengths[i]));
      if (!name) return std::nullopt;
      if (names.empty() || names.back() != *name) names.push_back(*name);
    }
    at += lengths[i];
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

CommitContents SegmentDictionaries::complete(const CommitContents& contents, const Find& find) {
  carried_.clear();
  if (contents.attributes.empty()) return contents;
  const auto names = named_dictionaries(contents.payload, contents.lengths, contents.attributes);
  if (!names) return contents;  // hand-over refuses such records
  payload_.clear();
  lengths_.clear();
  attributes_.clear();
  for (const std::uint64_t name : *names) {
    const auto held = copies_.find(name);
    if (held != copies_.end() && held->second >= copies_per_segment) continue;
    const DictionaryBytes dictionary = find(name);
    if (!dictionary) continue;
    payload_.insert(payload_.end(), dictionary->begin(), dictionary->end());
    lengths_.push_back(static_cast<std::uint32_t>(dictionary->size()));
    attributes_.push_back(format::record_kind::dictionary);
    carried_.push_back(name);
  }
  if (carried_.empty()) return contents;
  payload_.insert(payload_.end(), contents.payload.begin(), contents.payload.end());
  lengths_.insert(lengths_.end(), contents.lengths.begin(), contents.lengths.end());
  attributes_.insert(attributes_.end(), contents.attributes.begin(), contents.attributes.end());
  CommitContents with = contents;
  with.payload = payload_;
  with.lengths = lengths_;
  with.attributes = attributes_;
  return with;
}

void SegmentDictionaries::wrote() {
  for (const std::uint64_t name : carried_) copies_[name] += 1;
  carried_.clear();
}

}  // namespace tidemark::journal
