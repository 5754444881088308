// Streams into a checkpoint and readers of its generations.
#include <utility>

#include "addon/checkpoint_handle.hpp"
#include "addon/operation.hpp"
#include "addon/values.hpp"

namespace tidemark::addon {
namespace {

Outcome not_saved(const io::Error& error) {
  Outcome outcome;
  outcome.failure =
      journal::from_io(error, "the checkpoint was not saved, the generations before it stand");
  outcome.failure->outcome = journal::WriteOutcome::not_written;
  return outcome;
}

// A stream that is used after its end.
Outcome over() {
  return not_saved(io::Error{io::Errc::invalid, io::Call::write, 0, "a stream that has ended"});
}

// The generation that covers the save, undefined while there is none.
Outcome written(CheckpointStreamHandle::Shared& shared) {
  Outcome outcome;
  if (const auto generation = shared.open->store->overtaken(shared.saving.ticket)) {
    outcome.build = [generation](napi_env env) -> napi_value {
      return number_value(env, *generation);
    };
  }
  return outcome;
}

}  // namespace

// Whoever drops it last may be the JS thread, which must not wait for a disk.
CheckpointStreamHandle::Shared::~Shared() {
  if (!file) return;
  std::shared_ptr<checkpoint::FileWriter> litter = std::move(file);
  io::system_host().tasks->submit(
      [litter = std::move(litter), keep = std::move(open)]() mutable { litter.reset(); });
}

void CheckpointStreamHandle::define(Napi::Env env) {
  Handle::define(env, "CheckpointStreamHandle",
                 {
                     InstanceMethod<&CheckpointStreamHandle::write>("write"),
                     InstanceMethod<&CheckpointStreamHandle::finish>("finish"),
                     InstanceMethod<&CheckpointStreamHandle::publish>("publish"),
                     InstanceMethod<&CheckpointStreamHandle::abandon>("abandon"),
                 });
}

napi_value CheckpointStreamHandle::make(napi_env env, std::shared_ptr<Shared> shared) {
  napi_value object = nullptr;
  CheckpointStreamHandle* self = create(env, object);
  if (self != nullptr) self->shared_ = std::move(shared);
  return object;
}

// write(operation, bytes): the generation that covers the save by now, or undefined
Napi::Value CheckpointStreamHandle::write(const Napi::CallbackInfo& info) {
  const auto bytes = bytes_argument(info[1]);
  Environment::of(info.Env())
      .run(operation_argument(info),
           [shared = shared_, data = std::vector<std::byte>(bytes.begin(), bytes.end())] {
             const std::scoped_lock lock(shared->mutex);
             if (!shared->file) return over();
             const io::Status status = shared->file->append(data);
             return status ? written(*shared) : not_saved(status.error());
           });
  return info.Env().Undefined();
}

// finish(operation): the body is complete and, unless nothing is to be synced, synced; it has no
// name yet
Napi::Value CheckpointStreamHandle::finish(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [shared = shared_] {
    const std::scoped_lock lock(shared->mutex);
    if (!shared->file) return over();
    io::Status status = shared->file->flush();
    if (status && shared->saving.sync) status = shared->file->sync();
    return status ? written(*shared) : not_saved(status.error());
  });
  return info.Env().Undefined();
}

// publish(operation): { generation, overtaken }
Napi::Value CheckpointStreamHandle::publish(const Napi::CallbackInfo& info) {
  const std::uint32_t operation = operation_argument(info);
  const std::scoped_lock lock(shared_->mutex);
  if (!shared_->file) {
    Environment::of(info.Env()).run(operation, over);
    return info.Env().Undefined();
  }
  // The store is not left before the save is settled.
  shared_->open->store->save(
      shared_->saving, std::move(shared_->file),
      [settle = settle_operation(info.Env(), operation), open = shared_->open](
          journal::Result<checkpoint::Saved> result) { settle(std::move(result)); });
  return info.Env().Undefined();
}

// abandon(operation): the file is gone
Napi::Value CheckpointStreamHandle::abandon(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [shared = shared_] {
    const std::scoped_lock lock(shared->mutex);
    shared->file.reset();
    return Outcome{};
  });
  return info.Env().Undefined();
}

journal::Result<bool> CheckpointReaderHandle::Shared::next() {
  if (!file) {
    chunk.clear();
    return false;
  }
  auto more = file->next(chunk);
  if (!more && open->store && more.error().code == journal::Code::corrupt) {
    open->store->note_damaged(file->header().generation);
  }
  return more;
}

void CheckpointReaderHandle::define(Napi::Env env) {
  Handle::define(env, "CheckpointReaderHandle",
                 {
                     InstanceMethod<&CheckpointReaderHandle::facts>("facts"),
                     InstanceMethod<&CheckpointReaderHandle::read>("read"),
                     InstanceMethod<&CheckpointReaderHandle::release>("release"),
                 });
}

napi_value CheckpointReaderHandle::make(napi_env env, std::shared_ptr<Shared> shared) {
  napi_value object = nullptr;
  CheckpointReaderHandle* self = create(env, object);
  if (self != nullptr) self->shared_ = std::move(shared);
  return object;
}

Napi::Value CheckpointReaderHandle::facts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::scoped_lock lock(shared_->mutex);
  if (!shared_->file) return env.Undefined();
  const format::CheckpointHeader& header = shared_->file->header();
  Napi::Object object = Napi::Object::New(env);
  const auto number = [&](const char* name, std::uint64_t value) {
    object.Set(name, number_value(env, value));
  };
  number("generation", header.generation);
  number("coveredSeq", header.covered_seq);
  object.Set("journalId", hexadecimal(header.journal_id));
  object.Set("epoch", hexadecimal(header.epoch));
  number("valueVersion", header.value_version);
  object.Set("codecName", header.codec_name);
  number("codecVersion", header.codec_version);
  number("bodyBytes", header.body_bytes);
  number("fileBytes", header.file_bytes());
  object.Set("savedAt", Napi::Number::New(env, static_cast<double>(header.saved_at)));
  object.Set("path", shared_->file->path());
  return object;
}

// read(operation): the next bytes of the body, verified; undefined at the end
Napi::Value CheckpointReaderHandle::read(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [shared = shared_] {
    const std::scoped_lock lock(shared->mutex);
    auto more = shared->next();
    Outcome outcome;
    if (!more) {
      outcome.failure = std::move(more).error();
    } else if (more.value()) {
      outcome.build = [chunk = std::exchange(shared->chunk, {})](napi_env env) -> napi_value {
        return bytes_value(env, chunk);
      };
    }
    return outcome;
  });
  return info.Env().Undefined();
}

// Closes the file without waiting for the garbage collector. A running operation ends in peace.
Napi::Value CheckpointReaderHandle::release(const Napi::CallbackInfo& info) {
  shared_ = std::make_shared<Shared>();
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
