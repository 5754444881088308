// The table from system error codes (winerror.h) to the reasons that the rooms above tell apart.
#include "io/windows/error.hpp"

namespace tidemark::io::windows {
namespace {

// winerror.h; MinGW's lacks them.
constexpr DWORD stopped_on_symlink = 681;
constexpr DWORD disk_quota_exceeded = 1295;

}  // namespace

Errc code_of(DWORD error) noexcept {
  switch (error) {
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
      return Errc::no_space;
    case disk_quota_exceeded:
    case ERROR_NOT_ENOUGH_QUOTA:
      return Errc::quota;
    case ERROR_FILE_TOO_LARGE:
      return Errc::file_too_large;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
      return Errc::not_found;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
      return Errc::exists;
    case ERROR_DIRECTORY:
      return Errc::not_directory;
    case stopped_on_symlink:
    case ERROR_CANT_RESOLVE_FILENAME:
      return Errc::symbolic_link;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_NETWORK_ACCESS_DENIED:
      return Errc::access;
    case ERROR_WRITE_PROTECT:
      return Errc::read_only;
    case ERROR_TOO_MANY_OPEN_FILES:
      return Errc::too_many_files;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
      return Errc::no_memory;
    case ERROR_INVALID_PARAMETER:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_NO_UNICODE_TRANSLATION:
    case ERROR_NEGATIVE_SEEK:
      return Errc::invalid;
    case ERROR_NOT_SUPPORTED:
    case ERROR_INVALID_FUNCTION:
    case ERROR_CALL_NOT_IMPLEMENTED:
      return Errc::not_supported;
    case ERROR_DIR_NOT_EMPTY:
      return Errc::directory_full;
    case ERROR_FILENAME_EXCED_RANGE:
    case ERROR_BUFFER_OVERFLOW:
      return Errc::name_too_long;
    case ERROR_SHARING_VIOLATION:
    case ERROR_BUSY:
    case ERROR_DELETE_PENDING:
    case ERROR_USER_MAPPED_FILE:
      return Errc::busy;
    case ERROR_LOCK_VIOLATION:
    case ERROR_IO_PENDING:  // LockFileEx of a lock that is taken
      return Errc::locked;
    default:
      return Errc::io;
  }
}

}  // namespace tidemark::io::windows
