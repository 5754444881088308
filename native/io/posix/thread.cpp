// Threads with a small stack and no signals; std::thread offers neither.
// The macOS part is not compiled on our build machine.
#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "io/platform.hpp"

namespace tidemark::io {
namespace {

constexpr std::size_t max_name_length = 15;  // pthread_setname_np(3): 16 bytes with the NUL

struct Start {
  std::string name;
  std::function<void()> body;
};

void* run(void* argument) noexcept {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
#if defined(__APPLE__)
  pthread_setname_np(start->name.c_str());
#else
  pthread_setname_np(pthread_self(), start->name.c_str());
#endif
  start->body();
  return nullptr;
}

class Attributes {
 public:
  Attributes() noexcept {
    pthread_attr_init(&attributes_);
    pthread_attr_setdetachstate(&attributes_, PTHREAD_CREATE_DETACHED);
    const auto least = static_cast<std::size_t>(PTHREAD_STACK_MIN);
    pthread_attr_setstacksize(&attributes_, std::max(thread_stack_bytes, least));
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { pthread_attr_destroy(&attributes_); }
  [[nodiscard]] const pthread_attr_t* get() const noexcept { return &attributes_; }

 private:
  pthread_attr_t attributes_{};
};

}  // namespace

bool start_thread(const std::string& name, std::function<void()> body) noexcept {
  std::unique_ptr<Start> start;
  try {
    start = std::make_unique<Start>(Start{name.substr(0, max_name_length), std::move(body)});
  } catch (const std::bad_alloc&) {
    return false;
  }
  const Attributes attributes;
  // A thread starts with the mask of its creator: all blocked for as long as the creation takes.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  const int error = pthread_create(&thread, attributes.get(), run, start.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return false;
  static_cast<void>(start.release());  // the thread owns it now
  return true;
}

}  // namespace tidemark::io
