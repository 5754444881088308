// UTF-8 and UTF-16, and the \\?\ prefix ("Maximum Path Length Limitation" in the Win32
// documentation).
#include "io/windows/path.hpp"

#include <windows.h>

#include <limits>
#include <string_view>

#include "io/windows/error.hpp"

namespace tidemark::io::windows {
namespace {

constexpr std::wstring_view verbatim = L"\\\\?\\";
constexpr std::wstring_view verbatim_share = L"\\\\?\\UNC\\";
constexpr std::wstring_view device = L"\\\\.\\";
constexpr std::wstring_view share = L"\\\\";
constexpr std::size_t max_text = std::numeric_limits<int>::max() / 4;

Result<std::wstring> widen(const std::string& path, Call call) {
  if (path.empty()) return Error{Errc::not_found, call, 0, path};
  if (path.size() > max_text) return Error{Errc::name_too_long, call, 0, {}};
  // A NUL would end the name early, and so name another file.
  if (path.find('\0') != std::string::npos) return Error{Errc::invalid, call, 0, path};
  const int size = static_cast<int>(path.size());
  const int length =
      MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), size, nullptr, 0);
  if (length <= 0) return error_of(call, path, GetLastError());
  std::wstring wide(static_cast<std::size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), size, wide.data(), length);
  for (wchar_t& unit : wide) {
    if (unit == L'/') unit = L'\\';
  }
  return wide;
}

}  // namespace

Result<std::wstring> wide_path(const std::string& path, Call call) {
  auto widened = widen(path, call);
  if (!widened) return widened;
  const std::wstring& relative = widened.value();
  if (relative.starts_with(verbatim)) return widened;
  std::wstring full;
  // Once for the length, once for the text; again if the working directory grew in between.
  DWORD length = GetFullPathNameW(relative.c_str(), 0, nullptr, nullptr);
  while (length > full.size()) {
    full.resize(length);
    length =
        GetFullPathNameW(relative.c_str(), static_cast<DWORD>(full.size()), full.data(), nullptr);
  }
  if (length == 0) return error_of(call, path, GetLastError());
  full.resize(length);
  if (full.starts_with(device)) return full;
  if (full.starts_with(share)) {
    return std::wstring(verbatim_share).append(full, share.size());
  }
  return std::wstring(verbatim).append(full);
}

std::string narrow(std::wstring_view text) {
  if (text.empty() || text.size() > max_text) return {};
  const int size = static_cast<int>(text.size());
  const int length =
      WideCharToMultiByte(CP_UTF8, 0, text.data(), size, nullptr, 0, nullptr, nullptr);
  std::string narrowed(static_cast<std::size_t>(length > 0 ? length : 0), '\0');
  if (length > 0) {
    WideCharToMultiByte(CP_UTF8, 0, text.data(), size, narrowed.data(), length, nullptr, nullptr);
  }
  return narrowed;
}

std::string narrow_path(std::wstring_view path) {
  if (path.starts_with(verbatim_share)) {
    return narrow(std::wstring(share).append(path.substr(verbatim_share.size())));
  }
  if (path.starts_with(verbatim)) path.remove_prefix(verbatim.size());
  return narrow(path);
}

}  // namespace tidemark::io::windows
