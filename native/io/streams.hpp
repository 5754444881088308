// What is asked of the standard streams of the process.
#pragma once

namespace tidemark::io {

// Whether nobody can read any more what is written to this descriptor: a pipe whose reader ended, a
// socket that was closed, a terminal that was hung up. False where the system does not say so
// before a write fails (Windows).
[[nodiscard]] bool reader_is_gone(int descriptor);

}  // namespace tidemark::io
