// The module's initialisation: what `require` of the binary returns.
#include <napi.h>

namespace tidemark::addon {

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  // lib/native.ts compares it with the package's version before it uses anything else.
  exports.Set("version", Napi::String::New(env, TIDEMARK_VERSION));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)

}  // namespace tidemark::addon
