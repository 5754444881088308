// Owns a handle of the system and closes it on every path. Handles of ours are never inherited by
// child processes: that is what no SECURITY_ATTRIBUTES means.
#pragma once

#include <windows.h>

#include <utility>

namespace tidemark::io::windows {

class Handle {
 public:
  Handle() = default;
  explicit Handle(HANDLE handle) noexcept : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, INVALID_HANDLE_VALUE)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      close();
      handle_ = std::exchange(other.handle_, INVALID_HANDLE_VALUE);
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close(); }

  [[nodiscard]] HANDLE get() const noexcept { return handle_; }
  [[nodiscard]] bool valid() const noexcept { return handle_ != INVALID_HANDLE_VALUE; }

 private:
  void close() noexcept {
    if (valid()) CloseHandle(handle_);
  }

  HANDLE handle_ = INVALID_HANDLE_VALUE;
};

}  // namespace tidemark::io::windows
