// The one place where this room opens files on Windows.
#include "io/windows/open.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include "io/windows/error.hpp"
#include "io/windows/path.hpp"

namespace tidemark::io::windows {
namespace {

// How often a file may vanish or appear between two calls before we give up.
constexpr int max_attempts = 16;

struct Opening {
  const std::wstring& wide;
  const std::string& path;
  const OpenOptions& options;
  Call call;

  [[nodiscard]] Result<Handle> open(DWORD disposition, DWORD extra) const {
    DWORD access = GENERIC_READ;
    if (options.access == Access::read_write) access |= GENERIC_WRITE;
    // A server behind a pipe's name may learn who we are, and not act as us.
    DWORD flags = FILE_ATTRIBUTE_NORMAL | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION | extra;
    if (options.direct) flags |= FILE_FLAG_NO_BUFFERING;
    if (options.sync_writes) flags |= FILE_FLAG_WRITE_THROUGH;
    Handle handle(
        CreateFileW(wide.c_str(), access, share_all, nullptr, disposition, flags, nullptr));
    if (handle.valid()) return handle;
    const DWORD error = GetLastError();
    // Directories are refused as if permissions were missing.
    if (error == ERROR_ACCESS_DENIED && is_directory(wide)) {
      return Error{Errc::is_directory, call, static_cast<int>(error), path};
    }
    return error_of(call, path, error);
  }

  [[nodiscard]] Result<Handle> existing() const {
    auto opened = open(OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT);
    if (!opened) return opened;
    const HANDLE handle = opened.value().get();
    if (GetFileType(handle) != FILE_TYPE_DISK) return Error{Errc::invalid, call, 0, path};
    FILE_ATTRIBUTE_TAG_INFO found{};
    if (!GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &found, sizeof(found))) {
      return error_of(call, path, GetLastError());
    }
    if (is_link(handle)) return Error{Errc::symbolic_link, call, 0, path};
    if ((found.FileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
      return Error{Errc::is_directory, call, 0, path};
    }
    // Other reparse points are the file system's own (deduplicated, compressed, in the cloud):
    // their contents are behind the point.
    if ((found.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) return open(OPEN_EXISTING, 0);
    return opened;
  }

  [[nodiscard]] Result<Handle> created() const { return open(CREATE_NEW, 0); }
};

}  // namespace

bool is_directory(const std::wstring& wide) noexcept {
  const DWORD attributes = GetFileAttributesW(wide.c_str());
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

bool is_link(HANDLE handle) noexcept {
  FILE_ATTRIBUTE_TAG_INFO found{};
  return GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &found, sizeof(found)) &&
         (found.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
         IsReparseTagNameSurrogate(found.ReparseTag);
}

FileIdentity identity_of(HANDLE handle) noexcept {
  FILE_ID_INFO wide{};
  if (GetFileInformationByHandleEx(handle, FileIdInfo, &wide, sizeof(wide))) {
    std::uint64_t halves[2] = {};
    static_assert(sizeof(halves) == sizeof(wide.FileId));
    std::memcpy(halves, &wide.FileId, sizeof(halves));
    // NTFS uses the low half only, ReFS both: directory above, file below.
    return {wide.VolumeSerialNumber, halves[0] ^ std::rotl(halves[1], 32)};
  }
  BY_HANDLE_FILE_INFORMATION narrow{};  // FAT and some network file systems
  if (!GetFileInformationByHandle(handle, &narrow)) return {};
  return {narrow.dwVolumeSerialNumber,
          std::uint64_t{narrow.nFileIndexHigh} << 32 | narrow.nFileIndexLow};
}

Result<Handle> open_for_status(const std::wstring& wide, const std::string& path, Call call) {
  Handle handle(CreateFileW(wide.c_str(), FILE_READ_ATTRIBUTES, share_all, nullptr, OPEN_EXISTING,
                            FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
  if (!handle.valid()) return error_of(call, path, GetLastError());
  return handle;
}

Result<Handle> open_regular_file(const std::string& path, const OpenOptions& options, Call call) {
  auto wide = wide_path(path, call);
  if (!wide) return std::move(wide).error();
  const Opening opening{wide.value(), path, options, call};
  if (options.create == Create::never) return opening.existing();
  if (options.create == Create::exclusive) return opening.created();
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    auto existing = opening.existing();
    if (existing || existing.error().code != Errc::not_found) return existing;
    auto created = opening.created();
    if (created || created.error().code != Errc::exists) return created;
  }
  return Error{Errc::busy, call, 0, path};
}

}  // namespace tidemark::io::windows
