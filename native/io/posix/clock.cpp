// Time and randomness of the system.
#include <cstdlib>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#if defined(__linux__)
#include <sys/random.h>
#endif

#include "io/platform.hpp"
#include "io/posix/random.hpp"

namespace tidemark::io {
namespace posix {

#if defined(__linux__)
void fill_random(MutableBytes into) {
  while (!into.empty()) {
    const ssize_t count = getrandom(into.data(), into.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    // getrandom fails only on kernels before 3.17 (getrandom(2)), which Node does not run on, or in
    // a sandbox that forbids it. Journals with equal ids would be worse than none.
    if (count <= 0) std::abort();
    into = into.subspan(static_cast<std::size_t>(count));
  }
}
#else
void fill_random(MutableBytes into) { arc4random_buf(into.data(), into.size()); }
#endif

}  // namespace posix

namespace {

class SystemClock final : public Clock {
 public:
  // steady_clock (CLOCK_MONOTONIC), so that deadlines and condition variables agree on the origin.
  Nanoseconds monotonic() override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<Nanoseconds>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  }
  std::int64_t wall_milliseconds() override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }
  void random(MutableBytes into) override { posix::fill_random(into); }
};

}  // namespace

std::shared_ptr<Clock> make_system_clock() { return std::make_shared<SystemClock>(); }

}  // namespace tidemark::io
