// Reads and writes at offsets, continued until they are whole.
#include "io/posix/file.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <utility>

#include "io/posix/begun_write.hpp"
#include "io/posix/error.hpp"
#include "io/posix/sync.hpp"

namespace tidemark::io::posix {
namespace {

// Linux takes at most 0x7ffff000 bytes a call (read(2)), macOS refuses more than INT_MAX. Below
// both, and a multiple of every alignment.
constexpr std::size_t max_transfer = std::size_t{1} << 30;
constexpr std::uint64_t max_offset = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());

#if defined(__APPLE__)
constexpr std::size_t max_vectors =
    1;  // pwritev is younger than the oldest macOS that Node runs on
#elif defined(IOV_MAX)
constexpr std::size_t max_vectors = std::min<std::size_t>(IOV_MAX, 1024);
#else
constexpr std::size_t max_vectors = 16;  // _XOPEN_IOV_MAX, which every system has at least
#endif

// What is left of a list of parts.
class Remaining {
 public:
  explicit Remaining(std::span<const Bytes> parts) : parts_(parts) {}

  // Fills `vectors` with the next parts; the result is their size, 0 when nothing is left.
  std::size_t next(std::array<iovec, max_vectors>& vectors, std::size_t& count) {
    std::size_t total = 0;
    count = 0;
    std::size_t skip = skip_;
    for (std::size_t part = part_; part < parts_.size() && count < max_vectors; ++part) {
      const Bytes bytes = parts_[part].subspan(skip);
      const std::size_t size = std::min(bytes.size(), max_transfer - total);
      skip = 0;
      if (size == 0) continue;
      // pwritev only reads what it is given; iovec is shared with preadv.
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
      vectors[count++] = iovec{const_cast<std::byte*>(bytes.data()), size};
      total += size;
    }
    return total;
  }

  void advance(std::size_t written) {
    while (written > 0) {
      const std::size_t step = std::min(written, parts_[part_].size() - skip_);
      written -= step;
      skip_ += step;
      if (skip_ == parts_[part_].size()) {
        ++part_;
        skip_ = 0;
      }
    }
  }

 private:
  std::span<const Bytes> parts_;
  std::size_t part_ = 0;
  std::size_t skip_ = 0;
};

ssize_t write_vectors(int descriptor, const std::array<iovec, max_vectors>& vectors,
                      std::size_t count, std::uint64_t offset) {
#if defined(__APPLE__)
  static_cast<void>(count);
  return ::pwrite(descriptor, vectors[0].iov_base, vectors[0].iov_len, static_cast<off_t>(offset));
#else
  return ::pwritev(descriptor, vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
#endif
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path, std::size_t alignment, bool durable_writes)
      : descriptor_(std::move(descriptor)),
        path_(std::move(path)),
        alignment_(alignment),
        begins_writes_(durable_writes && system_begins_writes) {}

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override {
    std::size_t filled = 0;
    std::optional<std::size_t> ended_at;
    while (filled < into.size() && offset + filled <= max_offset) {
      const MutableBytes rest = into.subspan(filled);
      const ssize_t count =
          ::pread(descriptor_.get(), rest.data(), std::min(rest.size(), max_transfer),
                  static_cast<off_t>(offset + filled));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return error_of(Call::read, path_, errno);
      if (count == 0) {
        // The end of the file, or the system did not give what is there. A file that grew meanwhile
        // is read once more.
        const Result<std::uint64_t> now = size();
        if (!now) return now.error();
        if (offset + filled >= now.value()) break;
        if (ended_at == filled) return Error{Errc::io, Call::read, 0, path_};
        ended_at = filled;
        continue;
      }
      filled += static_cast<std::size_t>(count);
      // Only the end of the file cuts a direct read inside a block.
      if (static_cast<std::size_t>(count) % alignment_ != 0) break;
    }
    return filled;
  }

  Status write_at(std::uint64_t offset, std::span<const Bytes> parts) override {
    std::array<iovec, max_vectors> vectors;
    std::size_t count = 0;
    Remaining remaining(parts);
    while (const std::size_t total = remaining.next(vectors, count)) {
      if (offset > max_offset - total) return Error{Errc::file_too_large, Call::write, 0, path_};
      const ssize_t result = write_vectors(descriptor_.get(), vectors, count, offset);
      if (result < 0 && errno == EINTR) continue;
      if (result < 0) return error_of(Call::write, path_, errno);
      const auto written = static_cast<std::size_t>(result);
      // A direct write that ended inside a block cannot be continued: the rest is not aligned.
      if (written == 0 || (written < total && written % alignment_ != 0)) {
        return Error{Errc::short_write, Call::write, 0, path_};
      }
      offset += written;
      remaining.advance(written);
    }
    return done();
  }

  bool begin_write(std::uint64_t offset, Bytes bytes, Notice& notice) override {
    if (!begins_writes_ || offset > max_offset - bytes.size()) return false;
    return begun_.begin(descriptor_.get(), offset, bytes, notice);
  }

  Result<Ended> end_write(bool wait) override {
    const std::optional<std::int64_t> result = begun_.end(wait);
    if (!result) return Ended::not_yet;
    if (*result == -EAGAIN || *result == -EINTR) return Ended::refused;
    if (*result < 0) return error_of(Call::write, path_, static_cast<int>(-*result));
    return static_cast<std::uint64_t>(*result) == begun_.bytes() ? Ended::written : Ended::refused;
  }

  [[nodiscard]] bool begins_writes() const noexcept override { return begins_writes_; }

  Status sync() override {
    if (sync_file(descriptor_.get()) == 0) return done();
    return error_of(Call::sync, path_, errno);
  }

  Status truncate(std::uint64_t size) override {
    if (size > max_offset) return Error{Errc::file_too_large, Call::truncate, 0, path_};
    const auto length = static_cast<off_t>(size);
    if (retry_interrupted([&] { return ::ftruncate(descriptor_.get(), length); }) == 0) {
      return done();
    }
    return error_of(Call::truncate, path_, errno);
  }

  Result<std::uint64_t> size() override {
    struct stat status {};
    if (fstat(descriptor_.get(), &status) != 0) return error_of(Call::size, path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<FileIdentity> identity() override {
    struct stat status {};
    if (fstat(descriptor_.get(), &status) != 0) return error_of(Call::identity, path_, errno);
    return FileIdentity{static_cast<std::uint64_t>(status.st_dev),
                        static_cast<std::uint64_t>(status.st_ino)};
  }

  Status drop_cache() override {
#if defined(__linux__)
    const int error = posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_DONTNEED);
    return error == 0 ? done() : Status(error_of(Call::drop_cache, path_, error));
#else
    return Error{Errc::not_supported, Call::drop_cache, 0, path_};
#endif
  }

  [[nodiscard]] std::size_t alignment() const noexcept override { return alignment_; }

 private:
  const Descriptor descriptor_;
  const std::string path_;
  const std::size_t alignment_;
  const bool begins_writes_;
  BegunWrite begun_;  // ends in front of the descriptor
};

}  // namespace

std::unique_ptr<File> make_file(Descriptor descriptor, const std::string& path,
                                std::size_t alignment, bool durable_writes) {
  return std::make_unique<PosixFile>(std::move(descriptor), path, alignment, durable_writes);
}

}  // namespace tidemark::io::posix
