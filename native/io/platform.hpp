// What each platform provides under posix/ or windows/, for the rest of this room only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/tasks.hpp"

namespace tidemark::io {

std::shared_ptr<Disk> make_system_disk();
std::shared_ptr<Clock> make_system_clock();

// Stack of our threads: they recurse nowhere and keep no large arrays. Enough for sanitizers and
// for the static thread-local storage that glibc takes out of it.
inline constexpr std::size_t thread_stack_bytes = std::size_t{512} * 1024;

// Starts a detached thread with a small stack, a name, and all signals blocked, so that handlers
// run in the threads of the host program. False when the system gives no thread; `body` has then
// not run and will not.
[[nodiscard]] bool start_thread(const std::string& name, std::function<void()> body) noexcept;

}  // namespace tidemark::io
