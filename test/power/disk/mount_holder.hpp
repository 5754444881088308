// Puts a loop device over a file and mounts it, and holds both until it is told to let go.
#pragma once

#include <string>

namespace tidemark::test::power {

struct MountRequest {
  std::string file;
  std::string directory;
  std::string type;     // of the file system
  std::string options;  // of mount(2), comma-separated
  bool direct = false;  // the loop device goes past the page cache of the file
};

// Writes `{"mounted":true}` or `{"refused":"<why>"}` to standard output; after the former, unmounts
// when standard input ends or brings a line. The loop device goes with its last user, also when
// this process is killed. Throws std::system_error when there is no loop device to be had.
void hold_mount(const MountRequest& request);

}  // namespace tidemark::test::power
