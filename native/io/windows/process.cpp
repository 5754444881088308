// Who this process is. The creation time is absolute, in 100 ns since 1601: together with the pid
// it is unique over reboots too, so that no boot id is needed, and none is given.
#include <windows.h>

#include <array>
#include <string>

#include "io/tasks.hpp"
#include "io/windows/path.hpp"

namespace tidemark::io {
namespace {

std::string start_time() {
  FILETIME created{};
  FILETIME exited{};
  FILETIME kernel{};
  FILETIME user{};
  if (!GetProcessTimes(GetCurrentProcess(), &created, &exited, &kernel, &user)) return {};
  return std::to_string(std::uint64_t{created.dwHighDateTime} << 32 | created.dwLowDateTime);
}

std::string host_name() {
  std::array<wchar_t, 256> name{};
  DWORD size = static_cast<DWORD>(name.size());
  if (!GetComputerNameExW(ComputerNameDnsHostname, name.data(), &size)) return {};
  return windows::narrow({name.data(), size});
}

}  // namespace

ProcessIdentity this_process() {
  ProcessIdentity identity;
  identity.pid = static_cast<std::int64_t>(GetCurrentProcessId());
  identity.start_time = start_time();
  identity.host = host_name();
  return identity;
}

}  // namespace tidemark::io
