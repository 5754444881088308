// Opening regular files, and nothing but regular files.
#pragma once

#include <string>

#include "io/disk.hpp"
#include "io/windows/handle.hpp"

namespace tidemark::io::windows {

// Others may read, write, rename and delete what we have open, as on POSIX.
inline constexpr DWORD share_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

// Refuses links, directories and devices. Modes have no meaning here: a new file has the
// permissions that its directory passes on. Errors name `call`, since locks are opened here too.
Result<Handle> open_regular_file(const std::string& path, const OpenOptions& options, Call call);

// What lies at a path: the link itself where it is one.
Result<Handle> open_for_status(const std::wstring& wide, const std::string& path, Call call);
// Symbolic links and junctions; not the placeholders of cloud folders and the like.
bool is_link(HANDLE handle) noexcept;
bool is_directory(const std::wstring& wide) noexcept;

FileIdentity identity_of(HANDLE handle) noexcept;

}  // namespace tidemark::io::windows
