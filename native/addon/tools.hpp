// The functions of the binding that need no open journal.
#pragma once

#include <napi.h>

namespace tidemark::addon {

// ---- tools.cpp; all are operations
Napi::Value verify(
    const Napi::CallbackInfo& info);  // (operation, directory, {frames, bodies, expectSeq})
Napi::Value salvage(
    const Napi::CallbackInfo& info);  // (operation, directory, out, {mode, allowNetwork})
// ---- durable.cpp; all are operations
Napi::Value write_file_atomic(const Napi::CallbackInfo& info);  // (operation, path, bytes, mode)
Napi::Value read_file(const Napi::CallbackInfo& info);  // (operation, path): the bytes, all of them
Napi::Value sync_directory(const Napi::CallbackInfo& info);  // (operation, path)
// ---- checksum.cpp; all are immediate
Napi::Value checksum(const Napi::CallbackInfo& info);         // (bytes, seed)
Napi::Value checksum_kernel(const Napi::CallbackInfo& info);  // (): the name of the kernel in use
Napi::Value force_checksum_kernel(
    const Napi::CallbackInfo& info);  // (name | undefined): whether it is in use now

}  // namespace tidemark::addon
