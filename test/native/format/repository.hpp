// Files of the repository that tests compare with: golden dumps and generated documentation.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace tidemark::format::test {

inline std::filesystem::path repository_path(std::string_view relative) {
  // <root>/test/native/format/repository.hpp
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path() /
         std::filesystem::path(relative);
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

// A variable that asks for files to be written anew.
inline bool asked(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace tidemark::format::test
