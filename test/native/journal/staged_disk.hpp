// A disk with a page cache: what is written is seen by every buffered handle at once, and is on the
// device only after a sync; direct handles read the device; a sync that fails leaves its pages in
// the cache, marked clean. Names are durable at once. A hook sees each call before it is made,
// outside of every lock, so that it may hold the call as well as refuse it.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/disk.hpp"
#include "write_support.hpp"

namespace tidemark::test {

// Asked before each call; an Errc makes the call fail with it.
using Refusal = std::function<std::optional<io::Errc>(io::Call call, const std::string& path)>;

// Holds calls until the test lets them go.
class Hold {
 public:
  void wait_here() {
    std::unique_lock lock(mutex_);
    arrived_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return released_; });
  }
  void await_arrival() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return arrived_; });
  }
  void release() {
    const std::scoped_lock lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool arrived_ = false;
  bool released_ = false;
};

class StagedDisk final : public io::Disk {
 public:
  static constexpr std::size_t direct_alignment = 4096;

  explicit StagedDisk(std::shared_ptr<io::Disk> cache) : cache_(std::move(cache)) {}

  void hook(Refusal hook) {
    const std::scoped_lock lock(mutex_);
    hook_ = std::make_shared<Refusal>(std::move(hook));
  }
  void unhook() { hook(nullptr); }

  // Whether any handle of this file was a direct one.
  bool opened_directly(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    return opened_directly_.contains(path);
  }

  // What the device holds after the power was cut now.
  World power_cut() {
    World after;
    REQUIRE(after.memory->make_directory(directory, 0700).ok());
    for (const std::string& name : names(*cache_)) {
      if (name == "journal.lock") continue;
      const auto node = node_of(io::join(directory, name));
      const std::scoped_lock lock(node->mutex);
      put(*after.memory, io::join(directory, name), node->device);
    }
    return after;
  }

  io::Result<std::unique_ptr<io::File>> open(const std::string& path,
                                             const io::OpenOptions& options) override {
    if (auto error = check(io::Call::open, path)) return *error;
    if (options.direct) {
      const std::scoped_lock lock(mutex_);
      opened_directly_.insert(path);
    }
    io::OpenOptions buffered = options;
    buffered.direct = false;
    auto opened = cache_->open(path, buffered);
    if (!opened) return opened;
    return io::Result<std::unique_ptr<io::File>>(std::make_unique<Handle>(
        *this, path, node_of(path), std::move(opened).value(), options.direct));
  }
  io::Status make_directory(const std::string& path, std::uint32_t mode) override {
    return cache_->make_directory(path, mode);
  }
  io::Result<std::vector<io::Entry>> list(const std::string& path) override {
    return cache_->list(path);
  }
  io::Result<io::FileStatus> status(const std::string& path) override {
    return cache_->status(path);
  }
  io::Status rename(const std::string& from, const std::string& to) override {
    if (auto error = check(io::Call::rename, to)) return *error;
    io::Status renamed = cache_->rename(from, to);
    const std::scoped_lock lock(mutex_);
    if (renamed) {
      nodes_[to] = nodes_[from];
      nodes_.erase(from);
    }
    return renamed;
  }
  io::Status unlink(const std::string& path) override {
    if (auto error = check(io::Call::unlink, path)) return *error;
    io::Status unlinked = cache_->unlink(path);
    const std::scoped_lock lock(mutex_);
    if (unlinked) nodes_.erase(path);
    return unlinked;
  }
  io::Status sync_directory(const std::string& path) override {
    if (auto error = check(io::Call::sync_directory, path)) return *error;
    return cache_->sync_directory(path);
  }
  io::Result<std::string> canonical(const std::string& path) override {
    return cache_->canonical(path);
  }
  io::Result<io::FileSystemInfo> file_system(const std::string& path) override {
    return cache_->file_system(path);
  }
  io::Result<io::DirectSupport> probe_direct(const std::string&) override {
    return io::DirectSupport{true, direct_alignment, "staged"};
  }
  io::Result<std::unique_ptr<io::Lock>> lock(const std::string& path, std::string_view holder,
                                             std::uint32_t mode) override {
    return cache_->lock(path, holder, mode);
  }
  io::Result<bool> locked(const std::string& path) override { return cache_->locked(path); }
  io::Result<std::string> lock_holder(const std::string& path) override {
    return cache_->lock_holder(path);
  }

 private:
  struct Node {
    std::mutex mutex;
    std::vector<std::byte> device;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> dirty;  // offset, bytes
  };

  class Handle final : public io::File {
   public:
    Handle(StagedDisk& disk, std::string path, std::shared_ptr<Node> node,
           std::unique_ptr<io::File> cached, bool direct)
        : disk_(disk),
          path_(std::move(path)),
          node_(std::move(node)),
          cached_(std::move(cached)),
          direct_(direct) {}

    io::Result<std::size_t> read_at(std::uint64_t offset, io::MutableBytes into) override {
      if (auto error = disk_.check(io::Call::read, path_)) return *error;
      if (!direct_) return cached_->read_at(offset, into);
      auto size = cached_->size();
      if (!size) return size.error();
      if (offset >= size.value()) return std::size_t{0};
      const std::uint64_t count = std::min<std::uint64_t>(into.size(), size.value() - offset);
      const std::scoped_lock lock(node_->mutex);
      for (std::uint64_t i = 0; i < count; ++i) {
        into[i] = offset + i < node_->device.size() ? node_->device[offset + i] : std::byte{0};
      }
      return static_cast<std::size_t>(count);
    }
    io::Status write_at(std::uint64_t offset, std::span<const io::Bytes> parts) override {
      if (auto error = disk_.check(io::Call::write, path_)) return *error;
      std::uint64_t bytes = 0;
      for (const io::Bytes part : parts) bytes += part.size();
      const std::scoped_lock lock(node_->mutex);
      node_->dirty.emplace_back(offset, bytes);
      return cached_->write_at(offset, parts);
    }
    using io::File::write_at;
    io::Status sync() override {
      const auto error = disk_.check(io::Call::sync, path_);
      const std::scoped_lock lock(node_->mutex);
      const auto dirty = std::exchange(node_->dirty, {});
      if (error) return *error;
      const auto size = cached_->size();
      if (!size) return size.error();
      node_->device.resize(size.value());
      for (const auto& [offset, bytes] : dirty) {
        if (offset >= size.value()) continue;
        const auto count = std::min<std::uint64_t>(bytes, size.value() - offset);
        auto read =
            cached_->read_at(offset, io::MutableBytes(node_->device).subspan(offset, count));
        if (!read) return read.error();
      }
      return io::done();
    }
    io::Status truncate(std::uint64_t size) override {
      if (auto error = disk_.check(io::Call::truncate, path_)) return *error;
      return cached_->truncate(size);
    }
    io::Result<std::uint64_t> size() override { return cached_->size(); }
    io::Result<io::FileIdentity> identity() override { return cached_->identity(); }
    io::Status drop_cache() override {
      return io::Error{io::Errc::not_supported, io::Call::drop_cache, 0, path_};
    }
    [[nodiscard]] std::size_t alignment() const noexcept override {
      return direct_ ? direct_alignment : 1;
    }

   private:
    StagedDisk& disk_;
    std::string path_;
    std::shared_ptr<Node> node_;
    std::unique_ptr<io::File> cached_;
    bool direct_;
  };

  std::shared_ptr<Node> node_of(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    auto& node = nodes_[path];
    if (!node) node = std::make_shared<Node>();
    return node;
  }

  std::optional<io::Error> check(io::Call call, const std::string& path) {
    std::shared_ptr<Refusal> hook;
    {
      const std::scoped_lock lock(mutex_);
      hook = hook_;
    }
    if (!hook || !*hook) return std::nullopt;
    const auto code = (*hook)(call, path);
    if (!code) return std::nullopt;
    return io::Error{*code, call, 0, path};
  }

  std::shared_ptr<io::Disk> cache_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> nodes_;
  std::set<std::string> opened_directly_;
  std::shared_ptr<Refusal> hook_;
};

// A world whose journals stand on a staged disk over its memory.
struct StagedWorld : World {
  std::shared_ptr<StagedDisk> staged = std::make_shared<StagedDisk>(memory);
  StagedWorld() { host.disk = staged; }
};

}  // namespace tidemark::test
