// Files of the repository that tests compare with: golden dumps and generated documentation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::format::test {

inline std::filesystem::path repository_path(std::string_view relative) {
  return std::filesystem::path(TIDEMARK_REPOSITORY) / std::filesystem::path(relative);
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
}

// Of test/golden/*.hex: 16 bytes a line behind their offset, the length in the last line.
inline std::vector<std::byte> parse_dump(const std::string& dump) {
  std::vector<std::byte> file;
  std::istringstream lines(dump);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::size_t at = 0;
    words >> std::hex >> at;
    unsigned value = 0;
    std::vector<std::byte> bytes;
    while (words >> value) bytes.push_back(static_cast<std::byte>(value));
    file.resize(std::max(file.size(), at + bytes.size()));
    std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return file;
}

// A variable that asks for files to be written anew.
inline bool asked(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace tidemark::format::test
