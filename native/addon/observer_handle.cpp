#include "addon/observer_handle.hpp"

#include "addon/operation.hpp"
#include "addon/options.hpp"
#include "addon/reader_handle.hpp"
#include "addon/values.hpp"
#include "journal/tools.hpp"

namespace tidemark::addon {

using journal::Observer;

void ObserverHandle::define(Napi::Env env) {
  Handle::define(env, "ObserverHandle",
                 {
                     InstanceMethod<&ObserverHandle::id>("id"),
                     InstanceMethod<&ObserverHandle::facts>("facts"),
                     InstanceMethod<&ObserverHandle::range>("range"),
                     InstanceMethod<&ObserverHandle::segments>("segments"),
                     InstanceMethod<&ObserverHandle::epoch>("epoch"),
                     InstanceMethod<&ObserverHandle::watch>("watch"),
                     InstanceMethod<&ObserverHandle::take_failure>("takeFailure"),
                     InstanceMethod<&ObserverHandle::reader>("reader"),
                     InstanceMethod<&ObserverHandle::refresh>("refresh"),
                     InstanceMethod<&ObserverHandle::cursors>("cursors"),
                     InstanceMethod<&ObserverHandle::snapshot>("snapshot"),
                     InstanceMethod<&ObserverHandle::close>("close"),
                 });
}

Napi::Value ObserverHandle::open(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const std::uint32_t handle = environment.next_handle();
  environment.run(operation_argument(info), [directory = text_argument(info[1]),
                                             options = options_argument(info[2]), handle,
                                             host = environment.host()] {
    auto opened = Observer::open(host, directory, options);
    return outcome_of(std::move(opened), [handle, directory, host](
                                             Napi::Env env, std::shared_ptr<Observer>& observer) {
      napi_value object = nullptr;
      ObserverHandle* self = create(env, object);
      if (self == nullptr) return object;
      self->id_ = handle;
      self->directory_ = directory;
      self->host_ = host;
      self->observer_ = std::move(observer);
      return object;
    });
  });
  return info.Env().Undefined();
}

Napi::Value ObserverHandle::id(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), id_);
}

Napi::Value ObserverHandle::facts(const Napi::CallbackInfo& info) {
  Napi::Object object = header_value(info.Env(), observer_->header());
  object.Set("recovery", recovery_value(info.Env(), observer_->recovery()));
  return object;
}

// range(into: Float64Array): first and last seq shown now.
Napi::Value ObserverHandle::range(const Napi::CallbackInfo& info) {
  const auto into = doubles_argument(info[0]);
  if (into.size() < 2) return info.Env().Undefined();
  const journal::View view = observer_->view();
  into[0] = static_cast<double>(view.first_seq);
  into[1] = static_cast<double>(view.last_seq);
  return info.Env().Undefined();
}

Napi::Value ObserverHandle::segments(const Napi::CallbackInfo& info) {
  const journal::View view = observer_->view();
  const Napi::Array array = Napi::Array::New(info.Env(), view.segments.size());
  for (std::uint32_t i = 0; i < view.segments.size(); ++i) {
    const journal::Segment& segment = *view.segments[i];
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("id", number_value(info.Env(), segment.header.segment_id));
    object.Set("epoch", hexadecimal(segment.header.epoch));
    object.Set("firstSeq", number_value(info.Env(), segment.header.first_seq));
    object.Set("lastSeq",
               number_value(info.Env(), segment.sealed() ? segment.last_seq : view.last_seq));
    object.Set("bytes",
               number_value(info.Env(), segment.sealed() ? segment.sealed_bytes() : view.limit));
    // The digest of frames that a reader has not walked is not known to it.
    object.Set("digest", segment.sealed() ? hexadecimal(segment.seal->digest) : std::string());
    object.Set("sealed", segment.sealed());
    array.Set(i, object);
  }
  return array;
}

Napi::Value ObserverHandle::epoch(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), hexadecimal(observer_->header().epoch));
}

// watch(on): while on, a change of the view or a failure to look at it is told through the mailbox.
Napi::Value ObserverHandle::watch(const Napi::CallbackInfo& info) {
  if (!flag_argument(info[0])) {
    watch_.reset();
  } else if (!watch_) {
    auto changed = [mailbox = Environment::of(info.Env()).mailbox(), watched = watched_,
                    handle = id_](const journal::Status& status) {
      if (!status) {
        const std::scoped_lock lock(watched->mutex);
        watched->failure = status.error();
      }
      mailbox->touch(handle);
    };
    watch_ = journal::Watch::start(host_, observer_, std::move(changed));
  }
  return info.Env().Undefined();
}

Napi::Value ObserverHandle::take_failure(const Napi::CallbackInfo& info) {
  std::optional<journal::Failure> failure;
  {
    const std::scoped_lock lock(watched_->mutex);
    failure.swap(watched_->failure);
  }
  if (!failure) return info.Env().Undefined();
  return {info.Env(), failure_value(info.Env(), *failure)};
}

Napi::Value ObserverHandle::reader(const Napi::CallbackInfo& info) {
  return ReaderHandle::make(
      info.Env(), host_.disk, [observer = observer_] { return observer->view(); },
      observer_->header().hash_bytes);
}

Napi::Value ObserverHandle::refresh(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [observer = observer_] {
    return outcome_of(observer->refresh(), [](Napi::Env env, bool changed) -> napi_value {
      return Napi::Boolean::New(env, changed);
    });
  });
  return info.Env().Undefined();
}

Napi::Value ObserverHandle::cursors(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [observer = observer_] {
    return outcome_of(observer->cursors(), cursors_value);
  });
  return info.Env().Undefined();
}

Napi::Value ObserverHandle::snapshot(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [observer = observer_, directory = directory_, host = host_,
                                      out = text_argument(info[1])] {
        return outcome_of(journal::copy_view(host, observer->view(), directory, out, {}),
                          copy_value);
      });
  return info.Env().Undefined();
}

// Ends the polling. The observer itself goes when the last reader does.
Napi::Value ObserverHandle::close(const Napi::CallbackInfo& info) {
  watch_.reset();
  // Its descriptor need not wait for the garbage collector.
  if (observer_) io::system_host().tasks->submit([observer = observer_] { observer->release(); });
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
