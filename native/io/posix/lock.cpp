// A lock belongs to its open file description (F_OFD_SETLK on Linux, flock elsewhere), never to the
// process: a process lock (F_SETLK) would be dropped by any close of the same file, and would not
// exclude a second open in the same process. The macOS part is not compiled on our build machine.
#include "io/posix/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "io/posix/error.hpp"
#include "io/posix/file.hpp"
#include "io/posix/open.hpp"
#include "io/posix/unshared.hpp"

namespace tidemark::io::posix {
namespace {

// Where locks are flocks, whoever asks for the state of a lock holds it for an instant.
constexpr std::chrono::milliseconds flock_patience{200};
constexpr std::chrono::milliseconds flock_pause{2};
// How often the lock file may be replaced under our hands.
constexpr int max_attempts = 16;
constexpr std::size_t max_holder_bytes = 4096;

enum class Taken : std::uint8_t { yes, no, failed };

Taken try_flock(int descriptor, int operation) {
  if (retry_interrupted([&] { return ::flock(descriptor, operation | LOCK_NB); }) == 0) {
    return Taken::yes;
  }
  return errno == EWOULDBLOCK || errno == EAGAIN ? Taken::no : Taken::failed;
}

Taken take_flock(int descriptor) {
  const auto end = std::chrono::steady_clock::now() + flock_patience;
  while (true) {
    const Taken taken = try_flock(descriptor, LOCK_EX);
    if (taken != Taken::no || std::chrono::steady_clock::now() >= end) return taken;
    std::this_thread::sleep_for(flock_pause);
  }
}

#if defined(__linux__)
struct flock whole_file() {
  struct flock range {};  // l_pid must be 0 for locks of open file descriptions (fcntl(2))
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

Taken take(int descriptor) {
  struct flock range = whole_file();
  if (retry_interrupted([&] { return fcntl(descriptor, F_OFD_SETLK, &range); }) == 0) {
    return Taken::yes;
  }
  if (errno == EAGAIN || errno == EACCES) return Taken::no;
  return errno == EINVAL ? take_flock(descriptor) : Taken::failed;  // EINVAL: a kernel before 3.15
}

// Taken::no when somebody holds it.
Taken probe(int descriptor) {
  struct flock range = whole_file();
  if (retry_interrupted([&] { return fcntl(descriptor, F_OFD_GETLK, &range); }) == 0) {
    return range.l_type == F_UNLCK ? Taken::yes : Taken::no;
  }
  return errno == EINVAL ? try_flock(descriptor, LOCK_SH) : Taken::failed;
}
#else
Taken take(int descriptor) { return take_flock(descriptor); }

// Shared, so that two who ask do not see each other; the close of the descriptor gives it back.
Taken probe(int descriptor) { return try_flock(descriptor, LOCK_SH); }
#endif

// Whether the path still leads to the file that is locked: a lock on an unlinked file excludes
// nobody.
Result<bool> still_named(int descriptor, const std::string& path) {
  struct stat locked {};
  struct stat named {};
  if (fstat(descriptor, &locked) != 0) return error_of(Call::lock, path, errno);
  if (lstat(path.c_str(), &named) != 0) {
    if (errno == ENOENT) return false;
    return error_of(Call::lock, path, errno);
  }
  return locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

class PosixLock final : public Lock {
 public:
  PosixLock(std::unique_ptr<File> file, std::unique_ptr<Unshared> unshared)
      : unshared_(std::move(unshared)), file_(std::move(file)) {}
  ~PosixLock() override {
    unshared_->close_by([this] { file_.reset(); });
  }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

  [[nodiscard]] File& file() { return *file_; }

 private:
  const std::unique_ptr<Unshared> unshared_;
  std::unique_ptr<File> file_;  // its close gives the lock back
};

Status write_holder(File& file, std::string_view holder) {
  if (auto emptied = file.truncate(0); !emptied) return emptied;
  return file.write_at(0, std::as_bytes(std::span(holder)));
}

}  // namespace

Result<std::unique_ptr<Lock>> take_lock(const std::string& path, std::string_view holder,
                                        std::uint32_t mode) {
  OpenOptions options;
  options.access = Access::read_write;
  options.create = Create::if_missing;
  options.mode = mode;
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    auto opened = open_regular_file(path, options, Call::lock);
    if (!opened) return std::move(opened).error();
    Descriptor descriptor = std::move(opened).value();
    // In front of the lock: no child may come to hold it.
    auto unshared = std::make_unique<Unshared>(descriptor.get());
    const Taken taken = take(descriptor.get());
    if (taken == Taken::failed) return error_of(Call::lock, path, errno);
    if (taken == Taken::no) return Error{Errc::locked, Call::lock, EAGAIN, path};
    auto named = still_named(descriptor.get(), path);
    if (!named) return std::move(named).error();
    if (!named.value()) continue;
    auto lock =
        std::make_unique<PosixLock>(make_file(std::move(descriptor), path, 1), std::move(unshared));
    if (auto written = write_holder(lock->file(), holder); !written)
      return std::move(written).error();
    return std::unique_ptr<Lock>(std::move(lock));
  }
  return Error{Errc::busy, Call::lock, 0, path};
}

Result<bool> probe_lock(const std::string& path) {
  auto opened = open_regular_file(path, OpenOptions{}, Call::probe_lock);
  if (!opened && opened.error().code == Errc::not_found) return false;
  if (!opened) return std::move(opened).error();
  const Taken taken = probe(opened.value().get());
  if (taken == Taken::failed) return error_of(Call::probe_lock, path, errno);
  return taken == Taken::no;
}

Result<std::string> read_holder(const std::string& path) {
  auto opened = open_regular_file(path, OpenOptions{}, Call::probe_lock);
  if (!opened && opened.error().code == Errc::not_found) return std::string();
  if (!opened) return std::move(opened).error();
  const auto file = make_file(std::move(opened).value(), path, 1);
  std::string text(max_holder_bytes, '\0');
  auto count = file->read_at(0, std::as_writable_bytes(std::span(text)));
  if (!count) return std::move(count).error();
  text.resize(count.value());
  return text;
}

}  // namespace tidemark::io::posix
