#include "journal/quarantine.hpp"

#include <algorithm>
#include <utility>

#include "format/names.hpp"

namespace tidemark::journal {
namespace {

// A head mark or cursor is smaller; of a larger file the beginning tells enough.
constexpr std::uint64_t small_file_bytes = std::uint64_t{1} << 20U;

std::string without_extension(const std::string& name) { return name.substr(0, name.find('.')); }

}  // namespace

Quarantine::~Quarantine() {
  for (const std::string& path : made_files_) static_cast<void>(disk_.unlink(path));
}

Result<std::unique_ptr<io::File>> Quarantine::create(const std::string& path) {
  if (!made_) {
    if (io::Status status = io::make_directories(disk_, directory_, 0700); !status) {
      return from_io(status.error(), "the quarantine cannot be created");
    }
    made_ = true;
  }
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.create = io::Create::exclusive;
  options.mode = mode_;
  made_files_.push_back(path);
  auto file = disk_.open(path, options);
  if (!file) return from_io(file.error(), "a copy of damaged bytes cannot be created");
  return std::move(file).value();
}

Status Quarantine::keep(FileSource& source, std::uint64_t segment, std::uint64_t offset,
                        std::uint64_t bytes) {
  if (bytes == 0) return done();
  const std::string name = without_extension(format::segment_name(segment)) + '-' +
                           std::to_string(offset) + '-' + std::to_string(bytes) + ".bin";
  const std::string path = io::join(directory_, name);
  // The same bytes through another name of the file: kept already.
  const bool known = std::any_of(kept_.begin(), kept_.end(),
                                 [&](const auto& other) { return other.file == path; });
  if (known) return done();
  auto file = create(path);
  if (!file) return file.error();
  for (std::uint64_t at = 0; at < bytes;) {
    const auto part =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes - at, source.window()));
    const auto view = source.view(offset + at, part);
    if (!view || view->empty()) break;
    if (io::Status status = file.value()->write_at(at, *view); !status) {
      return from_io(status.error(), "a copy of damaged bytes cannot be written");
    }
    at += view->size();
  }
  if (io::Status status = file.value()->sync(); !status) {
    return from_io(status.error(), "a copy of damaged bytes cannot be made durable");
  }
  kept_.push_back({segment, offset, bytes, path});
  return done();
}

Status Quarantine::keep_file(const std::string& path) {
  auto bytes = io::read_file(disk_, path, small_file_bytes);
  if (!bytes) return done();  // it cannot be read: the report names it
  const std::string name =
      std::string(io::base_name(path)) + "-0-" + std::to_string(bytes.value().size()) + ".bin";
  const std::string copy = io::join(directory_, name);
  auto file = create(copy);
  if (!file) return file.error();
  io::Status status = file.value()->write_at(0, io::Bytes(bytes.value()));
  if (status) status = file.value()->sync();
  if (!status) return from_io(status.error(), "a copy of damaged bytes cannot be written");
  kept_.push_back({0, 0, bytes.value().size(), copy});
  return done();
}

Status Quarantine::sync() {
  if (!made_) return done();
  if (io::Status status = disk_.sync_directory(directory_); !status) {
    return from_io(status.error(), "the quarantine cannot be made durable");
  }
  return done();
}

}  // namespace tidemark::journal
