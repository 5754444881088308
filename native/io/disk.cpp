// What can be said in terms of the Disk interface alone: path names, whole small files, durable
// directory creation and durable replacement. Works on every implementation alike.
#include "io/disk.hpp"

#include <new>

namespace tidemark::io {
namespace {

#if defined(_WIN32)
bool is_separator(char c) noexcept { return c == '/' || c == '\\'; }
// "C:\", "C:/" and "C:" are prefixes that have no parent.
std::size_t root_length(std::string_view path) noexcept {
  if (path.size() >= 2 && path[1] == ':') return path.size() > 2 && is_separator(path[2]) ? 3 : 2;
  return !path.empty() && is_separator(path[0]) ? 1 : 0;
}
#else
bool is_separator(char c) noexcept { return c == '/'; }
std::size_t root_length(std::string_view path) noexcept {
  return !path.empty() && is_separator(path[0]) ? 1 : 0;
}
#endif

// The length of `path` without separators at its end, and never less than its root.
std::size_t trimmed_length(std::string_view path, std::size_t length) noexcept {
  const std::size_t root = root_length(path);
  while (length > root && is_separator(path[length - 1])) --length;
  return length;
}

std::size_t base_offset(std::string_view path, std::size_t length) noexcept {
  const std::size_t root = root_length(path);
  std::size_t offset = length;
  while (offset > root && !is_separator(path[offset - 1])) --offset;
  return offset;
}

bool is_root(const std::string& path) {
  const std::size_t root = root_length(path);
  return root > 0 && trimmed_length(path, path.size()) == root;
}

// Whether `path` is a directory or a link to one.
Result<bool> is_directory_at(Disk& disk, const std::string& path) {
  auto status = disk.status(path);
  if (!status) return std::move(status).error();
  if (status.value().kind == EntryKind::directory) return true;
  if (status.value().kind != EntryKind::symbolic_link) return false;
  auto target = disk.canonical(path);
  if (!target) return std::move(target).error();
  auto behind = disk.status(target.value());
  if (!behind) return std::move(behind).error();
  return behind.value().kind == EntryKind::directory;
}

// The entry of a directory that was there before us. Where the parent may not be read there is no
// way to sync it, and it was hardly us who wrote it: /home is often such a directory.
Status sync_existing_entry(Disk& disk, const std::string& path) {
  if (is_root(path)) return done();
  auto synced = disk.sync_directory(parent(path));
  if (!synced && synced.error().code == Errc::access) return done();
  return synced;
}

Status make_one_directory(Disk& disk, const std::string& path, std::uint32_t mode) {
  if (auto made = disk.make_directory(path, mode); !made) {
    if (made.error().code != Errc::exists) return made;
    auto directory = is_directory_at(disk, path);  // somebody else was faster
    if (!directory) return std::move(directory).error();
    if (!directory.value()) return Error{Errc::not_directory, Call::make_directory, 0, path};
  }
  return disk.sync_directory(parent(path));
}

Status write_whole(Disk& disk, const std::string& path, Bytes bytes, std::uint32_t mode) {
  OpenOptions options;
  options.access = Access::read_write;
  options.create = Create::exclusive;
  options.mode = mode;
  auto file = disk.open(path, options);
  if (!file && file.error().code == Errc::exists) {  // left by a process that died here
    if (auto removed = disk.unlink(path); !removed && removed.error().code != Errc::not_found) {
      return removed;
    }
    file = disk.open(path, options);
  }
  if (!file) return std::move(file).error();
  if (auto written = file.value()->write_at(0, bytes); !written) return written;
  return file.value()->sync();
}

}  // namespace

std::string join(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && !is_separator(path.back())) path.push_back('/');
  return path.append(name);
}

std::string parent(std::string_view path) {
  const std::size_t base = base_offset(path, trimmed_length(path, path.size()));
  const std::size_t length = trimmed_length(path, base);
  return length == 0 ? "." : std::string(path.substr(0, length));
}

std::string_view base_name(std::string_view path) {
  const std::size_t length = trimmed_length(path, path.size());
  const std::size_t base = base_offset(path, length);
  return path.substr(base, length - base);
}

Result<std::vector<std::byte>> read_file(Disk& disk, const std::string& path, std::uint64_t limit) {
  auto file = disk.open(path, OpenOptions{});
  if (!file) return std::move(file).error();
  auto size = file.value()->size();
  if (!size) return std::move(size).error();
  if (size.value() > limit) return Error{Errc::file_too_large, Call::read, 0, path};
  std::vector<std::byte> bytes;
  try {
    bytes.resize(static_cast<std::size_t>(size.value()));
  } catch (const std::bad_alloc&) {
    return Error{Errc::no_memory, Call::read, 0, path};
  }
  auto count = file.value()->read_at(0, bytes);
  if (!count) return std::move(count).error();
  bytes.resize(count.value());
  return bytes;
}

Status make_directories(Disk& disk, const std::string& path, std::uint32_t mode) {
  std::vector<std::string> missing;  // deepest first
  std::string at = path;
  while (true) {
    auto directory = is_directory_at(disk, at);
    if (directory) {
      if (!directory.value()) return Error{Errc::not_directory, Call::make_directory, 0, at};
      break;
    }
    std::string above = parent(at);
    if (directory.error().code != Errc::not_found || above == at) {
      return std::move(directory).error();
    }
    missing.push_back(std::move(at));
    at = std::move(above);
  }
  if (auto synced = sync_existing_entry(disk, at); !synced) return synced;
  for (auto next = missing.rbegin(); next != missing.rend(); ++next) {
    if (auto made = make_one_directory(disk, *next, mode); !made) return made;
  }
  return done();
}

Status replace_file(Disk& disk, const std::string& path, Bytes bytes, std::uint32_t mode,
                    const std::string& temporary) {
  const std::string directory = parent(path);
  const std::string beside = join(directory, temporary);
  auto status = write_whole(disk, beside, bytes, mode);
  if (status) status = disk.rename(beside, path);
  if (!status) {
    // The first error is the answer; a temporary file that cannot be removed is only litter.
    static_cast<void>(disk.unlink(beside));
    return status;
  }
  return disk.sync_directory(directory);
}

}  // namespace tidemark::io
