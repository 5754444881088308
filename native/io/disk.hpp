// The disk as the rooms above see it: a small interface with several implementations (the operating
// system, a plain disk in memory; the fault layer and the simulated disk stand behind it too).
// Every byte that must survive goes through here. Nothing in native/ above io calls the system for
// files by another way. All functions may be called from any thread; one File may be used by
// several threads at once for reads, and by one at a time for writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/result.hpp"

namespace tidemark::io {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

// Names one file or directory for as long as it exists, whatever its path: (device, inode) on
// POSIX, (volume serial, file index) on Windows.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t file = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
  // clang-tidy 14 takes the 0 in the default comparison for a null pointer.
  friend auto operator<=>(const FileIdentity&,
                          const FileIdentity&) = default;  // NOLINT(modernize-use-nullptr)
};

// How an event loop is told that a write which was begun has ended: its descriptor is readable from
// then until clear(). One may serve many files.
class Notice {
 public:
  Notice() = default;
  Notice(const Notice&) = delete;
  Notice& operator=(const Notice&) = delete;
  virtual ~Notice() = default;
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  virtual void signal() noexcept = 0;  // from any thread
  virtual void clear() noexcept = 0;
};

// What a write that was begun came to.
enum class Ended : std::uint8_t {
  not_yet,
  written,  // whole
  refused,  // by a system that would have had to wait, or cut short: write_at has to write it
};

class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;  // closes; never syncs

  // Reads until `into` is full or the file ends; the result is the number of bytes read, less than
  // into.size() only at the end of the file: one that ends in front of it is Errc::io. EINTR and
  // short reads are continued. On a direct file
  // (alignment() > 1) offset, size and address of `into` must be multiples of alignment().
  virtual Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) = 0;

  // Writes all parts one behind the other at `offset`, extending the file where needed. EINTR and
  // short writes are continued; an error leaves an unknown prefix written. On a direct file the
  // offset and every part's address and size must be multiples of alignment().
  virtual Status write_at(std::uint64_t offset, std::span<const Bytes> parts) = 0;
  Status write_at(std::uint64_t offset, Bytes bytes) {
    return write_at(offset, std::span(&bytes, 1));
  }

  // Begins a write without waiting for it, where begins_writes() says so: false when the system
  // takes none now, and nothing has happened then. Offset, address and size are as write_at wants
  // them; the bytes stay as they are until end_write() said something else than `not_yet`. One
  // write at a time; `notice` is signalled when it has ended. On a file with synchronous writes it
  // is as durable then as any.
  virtual bool begin_write(std::uint64_t /*offset*/, Bytes /*bytes*/, Notice& /*notice*/) {
    return false;
  }
  // What became of it: with `wait` never `not_yet`. From any thread, one at a time.
  virtual Result<Ended> end_write(bool /*wait*/) { return Ended::refused; }
  [[nodiscard]] virtual bool begins_writes() const noexcept { return false; }

  // Makes everything written to this file so far durable, with the size needed to read it back:
  // fdatasync, F_FULLFSYNC on macOS, FlushFileBuffers on Windows. After an error the state of what
  // was pending is unknown and a later success proves nothing: never retry.
  virtual Status sync() = 0;

  virtual Status truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
  virtual Result<FileIdentity> identity() = 0;
  // Asks the system to forget cached clean pages of this file (posix_fadvise DONTNEED), so that the
  // next read comes from the device. not_supported where there is no such call.
  virtual Status drop_cache() = 0;
  // 1 for a buffered file; the alignment in bytes that direct transfers need otherwise.
  [[nodiscard]] virtual std::size_t alignment() const noexcept = 0;
};

enum class Access : std::uint8_t { read, read_write };
enum class Create : std::uint8_t {
  never,      // the file must exist
  exclusive,  // the file must not exist (EEXIST)
  if_missing,
};

struct OpenOptions {
  Access access = Access::read;
  Create create = Create::never;
  bool direct = false;  // O_DIRECT; refused with Errc::invalid where the file system cannot
  bool sync_writes =
      false;  // O_DSYNC: each write makes its own range durable, and nothing before it
  std::uint32_t mode = 0600;  // of a file that is created, not subject to the umask
};

enum class EntryKind : std::uint8_t { file, directory, symbolic_link, other };
struct Entry {
  std::string name;
  EntryKind kind = EntryKind::file;
};
struct FileStatus {
  EntryKind kind = EntryKind::file;  // of the link itself where the path is a symbolic link
  std::uint64_t size = 0;
  std::uint64_t allocated = 0;  // bytes that the file occupies on the disk
  FileIdentity identity;
};

struct FileSystemInfo {
  std::string name;      // "ext4", "xfs", "btrfs", "nfs", "apfs", "NTFS", or "0x…" when unknown
  bool network = false;  // NFS, SMB/CIFS, 9p, AFP, Ceph, …: locks and syncs mean less
  bool copy_on_write = false;  // Btrfs, ZFS, bcachefs, APFS, ReFS: zero-filling ahead gains nothing
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};

struct DirectSupport {
  bool supported = false;
  std::size_t alignment =
      1;            // of offset, size and memory; a power of two from 512 up when supported
  std::string why;  // "probed: 4096" or the reason of the refusal
  // A file opened with sync_writes has a write on stable storage when it returns, as sync() would:
  // O_DSYNC of Linux. Elsewhere such writes may stop at the cache of the device.
  bool durable_writes = false;
};

// Held until destroyed or the process dies, however it dies; it belongs to the open file
// description, so closing another descriptor of the same file does not drop it. Close-on-exec.
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  virtual ~Lock() = default;
};

class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  // Paths are UTF-8. Opening never follows a symbolic link in the last component
  // (Errc::symbolic_link), never opens anything but a regular file (Errc::invalid for devices,
  // pipes, sockets; is_directory), and never blocks on one (a FIFO or device is refused, not waited
  // for).
  virtual Result<std::unique_ptr<File>> open(const std::string& path,
                                             const OpenOptions& options) = 0;
  virtual Status make_directory(const std::string& path, std::uint32_t mode) = 0;
  // Without "." and "..", in no particular order.
  virtual Result<std::vector<Entry>> list(const std::string& path) = 0;
  virtual Result<FileStatus> status(const std::string& path) = 0;
  // Replaces `to` atomically. Durable only after sync_directory of the directory.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status unlink(const std::string& path) = 0;
  // Makes the entries of a directory durable: creations, renames and removals in it.
  virtual Status sync_directory(const std::string& path) = 0;
  // The path without links, "." and "..", so that two spellings of one directory are one.
  virtual Result<std::string> canonical(const std::string& path) = 0;
  virtual Result<FileSystemInfo> file_system(const std::string& path) = 0;
  // Tries a direct read and write in a temporary file of this directory, which it removes.
  virtual Result<DirectSupport> probe_direct(const std::string& directory) = 0;

  // Takes the exclusive lock of the file at `path` (created if missing, mode as given) without
  // waiting, and writes `holder` into it, for others to read; Errc::locked when somebody holds it.
  virtual Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view holder,
                                             std::uint32_t mode) = 0;
  // Whether somebody holds the lock, without taking it where the system can tell (F_OFD_GETLK);
  // false when the file does not exist.
  virtual Result<bool> locked(const std::string& path) = 0;
  // What the holder wrote; empty when there is nothing.
  virtual Result<std::string> lock_holder(const std::string& path) = 0;
};

// Reads a whole small file, at most `limit` bytes (Errc::file_too_large beyond).
Result<std::vector<std::byte>> read_file(Disk& disk, const std::string& path, std::uint64_t limit);
// Whether it was refused for its length, and by read_file: an open may say EFBIG for its own
// reasons.
constexpr bool beyond_limit(const Error& error) noexcept {
  return error.code == Errc::file_too_large && error.call == Call::read;
}

// Makes the directory and every missing parent, and makes their entries durable from the top down:
// each created directory's parent is synced. An existing directory is success; its own entry in its
// parent is synced too, since whoever made it may have crashed before doing so.
Status make_directories(Disk& disk, const std::string& path, std::uint32_t mode);

// Replaces the file at `path` with `bytes`: unique temporary file beside it → write → sync →
// rename → sync of the directory. Durable when it returns; on an error the old file stands and the
// temporary one is removed as far as the disk allows. `temporary` is the name (not the path) to
// use.
Status replace_file(Disk& disk, const std::string& path, Bytes bytes, std::uint32_t mode,
                    const std::string& temporary);

std::string join(std::string_view directory, std::string_view name);
std::string parent(std::string_view path);  // "." for a bare name, "/" for "/"
std::string_view base_name(std::string_view path);

}  // namespace tidemark::io
