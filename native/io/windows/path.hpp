// Paths of ours (UTF-8, either separator) as the system wants them, and back.
#pragma once

#include <string>
#include <string_view>

#include "io/result.hpp"

namespace tidemark::io::windows {

// Absolute and with the prefix \\?\, so that neither MAX_PATH nor names like NUL get in the way.
Result<std::wstring> wide_path(const std::string& path, Call call);

// Without the prefix.
std::string narrow_path(std::wstring_view path);
std::string narrow(std::wstring_view text);

}  // namespace tidemark::io::windows
