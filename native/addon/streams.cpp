#include "addon/streams.hpp"

#include "addon/values.hpp"
#include "io/streams.hpp"

namespace tidemark::addon {

Napi::Value reader_is_gone(const Napi::CallbackInfo& info) {
  const auto descriptor = static_cast<int>(integer_argument(info[0]));
  return Napi::Boolean::New(info.Env(), io::reader_is_gone(descriptor));
}

}  // namespace tidemark::addon
