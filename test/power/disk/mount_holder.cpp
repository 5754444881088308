#include "disk/mount_holder.hpp"

#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "disk/descriptor.hpp"

namespace tidemark::test::power {
namespace {

constexpr unsigned loop_major = 7;  // Documentation/admin-guide/devices.txt of the Linux kernel
constexpr int most_attempts = 500;
constexpr auto between_attempts = std::chrono::milliseconds(10);

struct LoopDevice {
  Descriptor descriptor;
  std::string path;
};

// The node of a loop device beyond the first eight is not there where /dev is no devtmpfs.
Descriptor open_node(const std::string& path, unsigned number) {
  const int there = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (there >= 0) return Descriptor(there);
  if (errno != ENOENT) fail(path.c_str());
  if (::mknod(path.c_str(), S_IFBLK | 0600, makedev(loop_major, number)) != 0 && errno != EEXIST)
    fail(path.c_str());
  return open_file(path.c_str(), O_RDWR);
}

LoopDevice attach(const MountRequest& request) {
  const Descriptor file = open_file(request.file.c_str(), O_RDWR);
  const Descriptor control = open_file("/dev/loop-control", O_RDWR);
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) fail("find a free loop device");
    const std::string path = "/dev/loop" + std::to_string(number);
    Descriptor device = open_node(path, static_cast<unsigned>(number));
    loop_config config{};
    config.fd = static_cast<__u32>(file.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (request.direct) config.info.lo_flags |= LO_FLAGS_DIRECT_IO;
    if (::ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) return {std::move(device), path};
    // Somebody else was faster.
    if (errno != EBUSY) fail("configure the loop device");
  }
  errno = EBUSY;
  fail("take a free loop device");
}

void unmount(const std::string& directory) {
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (::umount2(directory.c_str(), 0) == 0) return;
    if (errno != EBUSY) fail("unmount");
    // A process that was killed still lets go of its files.
    std::this_thread::sleep_for(between_attempts);
  }
  fail("unmount");
}

}  // namespace

void hold_mount(const MountRequest& request) {
  LoopDevice loop = attach(request);
  const int mounted = ::mount(loop.path.c_str(), request.directory.c_str(), request.type.c_str(),
                              MS_NODEV | MS_NOSUID, request.options.c_str());
  if (mounted != 0) {
    std::printf("{\"refused\":\"%s\"}\n", std::strerror(errno));
    return;
  }
  // The mount keeps the device from now on, and the device clears itself with it.
  loop.descriptor.close();
  std::puts("{\"mounted\":true}");
  std::array<char, 1> any{};
  while (::read(STDIN_FILENO, any.data(), any.size()) < 0 && errno == EINTR) {
  }
  unmount(request.directory);
  std::puts("{\"unmounted\":true}");
}

}  // namespace tidemark::test::power
