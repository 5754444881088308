// The call that makes written bytes durable, on each POSIX system.
#pragma once

namespace tidemark::io::posix {

// 0, or -1 with errno. Called once and never again after a failure, EINTR included: a second call
// may succeed without having written what the first one lost.
int sync_file(int descriptor) noexcept;
int sync_directory_entries(int descriptor) noexcept;

}  // namespace tidemark::io::posix
