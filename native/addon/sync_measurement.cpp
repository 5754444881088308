#include "addon/sync_measurement.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "io/aligned_buffer.hpp"

namespace tidemark::addon {
namespace {

// As much as a journal's segment: the writes of a long measurement go round in it.
constexpr std::size_t region_bytes = 64U << 20U;
constexpr std::size_t fill_bytes = 1U << 20U;
constexpr int fill_byte = 0x5a;  // not zero: nothing may be optimised away

class TemporaryFile {
 public:
  TemporaryFile(io::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    file_.reset();
    // What cannot be removed was reported by a write before, or stays as a file of ours.
    if (created_) static_cast<void>(disk_.unlink(path_).ok());
  }

  io::Status open(const io::OpenOptions& options) {
    auto opened = disk_.open(path_, options);
    if (!opened) return std::move(opened).error();
    created_ = true;
    file_ = std::move(opened).value();
    return io::done();
  }
  [[nodiscard]] io::File& file() noexcept { return *file_; }

 private:
  io::Disk& disk_;
  std::string path_;
  std::unique_ptr<io::File> file_;
  bool created_ = false;
};

std::string temporary_path(const io::Host& host, const std::string& directory) {
  constexpr std::array digits = {'0', '1', '2', '3', '4', '5', '6', '7',
                                 '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::array<std::byte, 8> random{};
  host.clock->random(random);
  std::string name = ".tidemark-measure-";
  for (const std::byte byte : random) {
    const auto value = std::to_integer<unsigned>(byte);
    name.push_back(digits[value >> 4U]);
    name.push_back(digits[value & 15U]);
  }
  return io::join(directory, name);
}

std::size_t round_up(std::size_t size, std::size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

io::Status fill_with_zeros(io::File& file, std::size_t bytes) {
  io::AlignedBuffer zeros(std::max<std::size_t>(file.alignment(), 4096));
  const std::size_t piece = round_up(fill_bytes, zeros.alignment());
  if (!zeros.reserve(piece, 0)) return io::Error{io::Errc::no_memory, io::Call::write, 0, {}};
  std::memset(zeros.data(), 0, piece);
  for (std::size_t offset = 0; offset < bytes; offset += piece) {
    auto written = file.write_at(offset, io::Bytes(zeros.data(), std::min(piece, bytes - offset)));
    if (!written) return written;
  }
  return file.sync();
}

io::Status measure(const io::Host& host, const SyncRequest& request, io::File& file,
                   SyncMeasurement& measurement) {
  const std::size_t alignment = std::max<std::size_t>(file.alignment(), 1);
  const std::size_t bytes = round_up(std::max<std::size_t>(request.bytes, 1), alignment);
  measurement.alignment = alignment;
  measurement.bytes = bytes;
  io::AlignedBuffer buffer(std::max<std::size_t>(alignment, 4096));
  if (!buffer.reserve(bytes, 0)) return io::Error{io::Errc::no_memory, io::Call::write, 0, {}};
  std::memset(buffer.data(), fill_byte, bytes);

  const bool grows = request.mode == SyncMode::append;
  const std::uint64_t most = std::max<std::uint64_t>(region_bytes / bytes, 1);
  const std::uint64_t slots = std::min(std::max<std::uint64_t>(request.count, 1), most);
  if (!grows) {
    auto filled = fill_with_zeros(file, static_cast<std::size_t>(slots) * bytes);
    if (!filled) return filled;
  }
  const bool syncs = request.mode != SyncMode::direct_dsync;
  const io::Nanoseconds started = host.clock->monotonic();
  io::Nanoseconds now = started;
  for (std::uint64_t nth = 0; nth < request.count && now - started < request.limit; ++nth) {
    const std::uint64_t slot = grows ? nth : nth % slots;
    auto written = file.write_at(slot * bytes, io::Bytes(buffer.data(), bytes));
    if (!written) return written;
    if (syncs) {
      auto synced = file.sync();
      if (!synced) return synced;
    }
    const io::Nanoseconds end = host.clock->monotonic();
    measurement.nanoseconds.push_back(static_cast<double>(end - now));
    now = end;
  }
  return io::done();
}

}  // namespace

SyncMeasurement measure_sync(const io::Host& host, const SyncRequest& request) {
  SyncMeasurement measurement;
  measurement.bytes = request.bytes;
  TemporaryFile temporary(*host.disk, temporary_path(host, request.directory));
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.create = io::Create::exclusive;
  options.direct = request.mode == SyncMode::direct || request.mode == SyncMode::direct_dsync;
  options.sync_writes = request.mode == SyncMode::direct_dsync;
  auto status = temporary.open(options);
  if (status) status = measure(host, request, temporary.file(), measurement);
  if (!status) {
    measurement.refused = status.error().message();
    measurement.nanoseconds.clear();
  }
  return measurement;
}

}  // namespace tidemark::addon
