// The base of the classes that JS sees: wraps a C++ object and tags it, so that a method called on
// a foreign object throws a TypeError instead of reading foreign memory.
#pragma once

#include <napi.h>

#include <utility>

#include "addon/environment.hpp"

namespace tidemark::addon {

// Derived declares `static constexpr HandleClass handle_class` and `static constexpr napi_type_tag
// tag`.
template <class Derived>
class Handle : public Napi::ObjectWrap<Derived> {
 public:
  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Derived>(info) {
    napi_type_tag_object(info.Env(), info.This(), &Derived::tag);
  }

  // Hides that of ObjectWrap: every method call comes through here.
  static Derived* Unwrap(Napi::Object object) {
    bool ours = false;
    if (napi_check_object_type_tag(object.Env(), object, &Derived::tag, &ours) != napi_ok ||
        !ours) {
      Napi::TypeError::New(object.Env(), "Illegal invocation").ThrowAsJavaScriptException();
      return nullptr;
    }
    return Napi::ObjectWrap<Derived>::Unwrap(object);
  }

  static void define(Napi::Env env, const char* name,
                     const std::vector<Napi::ClassPropertyDescriptor<Derived>>& properties) {
    Environment::of(env).constructor(Derived::handle_class) =
        Napi::Persistent(Napi::ObjectWrap<Derived>::DefineClass(env, name, properties));
  }

  // A new object, whose C++ part the caller fills; null when the environment is ending.
  static Derived* create(napi_env env, napi_value& object) {
    const Napi::Object made = Environment::of(env).constructor(Derived::handle_class).New({});
    if (made.IsEmpty()) return nullptr;
    object = made;
    return Napi::ObjectWrap<Derived>::Unwrap(made);
  }
};

}  // namespace tidemark::addon
