// A disk in memory that can lose power. It keeps apart what is durable and what is only written:
// for every file its data and its size, for every directory each of its entries. What is written
// and not yet durable is an ordered list of pending changes, and cut() makes the disk that is found
// when the power comes back, with a fate for each of them: dropped, applied, torn at a sector,
// garbled.
//
// The rules, each of which has a test (simulated_disk.test.cpp):
// - sync of a file makes its data and size durable, never its name; sync_directory makes the
// entries
//   of that directory durable, never what the files hold. A rename is one change: both its entries
//   or none.
// - Any subset of the pending changes may persist: that is every order in which a cache may write
//   them back. Of overlapping writes of one sector the later may be there without the earlier, and
//   the earlier without the later. Only changes of one name keep their order, and the moves of
//   directories: a later one is never there without the earlier (file systems journal these).
// - A write is torn at sectors: any subset of its sectors is the new one. A sector in flight may be
//   garbled; with powersafe overwrite only the bytes that change are, without it everything in the
//   blocks that the write touches (writes are widened to their block).
// - Files with synchronous writes make durable the range of each write and the size it needs, and
//   nothing before it. One that was begun is a pending change until its end is asked for.
// - A sync that fails marks its pages clean: each block has reached the cache of the device, and is
//   made durable by the next sync that succeeds, or it is only in the page cache, where buffered
//   reads see it, while direct reads, and all reads after drop_cache, see what the device has.
// - A sync that lies returns success, and nothing is durable.
//
// Everything is drawn from seeds, so that one seed is one disk. Calls may come from several
// threads; the hook is called without a lock held.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/disk.hpp"

namespace tidemark::io {

struct SimulatedDiskOptions {
  std::uint64_t seed = 1;            // of what a failed sync leaves behind
  std::size_t block_bytes = 4096;    // of the page cache; a power of two
  std::size_t sector_bytes = 512;    // a write is torn between these; divides block_bytes
  std::size_t direct_alignment = 0;  // of direct files, a power of two from 512 up; 0: the block's
                                     // size, 1: direct files are refused
  bool powersafe_overwrite = true;
  bool lying_sync = false;
  bool copy_on_write = false;  // what file_system() says
  std::string file_system = "simulated";
  std::uint64_t capacity_bytes = std::uint64_t{1} << 40U;  // beyond it writes fail with no_space
};

// One call of the disk, as the hook sees it just before it is made. Calls of one system are
// numbered from 1, whoever makes them; closing a file is no call.
struct CallRecord {
  Call call = Call::open;
  std::string path;
  std::uint64_t offset = 0;  // of a read or write; the size that a truncate asks for
  std::uint64_t length = 0;  // of a read or write
  std::uint64_t ordinal = 0;
  std::uint32_t process = 0;  // 1: the first
  friend bool operator==(const CallRecord&, const CallRecord&) = default;
};

enum class ChangeKind : std::uint8_t { write, resize, create, make_directory, rename, unlink };
const char* name(ChangeKind kind) noexcept;

using ChangeId = std::uint64_t;

// What is written and not yet durable.
struct PendingChange {
  ChangeId id = 0;
  ChangeKind kind = ChangeKind::write;
  std::string path;             // as the call that made it named it
  std::string target;           // of a rename
  std::uint64_t file = 0;       // number of the file (FileIdentity::file) that is changed or named
  std::uint64_t offset = 0;     // of a write; the size before a resize
  std::uint64_t length = 0;     // of a write; the size after a resize
  std::size_t sectors = 1;      // how many sectors have a fate of their own; 1 where it is no write
  std::vector<ChangeId> after;  // pending changes without which this one cannot be there
  [[nodiscard]] std::string describe() const;  // "3: write /journal/0001.tidemark 4096+100"
};

enum class SectorFate : std::uint8_t { dropped, applied, garbled };

// What becomes of one change. A change that is no write has one "sector", which is dropped or
// applied; `garbled` means `dropped` there.
struct ChangeFate {
  ChangeId id = 0;
  std::vector<SectorFate> sectors;  // in ascending order; what is missing is as the last one
  friend bool operator==(const ChangeFate&, const ChangeFate&) = default;
};

// What becomes of everything that is pending. Changes that are not named are dropped; so are those
// whose predecessors (`after`) are.
struct Fate {
  std::uint64_t seed = 0;           // of the garbage
  std::vector<ChangeFate> changes;  // ascending by id
  friend bool operator==(const Fate&, const Fate&) = default;
};

// Of the whole durable content, names, sizes and bytes: equal disks have equal digests.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

class SimulatedDisk final : public Disk {
 public:
  // A new system with an empty disk and one process.
  explicit SimulatedDisk(const SimulatedDiskOptions& options = {});
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;
  ~SimulatedDisk() override;

  // ---- processes: each has its own SimulatedDisk object, all see the same files
  [[nodiscard]] std::shared_ptr<SimulatedDisk> another_process() const;
  // The process dies, the system lives on: every further call by this object and by its files fails
  // with Errc::io, its locks are free, what it has written stays as it is seen. Returns the disk of
  // a new process.
  std::shared_ptr<SimulatedDisk> kill();

  // ---- the power
  [[nodiscard]] std::vector<PendingChange> pending() const;
  // A new system, healthy and honest, as it is found after a power cut now. This one goes on as if
  // nothing were.
  [[nodiscard]] std::shared_ptr<SimulatedDisk> cut(const Fate& fate) const;
  [[nodiscard]] Fate all_dropped() const { return {}; }
  [[nodiscard]] Fate all_applied() const;
  // One of the legal fates; equal seeds give equal fates while the pending changes are equal.
  [[nodiscard]] Fate random_fate(std::uint64_t seed) const;
  // How many legal fates there are, every sector dropped, applied or garbled on its own (each with
  // one sort of garbage); `saturated` where there are that many or more. They need not all give
  // different disks: compare digests.
  static constexpr std::uint64_t saturated = std::uint64_t{1} << 62U;
  [[nodiscard]] std::uint64_t fates() const;
  [[nodiscard]] Fate fate(std::uint64_t number) const;  // number < fates(), which is not saturated
  // A copy of the system, pending changes and page cache included, without open files and locks.
  [[nodiscard]] std::shared_ptr<SimulatedDisk> copy() const;
  // Of what is durable; what is pending has no part in it.
  [[nodiscard]] Digest digest() const;

  // ---- faults and traces
  // The next sync of a file that begins, or the sync that a synchronous write is, fails with
  // Errc::io, and marks the file's pages clean.
  void fail_next_sync();
  // From now on sync, sync_directory and synchronous writes return success and make nothing
  // durable.
  void lie(bool on);
  // Called before each call of every process; it may look at the disk, cut it, copy it.
  void on_call(std::function<void(const CallRecord&)> hook);
  [[nodiscard]] std::uint64_t call_count() const;
  void record_calls(bool on);  // into the trace, which it empties
  [[nodiscard]] std::vector<CallRecord> calls() const;
  [[nodiscard]] const SimulatedDiskOptions& options() const noexcept;

  // ---- Disk
  Result<std::unique_ptr<File>> open(const std::string& path, const OpenOptions& options) override;
  Status make_directory(const std::string& path, std::uint32_t mode) override;
  Result<std::vector<Entry>> list(const std::string& path) override;
  Result<FileStatus> status(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::string> canonical(const std::string& path) override;
  Result<FileSystemInfo> file_system(const std::string& path) override;
  Result<DirectSupport> probe_direct(const std::string& directory) override;
  // What the holder wrote is lost with the power: nobody syncs it.
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view holder,
                                     std::uint32_t mode) override;
  Result<bool> locked(const std::string& path) override;
  Result<std::string> lock_holder(const std::string& path) override;

 private:
  class System;
  class OpenFile;
  class HeldLock;
  struct Process;
  struct Key {};  // keeps the constructor below for the members
  static std::shared_ptr<SimulatedDisk> of(std::shared_ptr<System> system);  // a new process
  [[nodiscard]] std::size_t direct_alignment() const;

 public:
  SimulatedDisk(Key key, std::shared_ptr<System> system, std::shared_ptr<Process> process);

 private:
  const std::shared_ptr<System> system_;
  const std::shared_ptr<Process> process_;
};

}  // namespace tidemark::io
