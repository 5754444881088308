// Owns a file descriptor, and says what failed.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace tidemark::test::power {

[[noreturn]] inline void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const noexcept { return descriptor_; }
  void close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_ = -1;
};

inline Descriptor open_file(const char* path, int flags) {
  constexpr mode_t owner_only = 0600;
  const int descriptor = ::open(path, flags | O_CLOEXEC, owner_only);
  if (descriptor < 0) fail(path);
  return Descriptor(descriptor);
}

inline std::uint64_t file_size(const Descriptor& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("fstat");
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace tidemark::test::power
