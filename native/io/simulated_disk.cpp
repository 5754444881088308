// The interface of the simulated disk: each call is announced, then made by the system.
#include "io/simulated_disk.hpp"

#include <array>
#include <utility>

#include "io/simulated_file.hpp"
#include "io/simulated_system.hpp"

namespace tidemark::io {
class SimulatedDisk::HeldLock final : public Lock {
 public:
  HeldLock(std::shared_ptr<System> system, std::shared_ptr<Process> process, std::uint64_t file)
      : system_(std::move(system)), process_(std::move(process)), file_(file) {}
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  ~HeldLock() override {
    const std::lock_guard lock(system_->mutex);
    if (process_->alive) system_->locks.erase(file_);  // otherwise it is free, or another's
  }

 private:
  const std::shared_ptr<System> system_;
  const std::shared_ptr<Process> process_;
  const std::uint64_t file_;
};

const char* name(ChangeKind kind) noexcept {
  constexpr std::array names{"write", "resize", "create", "mkdir", "rename", "unlink"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string PendingChange::describe() const {
  std::string text = std::to_string(id);
  text.append(": ").append(name(kind)).append(" ").append(path);
  if (kind == ChangeKind::write) {
    text.append(" ").append(std::to_string(offset)).append("+").append(std::to_string(length));
  } else if (kind == ChangeKind::resize) {
    text.append(" ").append(std::to_string(offset)).append(" to ").append(std::to_string(length));
  } else if (kind == ChangeKind::rename) {
    text.append(" to ").append(target);
  }
  return text;
}

bool SimulatedDisk::System::begin(const Process& process, Call call, const std::string& path,
                                  std::uint64_t offset, std::uint64_t length) {
  std::shared_ptr<const std::function<void(const CallRecord&)>> to_tell;
  CallRecord record;
  {
    const std::lock_guard lock(mutex);
    if (!process.alive) return false;
    ++call_ordinal;
    if (!hook && !recording) return true;
    record = {call, path, offset, length, call_ordinal, process.number};
    if (recording) trace.push_back(record);
    to_tell = hook;
  }
  if (!to_tell) return true;
  (*to_tell)(record);
  const std::lock_guard lock(mutex);
  return process.alive;  // the hook may have killed it
}

SimulatedDisk::SimulatedDisk(const SimulatedDiskOptions& options)
    : SimulatedDisk(Key{}, std::make_shared<System>(options), std::make_shared<Process>(1)) {
  system_->last_process = 1;
}

SimulatedDisk::SimulatedDisk(Key, std::shared_ptr<System> system, std::shared_ptr<Process> process)
    : system_(std::move(system)), process_(std::move(process)) {}

SimulatedDisk::~SimulatedDisk() = default;

std::shared_ptr<SimulatedDisk> SimulatedDisk::of(std::shared_ptr<System> system) {
  std::uint32_t number = 0;
  {
    const std::lock_guard lock(system->mutex);
    number = ++system->last_process;
  }
  return std::make_shared<SimulatedDisk>(Key{}, std::move(system),
                                         std::make_shared<Process>(number));
}

std::shared_ptr<SimulatedDisk> SimulatedDisk::another_process() const { return of(system_); }

std::shared_ptr<SimulatedDisk> SimulatedDisk::kill() {
  {
    const std::lock_guard lock(system_->mutex);
    process_->alive = false;
    std::erase_if(system_->locks,
                  [this](const auto& held) { return held.second == process_.get(); });
  }
  return another_process();
}

std::shared_ptr<SimulatedDisk> SimulatedDisk::cut(const Fate& fate) const {
  const std::lock_guard lock(system_->mutex);
  return of(system_->cut(fate));
}

std::shared_ptr<SimulatedDisk> SimulatedDisk::copy() const {
  const std::lock_guard lock(system_->mutex);
  return of(system_->copy());
}

void SimulatedDisk::fail_next_sync() {
  const std::lock_guard lock(system_->mutex);
  ++system_->syncs_to_fail;
}

void SimulatedDisk::lie(bool on) {
  const std::lock_guard lock(system_->mutex);
  system_->lying = on;
}

void SimulatedDisk::on_call(std::function<void(const CallRecord&)> hook) {
  const std::lock_guard lock(system_->mutex);
  system_->hook =
      hook ? std::make_shared<const std::function<void(const CallRecord&)>>(std::move(hook))
           : nullptr;
}

std::uint64_t SimulatedDisk::call_count() const {
  const std::lock_guard lock(system_->mutex);
  return system_->call_ordinal;
}

void SimulatedDisk::record_calls(bool on) {
  const std::lock_guard lock(system_->mutex);
  system_->recording = on;
  system_->trace.clear();
}

std::vector<CallRecord> SimulatedDisk::calls() const {
  const std::lock_guard lock(system_->mutex);
  return system_->trace;
}

const SimulatedDiskOptions& SimulatedDisk::options() const noexcept { return system_->options; }

// ---- Disk

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::string& path,
                                                  const OpenOptions& options) {
  if (!system_->begin(*process_, Call::open, path, 0, 0)) {
    return Error{Errc::io, Call::open, 0, path};
  }
  const std::size_t alignment = options.direct ? direct_alignment() : 1;
  if (options.direct && alignment == 1) return Error{Errc::invalid, Call::open, 0, path};
  const std::lock_guard lock(system_->mutex);
  auto inode = system_->open_inode(path, options.create, Call::open);
  if (!inode) return std::move(inode).error();
  return std::unique_ptr<File>(std::make_unique<OpenFile>(
      system_, process_, std::move(inode).value(), path, options, alignment));
}

Status SimulatedDisk::make_directory(const std::string& path, std::uint32_t) {
  const auto fail = [&](Errc code) { return Error{code, Call::make_directory, 0, path}; };
  if (!system_->begin(*process_, Call::make_directory, path, 0, 0)) return fail(Errc::io);
  const std::lock_guard lock(system_->mutex);
  const System::Place place = system_->find(path);
  if (place.exists()) return fail(Errc::exists);
  if (!place.creatable()) return fail(place.failure);
  system_->change_entries(ChangeKind::make_directory, system_->make_inode(true), path, {}, {},
                          {place.node(), std::string(place.names.back())});
  return done();
}

Result<std::vector<Entry>> SimulatedDisk::list(const std::string& path) {
  if (!system_->begin(*process_, Call::list, path, 0, 0)) {
    return Error{Errc::io, Call::list, 0, path};
  }
  const std::lock_guard lock(system_->mutex);
  auto directory = system_->find_directory(path, Call::list);
  if (!directory) return std::move(directory).error();
  std::vector<Entry> entries;
  for (const auto& [name, inode] : directory.value()->entries) {
    entries.push_back({name, inode->directory ? EntryKind::directory : EntryKind::file});
  }
  return entries;
}

Result<FileStatus> SimulatedDisk::status(const std::string& path) {
  const auto fail = [&](Errc code) { return Error{code, Call::stat, 0, path}; };
  if (!system_->begin(*process_, Call::stat, path, 0, 0)) return fail(Errc::io);
  const std::lock_guard lock(system_->mutex);
  const System::Place place = system_->find(path);
  if (!place.exists()) return fail(place.failure);
  const Inode& inode = *place.node();
  FileStatus status;
  status.kind = inode.directory ? EntryKind::directory : EntryKind::file;
  status.size = inode.visible.size();
  status.allocated = inode.visible.size();
  status.identity = identity_of(inode);
  return status;
}

Status SimulatedDisk::rename(const std::string& from, const std::string& to) {
  if (!system_->begin(*process_, Call::rename, from, 0, 0)) {
    return Error{Errc::io, Call::rename, 0, from};
  }
  const std::lock_guard lock(system_->mutex);
  const System::Place source = system_->find(from);
  const System::Place target = system_->find(to);
  const auto allowed = may_rename(source, from, target, to);
  if (!allowed) return allowed.error();
  if (!allowed.value()) return done();
  system_->change_entries(ChangeKind::rename, source.node(), from, to,
                          {source.directory(), std::string(source.names.back())},
                          {target.directory(), std::string(target.names.back())});
  return done();
}

Status SimulatedDisk::unlink(const std::string& path) {
  const auto fail = [&](Errc code) { return Error{code, Call::unlink, 0, path}; };
  if (!system_->begin(*process_, Call::unlink, path, 0, 0)) return fail(Errc::io);
  const std::lock_guard lock(system_->mutex);
  const System::Place place = system_->find(path);
  if (!place.exists()) return fail(place.failure);
  if (place.node()->directory) return fail(Errc::is_directory);
  system_->change_entries(ChangeKind::unlink, place.node(), path, {},
                          {place.directory(), std::string(place.names.back())}, {});
  return done();
}

Status SimulatedDisk::sync_directory(const std::string& path) {
  if (!system_->begin(*process_, Call::sync_directory, path, 0, 0)) {
    return Error{Errc::io, Call::sync_directory, 0, path};
  }
  const std::lock_guard lock(system_->mutex);
  auto directory = system_->find_directory(path, Call::sync_directory);
  if (!directory) return std::move(directory).error();
  system_->sync_entries(directory.value());
  return done();
}

Result<std::string> SimulatedDisk::canonical(const std::string& path) {
  const auto fail = [&](Errc code) { return Error{code, Call::stat, 0, path}; };
  if (!system_->begin(*process_, Call::stat, path, 0, 0)) return fail(Errc::io);
  const std::lock_guard lock(system_->mutex);
  const System::Place place = system_->find(path);
  if (!place.exists()) return fail(place.failure);
  return canonical_path(place);
}

Result<FileSystemInfo> SimulatedDisk::file_system(const std::string& path) {
  const auto fail = [&](Errc code) { return Error{code, Call::file_system, 0, path}; };
  if (!system_->begin(*process_, Call::file_system, path, 0, 0)) return fail(Errc::io);
  const std::lock_guard lock(system_->mutex);
  const System::Place place = system_->find(path);
  if (!place.exists()) return fail(place.failure);
  FileSystemInfo info;
  info.name = system_->options.file_system;
  info.copy_on_write = system_->options.copy_on_write;
  info.total_bytes = system_->options.capacity_bytes;
  info.free_bytes = info.total_bytes - system_->used_bytes;
  return info;
}

Result<DirectSupport> SimulatedDisk::probe_direct(const std::string& directory) {
  if (!system_->begin(*process_, Call::probe_direct, directory, 0, 0)) {
    return Error{Errc::io, Call::probe_direct, 0, directory};
  }
  const std::lock_guard lock(system_->mutex);
  auto found = system_->find_directory(directory, Call::probe_direct);
  if (!found) return std::move(found).error();
  const std::size_t alignment = direct_alignment();
  if (alignment == 1) return DirectSupport{false, 1, "a simulated disk without direct files"};
  return DirectSupport{true, alignment, "simulated: " + std::to_string(alignment), true};
}

Result<std::unique_ptr<Lock>> SimulatedDisk::lock(const std::string& path, std::string_view holder,
                                                  std::uint32_t) {
  if (!system_->begin(*process_, Call::lock, path, 0, 0)) {
    return Error{Errc::io, Call::lock, 0, path};
  }
  const std::lock_guard lock(system_->mutex);
  auto found = system_->open_inode(path, Create::if_missing, Call::lock);
  if (!found) return std::move(found).error();
  Inode& inode = *found.value();
  if (!system_->locks.emplace(inode.number, process_.get()).second) {
    return Error{Errc::locked, Call::lock, 0, path};
  }
  system_->write_unsynced(inode, holder);
  return std::unique_ptr<Lock>(std::make_unique<HeldLock>(system_, process_, inode.number));
}

Result<bool> SimulatedDisk::locked(const std::string& path) {
  if (!system_->begin(*process_, Call::probe_lock, path, 0, 0)) {
    return Error{Errc::io, Call::probe_lock, 0, path};
  }
  const std::lock_guard lock(system_->mutex);
  auto inode = system_->open_inode(path, Create::never, Call::probe_lock);
  if (inode) return system_->locks.contains(inode.value()->number);
  if (inode.error().code == Errc::not_found) return false;
  return std::move(inode).error();
}

Result<std::string> SimulatedDisk::lock_holder(const std::string& path) {
  if (!system_->begin(*process_, Call::probe_lock, path, 0, 0)) {
    return Error{Errc::io, Call::probe_lock, 0, path};
  }
  const std::lock_guard lock(system_->mutex);
  auto inode = system_->open_inode(path, Create::never, Call::probe_lock);
  if (!inode && inode.error().code == Errc::not_found) return std::string();
  if (!inode) return std::move(inode).error();
  std::string text(static_cast<std::size_t>(inode.value()->visible.size()), '\0');
  system_->read(*inode.value(), 0, std::as_writable_bytes(std::span(text)), false);
  return text;
}

std::size_t SimulatedDisk::direct_alignment() const {
  const SimulatedDiskOptions& options = system_->options;
  return options.direct_alignment == 0 ? options.block_bytes : options.direct_alignment;
}

}  // namespace tidemark::io
