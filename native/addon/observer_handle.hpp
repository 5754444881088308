// A read-only open, as JS sees it.
#pragma once

#include <mutex>
#include <optional>

#include "addon/handle.hpp"
#include "journal/observer.hpp"

namespace tidemark::addon {

class ObserverHandle : public Handle<ObserverHandle> {
 public:
  static constexpr HandleClass handle_class = HandleClass::observer;
  static constexpr napi_type_tag tag{0xE7205B84F3AC4D16, 0xA59C18D7406E2BF3};

  static void define(Napi::Env env);
  // binding.openObserver(operation, directory, options): the operation gives the handle.
  static Napi::Value open(const Napi::CallbackInfo& info);

  using Handle::Handle;

 private:
  // Written by the watching task.
  struct Watched {
    std::mutex mutex;
    std::optional<journal::Failure> failure;
  };

  Napi::Value id(const Napi::CallbackInfo& info);
  Napi::Value facts(const Napi::CallbackInfo& info);
  Napi::Value range(const Napi::CallbackInfo& info);
  Napi::Value segments(const Napi::CallbackInfo& info);
  Napi::Value epoch(const Napi::CallbackInfo& info);
  Napi::Value watch(const Napi::CallbackInfo& info);
  Napi::Value take_failure(const Napi::CallbackInfo& info);
  Napi::Value reader(const Napi::CallbackInfo& info);
  Napi::Value refresh(const Napi::CallbackInfo& info);
  Napi::Value cursors(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  std::uint32_t id_ = 0;
  std::string directory_;
  io::Host host_;
  std::shared_ptr<journal::Observer> observer_;
  std::shared_ptr<void> watch_;
  std::shared_ptr<Watched> watched_ = std::make_shared<Watched>();
};

}  // namespace tidemark::addon
