#include "checkpoint/file_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "format/bytes.hpp"

namespace tidemark::checkpoint {
namespace {

std::uint64_t random_number(io::Clock& clock) {
  std::array<std::byte, 8> bytes{};
  clock.random(bytes);
  return format::load<std::uint64_t>(bytes, 0);
}

constexpr std::size_t chunk_bytes = format::checkpoint_chunk_bytes;

}  // namespace

FileWriter::FileWriter(std::shared_ptr<io::Disk> disk, std::string path,
                       std::unique_ptr<io::File> file, std::uint64_t salt)
    : disk_(std::move(disk)), path_(std::move(path)), file_(std::move(file)), salt_(salt) {}

io::Result<std::unique_ptr<FileWriter>> FileWriter::create(const io::Host& host,
                                                           const std::string& directory,
                                                           std::uint32_t mode) {
  std::string path =
      io::join(directory, format::checkpoint_temporary_name(random_number(*host.clock)));
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.create = io::Create::exclusive;
  options.mode = mode;
  auto file = host.disk->open(path, options);
  if (!file) return std::move(file).error();
  return std::unique_ptr<FileWriter>(new FileWriter(
      host.disk, std::move(path), std::move(file).value(), random_number(*host.clock)));
}

// What cannot be removed is litter of a name that the next open removes.
FileWriter::~FileWriter() {
  file_.reset();
  if (!named_) static_cast<void>(disk_->unlink(path_));
}

io::Status FileWriter::append(io::Bytes bytes) {
  body_bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (partial_.empty() && bytes.size() >= chunk_bytes) {
      if (io::Status written = write_chunk(bytes.first(chunk_bytes)); !written) return written;
      bytes = bytes.subspan(chunk_bytes);
      continue;
    }
    const std::size_t taken = std::min(bytes.size(), chunk_bytes - partial_.size());
    partial_.insert(partial_.end(), bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (partial_.size() < chunk_bytes) continue;
    io::Status written = write_chunk(partial_);
    partial_.clear();
    if (!written) return written;
  }
  return io::done();
}

io::Status FileWriter::write_chunk(io::Bytes chunk) {
  std::array<std::byte, format::checkpoint_checksum_bytes> checksum{};
  format::store<std::uint32_t>(checksum, 0,
                               format::checkpoint_chunk_checksum(salt_, chunks_, chunk));
  const std::uint64_t offset =
      format::checkpoint_header_bytes + chunks_ * (chunk_bytes + format::checkpoint_checksum_bytes);
  ++chunks_;
  const std::array<io::Bytes, 2> parts{chunk, io::Bytes(checksum)};
  return file_->write_at(offset, parts);
}

io::Status FileWriter::flush() {
  if (partial_.empty()) return io::done();
  io::Status written = write_chunk(partial_);
  std::vector<std::byte>().swap(partial_);
  return written;
}

io::Status FileWriter::finish(format::CheckpointHeader& header, bool sync) {
  header.salt = salt_;
  header.body_bytes = body_bytes_;
  header.chunk_bytes = chunk_bytes;
  const format::CheckpointBlock block = format::encode_checkpoint_header(header);
  if (io::Status written = file_->write_at(0, io::Bytes(block)); !written) return written;
  return sync ? file_->sync() : io::done();
}

io::Status FileWriter::rename_to(const std::string& path) {
  io::Status renamed = disk_->rename(path_, path);
  // Also after an error: the name may have been given all the same, and then the file is whole.
  named_ = true;
  if (!renamed) static_cast<void>(disk_->unlink(path_));
  return renamed;
}

}  // namespace tidemark::checkpoint
