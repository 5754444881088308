#include "addon/lock_handle.hpp"

#include "addon/operation.hpp"
#include "journal/process_text.hpp"

namespace tidemark::addon {
namespace {

constexpr const char* lock_file_name = "directory.lock";

struct Held {
  std::string holder;
  std::shared_ptr<io::Lock> lock;
};

journal::Result<Held> try_lock(const io::Host& host, const std::string& directory,
                               std::uint32_t mode) {
  io::Disk& disk = *host.disk;
  const std::string path = io::join(directory, lock_file_name);
  const std::string holder = journal::holder_text(*host.clock);
  auto lock = disk.lock(path, holder, mode);
  if (lock) return Held{holder, std::move(lock).value()};
  if (lock.error().code != io::Errc::locked) {
    return journal::from_io(lock.error(), "the directory could not be locked");
  }
  journal::Failure failure;
  failure.code = journal::Code::locked;
  failure.path = directory;
  if (auto text = disk.lock_holder(path)) failure.holder = std::move(text).value();
  failure.message = "the directory is locked" + journal::describe_holder(failure.holder) +
                    ": wait for its holder with timeoutMs, or end it";
  return failure;
}

}  // namespace

void LockHandle::define(Napi::Env env) {
  Handle::define(env, "LockHandle",
                 {
                     InstanceMethod<&LockHandle::holder>("holder"),
                     InstanceMethod<&LockHandle::release>("release"),
                 });
}

Napi::Value LockHandle::acquire(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info),
           [directory = text_argument(info[1]), mode = info[2].As<Napi::Number>().Uint32Value(),
            host = Environment::of(info.Env()).host()] {
             return outcome_of(try_lock(host, directory, mode), [](Napi::Env env, Held& held) {
               napi_value object = nullptr;
               LockHandle* self = create(env, object);
               if (self == nullptr) return object;
               self->holder_ = std::move(held.holder);
               self->lock_ = std::move(held.lock);
               return object;
             });
           });
  return info.Env().Undefined();
}

Napi::Value LockHandle::holder(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), holder_);
}

// release(operation)
Napi::Value LockHandle::release(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [lock = std::move(lock_)]() mutable {
    lock.reset();
    return Outcome{};
  });
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
