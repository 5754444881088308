#include "journal/process_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace tidemark::journal {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(byte));
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

// The value of a field in the line that holder_text wrote; it was written by us or it is ignored.
std::string field(std::string_view text, std::string_view name) {
  std::string key(1, '"');
  key.append(name).append("\":");
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  std::size_t from = at + key.size();
  const bool string = from < text.size() && text[from] == '"';
  if (string) ++from;
  const std::size_t to = text.find_first_of(string ? "\"" : ",}", from);
  return to == std::string_view::npos ? std::string() : std::string(text.substr(from, to - from));
}

// Anybody may have written into the file, and what is taken of it stands in the message of an
// error.
bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}
bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
}

}  // namespace

std::string holder_text(io::Clock& clock) {
  const io::ProcessIdentity process = io::this_process();
  return "{\"pid\":" + std::to_string(process.pid) +
         ",\"startTime\":" + quoted(process.start_time) + ",\"bootId\":" + quoted(process.boot_id) +
         ",\"host\":" + quoted(process.host) +
         ",\"since\":" + std::to_string(clock.wall_milliseconds()) + "}\n";
}

std::string describe_holder(const std::string& text) {
  const std::string pid = field(text, "pid");
  if (!is_number(pid)) return {};
  const std::string host = field(text, "host");
  std::string text_for_people(" (process ");
  text_for_people.append(pid);
  if (!host.empty() && is_printable(host)) text_for_people.append(" on ").append(host);
  return text_for_people.append(")");
}

}  // namespace tidemark::journal
