// The names of the files of a journal's directory, both ways. A name is ours only in its one
// canonical spelling; everything else is foreign and left alone.
#include "format/names.hpp"

#include <cassert>

#include "format/marks.hpp"

namespace tidemark::format {
namespace {

constexpr std::string_view segment_prefix = "segment-";
constexpr std::string_view segment_suffix = ".tide";
constexpr std::string_view segment_temporary_suffix = ".tide.tmp";
constexpr std::size_t id_digits = 16;
constexpr std::string_view cursor_prefix = "cursor-";
constexpr std::string_view cursor_suffix = ".mark";
constexpr std::string_view temporary_infix = ".tmp-";
constexpr std::string_view hex = "0123456789abcdef";
// A directory entry has at most 255 bytes (NAME_MAX of Linux, and of NTFS in UTF-16 units); the
// temporary of a cursor is the longest name there is.
constexpr std::size_t maximum_encoded_cursor_bytes = 255 - cursor_prefix.size() -
                                                     cursor_suffix.size() - temporary_infix.size() -
                                                     maximum_temporary_token_bytes;

// Upper-case letters are encoded too: in a directory that ignores case (Windows, macOS) the cursors
// "A" and "a" would share a file.
bool is_plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

std::optional<std::uint64_t> parse_id(std::string_view digits) {
  if (digits.size() != id_digits) return std::nullopt;
  std::uint64_t id = 0;
  for (const char c : digits) {
    const std::size_t digit = hex.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    id = id << 4U | digit;
  }
  if (id == 0 || id > maximum_segment_id) return std::nullopt;
  return id;
}

std::string encode_name(std::string_view name) {
  std::string encoded;
  for (const char c : name) {
    if (is_plain(c)) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(hex[byte >> 4U]);
      encoded.push_back(hex[byte & 15U]);
    }
  }
  return encoded;
}

std::optional<std::string> decode_name(std::string_view encoded) {
  std::string name;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      name.push_back(encoded[i]);
      continue;
    }
    if (encoded.size() - i < 3) return std::nullopt;
    const std::size_t high = hex.find(encoded[i + 1]);
    const std::size_t low = hex.find(encoded[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    name.push_back(static_cast<char>(static_cast<unsigned char>(high << 4U | low)));
    i += 2;
  }
  if (!valid_cursor_name(name) || encode_name(name) != encoded) return std::nullopt;
  return name;
}

bool is_token(std::string_view token) noexcept {
  if (token.empty() || token.size() > maximum_temporary_token_bytes) return false;
  for (const char c : token) {
    if (!is_plain(c) || c == '.') return false;
  }
  return true;
}

// Shortest forms only, no surrogates, nothing above U+10FFFF (RFC 3629).
bool is_utf8(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    std::uint32_t point = lead;
    std::uint32_t least = 0;
    if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3, point = lead & 0x07U, least = 0x10000;
    } else if (lead >= 0xE0 && lead < 0xF0) {
      more = 2, point = lead & 0x0FU, least = 0x800;
    } else if (lead >= 0xC2 && lead < 0xE0) {
      more = 1, point = lead & 0x1FU, least = 0x80;
    } else if (lead >= 0x80) {
      return false;
    }
    if (text.size() - i - 1 < more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80U) return false;
      point = point << 6U | (next & 0x3FU);
    }
    if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += more + 1;
  }
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) noexcept {
  if (text.size() < suffix.size() || text.substr(text.size() - suffix.size()) != suffix) {
    return false;
  }
  text.remove_suffix(suffix.size());
  return true;
}

bool take_prefix(std::string_view& text, std::string_view prefix) noexcept {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Names without ".tmp-<token>".
ParsedName parse_final(std::string_view name) {
  ParsedName parsed;
  if (name == lock_name) {
    parsed.kind = NameKind::lock;
  } else if (name == head_name) {
    parsed.kind = NameKind::head;
  } else if (take_prefix(name, segment_prefix)) {
    const bool temporary = take_suffix(name, segment_temporary_suffix);
    if (!temporary && !take_suffix(name, segment_suffix)) return parsed;
    const auto id = parse_id(name);
    if (!id) return parsed;
    parsed.kind = temporary ? NameKind::temporary : NameKind::segment;
    parsed.segment_id = *id;
  } else if (take_prefix(name, cursor_prefix) && take_suffix(name, cursor_suffix)) {
    auto cursor = decode_name(name);
    if (!cursor) return parsed;
    parsed.kind = NameKind::cursor;
    parsed.cursor = std::move(*cursor);
  }
  return parsed;
}

}  // namespace

bool valid_cursor_name(std::string_view cursor) {
  return !cursor.empty() && cursor.size() <= maximum_cursor_name_bytes && is_utf8(cursor) &&
         encode_name(cursor).size() <= maximum_encoded_cursor_bytes;
}

ParsedName parse_name(std::string_view name) {
  // A cursor's name may itself hold ".tmp-", so the whole name is tried first.
  ParsedName parsed = parse_final(name);
  if (parsed.kind != NameKind::foreign) return parsed;
  const std::size_t infix = name.rfind(temporary_infix);
  if (infix == std::string_view::npos || !is_token(name.substr(infix + temporary_infix.size()))) {
    return parsed;
  }
  parsed = parse_final(name.substr(0, infix));
  const bool replaced = parsed.kind == NameKind::head || parsed.kind == NameKind::cursor;
  if (!replaced) return {};
  parsed.kind = NameKind::temporary;
  return parsed;
}

std::string segment_name(std::uint64_t id) {
  assert(id != 0);
  std::string name(segment_prefix);
  for (unsigned digit = id_digits; digit > 0; --digit) {
    name.push_back(hex[(id >> (4U * (digit - 1))) & 15U]);
  }
  return name.append(segment_suffix);
}

std::string segment_temporary_name(std::uint64_t id) { return segment_name(id) + ".tmp"; }

std::string cursor_file_name(std::string_view cursor) {
  assert(valid_cursor_name(cursor));
  return std::string(cursor_prefix).append(encode_name(cursor)).append(cursor_suffix);
}

std::string temporary_name(std::string_view file, std::string_view token) {
  assert(is_token(token));
  return std::string(file).append(temporary_infix).append(token);
}

}  // namespace tidemark::format
