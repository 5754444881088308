// The one way from native threads into an environment (a JS thread): results of operations and
// "something changed on this handle", collected under a mutex and delivered by one coalesced
// thread-safe function. It is shared: a native thread may still hold it when the environment is
// gone, and then talks to a closed box.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "journal/failure.hpp"

namespace tidemark::addon {

// What an operation ended with. `build` makes the JS value, on the JS thread; it may own native
// objects, which are dropped unseen when the environment ended meanwhile.
struct Outcome {
  using Build = std::function<napi_value(napi_env)>;
  std::uint32_t operation = 0;
  std::optional<journal::Failure> failure;
  Build build;
};

class Mailbox {
 public:
  struct Mail {
    std::vector<Outcome> outcomes;
    std::vector<std::uint32_t> handles;  // that changed, each once
  };

  // JS thread. From here on deliveries come through `function`.
  void open(napi_threadsafe_function function);
  // JS thread. Nothing is delivered any more and `function` is never called again.
  void close();
  // JS thread: a take follows at once, and nothing need call for it.
  void expect();
  // JS thread: everything since the last take.
  Mail take();

  // Any thread.
  void complete(Outcome outcome);
  void touch(std::uint32_t handle);

 private:
  void tick();  // mutex held

  std::mutex mutex_;  // leaf: no other lock is taken under it
  napi_threadsafe_function function_ = nullptr;
  bool ticking_ = false;  // a call of `function_` is on its way
  Mail mail_;
};

}  // namespace tidemark::addon
