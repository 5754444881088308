// The table from errno to the reasons that the rooms above tell apart.
#include "io/posix/error.hpp"

namespace tidemark::io::posix {

Errc code_of(int error) noexcept {
  // ENOTSUP and EOPNOTSUPP, EAGAIN and EWOULDBLOCK are one number on some systems and two on
  // others, so that they cannot all be cases of one switch.
  if (error == EOPNOTSUPP || error == ENOTSUP || error == ENOSYS) return Errc::not_supported;
  if (error == EAGAIN || error == EWOULDBLOCK) return Errc::busy;
  switch (error) {
    case ENOSPC:
      return Errc::no_space;
    case EDQUOT:
      return Errc::quota;
    case EFBIG:
    case EOVERFLOW:
      return Errc::file_too_large;
    case ENOENT:
      return Errc::not_found;
    case EEXIST:
      return Errc::exists;
    case ENOTDIR:
      return Errc::not_directory;
    case EISDIR:
      return Errc::is_directory;
    case ELOOP:
      return Errc::symbolic_link;
    case EACCES:
    case EPERM:
      return Errc::access;
    case EROFS:
      return Errc::read_only;
    case EMFILE:
    case ENFILE:
      return Errc::too_many_files;
    case ENOMEM:
      return Errc::no_memory;
    case EINTR:
      return Errc::interrupted;
    case EINVAL:
      return Errc::invalid;
    case ENOTEMPTY:
      return Errc::directory_full;
    case ENAMETOOLONG:
      return Errc::name_too_long;
    case EBUSY:
    case ETXTBSY:
      return Errc::busy;
    case ESTALE:
      return Errc::stale;
    default:
      return Errc::io;
  }
}

}  // namespace tidemark::io::posix
