// What stands behind every SimulatedDisk of one system: the files as they are seen, the files as
// they are durable, and the pending changes in between. For the simulated disk's own files only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/memory_path.hpp"
#include "io/seeded_random.hpp"
#include "io/simulated_content.hpp"
#include "io/simulated_disk.hpp"

namespace tidemark::io {

struct Inode;
using InodePointer = std::shared_ptr<Inode>;
using EntryMap = std::map<std::string, InodePointer, std::less<>>;

// A file or a directory.
struct Inode {
  Inode(std::uint64_t its_number, bool is_directory, std::size_t block_bytes)
      : number(its_number), directory(is_directory), visible(block_bytes), durable(block_bytes) {}

  const std::uint64_t number;
  const bool directory;
  EntryMap entries;  // as they are seen
  EntryMap durable_entries;
  Content visible;
  Content durable;
  // Where a failed sync marked a page clean that did not reach the device: what the device has.
  std::map<std::uint64_t, BlockPointer> beneath;
  unsigned links = 0;  // names that lead here: as they are seen, as they are durable, ...
  unsigned durable_links = 0;
  unsigned pending_links = 0;  // ... in pending changes
  unsigned handles = 0;

  [[nodiscard]] bool anchored() const {
    return links > 0 || durable_links > 0 || pending_links > 0;
  }
  [[nodiscard]] BlockPointer on_device(std::uint64_t block) const {
    const auto found = beneath.find(block);
    return found == beneath.end() ? visible.block(block) : found->second;
  }
};

constexpr std::uint64_t simulated_device = 0x73696d;  // "sim"
inline FileIdentity identity_of(const Inode& inode) { return {simulated_device, inode.number}; }

// What one write does to one block: `after` holds the bytes [from, to), and everything else as it
// was seen then; `before` is the block as it was seen before.
struct BlockWrite {
  std::uint64_t block = 0;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  BlockPointer before;
  BlockPointer after;
  bool reached_device = false;  // no failed sync takes it back
  bool trimmed = false;         // `after` holds more of this write than [from, to)
};

// One entry of one directory.
struct Slot {
  InodePointer directory;  // null: there is none
  std::string name;
  friend bool operator==(const Slot&, const Slot&) = default;
};

struct Change {
  ChangeId id = 0;
  ChangeKind kind = ChangeKind::write;
  InodePointer inode;  // whose data or size it is, or what the entries name
  std::shared_ptr<const std::string> path;
  std::string target_path;  // of a rename

  std::uint64_t offset = 0;  // of a write
  std::uint64_t length = 0;
  std::vector<BlockWrite> blocks;
  std::uint64_t size_before = 0;  // of a resize
  std::uint64_t size_after = 0;
  Slot removed;  // of a change of entries
  Slot added;
  std::vector<ChangeId> after;

  [[nodiscard]] bool of_data() const { return kind == ChangeKind::write; }
  [[nodiscard]] bool of_size() const { return kind == ChangeKind::resize; }
  [[nodiscard]] bool of_entries() const { return !of_data() && !of_size(); }
  [[nodiscard]] bool shrinks() const { return of_size() && size_after < size_before; }
  [[nodiscard]] bool touches(const InodePointer& directory) const {
    return of_entries() && (removed.directory == directory || added.directory == directory);
  }
};

struct SimulatedDisk::Process {
  explicit Process(std::uint32_t its_number) : number(its_number) {}
  const std::uint32_t number;
  bool alive = true;  // under the system's mutex
};

class SimulatedDisk::System {
 public:
  explicit System(const SimulatedDiskOptions& with);
  System(const System&) = delete;
  System& operator=(const System&) = delete;
  ~System();

  using Place = MemoryPlace<Inode>;

  // ---- calls (simulated_disk.cpp). Takes the mutex itself; false: the process is dead.
  bool begin(const Process& process, Call call, const std::string& path, std::uint64_t offset,
             std::uint64_t length);

  // ---- names (simulated_system.cpp); the mutex is held from here on
  [[nodiscard]] Place find(std::string_view path) const { return find_in_memory(root, path); }
  Result<InodePointer> find_directory(const std::string& path, Call call) const;
  Result<InodePointer> open_inode(const std::string& path, Create create, Call call);
  InodePointer make_inode(bool directory);
  // Changes what is seen, and adds the change.
  void change_entries(ChangeKind kind, const InodePointer& inode, const std::string& path,
                      const std::string& target, Slot removed, Slot added);
  void sync_entries(const InodePointer& directory);
  void release(const InodePointer& inode);  // a handle or a name of it has gone

  // ---- bytes (simulated_data.cpp)
  [[nodiscard]] bool has_room(const Inode& inode, std::uint64_t size) const;
  void write(const InodePointer& inode, const std::shared_ptr<const std::string>& path,
             std::uint64_t offset, std::span<const Bytes> parts, bool direct, bool synchronous);
  std::size_t read(const Inode& inode, std::uint64_t offset, MutableBytes into, bool direct) const;
  void resize(const InodePointer& inode, const std::shared_ptr<const std::string>& path,
              std::uint64_t size);
  bool sync(const InodePointer& inode);  // false: it failed
  void drop_cache(Inode& inode);
  // Puts text into the file that nobody ever syncs.
  void write_unsynced(Inode& inode, std::string_view text);

  // ---- the power (simulated_cut.cpp, simulated_fates.cpp)
  [[nodiscard]] std::shared_ptr<System> cut(const Fate& fate) const;
  [[nodiscard]] std::shared_ptr<System> copy() const;
  [[nodiscard]] std::size_t sectors_of(const Change& change) const;
  [[nodiscard]] std::vector<ChangeId> predecessors_of(const Change& change) const;

  const SimulatedDiskOptions options;
  mutable std::mutex mutex;  // guards everything below
  std::uint64_t last_inode = 1;
  InodePointer root;
  std::vector<Change> pending;  // ascending by id
  ChangeId last_change = 0;
  std::uint64_t used_bytes = 0;
  std::map<std::uint64_t, const Process*> locks;  // by number of the file
  std::uint32_t last_process = 0;
  SeededRandom random;
  bool lying = false;
  unsigned syncs_to_fail = 0;
  std::uint64_t call_ordinal = 0;
  std::shared_ptr<const std::function<void(const CallRecord&)>> hook;
  bool recording = false;
  std::vector<CallRecord> trace;

 private:
  void link(const Slot& slot, InodePointer inode);          // null: remove
  void link_durable(const Slot& slot, InodePointer inode);  // null: remove
  void forget_unanchored(const Inode& inode);
  void set_visible_size(Inode& inode, std::uint64_t size);
  void make_range_durable(Inode& inode, const Change& write);
  void make_sizes_durable(Inode& inode, std::uint64_t end);
  void fail_sync(Inode& inode);
};

// The sectors of one block that a write gives a fate to: those it touches, or with `whole` all.
struct SectorRange {
  std::uint32_t from = 0;  // bytes within the block, multiples of a sector
  std::uint32_t to = 0;
};
SectorRange sectors_touched(const BlockWrite& write, const SimulatedDiskOptions& options);

// What a file of this size takes of the capacity.
constexpr std::uint64_t in_blocks(std::uint64_t size, std::size_t block_bytes) {
  return (size + block_bytes - 1) / block_bytes * block_bytes;
}

// `block` with the bytes [from, to) of `source`.
BlockPointer overlaid(const BlockPointer& block, const BlockPointer& source, std::uint32_t from,
                      std::uint32_t to, std::size_t block_bytes);

}  // namespace tidemark::io
