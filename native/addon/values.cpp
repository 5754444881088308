#include "addon/values.hpp"

#include <algorithm>

#include "io/result.hpp"

namespace tidemark::addon {
namespace {

constexpr double largest_integer = 9007199254740991.0;  // Number.MAX_SAFE_INTEGER

void set(Napi::Object& object, const char* key, const std::optional<std::uint64_t>& value) {
  if (value) object.Set(key, number_value(object.Env(), *value));
}

void set_text(Napi::Object& object, const char* key, const std::string& text) {
  if (!text.empty()) object.Set(key, text);
}

template <class Array, class T>
Napi::Value array_value(Napi::Env env, std::span<const T> items) {
  Array array = Array::New(env, items.size());
  if (array.IsEmpty() || (array.Data() == nullptr && !items.empty())) return {};
  std::ranges::copy(items, array.Data());
  return {env, array};
}

// Those of a typed array of that type. What is none is refused by the one call that asks for all of
// it: each further question would cost a short checksum a tenth of its time.
template <class T>
std::span<T> elements(const Napi::Value& value, napi_typedarray_type wanted) {
  napi_typedarray_type type = wanted;
  std::size_t length = 0;
  void* data = nullptr;
  if (value.IsEmpty() || napi_get_typedarray_info(value.Env(), value, &type, &length, &data,
                                                  nullptr, nullptr) != napi_ok)
    return {};
  if (type != wanted || data == nullptr) return {};
  return {static_cast<T*>(data), length};
}

}  // namespace

Napi::Number number_value(napi_env env, std::uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

std::string hexadecimal(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; value >>= 4U) text[i] = digits[value & 15U];
  return text;
}

std::string hexadecimal(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte) >> 4U];
    text += digits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

void parse_hexadecimal(const std::string& text, std::span<std::byte> into) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::ranges::fill(into, std::byte{0});
  if (text.size() != 2 * into.size() || text.find_first_not_of(digits) != std::string::npos) return;
  for (std::size_t i = 0; i < into.size(); ++i) {
    into[i] = static_cast<std::byte>(digits.find(text[2 * i]) << 4U | digits.find(text[2 * i + 1]));
  }
}

std::uint64_t parse_hexadecimal(const std::string& text) {
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  parse_hexadecimal(text, bytes);
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8U | std::to_integer<std::uint64_t>(byte);
  return value;
}

napi_value failure_value(napi_env env, const journal::Failure& failure) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("code", journal::name(failure.code));
  object.Set("message", failure.message);
  set_text(object, "path", failure.path);
  set(object, "segment", failure.segment);
  set(object, "offset", failure.offset);
  set(object, "fromSeq", failure.from_seq);
  set(object, "toSeq", failure.to_seq);
  set_text(object, "holder", failure.holder);
  if (failure.row != 0) object.Set("row", std::string(1, failure.row));
  switch (failure.outcome) {
    case journal::WriteOutcome::none:
      break;
    case journal::WriteOutcome::not_written:
      object.Set("outcome", "not-written");
      break;
    case journal::WriteOutcome::unknown:
      object.Set("outcome", "unknown");
      break;
  }
  if (failure.cause) {
    Napi::Object cause = Napi::Object::New(env);
    cause.Set("message", failure.cause->message());
    cause.Set("code", io::name(failure.cause->code));
    cause.Set("syscall", io::name(failure.cause->call));
    if (failure.cause->os_code != 0) cause.Set("errno", failure.cause->os_code);
    set_text(cause, "path", failure.cause->path);
    object.Set("cause", cause);
  }
  return object;
}

Napi::Value bytes_value(napi_env env, std::span<const std::byte> bytes) {
  napi_value value = nullptr;
  void* data = nullptr;
  const napi_status made =
      bytes.empty() ? napi_create_buffer(env, 0, &data, &value)
                    : napi_create_buffer_copy(env, bytes.size(), bytes.data(), &data, &value);
  return made == napi_ok ? Napi::Value(env, value) : Napi::Value();
}

Napi::Value words_value(Napi::Env env, std::span<const std::uint32_t> words) {
  return array_value<Napi::Uint32Array>(env, words);
}

Napi::Value doubles_value(Napi::Env env, std::span<const double> doubles) {
  return array_value<Napi::Float64Array>(env, doubles);
}

napi_value batch_value(napi_env env, const journal::RecordBatch& batch) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("firstSeq", number_value(env, batch.first_seq));
  object.Set("segment", number_value(env, batch.segment_id));
  object.Set("bytes", bytes_value(env, batch.payload));
  object.Set("lengths", words_value(env, batch.lengths));
  if (!batch.attributes.empty()) {
    object.Set("attributes", bytes_value(env, std::as_bytes(std::span(batch.attributes))));
  }
  if (!batch.hashes.empty()) object.Set("hashes", bytes_value(env, batch.hashes));
  if (!batch.skipped.empty()) object.Set("skipped", skipped_value(env, batch.skipped));
  return object;
}

std::uint64_t integer_argument(const Napi::Value& value) {
  double wide = 0;
  if (value.IsEmpty() || napi_get_value_double(value.Env(), value, &wide) != napi_ok) return 0;
  return wide >= 0 && wide <= largest_integer ? static_cast<std::uint64_t>(wide) : 0;
}

bool flag_argument(const Napi::Value& value) {
  bool flag = false;
  if (value.IsEmpty()) return false;
  return napi_get_value_bool(value.Env(), value, &flag) == napi_ok && flag;
}

std::span<std::byte> bytes_argument(const Napi::Value& value) {
  return elements<std::byte>(value, napi_uint8_array);
}

std::span<const std::uint32_t> words_argument(const Napi::Value& value) {
  return elements<const std::uint32_t>(value, napi_uint32_array);
}

std::span<double> doubles_argument(const Napi::Value& value) {
  return elements<double>(value, napi_float64_array);
}

}  // namespace tidemark::addon
