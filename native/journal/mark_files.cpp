// How the small files beside the segments are replaced, also on a full disk. What truncation and
// cursors release can only be released when a mark was written first, and the mark needs a file of
// its own for a moment: so one is kept that has its room already.
#include <array>
#include <utility>

#include "format/marks.hpp"
#include "format/names.hpp"
#include "journal/core.hpp"

namespace tidemark::journal {
namespace {

bool is_out_of_room(const io::Error& error) noexcept {
  return error.code == io::Errc::no_space || error.code == io::Errc::quota;
}

// Puts the mark into the room that the file has, and makes it durable there.
io::Status fill_reserve(io::Disk& disk, const std::string& path, io::Bytes bytes) {
  io::OpenOptions options;
  options.access = io::Access::read_write;
  auto file = disk.open(path, options);
  if (!file) return std::move(file).error();
  io::Status status = file.value()->write_at(0, bytes);
  if (status) status = file.value()->truncate(bytes.size());
  if (status) status = file.value()->sync();
  return status;
}

}  // namespace

std::string Journal::Core::mark_temporary(std::string_view file) {
  return format::temporary_name(file, std::to_string(++mark_token));
}

io::Status Journal::Core::replace_mark(const std::string& file, io::Bytes bytes) {
  io::Disk& disk = *host.disk;
  const std::string path = io::join(directory, file);
  io::Status status = io::replace_file(disk, path, bytes, options.mode, mark_temporary(file));
  // A failed sync of the directory is not tried again: the new name may be lost all the same.
  if (status || !is_out_of_room(status.error()) ||
      status.error().call == io::Call::sync_directory || !mark_reserve) {
    return status;
  }
  const std::string reserve = *std::exchange(mark_reserve, std::nullopt);
  io::Status reserved = fill_reserve(disk, reserve, bytes);
  if (reserved) reserved = disk.rename(reserve, path);
  if (!reserved) {
    static_cast<void>(disk.unlink(reserve));
    return status;
  }
  if (status = disk.sync_directory(directory); status) reserve_mark();
  return status;
}

void Journal::Core::reserve_mark() {
  if (mark_reserve) return;
  io::Disk& disk = *host.disk;
  std::string path = io::join(directory, mark_temporary(format::head_name));
  io::OpenOptions created;
  created.access = io::Access::read_write;
  created.create = io::Create::exclusive;
  created.mode = options.mode;
  io::Status status = io::done();
  {
    auto file = disk.open(path, created);
    if (!file) return;
    constexpr std::array<std::byte, format::maximum_mark_bytes> room{};
    status = file.value()->write_at(0, io::Bytes(room));
    if (status) status = file.value()->sync();
  }
  if (status) {
    mark_reserve = std::move(path);
  } else {
    static_cast<void>(disk.unlink(path));
  }
}

void Journal::Core::drop_mark_reserve() {
  if (mark_reserve) static_cast<void>(host.disk->unlink(*mark_reserve));
  mark_reserve.reset();
}

}  // namespace tidemark::journal
