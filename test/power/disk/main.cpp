// power_disk: a disk whose power can be cut, for the tests of what survives. Linux, as root.
//
//   power_disk serve <image> <directory> [<offset>:<bytes> ...]
//       Serves the image as <directory>/disk with a volatile cache; see serve.hpp for the commands.
//       The ranges are written as one by every cut; sectors of 512 bytes are in any case.
//   power_disk hold <file> <directory> <type> <options> [direct]
//       Mounts the file over a loop device until standard input ends; see mount_holder.hpp.
//
// The image itself is never changed. The two roles are two processes: a mount that waits for its
// disk must not keep the server's descriptors alive when both are killed.
#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "disk/mount_holder.hpp"
#include "disk/serve.hpp"

namespace {

using namespace tidemark::test::power;

constexpr int usage_error = 64;  // EX_USAGE of sysexits.h

AtomicRange parse_range(const std::string& text) {
  std::size_t end = 0;
  AtomicRange range;
  range.offset = std::stoull(text, &end);
  if (end >= text.size() || text[end] != ':') throw std::invalid_argument(text);
  range.length = std::stoull(text.substr(end + 1));
  return range;
}

int run(std::span<char*> arguments) {
  const std::string_view role = arguments.size() > 1 ? arguments[1] : "";
  if (role == "serve" && arguments.size() >= 4) {
    std::vector<AtomicRange> atomic;
    for (char* const text : arguments.subspan(4)) atomic.push_back(parse_range(text));
    VolatileDisk disk(arguments[2], std::move(atomic));
    FuseServer server(disk, arguments[3]);
    std::puts("{\"serving\":true}");
    serve(server, disk);
    return 0;
  }
  if (role == "hold" && arguments.size() >= 6) {
    const bool direct = arguments.size() > 6 && std::string_view(arguments[6]) == "direct";
    hold_mount({arguments[2], arguments[3], arguments[4], arguments[5], direct});
    return 0;
  }
  std::fputs(
      "power_disk serve <image> <directory> [<offset>:<bytes> ...]\n"
      "power_disk hold <file> <directory> <type> <options> [direct]\n",
      stderr);
  return usage_error;
}

}  // namespace

int main(int count, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    return run({arguments, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "power_disk: %s\n", error.what());
    return 1;
  }
}
