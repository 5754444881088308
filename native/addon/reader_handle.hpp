// A reader over the view of a journal or an observer. One operation at a time: the JS side waits
// for one before it starts the next; the mutex only keeps a mistake there from being a data race.
#pragma once

#include <functional>
#include <mutex>

#include "addon/handle.hpp"
#include "journal/reader.hpp"

namespace tidemark::addon {

class ReaderHandle : public Handle<ReaderHandle> {
 public:
  static constexpr HandleClass handle_class = HandleClass::reader;
  static constexpr napi_type_tag tag{0x1C8E63D9A7F04E52, 0x84B26F0D93E5A17C};
  using LookAt = std::function<journal::View()>;

  static void define(Napi::Env env);
  static Napi::Value make(Napi::Env env, std::shared_ptr<io::Disk> disk, LookAt look,
                          std::uint64_t hash_bytes);

  using Handle::Handle;

 private:
  struct Shared {
    Shared(std::shared_ptr<io::Disk> disk, LookAt the_look, std::uint64_t hash_bytes);
    LookAt look;
    std::mutex mutex;
    journal::Reader reader;
  };

  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value get_many(const Napi::CallbackInfo& info);
  Napi::Value dictionary(const Napi::CallbackInfo& info);
  Napi::Value release(const Napi::CallbackInfo& info);

  std::shared_ptr<Shared> shared_;
};

}  // namespace tidemark::addon
