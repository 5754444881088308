// The error and result types of the io seam. An operation of the operating system either gives its
// value or an Error that names the call, the path and the reason; nothing here throws.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace tidemark::io {

// The reasons that the rooms above tell apart, independent of the platform.
enum class Errc : std::uint8_t {
  io,              // EIO and everything that has no name of its own below
  no_space,        // ENOSPC
  quota,           // EDQUOT
  file_too_large,  // EFBIG (RLIMIT_FSIZE, or the file system's limit)
  not_found,       // ENOENT
  exists,          // EEXIST
  not_directory,   // ENOTDIR
  is_directory,    // EISDIR
  symbolic_link,   // ELOOP: the last component is a link and O_NOFOLLOW refuses it
  access,          // EACCES, EPERM
  read_only,       // EROFS
  too_many_files,  // EMFILE, ENFILE
  no_memory,       // ENOMEM
  interrupted,     // EINTR that could not be retried
  short_write,     // the system took fewer bytes than asked, and gave no reason
  invalid,         // EINVAL
  not_supported,   // EOPNOTSUPP, ENOSYS
  directory_full,  // ENOTEMPTY
  name_too_long,   // ENAMETOOLONG
  busy,            // EBUSY, ETXTBSY, sharing violations
  locked,          // another open file description holds the lock
  stale,           // ESTALE
};

// The kinds of call that pass the seam: faults are counted and injected by kind.
enum class Call : std::uint8_t {
  open,
  read,
  write,
  sync,
  truncate,
  size,
  identity,
  drop_cache,
  close,
  make_directory,
  list,
  stat,
  rename,
  unlink,
  sync_directory,
  lock,
  probe_lock,
  file_system,
  probe_direct,
};

const char* name(Errc code) noexcept;  // "ENOSPC", "EIO", …: what a Node user knows
const char* name(Call call) noexcept;  // "pwritev", "fdatasync", …: Node's `syscall`

struct Error {
  Errc code = Errc::io;
  Call call = Call::open;
  int os_code = 0;  // errno or GetLastError(), 0 when there is none
  std::string path;

  // One line for a log: "fdatasync /a/b: EIO (5)".
  [[nodiscard]] std::string message() const;
};

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(E error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] const E& error() const& { return std::get<1>(state_); }
  [[nodiscard]] E&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, E> state_;
};

struct Done {};
using Status = Result<Done>;
inline Status done() { return Status(Done{}); }

}  // namespace tidemark::io
