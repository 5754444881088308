// Options of an open, out of the flat object that lib/journal/open-options.ts makes of the user's.
#pragma once

#include <napi.h>

#include "journal/options.hpp"

namespace tidemark::addon {

journal::Options options_argument(const Napi::Value& value);
// Of the handle's journal, as the JS side needs them.
Napi::Object options_value(Napi::Env env, const journal::Options& options);

}  // namespace tidemark::addon
