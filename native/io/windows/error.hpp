// GetLastError() as an Error.
#pragma once

#include <windows.h>

#include <string>

#include "io/result.hpp"

namespace tidemark::io::windows {

Errc code_of(DWORD error) noexcept;
inline Error error_of(Call call, const std::string& path, DWORD error) {
  return Error{code_of(error), call, static_cast<int>(error), path};
}

}  // namespace tidemark::io::windows
