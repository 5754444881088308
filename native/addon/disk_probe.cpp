#include "addon/disk_probe.hpp"

#include <array>
#include <string>
#include <utility>

#include "addon/operation.hpp"
#include "addon/sync_measurement.hpp"
#include "addon/values.hpp"
#include "crc32c/crc32c.hpp"
#include "io/disk.hpp"

namespace tidemark::addon {
namespace {

template <class T>
journal::Result<T> described(io::Result<T> result, const char* what) {
  if (!result) return journal::from_io(result.error(), what);
  return std::move(result).value();
}

SyncMode mode_of(const std::string& name) {
  if (name == "append") return SyncMode::append;
  if (name == "direct") return SyncMode::direct;
  if (name == "direct-dsync") return SyncMode::direct_dsync;
  return SyncMode::zero_filled;
}

Napi::Value file_system_value(Napi::Env env, const io::FileSystemInfo& found) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", found.name);
  object.Set("network", found.network);
  object.Set("copyOnWrite", found.copy_on_write);
  object.Set("freeBytes", number_value(env, found.free_bytes));
  object.Set("totalBytes", number_value(env, found.total_bytes));
  return object;
}

Napi::Value direct_value(Napi::Env env, const io::DirectSupport& found) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("supported", found.supported);
  object.Set("alignment", number_value(env, found.alignment));
  object.Set("why", found.why);
  return object;
}

Napi::Value measurement_value(Napi::Env env, const SyncMeasurement& measured) {
  Napi::Object object = Napi::Object::New(env);
  if (!measured.refused.empty()) object.Set("refused", measured.refused);
  object.Set("bytes", number_value(env, measured.bytes));
  object.Set("nanoseconds", doubles_value(env, measured.nanoseconds));
  return object;
}

}  // namespace

Napi::Value file_system(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [directory = text_argument(info[1])] {
    return outcome_of(described(io::system_host().disk->file_system(directory),
                                "the file system could not be asked"),
                      file_system_value);
  });
  return info.Env().Undefined();
}

Napi::Value probe_direct(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [directory = text_argument(info[1])] {
    return outcome_of(described(io::system_host().disk->probe_direct(directory),
                                "direct transfers could not be tried"),
                      direct_value);
  });
  return info.Env().Undefined();
}

Napi::Value measure_sync(const Napi::CallbackInfo& info) {
  const auto asked = info[2].As<Napi::Object>();
  SyncRequest request;
  request.directory = text_argument(info[1]);
  request.mode = mode_of(text_argument(asked.Get("mode")));
  request.bytes = static_cast<std::size_t>(integer_argument(asked.Get("bytes")));
  request.count = integer_argument(asked.Get("count"));
  request.limit = integer_argument(asked.Get("maxMs")) *
                  static_cast<io::Nanoseconds>(nanoseconds_per_millisecond);
  Environment::of(info.Env()).run(operation_argument(info), [request = std::move(request)] {
    return outcome_of(journal::Result<SyncMeasurement>(measure_sync(io::system_host(), request)),
                      measurement_value);
  });
  return info.Env().Undefined();
}

Napi::Value checksum_kernels(const Napi::CallbackInfo& info) {
  using crc32c::Kernel;
  constexpr std::array kernels = {Kernel::table, Kernel::sse42, Kernel::sse42_pclmul,
                                  Kernel::avx512_vpclmul, Kernel::armv8_pmull};
  const Napi::Array available = Napi::Array::New(info.Env());
  for (const Kernel kernel : kernels) {
    if (crc32c::supported(kernel)) available.Set(available.Length(), crc32c::name(kernel));
  }
  return available;
}

}  // namespace tidemark::addon
