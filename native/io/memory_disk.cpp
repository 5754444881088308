// The disk in memory. One mutex guards the tree, one each file's bytes; a file stays alive while it
// is open, like on POSIX.
#include "io/memory_disk.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

#include "io/memory_path.hpp"
#include "io/tasks.hpp"

namespace tidemark::io {
namespace {

constexpr std::uint64_t nominal_bytes = std::uint64_t{1}
                                        << 40;           // what file_system() claims to hold
constexpr std::uint64_t memory_device = 0x6d656d6f7279;  // "memory"

struct Node {
  Node(std::uint64_t number, bool is_directory) : identity(number), directory(is_directory) {}
  const std::uint64_t identity;
  const bool directory;
  std::map<std::string, std::shared_ptr<Node>, std::less<>> entries;  // under the tree's mutex
  bool locked = false;                                                // under the tree's mutex
  std::mutex mutex;
  std::vector<std::byte> bytes;  // under `mutex`
};
using NodePointer = std::shared_ptr<Node>;

FileIdentity identity_of(const Node& node) { return {memory_device, node.identity}; }

bool aligned(std::uintptr_t value, std::size_t alignment) { return value % alignment == 0; }

class MemoryFile final : public File {
 public:
  MemoryFile(NodePointer node, std::string path, bool writable, std::size_t alignment)
      : node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        alignment_(alignment) {}

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override {
    if (!fits(offset, into)) return Error{Errc::invalid, Call::read, 0, path_};
    const std::lock_guard lock(node_->mutex);
    if (offset >= node_->bytes.size()) return std::size_t{0};
    const std::size_t start = static_cast<std::size_t>(offset);
    const std::size_t count = std::min(into.size(), node_->bytes.size() - start);
    if (count > 0) std::memcpy(into.data(), node_->bytes.data() + start, count);
    return count;
  }

  Status write_at(std::uint64_t offset, std::span<const Bytes> parts) override {
    if (!writable_) return Error{Errc::access, Call::write, 0, path_};
    std::uint64_t end = offset;
    for (const Bytes part : parts) {
      if (!fits(end, part)) return Error{Errc::invalid, Call::write, 0, path_};
      if (part.size() > nominal_bytes || end > nominal_bytes - part.size()) {
        return Error{Errc::file_too_large, Call::write, 0, path_};
      }
      end += part.size();
    }
    if (end == offset) return done();
    const std::lock_guard lock(node_->mutex);
    if (end > node_->bytes.size() && !resize(end)) {
      return Error{Errc::no_space, Call::write, 0, path_};
    }
    std::byte* at = node_->bytes.data() + offset;
    for (const Bytes part : parts) {
      if (!part.empty()) std::memcpy(at, part.data(), part.size());
      at += part.size();
    }
    return done();
  }

  Status sync() override { return done(); }

  Status truncate(std::uint64_t size) override {
    if (!writable_) return Error{Errc::invalid, Call::truncate, 0, path_};
    if (size > nominal_bytes) return Error{Errc::file_too_large, Call::truncate, 0, path_};
    const std::lock_guard lock(node_->mutex);
    return resize(size) ? done() : Status(Error{Errc::no_space, Call::truncate, 0, path_});
  }

  Result<std::uint64_t> size() override {
    const std::lock_guard lock(node_->mutex);
    return std::uint64_t{node_->bytes.size()};
  }

  Result<FileIdentity> identity() override { return identity_of(*node_); }
  Status drop_cache() override { return Error{Errc::not_supported, Call::drop_cache, 0, path_}; }
  [[nodiscard]] std::size_t alignment() const noexcept override { return alignment_; }

 private:
  template <class Span>
  bool fits(std::uint64_t offset, Span bytes) const {
    return alignment_ == 1 || (offset % alignment_ == 0 && aligned(bytes.size(), alignment_) &&
                               aligned(reinterpret_cast<std::uintptr_t>(bytes.data()), alignment_));
  }

  bool resize(std::uint64_t size) {
    try {
      node_->bytes.resize(static_cast<std::size_t>(size));
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    } catch (const std::length_error&) {
      return false;
    }
  }

  const NodePointer node_;
  const std::string path_;
  const bool writable_;
  const std::size_t alignment_;
};

// The tree and its mutex; shared by the disk and the locks that outlive it.
struct Tree {
  std::mutex mutex;
  std::uint64_t last_number = 1;
  NodePointer root = std::make_shared<Node>(1, true);

  NodePointer make(bool directory) { return std::make_shared<Node>(++last_number, directory); }
};

class MemoryLock final : public Lock {
 public:
  MemoryLock(std::shared_ptr<Tree> tree, NodePointer node)
      : tree_(std::move(tree)), node_(std::move(node)) {}
  MemoryLock(const MemoryLock&) = delete;
  MemoryLock& operator=(const MemoryLock&) = delete;
  ~MemoryLock() override {
    const std::lock_guard lock(tree_->mutex);
    node_->locked = false;
  }

 private:
  const std::shared_ptr<Tree> tree_;
  const NodePointer node_;
};

using Place = MemoryPlace<Node>;

class MemoryDisk final : public Disk {
 public:
  explicit MemoryDisk(const MemoryDiskOptions& options) : options_(options) {}

  Result<std::unique_ptr<File>> open(const std::string& path, const OpenOptions& options) override {
    const std::lock_guard lock(tree_->mutex);
    if (options.direct && options_.direct_alignment == 1) {
      return Error{Errc::invalid, Call::open, 0, path};
    }
    auto node = open_node(path, options.create, Call::open);
    if (!node) return std::move(node).error();
    const std::size_t alignment = options.direct ? options_.direct_alignment : 1;
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(
        std::move(node).value(), path, options.access == Access::read_write, alignment));
  }

  Status make_directory(const std::string& path, std::uint32_t) override {
    const std::lock_guard lock(tree_->mutex);
    const Place place = find(path);
    if (place.exists()) return Error{Errc::exists, Call::make_directory, 0, path};
    if (!place.creatable()) return Error{place.failure, Call::make_directory, 0, path};
    place.node()->entries.emplace(place.names.back(), tree_->make(true));
    return done();
  }

  Result<std::vector<Entry>> list(const std::string& path) override {
    const std::lock_guard lock(tree_->mutex);
    auto directory = find_directory(path, Call::list);
    if (!directory) return std::move(directory).error();
    std::vector<Entry> entries;
    for (const auto& [name, node] : directory.value()->entries) {
      entries.push_back({name, node->directory ? EntryKind::directory : EntryKind::file});
    }
    return entries;
  }

  Result<FileStatus> status(const std::string& path) override {
    const std::lock_guard lock(tree_->mutex);
    const Place place = find(path);
    if (!place.exists()) return Error{place.failure, Call::stat, 0, path};
    FileStatus status;
    Node& node = *place.node();
    status.kind = node.directory ? EntryKind::directory : EntryKind::file;
    status.identity = identity_of(node);
    const std::lock_guard bytes(node.mutex);
    status.size = node.bytes.size();
    status.allocated = node.bytes.size();
    return status;
  }

  Status rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(tree_->mutex);
    const Place source = find(from);
    const Place target = find(to);
    const auto allowed = may_rename(source, from, target, to);
    if (!allowed) return allowed.error();
    if (!allowed.value()) return done();
    const NodePointer moved = source.node();
    const NodePointer& into = target.directory();
    into->entries.insert_or_assign(std::string(target.names.back()), moved);
    const auto old = source.directory()->entries.find(source.names.back());
    source.directory()->entries.erase(old);
    return done();
  }

  Status unlink(const std::string& path) override {
    const std::lock_guard lock(tree_->mutex);
    const Place place = find(path);
    if (!place.exists()) return Error{place.failure, Call::unlink, 0, path};
    if (place.node()->directory) return Error{Errc::is_directory, Call::unlink, 0, path};
    place.directory()->entries.erase(place.directory()->entries.find(place.names.back()));
    return done();
  }

  Status sync_directory(const std::string& path) override {
    const std::lock_guard lock(tree_->mutex);
    auto directory = find_directory(path, Call::sync_directory);
    return directory ? done() : Status(std::move(directory).error());
  }

  Result<std::string> canonical(const std::string& path) override {
    const std::lock_guard lock(tree_->mutex);
    const Place place = find(path);
    if (!place.exists()) return Error{place.failure, Call::stat, 0, path};
    return canonical_path(place);
  }

  Result<FileSystemInfo> file_system(const std::string& path) override {
    const std::lock_guard lock(tree_->mutex);
    const Place place = find(path);
    if (!place.exists()) return Error{place.failure, Call::file_system, 0, path};
    FileSystemInfo info;
    info.name = "memory";
    info.free_bytes = nominal_bytes;
    info.total_bytes = nominal_bytes;
    return info;
  }

  Result<DirectSupport> probe_direct(const std::string& directory) override {
    const std::lock_guard lock(tree_->mutex);
    auto found = find_directory(directory, Call::probe_direct);
    if (!found) return std::move(found).error();
    const std::size_t alignment = options_.direct_alignment;
    if (alignment == 1) return DirectSupport{false, 1, "a disk in memory without direct files"};
    return DirectSupport{true, alignment, "memory: " + std::to_string(alignment), true};
  }

  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view holder,
                                     std::uint32_t) override {
    const std::lock_guard lock(tree_->mutex);
    auto found = open_node(path, Create::if_missing, Call::lock);
    if (!found) return std::move(found).error();
    const NodePointer& node = found.value();
    if (node->locked) return Error{Errc::locked, Call::lock, 0, path};
    const Bytes text = std::as_bytes(std::span(holder));
    const std::lock_guard bytes(node->mutex);
    node->bytes.assign(text.begin(), text.end());
    node->locked = true;
    return std::unique_ptr<Lock>(std::make_unique<MemoryLock>(tree_, node));
  }

  Result<bool> locked(const std::string& path) override {
    const std::lock_guard lock(tree_->mutex);
    auto node = open_node(path, Create::never, Call::probe_lock);
    if (node) return node.value()->locked;
    if (node.error().code == Errc::not_found) return false;
    return std::move(node).error();
  }

  Result<std::string> lock_holder(const std::string& path) override {
    const std::lock_guard lock(tree_->mutex);
    auto found = open_node(path, Create::never, Call::probe_lock);
    if (!found && found.error().code == Errc::not_found) return std::string();
    if (!found) return std::move(found).error();
    Node& node = *found.value();
    const std::lock_guard bytes(node.mutex);
    return std::string(reinterpret_cast<const char*>(node.bytes.data()), node.bytes.size());
  }

 private:
  Place find(std::string_view path) const { return find_in_memory(tree_->root, path); }

  Result<NodePointer> find_directory(const std::string& path, Call call) const {
    const Place place = find(path);
    if (!place.exists()) return Error{place.failure, call, 0, path};
    if (!place.node()->directory) return Error{Errc::not_directory, call, 0, path};
    return place.node();
  }

  Result<NodePointer> open_node(const std::string& path, Create create, Call call) {
    const Place place = find(path);
    if (place.exists()) {
      if (create == Create::exclusive) return Error{Errc::exists, call, 0, path};
      if (place.node()->directory) return Error{Errc::is_directory, call, 0, path};
      return place.node();
    }
    if (create == Create::never || !place.creatable()) {
      return Error{place.failure, call, 0, path};
    }
    NodePointer node = tree_->make(false);
    place.node()->entries.emplace(place.names.back(), node);
    return node;
  }

  const MemoryDiskOptions options_;
  const std::shared_ptr<Tree> tree_ = std::make_shared<Tree>();
};

}  // namespace

std::shared_ptr<Disk> make_memory_disk(const MemoryDiskOptions& options) {
  return std::make_shared<MemoryDisk>(options);
}

std::shared_ptr<Disk> make_memory_disk() { return make_memory_disk(MemoryDiskOptions{}); }

}  // namespace tidemark::io
