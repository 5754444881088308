// Descriptors that belong to this process alone. A lock belongs to its open file description, which
// a forked child shares: without this, a child that never runs another program would hold the lock
// of a journal as long as it lives, though nothing in it writes.
#pragma once

#include <functional>

namespace tidemark::io::posix {

// While it exists, a forked child has an end of a pipe that nobody uses in place of the descriptor:
// the number stays taken, so that whoever owns it in the child may close it. Children of vfork and
// posix_spawn run another program at once, which close-on-exec is for.
class Unshared {
 public:
  explicit Unshared(int descriptor);
  Unshared(const Unshared&) = delete;
  Unshared& operator=(const Unshared&) = delete;
  ~Unshared();

  // Closes it, and a fork comes before that or behind it: the number may be another file's next.
  void close_by(const std::function<void()>& close);

 private:
  int descriptor_;
};

}  // namespace tidemark::io::posix
