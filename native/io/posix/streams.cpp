#include "io/streams.hpp"

#include <poll.h>

namespace tidemark::io {

bool reader_is_gone(int descriptor) {
  // These two come without being asked for; with anything else a full pipe would not be told apart.
  constexpr int gone = POLLERR | POLLHUP;
  pollfd looked{descriptor, 0, 0};
  return poll(&looked, 1, 0) == 1 && (looked.revents & gone) != 0;
}

}  // namespace tidemark::io
