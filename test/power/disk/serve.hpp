// The server's loop: requests of the kernel and commands on standard input, one at a time.
//
//   cut <image> <mode> <seed> <after> <least> <milliseconds>
//       Writes what a power cut leaves behind the <after>-th write, flush or discard from now on,
//       or a later one, once at least <least> writes are pending, before that one is answered; or,
//       when that does not come, after so many milliseconds.
//       Answers with a line of JSON: `at` is the time of CLOCK_MONOTONIC in nanoseconds, of which
//       everything that was acknowledged before it must survive.
//   lie
//       From now on flushes are answered and not done.
//
// Ends when standard input ends or the file system is unmounted.
#pragma once

#include "disk/fuse_server.hpp"

namespace tidemark::test::power {

void serve(FuseServer& server, VolatileDisk& disk);

}  // namespace tidemark::test::power
