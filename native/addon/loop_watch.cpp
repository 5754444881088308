#include "addon/loop_watch.hpp"

#if defined(__linux__)
#include <dlfcn.h>
#include <napi.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>
#endif

namespace tidemark::addon {

#if defined(__linux__)
namespace {

// What is used of libuv's interface, which is stable since 1.19 (docs.libuv.org: poll, handle); its
// own header would give the size that a handle had when this was compiled.
using Loop = uv_loop_s;
struct Handle;  // uv_handle_t, uv_poll_t
constexpr int kind_poll = 8;
constexpr int event_readable = 1;

// Of the process: Node exports them.
struct Functions {
  std::size_t (*size)(int kind) = nullptr;
  void* (*get_data)(const Handle*) = nullptr;
  void (*set_data)(Handle*, void*) = nullptr;
  int (*init)(Loop*, Handle*, int descriptor) = nullptr;
  int (*start)(Handle*, int events, void (*)(Handle*, int status, int events)) = nullptr;
  int (*stop)(Handle*) = nullptr;
  void (*unref)(Handle*) = nullptr;
  void (*close)(Handle*, void (*)(Handle*)) = nullptr;

  static std::optional<Functions> find() {
    Functions found;
    const auto get = [](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
          ::dlsym(RTLD_DEFAULT, name));
      return function != nullptr;
    };
    const bool all = get(found.size, "uv_handle_size") &&
                     get(found.get_data, "uv_handle_get_data") &&
                     get(found.set_data, "uv_handle_set_data") && get(found.init, "uv_poll_init") &&
                     get(found.start, "uv_poll_start") && get(found.stop, "uv_poll_stop") &&
                     get(found.unref, "uv_unref") && get(found.close, "uv_close");
    return all ? std::optional(found) : std::nullopt;
  }
};

// The one of this process; null where a function is missing.
const Functions* libuv() {
  static const std::optional<Functions> functions = Functions::find();
  return functions ? &*functions : nullptr;
}

// Belongs to itself until libuv has closed the handle, which the end of the environment waits for.
class LoopWatch {
 public:
  LoopWatch(napi_env env, const Functions& functions, std::function<void()> readable)
      : env_(env),
        functions_(functions),
        readable_(std::move(readable)),
        memory_(functions.size(kind_poll) / sizeof(std::max_align_t) + 1) {}

  // False: nothing is watched, and nothing has begun that an end would have to wait for.
  bool init(Loop* loop, int descriptor) {
    if (functions_.init(loop, handle(), descriptor) != 0) return false;
    functions_.set_data(handle(), this);
    functions_.unref(handle());
    return true;
  }

  void start() {
    context_.emplace(env_, "tidemark");
    napi_add_async_cleanup_hook(env_, end, this, &hook_);
    functions_.start(handle(), event_readable, on_readable);
  }

 private:
  [[nodiscard]] Handle* handle() { return reinterpret_cast<Handle*>(memory_.data()); }
  static LoopWatch& of(const Handle* handle) {
    return *static_cast<LoopWatch*>(libuv()->get_data(handle));
  }

  static void on_readable(Handle* handle, int /*status*/, int /*events*/) {
    LoopWatch& self = of(handle);
    const Napi::HandleScope scope(self.env_);
    const Napi::CallbackScope callbacks(self.env_, *self.context_);
    self.readable_();
  }

  static void end(napi_async_cleanup_hook_handle /*hook*/, void* watch) {
    auto& self = *static_cast<LoopWatch*>(watch);
    self.functions_.stop(self.handle());
    self.context_.reset();
    self.functions_.close(self.handle(), on_closed);
  }

  static void on_closed(Handle* handle) {
    const std::unique_ptr<LoopWatch> self(&of(handle));
    napi_remove_async_cleanup_hook(self->hook_);
  }

  const napi_env env_;
  const Functions& functions_;
  const std::function<void()> readable_;
  std::optional<Napi::AsyncContext> context_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  std::vector<std::max_align_t> memory_;  // of the handle
};

}  // namespace

bool watch_in_loop(napi_env env, int descriptor, std::function<void()> readable) {
  Loop* loop = nullptr;
  if (libuv() == nullptr || napi_get_uv_event_loop(env, &loop) != napi_ok) return false;
  auto watch = std::make_unique<LoopWatch>(env, *libuv(), std::move(readable));
  if (!watch->init(loop, descriptor)) return false;
  watch.release()->start();
  return true;
}

#else

bool watch_in_loop(napi_env /*env*/, int /*descriptor*/, std::function<void()> /*readable*/) {
  return false;
}

#endif

}  // namespace tidemark::addon
