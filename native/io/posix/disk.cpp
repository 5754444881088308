// The POSIX Disk: names and directories here, files, locks and probes in the files beside.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "io/platform.hpp"
#include "io/posix/descriptor.hpp"
#include "io/posix/error.hpp"
#include "io/posix/file.hpp"
#include "io/posix/file_system.hpp"
#include "io/posix/lock.hpp"
#include "io/posix/open.hpp"
#include "io/posix/probe.hpp"
#include "io/posix/sync.hpp"

namespace tidemark::io {
namespace posix {
namespace {

constexpr mode_t permission_bits = 0777;
constexpr std::uint64_t stat_block_bytes = 512;  // the unit of st_blocks, whatever the disk's block

EntryKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return EntryKind::file;
  if (S_ISDIR(mode)) return EntryKind::directory;
  if (S_ISLNK(mode)) return EntryKind::symbolic_link;
  return EntryKind::other;
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

struct FreeText {
  // realpath allocates with malloc.
  void operator()(char* text) const noexcept { std::free(text); }  // NOLINT
};

Result<Descriptor> open_directory(const std::string& path, Call call) {
  if (auto checked = check_path(path, call); !checked) return std::move(checked).error();
  Descriptor descriptor(retry_interrupted(
      [&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK); }));
  if (!descriptor.valid()) return error_of(call, path, errno);
  return descriptor;
}

// Kept open, so that a directory can be synced where the process has no other descriptor left: its
// files have their new names by then, and a sync that was not made counts as one that failed.
class SpareDescriptor {
 public:
  // Left to the end of the process on purpose, like the host.
  static SpareDescriptor& instance() {
    static SpareDescriptor& spare = *std::make_unique<SpareDescriptor>().release();
    return spare;
  }

  // The directory, in the place of the spare. (Another thread may be quicker: then there is none.)
  Result<Descriptor> spend_on(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    kept_ = Descriptor();
    return open_directory(path, Call::sync_directory);
  }

  void keep() {
    const std::scoped_lock lock(mutex_);
    if (!kept_.valid()) kept_ = Descriptor(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

 private:
  std::mutex mutex_;
  Descriptor kept_;
};

// An entry that vanished between readdir and here is left out: nothing is wrong with it.
Status add_entry(int directory, const dirent& found, const std::string& path,
                 std::vector<Entry>& entries) {
  Entry entry{found.d_name, EntryKind::other};
  if (entry.name == "." || entry.name == "..") return done();
  switch (found.d_type) {
    case DT_REG:
      entry.kind = EntryKind::file;
      break;
    case DT_DIR:
      entry.kind = EntryKind::directory;
      break;
    case DT_LNK:
      entry.kind = EntryKind::symbolic_link;
      break;
    case DT_UNKNOWN: {
      struct stat status {};
      if (fstatat(directory, found.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? done() : Status(error_of(Call::list, path, errno));
      }
      entry.kind = kind_of(status.st_mode);
      break;
    }
    default:
      break;
  }
  entries.push_back(std::move(entry));
  return done();
}

class PosixDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, const OpenOptions& options) override {
    auto opened = open_regular_file(path, options, Call::open);
    if (!opened) return std::move(opened).error();
    std::size_t alignment = 1;
    if (options.direct) {
      auto found = direct_alignment(opened.value().get(), path, alignments_);
      if (!found) return std::move(found).error();
      alignment = found.value();
    }
    return make_file(std::move(opened).value(), path, alignment,
                     options.direct && options.sync_writes);
  }

  Status make_directory(const std::string& path, std::uint32_t mode) override {
    if (auto checked = check_path(path, Call::make_directory); !checked) return checked;
    const auto wanted = static_cast<mode_t>(mode) & permission_bits;
    if (::mkdir(path.c_str(), wanted) != 0) return error_of(Call::make_directory, path, errno);
    // As with files, the umask does not matter; bits above the permissions may be inherited.
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return error_of(Call::make_directory, path, errno);
    if ((status.st_mode & permission_bits) == wanted) return done();
    const mode_t all = (status.st_mode & 07000U) | wanted;
    if (::chmod(path.c_str(), all) == 0 || errno == EPERM || errno == ENOTSUP || errno == ENOSYS) {
      return done();  // as in set_mode of open.cpp: the mount decides there
    }
    return error_of(Call::make_directory, path, errno);
  }

  Result<std::vector<Entry>> list(const std::string& path) override {
    auto opened = open_directory(path, Call::list);
    if (!opened) return std::move(opened).error();
    const Directory directory(::fdopendir(opened.value().get()));
    if (!directory) return error_of(Call::list, path, errno);
    static_cast<void>(opened.value().release());  // the stream closes it
    std::vector<Entry> entries;
    while (true) {
      errno = 0;
      const dirent* found = ::readdir(directory.get());
      if (found == nullptr && errno != 0) return error_of(Call::list, path, errno);
      if (found == nullptr) return entries;
      auto added = add_entry(::dirfd(directory.get()), *found, path, entries);
      if (!added) return std::move(added).error();
    }
  }

  Result<FileStatus> status(const std::string& path) override {
    if (auto checked = check_path(path, Call::stat); !checked) return std::move(checked).error();
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) return error_of(Call::stat, path, errno);
    FileStatus status;
    status.kind = kind_of(found.st_mode);
    status.size = static_cast<std::uint64_t>(found.st_size);
    status.allocated = static_cast<std::uint64_t>(found.st_blocks) * stat_block_bytes;
    status.identity = {static_cast<std::uint64_t>(found.st_dev),
                       static_cast<std::uint64_t>(found.st_ino)};
    return status;
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (auto checked = check_path(from, Call::rename); !checked) return checked;
    if (auto checked = check_path(to, Call::rename); !checked) return checked;
    if (std::rename(from.c_str(), to.c_str()) == 0) return done();
    return error_of(Call::rename, from, errno);
  }

  Status unlink(const std::string& path) override {
    if (auto checked = check_path(path, Call::unlink); !checked) return checked;
    if (::unlink(path.c_str()) == 0) return done();
    const int error = errno;
    struct stat found {};
    // POSIX says EPERM for a directory, Linux EISDIR.
    if (error == EPERM && lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) {
      return Error{Errc::is_directory, Call::unlink, error, path};
    }
    return error_of(Call::unlink, path, error);
  }

  // Some file systems keep no directory that could be synced, and say EINVAL (fsync(2)): SMB
  // mounts, a few FUSE ones. There is nothing more that we could do, so that counts as done.
  Status sync_directory(const std::string& path) override {
    auto opened = open_directory(path, Call::sync_directory);
    SpareDescriptor& spare = SpareDescriptor::instance();
    if (!opened && opened.error().code == Errc::too_many_files) opened = spare.spend_on(path);
    if (!opened) return std::move(opened).error();
    const int error = sync_directory_entries(opened.value().get()) == 0 ? 0 : errno;
    opened = Descriptor();
    spare.keep();
    if (error == 0 || error == EINVAL) return done();
    return error_of(Call::sync_directory, path, error);
  }

  Result<std::string> canonical(const std::string& path) override {
    if (auto checked = check_path(path, Call::stat); !checked) return std::move(checked).error();
    const std::unique_ptr<char, FreeText> text(::realpath(path.c_str(), nullptr));
    if (!text) return error_of(Call::stat, path, errno);
    return std::string(text.get());
  }

  Result<FileSystemInfo> file_system(const std::string& path) override {
    return describe_file_system(path);
  }

  Result<DirectSupport> probe_direct(const std::string& directory) override {
    return probe_direct_support(directory, alignments_);
  }

  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view holder,
                                     std::uint32_t mode) override {
    return take_lock(path, holder, mode);
  }
  Result<bool> locked(const std::string& path) override { return probe_lock(path); }
  Result<std::string> lock_holder(const std::string& path) override { return read_holder(path); }

 private:
  DirectAlignments alignments_;
};

}  // namespace
}  // namespace posix

std::shared_ptr<Disk> make_system_disk() { return std::make_shared<posix::PosixDisk>(); }

}  // namespace tidemark::io
