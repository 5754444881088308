// Names of error codes and calls, and the one-line message made of them.
#include "io/result.hpp"

namespace tidemark::io {

const char* name(Errc code) noexcept {
  switch (code) {
    case Errc::io:
      return "EIO";
    case Errc::no_space:
      return "ENOSPC";
    case Errc::quota:
      return "EDQUOT";
    case Errc::file_too_large:
      return "EFBIG";
    case Errc::not_found:
      return "ENOENT";
    case Errc::exists:
      return "EEXIST";
    case Errc::not_directory:
      return "ENOTDIR";
    case Errc::is_directory:
      return "EISDIR";
    case Errc::symbolic_link:
      return "ELOOP";
    case Errc::access:
      return "EACCES";
    case Errc::read_only:
      return "EROFS";
    case Errc::too_many_files:
      return "EMFILE";
    case Errc::no_memory:
      return "ENOMEM";
    case Errc::interrupted:
      return "EINTR";
    case Errc::short_write:
      return "EIO";  // no errno says it; message() does
    case Errc::invalid:
      return "EINVAL";
    case Errc::not_supported:
      return "ENOTSUP";
    case Errc::directory_full:
      return "ENOTEMPTY";
    case Errc::name_too_long:
      return "ENAMETOOLONG";
    case Errc::busy:
      return "EBUSY";
    case Errc::locked:
      return "EAGAIN";
    case Errc::stale:
      return "ESTALE";
  }
  return "EIO";
}

const char* name(Call call) noexcept {
  switch (call) {
    case Call::open:
      return "open";
    case Call::read:
      return "pread";
    case Call::write:
      return "pwritev";
    case Call::sync:
      return "fdatasync";
    case Call::truncate:
      return "ftruncate";
    case Call::size:
      return "fstat";
    case Call::identity:
      return "fstat";
    case Call::drop_cache:
      return "posix_fadvise";
    case Call::close:
      return "close";
    case Call::make_directory:
      return "mkdir";
    case Call::list:
      return "scandir";
    case Call::stat:
      return "lstat";
    case Call::rename:
      return "rename";
    case Call::unlink:
      return "unlink";
    case Call::sync_directory:
      return "fsync";
    case Call::lock:
      return "lock";
    case Call::probe_lock:
      return "getlk";
    case Call::file_system:
      return "statfs";
    case Call::probe_direct:
      return "open";
  }
  return "open";
}

std::string Error::message() const {
  std::string text = name(call);
  if (!path.empty()) text.append(" ").append(path);
  text.append(": ").append(name(code));
  if (code == Errc::short_write) text.append(" (short write)");
  if (os_code != 0) text.append(" (").append(std::to_string(os_code)).append(")");
  return text;
}

}  // namespace tidemark::io
