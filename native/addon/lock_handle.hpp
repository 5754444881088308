// A held lock of a directory. It dies with the object, the environment or the process.
#pragma once

#include "addon/handle.hpp"
#include "io/disk.hpp"

namespace tidemark::addon {

class LockHandle : public Handle<LockHandle> {
 public:
  static constexpr HandleClass handle_class = HandleClass::lock;
  static constexpr napi_type_tag tag{0x3B97D2A1604F8CE5, 0xF01E4C9B7835D6A2};

  static void define(Napi::Env env);
  // binding.lockDirectory(operation, directory, mode): one attempt, which gives the handle or
  // LOCKED.
  static Napi::Value acquire(const Napi::CallbackInfo& info);

  using Handle::Handle;

 private:
  Napi::Value holder(const Napi::CallbackInfo& info);
  Napi::Value release(const Napi::CallbackInfo& info);

  std::string holder_;
  std::shared_ptr<io::Lock> lock_;
};

}  // namespace tidemark::addon
