// Reads and writes at offsets, continued until they are whole. The handle is synchronous: an
// OVERLAPPED then only carries the offset, and the call returns when the transfer is over.
#include "io/windows/file.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "io/windows/error.hpp"
#include "io/windows/open.hpp"

namespace tidemark::io::windows {
namespace {

// Below the DWORD that the calls take, and a multiple of every alignment.
constexpr std::size_t max_transfer = std::size_t{1} << 30;
constexpr std::uint64_t max_offset =
    static_cast<std::uint64_t>(std::numeric_limits<LONGLONG>::max());

OVERLAPPED at_offset(std::uint64_t offset) {
  OVERLAPPED overlapped{};
  overlapped.Offset = static_cast<DWORD>(offset);
  overlapped.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return overlapped;
}

class WindowsFile final : public File {
 public:
  WindowsFile(Handle handle, std::string path, std::size_t alignment)
      : handle_(std::move(handle)), path_(std::move(path)), alignment_(alignment) {}

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override {
    std::size_t filled = 0;
    while (filled < into.size() && offset <= max_offset - filled) {
      const MutableBytes rest = into.subspan(filled);
      OVERLAPPED overlapped = at_offset(offset + filled);
      const auto wanted = static_cast<DWORD>(std::min(rest.size(), max_transfer));
      DWORD count = 0;
      if (!ReadFile(handle_.get(), rest.data(), wanted, &count, &overlapped)) {
        const DWORD error = GetLastError();
        if (error == ERROR_HANDLE_EOF) break;
        return error_of(Call::read, path_, error);
      }
      if (count == 0) break;
      filled += count;
      // Only the end of the file cuts a direct read inside a block.
      if (count % alignment_ != 0) break;
    }
    return filled;
  }

  Status write_at(std::uint64_t offset, std::span<const Bytes> parts) override {
    for (const Bytes part : parts) {
      if (auto written = write_part(offset, part); !written) return written;
      offset += part.size();
    }
    return done();
  }

  // Flushes the device's cache as well, and the file's size with it.
  Status sync() override {
    if (FlushFileBuffers(handle_.get())) return done();
    return error_of(Call::sync, path_, GetLastError());
  }

  Status truncate(std::uint64_t size) override {
    if (size > max_offset) return Error{Errc::file_too_large, Call::truncate, 0, path_};
    FILE_END_OF_FILE_INFO end{};
    end.EndOfFile.QuadPart = static_cast<LONGLONG>(size);
    if (SetFileInformationByHandle(handle_.get(), FileEndOfFileInfo, &end, sizeof(end))) {
      return done();
    }
    return error_of(Call::truncate, path_, GetLastError());
  }

  Result<std::uint64_t> size() override {
    LARGE_INTEGER size{};
    if (!GetFileSizeEx(handle_.get(), &size)) return error_of(Call::size, path_, GetLastError());
    return static_cast<std::uint64_t>(size.QuadPart);
  }

  Result<FileIdentity> identity() override {
    const FileIdentity identity = identity_of(handle_.get());
    if (identity == FileIdentity{}) return error_of(Call::identity, path_, GetLastError());
    return identity;
  }

  // There is no call for this; a direct open of the file has the effect.
  Status drop_cache() override { return Error{Errc::not_supported, Call::drop_cache, 0, path_}; }

  [[nodiscard]] std::size_t alignment() const noexcept override { return alignment_; }

 private:
  Status write_part(std::uint64_t offset, Bytes rest) {
    while (!rest.empty()) {
      const std::size_t wanted = std::min(rest.size(), max_transfer);
      if (offset > max_offset - wanted) return Error{Errc::file_too_large, Call::write, 0, path_};
      OVERLAPPED overlapped = at_offset(offset);
      DWORD written = 0;
      if (!WriteFile(handle_.get(), rest.data(), static_cast<DWORD>(wanted), &written,
                     &overlapped)) {
        return error_of(Call::write, path_, GetLastError());
      }
      // A direct write that ended inside a block cannot be continued: the rest is not aligned.
      if (written == 0 || (written < wanted && written % alignment_ != 0)) {
        return Error{Errc::short_write, Call::write, 0, path_};
      }
      offset += written;
      rest = rest.subspan(written);
    }
    return done();
  }

  const Handle handle_;
  const std::string path_;
  const std::size_t alignment_;
};

}  // namespace

std::unique_ptr<File> make_file(Handle handle, const std::string& path, std::size_t alignment) {
  return std::make_unique<WindowsFile>(std::move(handle), path, alignment);
}

// Writes are begun on Linux only.
std::shared_ptr<Notice> make_notice() { return nullptr; }

}  // namespace tidemark::io::windows
