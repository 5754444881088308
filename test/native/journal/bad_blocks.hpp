// A disk of which some blocks of one file cannot be read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "io/disk.hpp"

namespace tidemark::journal::testing {

class BadBlocks final : public io::Disk {
 public:
  explicit BadBlocks(std::shared_ptr<io::Disk> inner) : inner_(std::move(inner)) {}

  // Reads of this file that touch [begin, end) fail with EIO.
  void set(std::string path, std::uint64_t begin, std::uint64_t end) {
    path_ = std::move(path);
    begin_ = begin;
    end_ = end;
  }

  io::Result<std::unique_ptr<io::File>> open(const std::string& path,
                                             const io::OpenOptions& options) override {
    auto opened = inner_->open(path, options);
    if (!opened) return opened;
    return std::unique_ptr<io::File>(
        std::make_unique<Handle>(*this, path, std::move(opened).value()));
  }
  io::Status make_directory(const std::string& path, std::uint32_t mode) override {
    return inner_->make_directory(path, mode);
  }
  io::Result<std::vector<io::Entry>> list(const std::string& path) override {
    return inner_->list(path);
  }
  io::Result<io::FileStatus> status(const std::string& path) override {
    return inner_->status(path);
  }
  io::Status rename(const std::string& from, const std::string& to) override {
    return inner_->rename(from, to);
  }
  io::Status unlink(const std::string& path) override { return inner_->unlink(path); }
  io::Status sync_directory(const std::string& path) override {
    return inner_->sync_directory(path);
  }
  io::Result<std::string> canonical(const std::string& path) override {
    return inner_->canonical(path);
  }
  io::Result<io::FileSystemInfo> file_system(const std::string& path) override {
    return inner_->file_system(path);
  }
  io::Result<io::DirectSupport> probe_direct(const std::string& directory) override {
    return inner_->probe_direct(directory);
  }
  io::Result<std::unique_ptr<io::Lock>> lock(const std::string& path, std::string_view holder,
                                             std::uint32_t mode) override {
    return inner_->lock(path, holder, mode);
  }
  io::Result<bool> locked(const std::string& path) override { return inner_->locked(path); }
  io::Result<std::string> lock_holder(const std::string& path) override {
    return inner_->lock_holder(path);
  }

 private:
  class Handle final : public io::File {
   public:
    Handle(const BadBlocks& disk, std::string path, std::unique_ptr<io::File> inner)
        : disk_(disk), path_(std::move(path)), inner_(std::move(inner)) {}
    io::Result<std::size_t> read_at(std::uint64_t offset, io::MutableBytes into) override {
      if (path_ == disk_.path_ && offset < disk_.end_ && disk_.begin_ < offset + into.size()) {
        return io::Error{io::Errc::io, io::Call::read, 5, path_};
      }
      return inner_->read_at(offset, into);
    }
    io::Status write_at(std::uint64_t offset, std::span<const io::Bytes> parts) override {
      return inner_->write_at(offset, parts);
    }
    io::Status sync() override { return inner_->sync(); }
    io::Status truncate(std::uint64_t size) override { return inner_->truncate(size); }
    io::Result<std::uint64_t> size() override { return inner_->size(); }
    io::Result<io::FileIdentity> identity() override { return inner_->identity(); }
    io::Status drop_cache() override { return inner_->drop_cache(); }
    [[nodiscard]] std::size_t alignment() const noexcept override { return inner_->alignment(); }

   private:
    const BadBlocks& disk_;
    const std::string path_;
    const std::unique_ptr<io::File> inner_;
  };

  const std::shared_ptr<io::Disk> inner_;
  std::string path_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace tidemark::journal::testing
