#include "io/simulated_file.hpp"

#include <utility>

namespace tidemark::io {
namespace {

constexpr std::uint64_t file_limit = std::uint64_t{1} << 40U;  // of one file

}  // namespace

SimulatedDisk::OpenFile::OpenFile(std::shared_ptr<System> system, std::shared_ptr<Process> process,
                                  InodePointer inode, const std::string& path,
                                  const OpenOptions& options, std::size_t alignment)
    : system_(std::move(system)),
      process_(std::move(process)),
      inode_(std::move(inode)),
      path_(std::make_shared<const std::string>(path)),
      options_(options),
      alignment_(alignment) {
  ++inode_->handles;  // the system's mutex is held
}
SimulatedDisk::OpenFile::~OpenFile() {
  const std::lock_guard lock(system_->mutex);
  --inode_->handles;
  system_->release(inode_);
}

Result<std::size_t> SimulatedDisk::OpenFile::read_at(std::uint64_t offset, MutableBytes into) {
  if (!begin(Call::read, offset, into.size())) return fail(Errc::io, Call::read);
  if (!fits(offset, into)) return fail(Errc::invalid, Call::read);
  const std::lock_guard lock(system_->mutex);
  return system_->read(*inode_, offset, into, options_.direct);
}

Status SimulatedDisk::OpenFile::admit_write(std::uint64_t offset,
                                            std::span<const Bytes> parts) const {
  std::uint64_t length = 0;
  bool too_large = false;
  bool misplaced = false;
  for (const Bytes part : parts) {
    misplaced = misplaced || !fits(offset + length, part);
    length += part.size();
    too_large = too_large || length > file_limit || offset > file_limit - length;
  }
  if (!begin(Call::write, offset, length)) return fail(Errc::io, Call::write);
  if (options_.access != Access::read_write) return fail(Errc::access, Call::write);
  if (misplaced) return fail(Errc::invalid, Call::write);
  if (too_large) return fail(Errc::file_too_large, Call::write);
  const std::lock_guard lock(system_->mutex);
  if (length > 0 && !system_->has_room(*inode_, offset + length)) {
    return fail(Errc::no_space, Call::write);
  }
  return done();
}

Status SimulatedDisk::OpenFile::write_at(std::uint64_t offset, std::span<const Bytes> parts) {
  if (Status admitted = admit_write(offset, parts); !admitted) return admitted;
  const std::lock_guard lock(system_->mutex);
  const bool fails = options_.sync_writes && system_->syncs_to_fail > 0;
  system_->write(inode_, path_, offset, parts, options_.direct, options_.sync_writes && !fails);
  if (!fails) return done();
  static_cast<void>(system_->sync(inode_));
  return fail(Errc::io, Call::write);
}

bool SimulatedDisk::OpenFile::begins_writes() const noexcept {
  return options_.direct && options_.sync_writes;
}

// What is refused is told at the end.
bool SimulatedDisk::OpenFile::begin_write(std::uint64_t offset, Bytes bytes, Notice& notice) {
  if (!begins_writes()) return false;
  begun_at_ = offset;
  begun_ = bytes;
  begun_status_ = admit_write(offset, {&bytes, 1});
  if (begun_status_) {
    const std::lock_guard lock(system_->mutex);
    system_->write(inode_, path_, offset, {&bytes, 1}, true, false);
  }
  notice.signal();
  return true;
}

// The same bytes once more, and durable now: they take the place of those that were pending.
Result<Ended> SimulatedDisk::OpenFile::end_write(bool /*wait*/) {
  if (!begun_status_) return std::exchange(begun_status_, done()).error();
  if (Status written = write_at(begun_at_, {&begun_, 1}); !written)
    return std::move(written).error();
  return Ended::written;
}

Status SimulatedDisk::OpenFile::sync() {
  if (!begin(Call::sync)) return fail(Errc::io, Call::sync);
  const std::lock_guard lock(system_->mutex);
  return system_->sync(inode_) ? done() : Status(fail(Errc::io, Call::sync));
}

Status SimulatedDisk::OpenFile::truncate(std::uint64_t size) {
  if (!begin(Call::truncate, size)) return fail(Errc::io, Call::truncate);
  if (options_.access != Access::read_write) return fail(Errc::invalid, Call::truncate);
  if (size > file_limit) return fail(Errc::file_too_large, Call::truncate);
  const std::lock_guard lock(system_->mutex);
  if (!system_->has_room(*inode_, size)) return fail(Errc::no_space, Call::truncate);
  system_->resize(inode_, path_, size);
  return done();
}

Result<std::uint64_t> SimulatedDisk::OpenFile::size() {
  if (!begin(Call::size)) return fail(Errc::io, Call::size);
  const std::lock_guard lock(system_->mutex);
  return inode_->visible.size();
}

Result<FileIdentity> SimulatedDisk::OpenFile::identity() {
  if (!begin(Call::identity)) return fail(Errc::io, Call::identity);
  return identity_of(*inode_);
}

Status SimulatedDisk::OpenFile::drop_cache() {
  if (!begin(Call::drop_cache)) return fail(Errc::io, Call::drop_cache);
  const std::lock_guard lock(system_->mutex);
  system_->drop_cache(*inode_);
  return done();
}

bool SimulatedDisk::OpenFile::begin(Call call, std::uint64_t offset, std::uint64_t length) const {
  return system_->begin(*process_, call, *path_, offset, length);
}
bool SimulatedDisk::OpenFile::fits(std::uint64_t offset, Bytes bytes) const {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  return offset % alignment_ == 0 && bytes.size() % alignment_ == 0 && address % alignment_ == 0;
}

}  // namespace tidemark::io
