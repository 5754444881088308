// What the volume says of itself, and what it does when tried.
#include "io/windows/volume.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <utility>

#include "io/direct_trial.hpp"
#include "io/platform.hpp"
#include "io/windows/error.hpp"
#include "io/windows/file.hpp"
#include "io/windows/open.hpp"
#include "io/windows/path.hpp"

namespace tidemark::io::windows {
namespace {

std::string temporary_path(const std::string& directory) {
  std::array<std::byte, 8> random{};
  make_system_clock()->random(random);
  std::string name = ".tidemark-probe-";
  for (const std::byte byte : random) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", std::to_integer<unsigned>(byte));
    name.append(digits.data());
  }
  return join(directory, name);
}

}  // namespace

std::size_t direct_alignment(HANDLE handle) noexcept {
  FILE_STORAGE_INFO storage{};
  if (!GetFileInformationByHandleEx(handle, FileStorageInfo, &storage, sizeof(storage))) {
    return usual_direct_block;
  }
  const std::size_t sector = storage.LogicalBytesPerSector;
  if (!std::has_single_bit(sector)) return usual_direct_block;
  FILE_ALIGNMENT_INFO memory{};  // a mask: one less than the alignment of addresses
  if (!GetFileInformationByHandleEx(handle, FileAlignmentInfo, &memory, sizeof(memory))) {
    return std::max(sector, usual_direct_block);
  }
  const std::size_t address = std::bit_ceil(std::size_t{memory.AlignmentRequirement} + 1);
  return std::max({sector, address, smallest_direct_block});
}

Result<FileSystemInfo> describe_file_system(const std::string& path) {
  auto wide = wide_path(path, Call::file_system);
  if (!wide) return std::move(wide).error();
  const auto fail = [&] { return error_of(Call::file_system, path, GetLastError()); };
  if (GetFileAttributesW(wide.value().c_str()) == INVALID_FILE_ATTRIBUTES) return fail();
  std::wstring volume(wide.value().size() + MAX_PATH, L'\0');
  if (!GetVolumePathNameW(wide.value().c_str(), volume.data(), static_cast<DWORD>(volume.size()))) {
    return fail();
  }
  std::array<wchar_t, MAX_PATH + 1> name{};
  if (!GetVolumeInformationW(volume.c_str(), nullptr, 0, nullptr, nullptr, nullptr, name.data(),
                             static_cast<DWORD>(name.size()))) {
    return fail();
  }
  ULARGE_INTEGER free{};
  ULARGE_INTEGER total{};
  if (!GetDiskFreeSpaceExW(volume.c_str(), &free, &total, nullptr)) return fail();
  FileSystemInfo info;
  info.name = narrow(name.data());
  info.network = GetDriveTypeW(volume.c_str()) == DRIVE_REMOTE;
  info.copy_on_write = info.name == "ReFS";
  info.free_bytes = free.QuadPart;
  info.total_bytes = total.QuadPart;
  return info;
}

Result<DirectSupport> probe_direct_support(const std::string& directory) {
  const std::string path = temporary_path(directory);
  auto wide = wide_path(path, Call::probe_direct);
  if (!wide) return std::move(wide).error();
  // Deleted by the system with the handle, also when the process dies here.
  Handle handle(CreateFileW(
      wide.value().c_str(), GENERIC_READ | GENERIC_WRITE | DELETE, share_all, nullptr, CREATE_NEW,
      FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_NO_BUFFERING, nullptr));
  if (!handle.valid()) {
    const Error error = error_of(Call::probe_direct, directory, GetLastError());
    if (error.code != Errc::invalid && error.code != Errc::not_supported) return error;
    return DirectSupport{false, 1, "refused at open"};
  }
  const std::size_t alignment = direct_alignment(handle.get());
  const auto file = make_file(std::move(handle), path, 1);
  auto tried = try_direct_transfers(*file, alignment);
  if (tried) return DirectSupport{true, alignment, "probed: " + std::to_string(alignment)};
  if (tried.error().code != Errc::invalid && tried.error().code != Errc::not_supported) {
    return std::move(tried).error();
  }
  return DirectSupport{false, 1, "refused at use: " + tried.error().message()};
}

}  // namespace tidemark::io::windows
