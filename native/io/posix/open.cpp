// The one place where this room opens files on POSIX.
#include "io/posix/open.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "io/posix/error.hpp"

namespace tidemark::io::posix {
namespace {

#if defined(__linux__)
constexpr int direct_flag = O_DIRECT;
#else
constexpr int direct_flag = 0;  // macOS: F_NOCACHE after the open
#endif

// How often a file may vanish or appear between two calls before we give up.
constexpr int max_attempts = 16;
constexpr mode_t permission_bits = 07777;

Error open_error(Call call, const std::string& path, int error) {
  // A socket, or a device without a driver: not a regular file, whatever the reason.
  if (error == ENXIO || error == ENODEV || error == EOPNOTSUPP) {
    return Error{Errc::invalid, call, error, path};
  }
  // FreeBSD's answer to O_NOFOLLOW; harmless elsewhere.
  if (error == EMLINK) return Error{Errc::symbolic_link, call, error, path};
  return error_of(call, path, error);
}

Status check_regular(const Descriptor& descriptor, const std::string& path, Call call) {
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) return error_of(call, path, errno);
  if (S_ISDIR(status.st_mode)) return Error{Errc::is_directory, call, EISDIR, path};
  if (!S_ISREG(status.st_mode)) return Error{Errc::invalid, call, 0, path};
  return done();
}

// The umask has cut bits from the mode of a new file. File systems without permissions (FAT, some
// network mounts) refuse; there the mount decides, and there is nothing that we could tighten.
Status set_mode(const Descriptor& descriptor, const std::string& path, std::uint32_t mode,
                Call call) {
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) return error_of(call, path, errno);
  const mode_t wanted = static_cast<mode_t>(mode) & permission_bits;
  if ((status.st_mode & permission_bits) == wanted) return done();
  if (retry_interrupted([&] { return fchmod(descriptor.get(), wanted); }) == 0) return done();
  if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EINVAL) return done();
  return error_of(call, path, errno);
}

// Last step of every open: out of non-blocking mode, which was for the open alone, and into direct
// mode. Direct mode comes after creation, since an open that refuses O_DIRECT has by then created
// the file on many kernels.
Status set_transfer_mode(const Descriptor& descriptor, const std::string& path, bool direct,
                         Call call) {
  // O_APPEND is never set, O_DSYNC cannot be changed here: these are all the flags there are.
  if (fcntl(descriptor.get(), F_SETFL, direct ? direct_flag : 0) != 0) {
    return error_of(call, path, errno);
  }
#if defined(__APPLE__)
  if (direct && fcntl(descriptor.get(), F_NOCACHE, 1) != 0) return error_of(call, path, errno);
#endif
  return done();
}

struct Opening {
  const std::string& path;
  const OpenOptions& options;
  Call call;

  [[nodiscard]] int flags() const {
    int flags = options.access == Access::read ? O_RDONLY : O_RDWR;
    flags |= O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    if (options.sync_writes) flags |= O_DSYNC;
    return flags;
  }

  [[nodiscard]] Result<Descriptor> existing() const {
    // With O_DIRECT from the start: some network file systems choose their way of transfer only
    // here.
    const int all = flags() | (options.direct ? direct_flag : 0);
    Descriptor descriptor(retry_interrupted([&] { return ::open(path.c_str(), all); }));
    if (!descriptor.valid()) return open_error(call, path, errno);
    if (auto regular = check_regular(descriptor, path, call); !regular) {
      return std::move(regular).error();
    }
    if (auto set = set_transfer_mode(descriptor, path, options.direct, call); !set) {
      return std::move(set).error();
    }
    return descriptor;
  }

  [[nodiscard]] Result<Descriptor> created() const {
    const int all = flags() | O_CREAT | O_EXCL;
    const mode_t mode = static_cast<mode_t>(options.mode) & permission_bits;
    Descriptor descriptor(retry_interrupted([&] { return ::open(path.c_str(), all, mode); }));
    if (!descriptor.valid()) return open_error(call, path, errno);
    auto status = set_mode(descriptor, path, options.mode, call);
    if (status) status = set_transfer_mode(descriptor, path, options.direct, call);
    if (!status) {
      ::unlink(path.c_str());  // ours: O_EXCL made it
      return std::move(status).error();
    }
    return descriptor;
  }
};

}  // namespace

Status check_path(const std::string& path, Call call) {
  if (path.find('\0') == std::string::npos) return done();
  return Error{Errc::invalid, call, 0, path};
}

Result<Descriptor> open_regular_file(const std::string& path, const OpenOptions& options,
                                     Call call) {
  if (auto checked = check_path(path, call); !checked) return std::move(checked).error();
  const Opening opening{path, options, call};
  if (options.create == Create::never) return opening.existing();
  if (options.create == Create::exclusive) return opening.created();
  // O_CREAT alone would not say whether the file is new, and would create through a dangling link.
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    auto existing = opening.existing();
    if (existing || existing.error().code != Errc::not_found) return existing;
    auto created = opening.created();
    if (created || created.error().code != Errc::exists) return created;
  }
  return Error{Errc::busy, call, 0, path};
}

}  // namespace tidemark::io::posix
