// errno as an Error.
#pragma once

#include <cerrno>
#include <string>

#include "io/result.hpp"

namespace tidemark::io::posix {

Errc code_of(int error) noexcept;
inline Error error_of(Call call, const std::string& path, int error) {
  return Error{code_of(error), call, error, path};
}

// Calls `call` again for as long as a signal interrupts it.
template <class Function>
auto retry_interrupted(Function call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace tidemark::io::posix
