// Watches a descriptor in the event loop of an environment: libuv's poll handle, whose functions
// are looked up at run time, since not every runtime that loads this binary has them.
#pragma once

#include <node_api.h>

#include <functional>

namespace tidemark::addon {

// `readable` is called on the JS thread, in a callback scope, once in a turn for as long as the
// descriptor is readable, until the environment ends; the descriptor must last as long. The watch
// does not keep the loop alive. False: this runtime cannot.
[[nodiscard]] bool watch_in_loop(napi_env env, int descriptor, std::function<void()> readable);

}  // namespace tidemark::addon
