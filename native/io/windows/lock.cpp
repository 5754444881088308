// LockFileEx belongs to the handle and excludes other handles of the same process too. Its locks
// are mandatory, so the locked byte lies far behind everything that anybody reads: the holder's
// text stays readable. There is no way to ask for a lock without taking it: whoever asks holds it
// for an instant, and whoever takes it is patient for as long.
#include "io/windows/lock.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include "io/windows/error.hpp"
#include "io/windows/file.hpp"
#include "io/windows/handle.hpp"
#include "io/windows/open.hpp"

namespace tidemark::io::windows {
namespace {

constexpr std::chrono::milliseconds patience{200};
constexpr std::chrono::milliseconds pause{2};
constexpr std::size_t max_holder_bytes = 4096;
constexpr DWORD lock_offset_high = 0x7FFFFFFF;

OVERLAPPED locked_byte() {
  OVERLAPPED range{};
  range.OffsetHigh = lock_offset_high;
  return range;
}

// ERROR_SUCCESS, or why not.
DWORD try_lock(HANDLE handle, DWORD flags) {
  OVERLAPPED range = locked_byte();
  if (LockFileEx(handle, flags | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &range)) return ERROR_SUCCESS;
  return GetLastError();
}

class WindowsLock final : public Lock {
 public:
  explicit WindowsLock(Handle handle) : handle_(std::move(handle)) {}
  WindowsLock(const WindowsLock&) = delete;
  WindowsLock& operator=(const WindowsLock&) = delete;
  // The system drops the locks of a closed handle when it gets round to it; this is at once.
  ~WindowsLock() override {
    OVERLAPPED range = locked_byte();
    UnlockFileEx(handle_.get(), 0, 1, 0, &range);
  }

 private:
  const Handle handle_;
};

Status write_holder(const std::string& path, std::string_view holder) {
  OpenOptions options;
  options.access = Access::read_write;
  auto opened = open_regular_file(path, options, Call::lock);
  if (!opened) return std::move(opened).error();
  const auto file = make_file(std::move(opened).value(), path, 1);
  if (auto emptied = file->truncate(0); !emptied) return emptied;
  return file->write_at(0, std::as_bytes(std::span(holder)));
}

}  // namespace

Result<std::unique_ptr<Lock>> take_lock(const std::string& path, std::string_view holder) {
  OpenOptions options;
  options.access = Access::read_write;
  options.create = Create::if_missing;
  auto opened = open_regular_file(path, options, Call::lock);
  if (!opened) return std::move(opened).error();
  const auto end = std::chrono::steady_clock::now() + patience;
  DWORD error = try_lock(opened.value().get(), LOCKFILE_EXCLUSIVE_LOCK);
  while (error != ERROR_SUCCESS && code_of(error) == Errc::locked &&
         std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(pause);
    error = try_lock(opened.value().get(), LOCKFILE_EXCLUSIVE_LOCK);
  }
  if (error != ERROR_SUCCESS) return error_of(Call::lock, path, error);
  auto lock = std::make_unique<WindowsLock>(std::move(opened).value());
  if (auto written = write_holder(path, holder); !written) return std::move(written).error();
  return std::unique_ptr<Lock>(std::move(lock));
}

Result<bool> probe_lock(const std::string& path) {
  auto opened = open_regular_file(path, OpenOptions{}, Call::probe_lock);
  if (!opened && opened.error().code == Errc::not_found) return false;
  if (!opened) return std::move(opened).error();
  const HANDLE handle = opened.value().get();
  const DWORD error = try_lock(handle, 0);  // shared: two who ask do not see each other
  if (error == ERROR_SUCCESS) {
    OVERLAPPED range = locked_byte();
    UnlockFileEx(handle, 0, 1, 0, &range);
    return false;
  }
  if (code_of(error) == Errc::locked) return true;
  return error_of(Call::probe_lock, path, error);
}

Result<std::string> read_holder(const std::string& path) {
  auto opened = open_regular_file(path, OpenOptions{}, Call::probe_lock);
  if (!opened && opened.error().code == Errc::not_found) return std::string();
  if (!opened) return std::move(opened).error();
  const auto file = make_file(std::move(opened).value(), path, 1);
  std::string text(max_holder_bytes, '\0');
  auto count = file->read_at(0, std::as_writable_bytes(std::span(text)));
  if (!count) return std::move(count).error();
  text.resize(count.value());
  return text;
}

}  // namespace tidemark::io::windows
