// fdatasync on Linux, F_FULLFSYNC on macOS. The macOS part is not compiled on our build machine.
#include "io/posix/sync.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace tidemark::io::posix {

#if defined(__APPLE__)
// fsync on macOS leaves the bytes in the drive's cache (fsync(2)): only F_FULLFSYNC empties it.
// Some file systems, network mounts for instance, do not have it, and say so with ENOTSUP.
int sync_file(int descriptor) noexcept {
  if (fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
  return errno == ENOTSUP ? fsync(descriptor) : -1;
}

int sync_directory_entries(int descriptor) noexcept { return sync_file(descriptor); }
#else
// fdatasync leaves out the times of a file, and nothing that is needed to read it back.
int sync_file(int descriptor) noexcept { return fdatasync(descriptor); }

int sync_directory_entries(int descriptor) noexcept { return fsync(descriptor); }
#endif

}  // namespace tidemark::io::posix
