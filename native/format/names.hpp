// The names of the files of a journal's directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::format {

// `temporary`: of a segment (segment_id set), of a cursor (cursor set) or of the head (neither).
enum class NameKind : std::uint8_t { foreign, lock, segment, head, cursor, temporary };
struct ParsedName {
  NameKind kind = NameKind::foreign;
  std::uint64_t segment_id = 0;  // of a segment or of a segment's temporary
  std::string cursor;            // decoded name
};
// 1 to maximum_cursor_name_bytes bytes of UTF-8 whose encoded file name, and that of its temporary,
// fits into a directory entry.
bool valid_cursor_name(std::string_view cursor);
ParsedName parse_name(std::string_view name);
std::string segment_name(std::uint64_t id);            // "segment-0000000000000001.tide"
std::string segment_temporary_name(std::uint64_t id);  // with ".tmp"
// Percent-encoded; [a-z0-9_.-] stand for themselves. Precondition: valid_cursor_name.
std::string cursor_file_name(std::string_view cursor);
// "<file>.tmp-<token>": of a head mark or cursor that is being replaced. The token is 1 to
// maximum_temporary_token_bytes of [a-z0-9_-].
inline constexpr std::size_t maximum_temporary_token_bytes = 40;
std::string temporary_name(std::string_view file, std::string_view token);
inline constexpr std::string_view lock_name = "journal.lock";
inline constexpr std::string_view head_name = "head";

}  // namespace tidemark::format
