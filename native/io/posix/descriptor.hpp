// Owns a file descriptor and closes it on every path.
#pragma once

#include <unistd.h>

#include <utility>

namespace tidemark::io::posix {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = other.release();
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] bool valid() const noexcept { return number_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

 private:
  // Never retried after EINTR: the descriptor is gone all the same on Linux and macOS, and its
  // number may belong to another thread already. What a failing close could say, a sync has said
  // before.
  void close() noexcept {
    if (number_ >= 0) ::close(number_);
  }

  int number_ = -1;
};

}  // namespace tidemark::io::posix
