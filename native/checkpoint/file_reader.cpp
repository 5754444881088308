#include "checkpoint/file_reader.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace tidemark::checkpoint {
namespace {

journal::Failure damaged(const std::string& path, std::uint64_t offset, const std::string& what) {
  journal::Failure failure;
  failure.code = journal::Code::corrupt;
  failure.path = path;
  failure.offset = offset;
  failure.message = "the checkpoint " + path + " is damaged at offset " + std::to_string(offset) +
                    ": " + what +
                    "; loadLenient gives the newest generation that is whole, and nothing was "
                    "changed";
  return failure;
}

journal::Failure newer(const std::string& path) {
  journal::Failure failure;
  failure.code = journal::Code::version;
  failure.path = path;
  failure.message = "the checkpoint " + path +
                    " was saved by a newer version of tidemark: open it with that version; nothing "
                    "was changed";
  return failure;
}

journal::Failure unreadable(const io::Error& error) {
  return journal::from_io(error, "the checkpoint cannot be read");
}

}  // namespace

journal::Result<std::unique_ptr<FileReader>> FileReader::open(io::Disk& disk,
                                                              const std::string& directory,
                                                              std::uint64_t generation) {
  std::string path = io::join(directory, format::checkpoint_name(generation));
  auto file = disk.open(path, io::OpenOptions{});
  if (!file) return unreadable(file.error());
  std::unique_ptr<FileReader> reader(new FileReader(std::move(path), std::move(file).value()));
  if (journal::Status status = reader->read_header(generation); !status) return status.error();
  return reader;
}

journal::Status FileReader::read_header(std::uint64_t generation) {
  auto size = file_->size();
  if (!size) return unreadable(size.error());
  format::CheckpointBlock block{};
  auto count = file_->read_at(0, block);
  if (!count) return unreadable(count.error());
  switch (format::decode_checkpoint_header(io::Bytes(block).first(count.value()), header_)) {
    case format::CheckpointState::valid:
      break;
    case format::CheckpointState::damaged:
      return damaged(path_, 0, "its header does not validate");
    case format::CheckpointState::newer:
      return newer(path_);
  }
  if (header_.generation != generation) {
    return damaged(path_, 0,
                   "its header says that it is generation " + std::to_string(header_.generation));
  }
  if (size.value() != header_.file_bytes()) {
    return damaged(path_, std::min(size.value(), header_.file_bytes()),
                   "it has " + std::to_string(size.value()) + " bytes instead of " +
                       std::to_string(header_.file_bytes()));
  }
  return journal::done();
}

journal::Result<bool> FileReader::next(std::vector<std::byte>& into) {
  if (chunk_ == header_.chunks()) return false;
  const std::uint64_t offset = header_.chunk_offset(chunk_);
  const std::size_t length = header_.chunk_length(chunk_);
  try {
    into.resize(length + format::checkpoint_checksum_bytes);
  } catch (const std::bad_alloc&) {
    return unreadable(io::Error{io::Errc::no_memory, io::Call::read, 0, path_});
  }
  auto count = file_->read_at(offset, into);
  if (!count) return unreadable(count.error());
  if (count.value() != into.size()) {
    return damaged(path_, offset + count.value(), "it ends there, and was longer a moment ago");
  }
  if (!format::valid_checkpoint_chunk(header_.salt, chunk_, into)) {
    return damaged(path_, offset,
                   "the checksum of the " + std::to_string(length) + " bytes there is wrong");
  }
  into.resize(length);
  ++chunk_;
  return true;
}

journal::Status read_through(FileReader& reader) {
  std::vector<std::byte> chunk;
  while (true) {
    auto more = reader.next(chunk);
    if (!more) return more.error();
    if (!more.value()) return journal::done();
  }
}

}  // namespace tidemark::checkpoint
