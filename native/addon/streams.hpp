// What the command line asks of its standard output.
#pragma once

#include <napi.h>

namespace tidemark::addon {

Napi::Value reader_is_gone(const Napi::CallbackInfo& info);  // (descriptor)

}  // namespace tidemark::addon
