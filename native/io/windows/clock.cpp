// Time and randomness of the system.
#include <windows.h>

#include <bcrypt.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <memory>

#include "io/platform.hpp"
#if defined(_MSC_VER)
#pragma comment(lib, "bcrypt")
#endif

namespace tidemark::io {
namespace {

class SystemClock final : public Clock {
 public:
  // steady_clock, so that deadlines and condition variables agree on the origin.
  Nanoseconds monotonic() override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<Nanoseconds>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  }
  std::int64_t wall_milliseconds() override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }
  void random(MutableBytes into) override {
    while (!into.empty()) {
      const std::size_t step =
          std::min<std::size_t>(into.size(), std::numeric_limits<ULONG>::max());
      const NTSTATUS status =
          BCryptGenRandom(nullptr, reinterpret_cast<PUCHAR>(into.data()), static_cast<ULONG>(step),
                          BCRYPT_USE_SYSTEM_PREFERRED_RNG);
      if (status < 0) std::abort();  // journals with equal ids would be worse than none
      into = into.subspan(step);
    }
  }
};

}  // namespace

std::shared_ptr<Clock> make_system_clock() { return std::make_shared<SystemClock>(); }

}  // namespace tidemark::io
