#include "addon/checkpoint_handle.hpp"

#include <algorithm>
#include <utility>

#include "addon/operation.hpp"
#include "addon/values.hpp"

namespace tidemark::addon {
namespace {

using Reader = CheckpointReaderHandle::Shared;

// {coveredSeq, journalId, epoch, valueVersion, codecName, codecVersion, keep, unsynced}; JS has
// checked it.
checkpoint::Saving saving_argument(std::uint64_t ticket, const Napi::Value& value) {
  checkpoint::Saving saving;
  saving.ticket = ticket;
  if (!value.IsObject()) return saving;
  const auto object = value.As<Napi::Object>();
  const auto number = [&](const char* name) { return integer_argument(object.Get(name)); };
  saving.keep = number("keep");
  saving.sync = !flag_argument(object.Get("unsynced"));
  saving.facts.covered_seq = number("coveredSeq");
  saving.facts.value_version = static_cast<std::uint32_t>(number("valueVersion"));
  saving.facts.codec_version = static_cast<std::uint32_t>(number("codecVersion"));
  saving.facts.codec_name = text_argument(object.Get("codecName"));
  parse_hexadecimal(text_argument(object.Get("journalId")), saving.facts.journal_id);
  saving.facts.epoch = parse_hexadecimal(text_argument(object.Get("epoch")));
  return saving;
}

Outcome reader_outcome(const std::shared_ptr<OpenCheckpoint>& open,
                       journal::Result<std::unique_ptr<checkpoint::FileReader>> file,
                       std::optional<std::uint64_t> generation) {
  Outcome outcome;
  if (!file) {
    if (open->store && generation && file.error().code == journal::Code::corrupt) {
      open->store->note_damaged(*generation);
    }
    outcome.failure = std::move(file).error();
    return outcome;
  }
  if (!file.value()) return outcome;  // nothing was ever saved
  open->note_shown(file.value()->header().generation);
  auto shared = std::make_shared<Reader>();
  shared->open = open;
  shared->file = std::move(file).value();
  outcome.build = [shared = std::move(shared)](napi_env env) {
    return CheckpointReaderHandle::make(env, shared);
  };
  return outcome;
}

Napi::Array names_value(Napi::Env env, const std::vector<std::string>& names) {
  const Napi::Array array = Napi::Array::New(env, names.size());
  for (std::uint32_t i = 0; i < names.size(); ++i) array.Set(i, names[i]);
  return array;
}

napi_value listing_value(napi_env env, const checkpoint::Listing& listing, std::uint64_t known) {
  Napi::Object object = Napi::Object::New(env);
  const std::vector<double> generations(listing.generations.begin(), listing.generations.end());
  object.Set("generations", doubles_value(env, generations));
  object.Set("temporaries", names_value(env, listing.temporaries));
  object.Set("foreign", names_value(env, listing.foreign));
  object.Set("known", number_value(env, known));
  return object;
}

// A reader changes nothing, and there is nothing to join: it only finds the directory.
journal::Result<std::shared_ptr<OpenCheckpoint>> open_read_only(const io::Host& host,
                                                                const std::string& directory) {
  if (auto listing = checkpoint::list(*host.disk, directory); !listing) {
    return std::move(listing).error();
  }
  return std::make_shared<OpenCheckpoint>(host, directory, nullptr);
}

journal::Result<std::shared_ptr<OpenCheckpoint>> open_for_writing(const io::Host& host,
                                                                  const std::string& directory,
                                                                  std::uint32_t mode) {
  auto store = checkpoint::Store::join(host, directory, mode);
  if (!store) return std::move(store).error();
  return std::make_shared<OpenCheckpoint>(host, directory, std::move(store).value());
}

// What a load shows is durable first. The writer must know of a sync that fails.
checkpoint::SyncNames sync_of(const OpenCheckpoint& open) {
  return [&open] {
    return open.store ? open.store->sync_names()
                      : checkpoint::sync_names(*open.host.disk, open.directory);
  };
}

napi_value saved_value(Napi::Env env, const checkpoint::Saved& saved) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("generation", number_value(env, saved.generation));
  object.Set("overtaken", saved.overtaken);
  return object;
}

}  // namespace

checkpoint::Settle settle_operation(Napi::Env env, std::uint32_t operation) {
  return [mailbox = Environment::of(env).mailbox(),
          operation](journal::Result<checkpoint::Saved> result) {
    Outcome outcome = outcome_of(std::move(result), saved_value);
    outcome.operation = operation;
    mailbox->complete(std::move(outcome));
  };
}

OpenCheckpoint::OpenCheckpoint(io::Host the_host, std::string the_directory,
                               std::shared_ptr<checkpoint::Store> the_store)
    : host(std::move(the_host)), directory(std::move(the_directory)), store(std::move(the_store)) {}

OpenCheckpoint::~OpenCheckpoint() { leave(nullptr); }

void OpenCheckpoint::leave(std::function<void()> left) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    first = !std::exchange(left_, true);
  }
  if (store && first) {
    store->leave(std::move(left));
  } else if (left) {
    left();
  }
}

std::uint64_t OpenCheckpoint::known() const {
  return std::max(shown_.load(), store ? store->newest_known() : 0);
}

void OpenCheckpoint::note_shown(std::uint64_t generation) {
  if (store) {
    store->note_shown(generation);
    return;
  }
  std::uint64_t before = shown_.load();
  while (before < generation && !shown_.compare_exchange_weak(before, generation)) {
  }
}

void CheckpointHandle::define(Napi::Env env) {
  Handle::define(env, "CheckpointHandle",
                 {
                     InstanceMethod<&CheckpointHandle::codec>("codec"),
                     InstanceMethod<&CheckpointHandle::ticket>("ticket"),
                     InstanceMethod<&CheckpointHandle::save>("save"),
                     InstanceMethod<&CheckpointHandle::begin>("begin"),
                     InstanceMethod<&CheckpointHandle::list>("list"),
                     InstanceMethod<&CheckpointHandle::read_newest>("readNewest"),
                     InstanceMethod<&CheckpointHandle::read_generation>("readGeneration"),
                     InstanceMethod<&CheckpointHandle::close>("close"),
                 });
}

Napi::Value CheckpointHandle::open(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info),
           [directory = text_argument(info[1]),
            mode = static_cast<std::uint32_t>(integer_argument(info[2])),
            read_only = flag_argument(info[3]), host = Environment::of(info.Env()).host()] {
             return outcome_of(read_only ? open_read_only(host, directory)
                                         : open_for_writing(host, directory, mode),
                               [](Napi::Env env, const std::shared_ptr<OpenCheckpoint>& open) {
                                 napi_value object = nullptr;
                                 CheckpointHandle* self = create(env, object);
                                 if (self != nullptr) self->open_ = open;
                                 return object;
                               });
           });
  return info.Env().Undefined();
}

Napi::Value CheckpointHandle::codec(const Napi::CallbackInfo& info) {
  if (!open_->store) return info.Env().Undefined();
  const auto recorded = open_->store->codec();
  if (!recorded) return info.Env().Undefined();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("name", recorded->name);
  object.Set("version", number_value(info.Env(), recorded->version));
  return object;
}

Napi::Value CheckpointHandle::ticket(const Napi::CallbackInfo& info) {
  return number_value(info.Env(), open_->store ? open_->store->ticket() : 0);
}

// save(operation, ticket, bytes, saving): { generation, overtaken }
Napi::Value CheckpointHandle::save(const Napi::CallbackInfo& info) {
  if (!open_->store) return info.Env().Undefined();
  const auto bytes = bytes_argument(info[2]);
  open_->store->save(saving_argument(integer_argument(info[1]), info[3]),
                     std::vector<std::byte>(bytes.begin(), bytes.end()),
                     settle_operation(info.Env(), operation_argument(info)));
  return info.Env().Undefined();
}

// begin(operation, ticket, saving): a stream
Napi::Value CheckpointHandle::begin(const Napi::CallbackInfo& info) {
  if (!open_->store) return info.Env().Undefined();
  Environment::of(info.Env())
      .run(operation_argument(info),
           [open = open_, saving = saving_argument(integer_argument(info[1]), info[2])] {
             auto file =
                 checkpoint::FileWriter::create(open->host, open->directory, open->store->mode());
             Outcome outcome;
             if (!file) {
               outcome.failure = journal::from_io(file.error(), "the checkpoint was not saved");
               outcome.failure->outcome = journal::WriteOutcome::not_written;
               return outcome;
             }
             auto shared = std::make_shared<CheckpointStreamHandle::Shared>();
             shared->open = open;
             shared->saving = saving;
             shared->file = std::move(file).value();
             outcome.build = [shared = std::move(shared)](napi_env env) {
               return CheckpointStreamHandle::make(env, shared);
             };
             return outcome;
           });
  return info.Env().Undefined();
}

// list(operation): { generations: Float64Array (ascending), temporaries, foreign, known }
Napi::Value CheckpointHandle::list(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [open = open_] {
    const std::uint64_t known = open->known();
    return outcome_of(checkpoint::list_durably(*open->host.disk, open->directory, sync_of(*open)),
                      [known](napi_env env, const checkpoint::Listing& listing) {
                        return listing_value(env, listing, known);
                      });
  });
  return info.Env().Undefined();
}

// readNewest(operation): a reader, undefined when nothing was ever saved
Napi::Value CheckpointHandle::read_newest(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).run(operation_argument(info), [open = open_] {
    const std::uint64_t known = open->known();
    auto file = checkpoint::open_newest(*open->host.disk, open->directory, sync_of(*open), known);
    std::optional<std::uint64_t> generation;
    if (!file && known > 0 &&
        file.error().path == io::join(open->directory, format::checkpoint_name(known))) {
      generation = known;  // missing, or damaged
    }
    return reader_outcome(open, std::move(file), generation);
  });
  return info.Env().Undefined();
}

// readGeneration(operation, generation): a reader
Napi::Value CheckpointHandle::read_generation(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [open = open_, generation = integer_argument(info[1])] {
        return reader_outcome(open,
                              checkpoint::open_generation(*open->host.disk, open->directory,
                                                          generation, open->known()),
                              generation);
      });
  return info.Env().Undefined();
}

// close(operation): ends when the lock is free, or when somebody else of the process keeps it.
Napi::Value CheckpointHandle::close(const Napi::CallbackInfo& info) {
  const std::uint32_t operation = operation_argument(info);
  io::system_host().tasks->submit(
      [open = open_, mailbox = Environment::of(info.Env()).mailbox(), operation] {
        open->leave([mailbox, operation] {
          Outcome outcome;
          outcome.operation = operation;
          mailbox->complete(std::move(outcome));
        });
      });
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
