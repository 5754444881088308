// A disk that behaves like another one until a test tells it to refuse calls of one kind.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/disk.hpp"

namespace tidemark::test {

// Asked before each call of the inner disk; an Errc makes the call fail with it.
using Refusal = std::function<std::optional<io::Errc>(io::Call call, const std::string& path)>;

class FailingDisk final : public io::Disk {
 public:
  explicit FailingDisk(std::shared_ptr<io::Disk> inner) : inner_(std::move(inner)) {}

  void refuse(Refusal refusal) {
    const std::scoped_lock lock(mutex_);
    refusal_ = std::move(refusal);
  }
  void heal() { refuse(nullptr); }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  void forget_reads() { bytes_read_ = 0; }

  io::Result<std::unique_ptr<io::File>> open(const std::string& path,
                                             const io::OpenOptions& options) override {
    if (auto error = check(io::Call::open, path)) return *error;
    auto opened = inner_->open(path, options);
    if (!opened) return opened;
    return io::Result<std::unique_ptr<io::File>>(
        std::make_unique<Handle>(*this, path, std::move(opened).value()));
  }
  io::Status make_directory(const std::string& path, std::uint32_t mode) override {
    if (auto error = check(io::Call::make_directory, path)) return *error;
    return inner_->make_directory(path, mode);
  }
  io::Result<std::vector<io::Entry>> list(const std::string& path) override {
    if (auto error = check(io::Call::list, path)) return *error;
    return inner_->list(path);
  }
  io::Result<io::FileStatus> status(const std::string& path) override {
    return inner_->status(path);
  }
  io::Status rename(const std::string& from, const std::string& to) override {
    if (auto error = check(io::Call::rename, to)) return *error;
    return inner_->rename(from, to);
  }
  io::Status unlink(const std::string& path) override {
    if (auto error = check(io::Call::unlink, path)) return *error;
    return inner_->unlink(path);
  }
  io::Status sync_directory(const std::string& path) override {
    if (auto error = check(io::Call::sync_directory, path)) return *error;
    return inner_->sync_directory(path);
  }
  io::Result<std::string> canonical(const std::string& path) override {
    return inner_->canonical(path);
  }
  io::Result<io::FileSystemInfo> file_system(const std::string& path) override {
    auto info = inner_->file_system(path);
    if (info && network) info.value().network = true;
    return info;
  }
  io::Result<io::DirectSupport> probe_direct(const std::string& directory) override {
    return inner_->probe_direct(directory);
  }
  io::Result<std::unique_ptr<io::Lock>> lock(const std::string& path, std::string_view holder,
                                             std::uint32_t mode) override {
    if (auto error = check(io::Call::lock, path)) return *error;
    return inner_->lock(path, holder, mode);
  }
  io::Result<bool> locked(const std::string& path) override { return inner_->locked(path); }
  io::Result<std::string> lock_holder(const std::string& path) override {
    return inner_->lock_holder(path);
  }

  bool network = false;

 private:
  class Handle final : public io::File {
   public:
    Handle(FailingDisk& disk, std::string path, std::unique_ptr<io::File> inner)
        : disk_(disk), path_(std::move(path)), inner_(std::move(inner)) {}
    io::Result<std::size_t> read_at(std::uint64_t offset, io::MutableBytes into) override {
      if (auto error = disk_.check(io::Call::read, path_)) return *error;
      auto read = inner_->read_at(offset, into);
      if (read) disk_.bytes_read_ += read.value();
      return read;
    }
    io::Status write_at(std::uint64_t offset, std::span<const io::Bytes> parts) override {
      if (auto error = disk_.check(io::Call::write, path_)) {
        // Half of it arrives, as a short write leaves it.
        if (!parts.empty() && parts[0].size() > 1) {
          static_cast<void>(inner_->write_at(offset, parts[0].first(parts[0].size() / 2)));
        }
        return *error;
      }
      return inner_->write_at(offset, parts);
    }
    using io::File::write_at;
    io::Status sync() override {
      if (auto error = disk_.check(io::Call::sync, path_)) return *error;
      return inner_->sync();
    }
    io::Status truncate(std::uint64_t size) override {
      if (auto error = disk_.check(io::Call::truncate, path_)) return *error;
      return inner_->truncate(size);
    }
    io::Result<std::uint64_t> size() override { return inner_->size(); }
    io::Result<io::FileIdentity> identity() override { return inner_->identity(); }
    io::Status drop_cache() override { return inner_->drop_cache(); }
    [[nodiscard]] std::size_t alignment() const noexcept override { return inner_->alignment(); }

   private:
    FailingDisk& disk_;
    std::string path_;
    std::unique_ptr<io::File> inner_;
  };

  std::optional<io::Error> check(io::Call call, const std::string& path) {
    const std::scoped_lock lock(mutex_);
    if (!refusal_) return std::nullopt;
    const auto code = refusal_(call, path);
    if (!code) return std::nullopt;
    return io::Error{*code, call, 0, path};
  }

  std::shared_ptr<io::Disk> inner_;
  std::mutex mutex_;
  Refusal refusal_;
  std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace tidemark::test
