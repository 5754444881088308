#include "io/posix/unshared.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tidemark::io::posix {
namespace {

struct Known {
  std::mutex mutex;
  std::vector<int> descriptors;
};

// Never destroyed: a process may fork while it ends.
Known& known() {
  static Known& all = *std::make_unique<Known>().release();
  return all;
}

// Runs in the child, between fork and whatever it does next: calls only what is safe there.
void give_up(std::vector<int>& descriptors) {
  for (const int descriptor : descriptors) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
      ::close(descriptor);  // out of descriptors: the lock matters more than the number
      continue;
    }
    static_cast<void>(::dup2(ends[0], descriptor));
    static_cast<void>(::fcntl(descriptor, F_SETFD, FD_CLOEXEC));
    for (const int end : ends) ::close(end);
  }
  descriptors.clear();
}

// The list is locked over the fork, so that the child finds it whole.
void watch_forks() {
  static const int registered =
      pthread_atfork([] { known().mutex.lock(); }, [] { known().mutex.unlock(); },
                     [] {
                       give_up(known().descriptors);
                       known().mutex.unlock();
                     });
  static_cast<void>(registered);  // fails without memory only: then children share the lock
}

}  // namespace

Unshared::Unshared(int descriptor) : descriptor_(descriptor) {
  watch_forks();
  const std::lock_guard guard(known().mutex);
  known().descriptors.push_back(descriptor);
}

Unshared::~Unshared() {
  close_by([] {});
}

void Unshared::close_by(const std::function<void()>& close) {
  const std::lock_guard guard(known().mutex);
  std::erase(known().descriptors, std::exchange(descriptor_, -1));
  close();
}

}  // namespace tidemark::io::posix
