#include "image_disk.hpp"

#include <atomic>
#include <cstring>
#include <utility>

namespace tidemark::test {
namespace {

constexpr std::uint64_t nominal_bytes = std::uint64_t{1} << 40U;

// Every disk is another device: the process knows a directory by device and number.
std::atomic<std::uint64_t> devices{0x696d6167};

io::Error error(io::Errc code, io::Call call, const std::string& path) {
  return io::Error{code, call, 0, path};
}

}  // namespace

class ImageDisk::Handle final : public io::File {
 public:
  Handle(std::shared_ptr<ImageDisk> disk, std::shared_ptr<Node> node, std::string path)
      : disk_(std::move(disk)), node_(std::move(node)), path_(std::move(path)) {}

  io::Result<std::size_t> read_at(std::uint64_t offset, io::MutableBytes into) override {
    const std::lock_guard lock(disk_->mutex_);
    const std::size_t count = node_->content.read(offset, into);
    disk_->bytes_read_ += count;
    return count;
  }
  io::Status write_at(std::uint64_t offset, std::span<const io::Bytes> parts) override {
    const std::lock_guard lock(disk_->mutex_);
    for (const io::Bytes part : parts) {
      node_->content.write(offset, part);
      offset += part.size();
    }
    return io::done();
  }
  using io::File::write_at;
  io::Status sync() override { return io::done(); }
  io::Status truncate(std::uint64_t size) override {
    const std::lock_guard lock(disk_->mutex_);
    node_->content.resize(size);
    return io::done();
  }
  io::Result<std::uint64_t> size() override {
    const std::lock_guard lock(disk_->mutex_);
    return node_->content.size();
  }
  io::Result<io::FileIdentity> identity() override {
    return io::FileIdentity{disk_->device_, node_->number};
  }
  io::Status drop_cache() override {
    return error(io::Errc::not_supported, io::Call::drop_cache, path_);
  }
  [[nodiscard]] std::size_t alignment() const noexcept override { return 1; }

 private:
  const std::shared_ptr<ImageDisk> disk_;
  const std::shared_ptr<Node> node_;
  const std::string path_;
};

class ImageDisk::Held final : public io::Lock {
 public:
  Held(std::shared_ptr<ImageDisk> disk, std::shared_ptr<Node> node)
      : disk_(std::move(disk)), node_(std::move(node)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() override {
    const std::lock_guard lock(disk_->mutex_);
    node_->locked = false;
  }

 private:
  const std::shared_ptr<ImageDisk> disk_;
  const std::shared_ptr<Node> node_;
};

std::shared_ptr<ImageDisk> ImageDisk::make(const std::string& directory, const Image& image) {
  auto disk = std::make_shared<ImageDisk>();
  disk->device_ = ++devices;
  disk->directories_.insert(directory);
  for (const auto& [name, content] : image)
    disk->make_node(io::join(directory, name))->content = content;
  return disk;
}

Image ImageDisk::image(const std::string& directory) const {
  const std::lock_guard lock(mutex_);
  Image image;
  for (const auto& [path, node] : files_) {
    if (io::parent(path) == directory) image.emplace(io::base_name(path), node->content);
  }
  return image;
}

void ImageDisk::replace(const std::string& path, Content content) {
  const std::lock_guard lock(mutex_);
  find(path)->content = std::move(content);
}

std::uint64_t ImageDisk::bytes_read() const {
  const std::lock_guard lock(mutex_);
  return bytes_read_;
}

void ImageDisk::forget_reads() {
  const std::lock_guard lock(mutex_);
  bytes_read_ = 0;
}

std::shared_ptr<ImageDisk::Node> ImageDisk::find(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

std::shared_ptr<ImageDisk::Node> ImageDisk::make_node(const std::string& path) {
  auto node = std::make_shared<Node>();
  node->number = ++last_number_;
  files_[path] = node;
  return node;
}

io::Result<std::unique_ptr<io::File>> ImageDisk::open(const std::string& path,
                                                      const io::OpenOptions& options) {
  const std::lock_guard lock(mutex_);
  if (options.direct) return error(io::Errc::invalid, io::Call::open, path);
  auto node = find(path);
  if (node && options.create == io::Create::exclusive)
    return error(io::Errc::exists, io::Call::open, path);
  if (!node) {
    const bool may = options.create != io::Create::never && directories_.contains(io::parent(path));
    if (!may) return error(io::Errc::not_found, io::Call::open, path);
    node = make_node(path);
  }
  return std::unique_ptr<io::File>(std::make_unique<Handle>(shared_from_this(), node, path));
}

io::Status ImageDisk::make_directory(const std::string& path, std::uint32_t) {
  const std::lock_guard lock(mutex_);
  const bool made = !find(path) && directories_.insert(path).second;
  return made ? io::done() : io::Status(error(io::Errc::exists, io::Call::make_directory, path));
}

io::Result<std::vector<io::Entry>> ImageDisk::list(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!directories_.contains(path)) return error(io::Errc::not_found, io::Call::list, path);
  std::vector<io::Entry> entries;
  for (const auto& [file, node] : files_) {
    if (io::parent(file) == path)
      entries.push_back({std::string(io::base_name(file)), io::EntryKind::file});
  }
  for (const std::string& directory : directories_) {
    if (directory != "/" && io::parent(directory) == path)
      entries.push_back({std::string(io::base_name(directory)), io::EntryKind::directory});
  }
  return entries;
}

io::Result<io::FileStatus> ImageDisk::status(const std::string& path) {
  const std::lock_guard lock(mutex_);
  io::FileStatus status;
  if (directories_.contains(path)) {
    status.kind = io::EntryKind::directory;
    // Directories never change their names here, so their position in the set identifies them.
    const auto position = std::distance(directories_.begin(), directories_.find(path));
    status.identity = {device_, ~static_cast<std::uint64_t>(position)};
    return status;
  }
  const auto node = find(path);
  if (!node) return error(io::Errc::not_found, io::Call::stat, path);
  status.identity = {device_, node->number};
  status.size = node->content.size();
  status.allocated = status.size;
  return status;
}

io::Status ImageDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto node = find(from);
  if (!node) return error(io::Errc::not_found, io::Call::rename, from);
  files_.erase(from);
  files_[to] = node;
  return io::done();
}

io::Status ImageDisk::unlink(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return files_.erase(path) > 0 ? io::done()
                                : io::Status(error(io::Errc::not_found, io::Call::unlink, path));
}

io::Status ImageDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return directories_.contains(path)
             ? io::done()
             : io::Status(error(io::Errc::not_found, io::Call::sync_directory, path));
}

io::Result<std::string> ImageDisk::canonical(const std::string& path) { return path; }

io::Result<io::FileSystemInfo> ImageDisk::file_system(const std::string&) {
  io::FileSystemInfo info;
  info.name = "image";
  info.free_bytes = nominal_bytes;
  info.total_bytes = nominal_bytes;
  return info;
}

io::Result<io::DirectSupport> ImageDisk::probe_direct(const std::string&) {
  return io::DirectSupport{false, 1, "an image has no direct files"};
}

io::Result<std::unique_ptr<io::Lock>> ImageDisk::lock(const std::string& path,
                                                      std::string_view holder, std::uint32_t) {
  const std::lock_guard lock(mutex_);
  auto node = find(path);
  if (!node) {
    if (!directories_.contains(io::parent(path)))
      return error(io::Errc::not_found, io::Call::lock, path);
    node = make_node(path);
  }
  if (node->locked) return error(io::Errc::locked, io::Call::lock, path);
  node->locked = true;
  node->content.resize(0);
  node->content.write(0, std::as_bytes(std::span(holder)));
  return std::unique_ptr<io::Lock>(std::make_unique<Held>(shared_from_this(), node));
}

io::Result<bool> ImageDisk::locked(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto node = find(path);
  return node && node->locked;
}

io::Result<std::string> ImageDisk::lock_holder(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto node = find(path);
  if (!node) return std::string();
  const auto bytes = node->content.bytes();
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace tidemark::test
