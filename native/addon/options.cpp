#include "addon/options.hpp"

#include "addon/values.hpp"

namespace tidemark::addon {
namespace {

std::optional<std::uint64_t> integer(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  if (value.IsEmpty() || !value.IsNumber()) return std::nullopt;
  return integer_argument(value);
}

template <class T>
void read(const Napi::Object& object, const char* key, T& into) {
  if (const auto value = integer(object, key)) into = static_cast<T>(*value);
}

void read_milliseconds(const Napi::Object& object, const char* key, io::Nanoseconds& into) {
  const Napi::Value value = object.Get(key);
  if (value.IsEmpty() || !value.IsNumber()) return;
  into = static_cast<io::Nanoseconds>(value.As<Napi::Number>().DoubleValue() *
                                      nanoseconds_per_millisecond);
}

void read(const Napi::Object& object, const char* key, bool& into) {
  const Napi::Value value = object.Get(key);
  if (!value.IsEmpty() && value.IsBoolean()) into = value.As<Napi::Boolean>().Value();
}

std::optional<std::string> text(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  if (value.IsEmpty() || !value.IsString()) return std::nullopt;
  return value.As<Napi::String>().Utf8Value();
}

}  // namespace

journal::Options options_argument(const Napi::Value& value) {
  journal::Options options;
  if (value.IsEmpty() || !value.IsObject()) return options;
  const auto object = value.As<Napi::Object>();

  options.recorded.codec_name = text(object, "codecName");
  if (const auto version = integer(object, "codecVersion")) {
    options.recorded.codec_version = static_cast<std::uint32_t>(*version);
  }
  options.recorded.hash_name = text(object, "hashName");
  read(object, "hashBytes", options.recorded.hash_bytes);
  options.recorded.application = text(object, "application");
  options.recorded.start_seq = integer(object, "startSeq");

  if (const auto kind = integer(object, "durabilityKind")) {
    options.durability.kind = static_cast<journal::DurabilityKind>(*kind);
  }
  read_milliseconds(object, "intervalMs", options.durability.interval);
  read(object, "segmentBytes", options.segment_bytes);
  read(object, "maxRecordBytes", options.max_record_bytes);
  read(object, "maxPendingBytes", options.max_pending_bytes);
  read(object, "commitMaxBytes", options.commit_max_bytes);
  read(object, "commitMaxRecords", options.commit_max_records);
  read_milliseconds(object, "lingerMs", options.linger);
  read(object, "retainMaxBytes", options.retain.max_bytes);
  read(object, "retainMaxRecords", options.retain.max_records);
  read(object, "retainMaxAgeMs", options.retain.max_age_ms);
  const Napi::Value direct = object.Get("direct");
  if (!direct.IsEmpty() && direct.IsBoolean()) {
    options.direct =
        direct.As<Napi::Boolean>().Value() ? journal::DirectChoice::on : journal::DirectChoice::off;
  }
  read(object, "blockPadding", options.block_padding);
  read_milliseconds(object, "idleMarkMs", options.idle_mark);
  options.expect_seq = integer(object, "expectSeq");
  read(object, "mode", options.mode);
  read(object, "allowNetwork", options.allow_network);
  read(object, "skipCorruption", options.skip_corruption);
  return options;
}

Napi::Object options_value(Napi::Env env, const journal::Options& options) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("durabilityKind", static_cast<double>(options.durability.kind));
  object.Set("intervalMs",
             static_cast<double>(options.durability.interval) / nanoseconds_per_millisecond);
  object.Set("maxRecordBytes", number_value(env, options.max_record_bytes));
  object.Set("maxPendingBytes", number_value(env, options.max_pending_bytes));
  object.Set("highWaterBytes", number_value(env, options.high_water_bytes));
  return object;
}

}  // namespace tidemark::addon
