// A write that the system carries out while nobody waits for it: io_submit of Linux, on a direct
// file, whose write is in the device's hands when the call returns. Elsewhere none is begun.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "io/disk.hpp"

namespace tidemark::io::posix {

#if defined(__linux__)
inline constexpr bool system_begins_writes = true;
#else
inline constexpr bool system_begins_writes = false;
#endif

class BegunWrite {
 public:
  BegunWrite() noexcept;
  BegunWrite(const BegunWrite&) = delete;
  BegunWrite& operator=(const BegunWrite&) = delete;
  ~BegunWrite();  // waits for one that is under way: its bytes are somebody's

  // False: the system takes none, and nothing has happened.
  bool begin(int descriptor, std::uint64_t offset, Bytes bytes, Notice& notice);
  // How many bytes were written, or the error as a negative number; none while it is under way.
  std::optional<std::int64_t> end(bool wait);
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }  // of the last one

 private:
  struct Context;  // of the kernel, for one write
  class Pool;
  std::unique_ptr<Context> context_;  // while one is under way
  std::uint64_t bytes_ = 0;
};

}  // namespace tidemark::io::posix
