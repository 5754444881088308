// Turns results of the core into outcomes of operations. `build` runs on the JS thread and makes
// the value of a successful one.
#pragma once

#include <memory>
#include <utility>

#include "addon/environment.hpp"

namespace tidemark::addon {

template <class T, class Build>
Outcome outcome_of(journal::Result<T> result, Build build) {
  Outcome outcome;
  if (!result) {
    outcome.failure = std::move(result).error();
    return outcome;
  }
  // std::function wants a copyable target; the value may be one that only moves.
  auto value = std::make_shared<T>(std::move(result).value());
  outcome.build = [value = std::move(value), build = std::move(build)](napi_env env) -> napi_value {
    return build(Napi::Env(env), *value);
  };
  return outcome;
}

inline Outcome outcome_of(journal::Status status) {
  Outcome outcome;
  if (!status) outcome.failure = std::move(status).error();
  return outcome;
}

inline Outcome outcome_of(const io::Status& status, const char* what) {
  Outcome outcome;
  if (!status) outcome.failure = journal::from_io(status.error(), what);
  return outcome;
}

inline std::uint32_t operation_argument(const Napi::CallbackInfo& info) {
  return info[0].IsNumber() ? info[0].As<Napi::Number>().Uint32Value() : 0;
}

inline std::string text_argument(const Napi::Value& value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

}  // namespace tidemark::addon
