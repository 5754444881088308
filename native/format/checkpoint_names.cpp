// The names of the files in a checkpoint's directory, both ways.
#include <cassert>
#include <optional>

#include "format/checkpoint.hpp"
#include "format/layout.hpp"

namespace tidemark::format {
namespace {

constexpr std::string_view prefix = "checkpoint-";
constexpr std::string_view suffix = ".tide";
constexpr std::string_view temporary_suffix = ".tide.tmp";
constexpr std::string_view hex = "0123456789abcdef";
constexpr std::size_t digits = 16;

std::string spelled(std::uint64_t number, std::string_view end) {
  std::string name(prefix);
  for (std::size_t digit = digits; digit > 0; --digit) {
    name.push_back(hex[(number >> (4U * (digit - 1))) & 15U]);
  }
  return name.append(end);
}

// The number in the middle of a name that ends in `end`.
std::optional<std::uint64_t> number_in(std::string_view name, std::string_view end) {
  if (name.size() != prefix.size() + digits + end.size() || !name.starts_with(prefix) ||
      !name.ends_with(end)) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char c : name.substr(prefix.size(), digits)) {
    const std::size_t digit = hex.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number << 4U | digit;
  }
  return number;
}

}  // namespace

ParsedCheckpointName parse_checkpoint_name(std::string_view name) {
  if (name == checkpoint_lock_name) return {CheckpointName::lock, 0};
  if (number_in(name, temporary_suffix)) return {CheckpointName::temporary, 0};
  const auto generation = number_in(name, suffix);
  if (!generation || *generation == 0 || *generation > maximum_seq) return {};
  return {CheckpointName::generation, *generation};
}

std::string checkpoint_name(std::uint64_t generation) {
  assert(generation > 0 && generation <= maximum_seq);
  return spelled(generation, suffix);
}

std::string checkpoint_temporary_name(std::uint64_t token) {
  return spelled(token, temporary_suffix);
}

}  // namespace tidemark::format
