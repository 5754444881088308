// Who this process is, in words that no later process and no later boot repeats.
// The macOS part is not compiled on our build machine.
#include <limits.h>
#include <unistd.h>

#include <array>
#include <string>
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include "io/disk.hpp"
#include "io/platform.hpp"

namespace tidemark::io {
namespace {

std::string host_name() {
  std::array<char, 256> name{};  // HOST_NAME_MAX is 64 on Linux, 255 on macOS
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

#if defined(__APPLE__)
std::string start_time() {
  std::array<int, 4> query{CTL_KERN, KERN_PROC, KERN_PROC_PID, static_cast<int>(getpid())};
  struct kinfo_proc found {};
  std::size_t size = sizeof(found);
  if (sysctl(query.data(), static_cast<u_int>(query.size()), &found, &size, nullptr, 0) != 0 ||
      size == 0) {
    return {};
  }
  const timeval started = found.kp_proc.p_starttime;
  return std::to_string(started.tv_sec) + "." + std::to_string(started.tv_usec);
}

std::string boot_id() {
  std::array<char, 64> id{};
  std::size_t size = id.size() - 1;
  if (sysctlbyname("kern.bootsessionuuid", id.data(), &size, nullptr, 0) != 0) return {};
  return id.data();
}
#else
// Files in /proc have size 0, so that read_file would find nothing in them.
std::string read_text(const char* path) {
  auto file = make_system_disk()->open(path, OpenOptions{});
  if (!file) return {};
  std::array<char, 4096> text{};
  auto count = file.value()->read_at(0, std::as_writable_bytes(std::span(text)));
  return count ? std::string(text.data(), count.value()) : std::string();
}

// Field 22 of /proc/self/stat, in clock ticks since boot (proc(5)). Field 2 is the name in
// brackets, and may hold spaces and brackets itself: counting starts behind the last one.
std::string start_time() {
  constexpr int field = 22;
  const std::string text = read_text("/proc/self/stat");
  std::size_t at = text.rfind(')');
  for (int number = 2; number < field && at != std::string::npos; ++number) {
    at = text.find(' ', at + 1);
  }
  if (at == std::string::npos) return {};
  return text.substr(at + 1, text.find(' ', at + 1) - at - 1);
}

std::string boot_id() {
  std::string id = read_text("/proc/sys/kernel/random/boot_id");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}
#endif

}  // namespace

ProcessIdentity this_process() {
  ProcessIdentity identity;
  identity.pid = getpid();
  identity.start_time = start_time();
  identity.boot_id = boot_id();
  identity.host = host_name();
  return identity;
}

}  // namespace tidemark::io
