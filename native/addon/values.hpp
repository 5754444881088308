// JS values out of the core's structures, and numbers and byte ranges out of JS arguments. Seqs,
// ids and sizes are JS numbers: the format keeps them below 2^53. Epochs and digests, which use all
// 64 bits, are strings of 16 hexadecimal digits.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journal/failure.hpp"
#include "journal/journal.hpp"
#include "journal/reader.hpp"
#include "journal/report.hpp"

namespace tidemark::addon {

// JavaScript counts time in milliseconds, the core in nanoseconds.
inline constexpr double nanoseconds_per_millisecond = 1e6;

Napi::Number number_value(napi_env env, std::uint64_t value);
std::string hexadecimal(std::uint64_t value);
std::string hexadecimal(std::span<const std::byte> bytes);
// The other way; digits that are none, missing or too many give zeros.
std::uint64_t parse_hexadecimal(const std::string& text);
void parse_hexadecimal(const std::string& text, std::span<std::byte> into);

napi_value failure_value(napi_env env, const journal::Failure& failure);
napi_value batch_value(napi_env env, const journal::RecordBatch& batch);
Napi::Value skipped_value(Napi::Env env, const std::vector<journal::SkippedRange>& skipped);
Napi::Object recovery_value(Napi::Env env, const journal::RecoveryReport& report);
Napi::Object header_value(Napi::Env env, const format::SegmentHeader& header);
Napi::Value segments_value(Napi::Env env, const std::vector<journal::SegmentInfo>& segments);
Napi::Object cursor_value(Napi::Env env, const journal::CursorInfo& cursor);
Napi::Array cursors_value(Napi::Env env, const std::vector<journal::CursorInfo>& cursors);
Napi::Object stats_value(Napi::Env env, const journal::Stats& stats);
Napi::Object verify_value(Napi::Env env, const journal::VerifyReport& report);
Napi::Object copy_value(Napi::Env env, const journal::CopyReport& report);
Napi::Value events_value(Napi::Env env, const std::vector<journal::Event>& events);

// Copies, in memory of JS. Empty when there can be none: a worker that is being terminated makes no
// arrays any more, while its operations still end.
Napi::Value bytes_value(napi_env env, std::span<const std::byte> bytes);
Napi::Value words_value(Napi::Env env, std::span<const std::uint32_t> words);
Napi::Value doubles_value(Napi::Env env, std::span<const double> doubles);

// ---- arguments; the JS side has checked them, these only keep wrong ones from doing harm. They
// convert nothing: a worker that is being terminated could not, and node-addon-api aborts the
// process over what it then does not get.
std::uint64_t integer_argument(const Napi::Value& value);  // 0 for anything that is not one
bool flag_argument(const Napi::Value& value);              // false for anything that is not one
std::span<std::byte> bytes_argument(const Napi::Value& value);  // empty for anything that is none
std::span<const std::uint32_t> words_argument(const Napi::Value& value);
std::span<double> doubles_argument(const Napi::Value& value);

}  // namespace tidemark::addon
