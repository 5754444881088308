// A notice of begun writes for tests that come to look whether they are told or not.
#pragma once

#include "io/disk.hpp"

namespace tidemark::test {

class Unheard final : public io::Notice {
 public:
  [[nodiscard]] int descriptor() const noexcept override { return -1; }
  void signal() noexcept override {}
  void clear() noexcept override {}
};

}  // namespace tidemark::test
