// A disk in memory that is made of an image and gives one back: cheap to make, so that every
// damaged journal is opened on a disk of its own. It counts the bytes that are read and the
// greatest read, which bound what an operation may cost whatever the damage is.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "image.hpp"
#include "io/disk.hpp"

namespace tidemark::test {

class ImageDisk final : public io::Disk, public std::enable_shared_from_this<ImageDisk> {
 public:
  // Of a directory that holds the files of the image.
  static std::shared_ptr<ImageDisk> make(const std::string& directory, const Image& image);
  // The files directly in a directory.
  [[nodiscard]] Image image(const std::string& directory) const;
  // Puts other bytes under a file, also under those who have it open.
  void replace(const std::string& path, Content content);
  [[nodiscard]] std::uint64_t bytes_read() const;
  void forget_reads();

  io::Result<std::unique_ptr<io::File>> open(const std::string& path,
                                             const io::OpenOptions& options) override;
  io::Status make_directory(const std::string& path, std::uint32_t mode) override;
  io::Result<std::vector<io::Entry>> list(const std::string& path) override;
  io::Result<io::FileStatus> status(const std::string& path) override;
  io::Status rename(const std::string& from, const std::string& to) override;
  io::Status unlink(const std::string& path) override;
  io::Status sync_directory(const std::string& path) override;
  io::Result<std::string> canonical(const std::string& path) override;
  io::Result<io::FileSystemInfo> file_system(const std::string& path) override;
  io::Result<io::DirectSupport> probe_direct(const std::string& directory) override;
  io::Result<std::unique_ptr<io::Lock>> lock(const std::string& path, std::string_view holder,
                                             std::uint32_t mode) override;
  io::Result<bool> locked(const std::string& path) override;
  io::Result<std::string> lock_holder(const std::string& path) override;

 private:
  struct Node {
    std::uint64_t number = 0;
    Content content;
    bool locked = false;
  };
  class Handle;
  class Held;
  std::shared_ptr<Node> find(const std::string& path) const;
  std::shared_ptr<Node> make_node(const std::string& path);

  mutable std::mutex mutex_;  // guards everything below, and every node
  std::map<std::string, std::shared_ptr<Node>> files_;
  std::set<std::string> directories_{"/"};
  std::uint64_t device_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace tidemark::test
