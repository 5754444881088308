#include "addon/tools.hpp"

#include "addon/operation.hpp"
#include "addon/values.hpp"
#include "journal/tools.hpp"

namespace tidemark::addon {

Napi::Value verify(const Napi::CallbackInfo& info) {
  const auto asked = info[2].As<Napi::Object>();
  journal::VerifyOptions options;
  options.frames = flag_argument(asked.Get("frames"));
  options.bodies = flag_argument(asked.Get("bodies"));
  if (asked.Get("expectSeq").IsNumber())
    options.expect_seq = integer_argument(asked.Get("expectSeq"));
  Environment::of(info.Env())
      .run(operation_argument(info), [directory = text_argument(info[1]), options,
                                      host = Environment::of(info.Env()).host()] {
        return outcome_of(journal::verify(host, directory, options), verify_value);
      });
  return info.Env().Undefined();
}

Napi::Value salvage(const Napi::CallbackInfo& info) {
  const auto asked = info[3].As<Napi::Object>();
  journal::CopyOptions options;
  if (asked.Get("mode").IsNumber())
    options.mode = asked.Get("mode").As<Napi::Number>().Uint32Value();
  options.allow_network = flag_argument(asked.Get("allowNetwork"));
  Environment::of(info.Env())
      .run(operation_argument(info),
           [directory = text_argument(info[1]), out = text_argument(info[2]), options,
            host = Environment::of(info.Env()).host()] {
             return outcome_of(journal::salvage(host, directory, out, options), copy_value);
           });
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
