// crc32c for JS. Raw Node-API: for a few bytes the call itself is most of the cost.
#include "addon/operation.hpp"
#include "addon/tools.hpp"
#include "addon/values.hpp"
#include "crc32c/crc32c.hpp"

namespace tidemark::addon {

Napi::Value checksum(const Napi::CallbackInfo& info) {
  const auto bytes = bytes_argument(info[0]);
  const auto seed = static_cast<std::uint32_t>(integer_argument(info[1]));
  return Napi::Number::New(info.Env(), crc32c::extend(seed, bytes.data(), bytes.size()));
}

Napi::Value checksum_kernel(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), crc32c::name(crc32c::active()));
}

Napi::Value force_checksum_kernel(const Napi::CallbackInfo& info) {
  std::optional<crc32c::Kernel> kernel;
  if (info[0].IsString()) {
    kernel = crc32c::from_name(text_argument(info[0]));
    if (!kernel) return Napi::Boolean::New(info.Env(), false);
  }
  return Napi::Boolean::New(info.Env(), crc32c::force(kernel));
}

}  // namespace tidemark::addon
