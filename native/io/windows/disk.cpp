// The Windows Disk: names and directories here, files, locks and volumes in the files beside.
#include <windows.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "io/platform.hpp"
#include "io/windows/error.hpp"
#include "io/windows/file.hpp"
#include "io/windows/handle.hpp"
#include "io/windows/lock.hpp"
#include "io/windows/open.hpp"
#include "io/windows/path.hpp"
#include "io/windows/volume.hpp"

namespace tidemark::io {
namespace windows {
namespace {

// From the headers of Windows 10 1709 (winbase.h, minwinbase.h), where older ones lack them.
constexpr auto file_disposition_info_ex = static_cast<FILE_INFO_BY_HANDLE_CLASS>(21);
constexpr auto file_rename_info_ex = static_cast<FILE_INFO_BY_HANDLE_CLASS>(22);
constexpr DWORD rename_replace = 0x1;
constexpr DWORD rename_posix = 0x2;
constexpr DWORD disposition_delete = 0x1;
constexpr DWORD disposition_posix = 0x2;
struct DispositionInfoEx {
  DWORD flags;
};

// Older systems and file systems that are not NTFS do not know the POSIX forms.
bool is_unknown_form(DWORD error) {
  return error == ERROR_INVALID_PARAMETER || error == ERROR_NOT_SUPPORTED ||
         error == ERROR_INVALID_FUNCTION || error == ERROR_CALL_NOT_IMPLEMENTED ||
         error == ERROR_INVALID_LEVEL;
}

class Search {
 public:
  explicit Search(HANDLE handle) noexcept : handle_(handle) {}
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
  ~Search() {
    if (handle_ != INVALID_HANDLE_VALUE) FindClose(handle_);
  }
  [[nodiscard]] HANDLE get() const noexcept { return handle_; }

 private:
  const HANDLE handle_;
};

EntryKind kind_of(DWORD attributes, DWORD tag) {
  if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 && IsReparseTagNameSurrogate(tag)) {
    return EntryKind::symbolic_link;
  }
  if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return EntryKind::directory;
  return (attributes & FILE_ATTRIBUTE_DEVICE) != 0 ? EntryKind::other : EntryKind::file;
}

Handle open_to_change(const std::wstring& wide) {
  return Handle(CreateFileW(wide.c_str(), DELETE | SYNCHRONIZE, share_all, nullptr, OPEN_EXISTING,
                            FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
}

// ERROR_SUCCESS, or why not. With POSIX semantics a file that others have open is replaced too.
DWORD rename_by_handle(HANDLE handle, const std::wstring& to) {
  const std::size_t name_bytes = to.size() * sizeof(wchar_t);
  std::vector<std::byte> memory(sizeof(FILE_RENAME_INFO) + name_bytes);
  auto* info = reinterpret_cast<FILE_RENAME_INFO*>(memory.data());
  // The flags share their place with ReplaceIfExists, a BOOLEAN that older headers have alone.
  const DWORD flags = rename_replace | rename_posix;
  std::memcpy(memory.data(), &flags, sizeof(flags));
  info->RootDirectory = nullptr;
  info->FileNameLength = static_cast<DWORD>(name_bytes);
  std::memcpy(info->FileName, to.data(), name_bytes);
  if (SetFileInformationByHandle(handle, file_rename_info_ex, info,
                                 static_cast<DWORD>(memory.size()))) {
    return ERROR_SUCCESS;
  }
  return GetLastError();
}

class WindowsDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, const OpenOptions& options) override {
    auto opened = open_regular_file(path, options, Call::open);
    if (!opened) return std::move(opened).error();
    const std::size_t alignment = options.direct ? direct_alignment(opened.value().get()) : 1;
    return make_file(std::move(opened).value(), path, alignment);
  }

  // Modes have no meaning here: permissions come from the directory above.
  Status make_directory(const std::string& path, std::uint32_t) override {
    auto wide = wide_path(path, Call::make_directory);
    if (!wide) return std::move(wide).error();
    if (CreateDirectoryW(wide.value().c_str(), nullptr)) return done();
    return error_of(Call::make_directory, path, GetLastError());
  }

  Result<std::vector<Entry>> list(const std::string& path) override {
    auto wide = wide_path(path, Call::list);
    if (!wide) return std::move(wide).error();
    if (auto checked = check_directory(wide.value(), path, Call::list); !checked) {
      return std::move(checked).error();
    }
    std::wstring pattern = wide.value();
    if (pattern.back() != L'\\') pattern.push_back(L'\\');
    pattern.push_back(L'*');
    WIN32_FIND_DATAW found{};
    const Search search(FindFirstFileExW(pattern.c_str(), FindExInfoBasic, &found,
                                         FindExSearchNameMatch, nullptr,
                                         FIND_FIRST_EX_LARGE_FETCH));
    std::vector<Entry> entries;
    if (search.get() == INVALID_HANDLE_VALUE) {
      if (GetLastError() == ERROR_FILE_NOT_FOUND) return entries;  // an empty root has no "."
      return error_of(Call::list, path, GetLastError());
    }
    do {
      Entry entry{narrow(found.cFileName), kind_of(found.dwFileAttributes, found.dwReserved0)};
      if (entry.name != "." && entry.name != "..") entries.push_back(std::move(entry));
    } while (FindNextFileW(search.get(), &found));
    if (GetLastError() != ERROR_NO_MORE_FILES) return error_of(Call::list, path, GetLastError());
    return entries;
  }

  Result<FileStatus> status(const std::string& path) override {
    auto wide = wide_path(path, Call::stat);
    if (!wide) return std::move(wide).error();
    auto opened = open_for_status(wide.value(), path, Call::stat);
    if (!opened) return std::move(opened).error();
    const HANDLE handle = opened.value().get();
    FILE_STANDARD_INFO sizes{};
    FILE_ATTRIBUTE_TAG_INFO attributes{};
    if (!GetFileInformationByHandleEx(handle, FileStandardInfo, &sizes, sizeof(sizes)) ||
        !GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &attributes,
                                      sizeof(attributes))) {
      return error_of(Call::stat, path, GetLastError());
    }
    FileStatus status;
    status.kind = kind_of(attributes.FileAttributes, attributes.ReparseTag);
    status.size = static_cast<std::uint64_t>(sizes.EndOfFile.QuadPart);
    status.allocated = static_cast<std::uint64_t>(sizes.AllocationSize.QuadPart);
    status.identity = identity_of(handle);
    return status;
  }

  Status rename(const std::string& from, const std::string& to) override {
    auto wide_from = wide_path(from, Call::rename);
    if (!wide_from) return std::move(wide_from).error();
    auto wide_to = wide_path(to, Call::rename);
    if (!wide_to) return std::move(wide_to).error();
    const Handle handle = open_to_change(wide_from.value());
    if (!handle.valid()) return error_of(Call::rename, from, GetLastError());
    DWORD error = rename_by_handle(handle.get(), wide_to.value());
    if (is_unknown_form(error)) {
      constexpr DWORD flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
      const bool moved =
          MoveFileExW(wide_from.value().c_str(), wide_to.value().c_str(), flags) != 0;
      error = moved ? ERROR_SUCCESS : GetLastError();
    }
    if (error == ERROR_SUCCESS) return done();
    if (error == ERROR_ACCESS_DENIED && is_directory(wide_to.value())) {
      return Error{Errc::is_directory, Call::rename, static_cast<int>(error), to};
    }
    return error_of(Call::rename, from, error);
  }

  // With POSIX semantics the name is free at once, also while others have the file open.
  Status unlink(const std::string& path) override {
    auto wide = wide_path(path, Call::unlink);
    if (!wide) return std::move(wide).error();
    if (is_directory(wide.value())) return Error{Errc::is_directory, Call::unlink, 0, path};
    const Handle handle = open_to_change(wide.value());
    if (!handle.valid()) return error_of(Call::unlink, path, GetLastError());
    DispositionInfoEx info{disposition_delete | disposition_posix};
    if (SetFileInformationByHandle(handle.get(), file_disposition_info_ex, &info, sizeof(info))) {
      return done();
    }
    const DWORD error = GetLastError();
    if (is_unknown_form(error) && DeleteFileW(wide.value().c_str())) return done();
    return error_of(Call::unlink, path, is_unknown_form(error) ? GetLastError() : error);
  }

  // NTFS keeps its names in its own journal, which a flush of any file of the volume writes as far
  // as it goes; flushing the directory itself works for those who may write to it, and is refused
  // on other file systems. There is nothing more that we could do, so a refusal counts as done.
  Status sync_directory(const std::string& path) override {
    auto wide = wide_path(path, Call::sync_directory);
    if (!wide) return std::move(wide).error();
    if (auto checked = check_directory(wide.value(), path, Call::sync_directory); !checked) {
      return checked;
    }
    const Handle handle(CreateFileW(wide.value().c_str(), GENERIC_READ | GENERIC_WRITE, share_all,
                                    nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr));
    if (handle.valid() && FlushFileBuffers(handle.get())) return done();
    const DWORD error = GetLastError();
    if (error == ERROR_ACCESS_DENIED || error == ERROR_INVALID_HANDLE || is_unknown_form(error)) {
      return done();
    }
    return error_of(Call::sync_directory, path, error);
  }

  Result<std::string> canonical(const std::string& path) override {
    auto wide = wide_path(path, Call::stat);
    if (!wide) return std::move(wide).error();
    const Handle handle(CreateFileW(wide.value().c_str(), FILE_READ_ATTRIBUTES, share_all, nullptr,
                                    OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr));
    if (!handle.valid()) return error_of(Call::stat, path, GetLastError());
    constexpr DWORD flags = FILE_NAME_NORMALIZED | VOLUME_NAME_DOS;
    std::wstring text;
    DWORD length = GetFinalPathNameByHandleW(handle.get(), nullptr, 0, flags);
    while (length > text.size()) {
      text.resize(length);
      length = GetFinalPathNameByHandleW(handle.get(), text.data(), static_cast<DWORD>(text.size()),
                                         flags);
    }
    if (length == 0) return error_of(Call::stat, path, GetLastError());
    text.resize(length);
    return narrow_path(text);
  }

  Result<FileSystemInfo> file_system(const std::string& path) override {
    return describe_file_system(path);
  }
  Result<DirectSupport> probe_direct(const std::string& directory) override {
    return probe_direct_support(directory);
  }
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view holder,
                                     std::uint32_t) override {
    return take_lock(path, holder);
  }
  Result<bool> locked(const std::string& path) override { return probe_lock(path); }
  Result<std::string> lock_holder(const std::string& path) override { return read_holder(path); }

 private:
  static Status check_directory(const std::wstring& wide, const std::string& path, Call call) {
    const DWORD attributes = GetFileAttributesW(wide.c_str());
    if (attributes == INVALID_FILE_ATTRIBUTES) return error_of(call, path, GetLastError());
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return done();
    return Error{Errc::not_directory, call, 0, path};
  }
};

}  // namespace
}  // namespace windows

std::shared_ptr<Disk> make_system_disk() { return std::make_shared<windows::WindowsDisk>(); }

}  // namespace tidemark::io
