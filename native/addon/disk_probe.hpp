// What the command line asks of a disk (`doctor`, `bench`): its kind, whether it takes direct
// transfers, how long its syncs take, and which checksum kernels the processor has. Nothing here
// touches a journal.
#pragma once

#include <napi.h>

namespace tidemark::addon {

Napi::Value file_system(const Napi::CallbackInfo& info);   // (operation, directory)
Napi::Value probe_direct(const Napi::CallbackInfo& info);  // (operation, directory)
Napi::Value measure_sync(
    const Napi::CallbackInfo& info);  // (operation, directory, {mode, bytes, count, maxMs})
Napi::Value checksum_kernels(
    const Napi::CallbackInfo& info);  // (): the names of those that run here

}  // namespace tidemark::addon
