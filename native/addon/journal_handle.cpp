#include "addon/journal_handle.hpp"

#include <cstring>
#include <optional>

#include "addon/operation.hpp"
#include "addon/options.hpp"
#include "addon/reader_handle.hpp"
#include "addon/values.hpp"
#include "crc32c/crc32c.hpp"
#include "journal/tools.hpp"

namespace tidemark::addon {
namespace {

using journal::Journal;

// The places of the Float64Array that hand-over and progress share with lib/journal/hand-over.ts.
enum In : std::size_t {
  in_bytes,
  in_count,
  in_atomic,
  in_durability,
  in_interval_ms,
  in_if_last_seq,
  in_wait
};
enum Out : std::size_t {
  out_first_seq = 8,
  out_written,
  out_durable,
  out_durable_seq,
  out_last_seq,
  out_pending_bytes,
  out_writable,
  out_failed,
  control_length,
};
constexpr double none = -1;

void put_state(std::span<double> control, const Journal& journal) {
  control[out_durable_seq] = static_cast<double>(journal.durable_seq());
  control[out_last_seq] = static_cast<double>(journal.last_seq());
  control[out_pending_bytes] = static_cast<double>(journal.pending_bytes());
  control[out_writable] = journal.writable() ? 1 : 0;
}

journal::Failure misuse(std::string message) {
  journal::Failure failure;
  failure.code = journal::Code::range;
  failure.message = std::move(message);
  failure.outcome = journal::WriteOutcome::not_written;
  return failure;
}

// Payloads come with each at the next multiple of `step` (lib/journal/staging.ts) and leave one
// behind the other: the bytes that they take then. None where they do not end where they should,
// which is not trusted: these lengths end up in the log.
std::optional<std::size_t> close_gaps(std::span<std::byte> bytes,
                                      std::span<const std::uint32_t> lengths) {
  constexpr std::size_t step = 8;
  std::size_t end = 0;    // of what came
  std::size_t dense = 0;  // of what leaves
  for (const std::uint32_t length : lengths) {
    const std::size_t from = (end + step - 1) / step * step;
    if (from > bytes.size() || length > bytes.size() - from) return std::nullopt;
    if (from != dense) std::memmove(bytes.data() + dense, bytes.data() + from, length);
    dense += length;
    end = from + length;
  }
  return end == bytes.size() ? std::optional(dense) : std::nullopt;
}

}  // namespace

void JournalHandle::define(Napi::Env env) {
  Handle::define(env, "JournalHandle",
                 {
                     InstanceMethod<&JournalHandle::id>("id"),
                     InstanceMethod<&JournalHandle::facts>("facts"),
                     InstanceMethod<&JournalHandle::hand_over>("handOver"),
                     InstanceMethod<&JournalHandle::register_dictionary>("registerDictionary"),
                     InstanceMethod<&JournalHandle::take_progress>("takeProgress"),
                     InstanceMethod<&JournalHandle::failure>("failure"),
                     InstanceMethod<&JournalHandle::first_seq>("firstSeq"),
                     InstanceMethod<&JournalHandle::last_seq>("lastSeq"),
                     InstanceMethod<&JournalHandle::durable_seq>("durableSeq"),
                     InstanceMethod<&JournalHandle::epoch>("epoch"),
                     InstanceMethod<&JournalHandle::watch>("watch"),
                     InstanceMethod<&JournalHandle::request_sync>("requestSync"),
                     InstanceMethod<&JournalHandle::segments>("segments"),
                     InstanceMethod<&JournalHandle::stats>("stats"),
                     InstanceMethod<&JournalHandle::cursors>("cursors"),
                     InstanceMethod<&JournalHandle::collect_events>("collectEvents"),
                     InstanceMethod<&JournalHandle::take_events>("takeEvents"),
                     InstanceMethod<&JournalHandle::reader>("reader"),
                     InstanceMethod<&JournalHandle::forget>("forget"),
                     InstanceMethod<&JournalHandle::close>("close"),
                     InstanceMethod<&JournalHandle::truncate_before>("truncateBefore"),
                     InstanceMethod<&JournalHandle::open_cursor>("openCursor"),
                     InstanceMethod<&JournalHandle::advance_cursor>("advanceCursor"),
                     InstanceMethod<&JournalHandle::reset_cursor>("resetCursor"),
                     InstanceMethod<&JournalHandle::delete_cursor>("deleteCursor"),
                     InstanceMethod<&JournalHandle::snapshot>("snapshot"),
                 });
}

Napi::Value JournalHandle::open(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const std::uint32_t handle = environment.next_handle();
  environment.run(operation_argument(info),
                  [directory = text_argument(info[1]), options = options_argument(info[2]), handle,
                   host = environment.host(), mailbox = environment.mailbox()] {
                    auto opened = Journal::open(host, directory, options,
                                                [mailbox, handle] { mailbox->touch(handle); });
                    return outcome_of(std::move(opened),
                                      [handle, disk = host.disk](
                                          Napi::Env env, std::shared_ptr<journal::Client>& client) {
                                        napi_value object = nullptr;
                                        JournalHandle* self = create(env, object);
                                        if (self == nullptr) return object;
                                        self->id_ = handle;
                                        self->client_ = client;
                                        self->disk_ = disk;
                                        self->hash_bytes_ = client->journal()->header().hash_bytes;
                                        Environment::of(env).add_client(handle, std::move(client));
                                        return object;
                                      });
                  });
  return info.Env().Undefined();
}

Napi::Value JournalHandle::id(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), id_);
}

Napi::Value JournalHandle::facts(const Napi::CallbackInfo& info) {
  const Journal& journal = *client_->journal();
  Napi::Object object = header_value(info.Env(), journal.header());
  object.Set("directory", journal.directory());
  object.Set("recovery", recovery_value(info.Env(), journal.recovery()));
  object.Set("options", options_value(info.Env(), journal.options()));
  return object;
}

// handOver(bytes, lengths, attributes, hashes, control): undefined, or the failure.
Napi::Value JournalHandle::hand_over(const Napi::CallbackInfo& info) {
  const auto bytes = bytes_argument(info[0]);
  const auto lengths = words_argument(info[1]);
  const auto attributes = bytes_argument(info[2]);
  const auto hashes = bytes_argument(info[3]);
  const auto control = doubles_argument(info[4]);
  const napi_env env = info.Env();
  if (control.size() < control_length) return {env, failure_value(env, misuse("no control array"))};
  const auto size = static_cast<std::size_t>(control[in_bytes]);
  const auto count = static_cast<std::size_t>(control[in_count]);
  // Not trusted: a detached or foreign array is empty here.
  const bool fits = count != 0 && count <= lengths.size() && size <= bytes.size() &&
                    (attributes.empty() || attributes.size() >= count) &&
                    hashes.size() >= count * hash_bytes_;
  const auto dense =
      fits ? close_gaps(bytes.first(size), lengths.first(count)) : std::optional<std::size_t>();
  if (!dense)
    return {env, failure_value(env, misuse("the records handed over do not fit their lengths"))};

  journal::Batch batch;
  batch.payload = bytes.first(*dense);
  batch.lengths = lengths.first(count);
  if (!attributes.empty()) {
    batch.attributes = {reinterpret_cast<const std::uint8_t*>(attributes.data()), count};
  }
  batch.hashes = hashes.first(count * hash_bytes_);
  batch.atomic = control[in_atomic] != 0;
  batch.durability.kind = static_cast<journal::DurabilityKind>(control[in_durability]);
  batch.durability.interval =
      static_cast<io::Nanoseconds>(control[in_interval_ms] * nanoseconds_per_millisecond);
  if (control[in_if_last_seq] != none)
    batch.if_last_seq = static_cast<std::uint64_t>(control[in_if_last_seq]);

  const auto first =
      control[in_wait] != 0 ? client_->hand_over_and_wait(batch) : client_->hand_over(batch);
  Environment::of(info.Env()).hands_over(id_, *client_);
  put_state(control, *client_->journal());
  if (!first) return {env, failure_value(env, first.error())};
  control[out_first_seq] = static_cast<double>(first.value());
  return info.Env().Undefined();
}

// registerDictionary(payload): undefined, or the failure.
Napi::Value JournalHandle::register_dictionary(const Napi::CallbackInfo& info) {
  const journal::Status status = client_->register_dictionary(bytes_argument(info[0]));
  if (status) return info.Env().Undefined();
  return {info.Env(), failure_value(info.Env(), status.error())};
}

// takeProgress(control): undefined, or the rejections as [{from, to, failure}], ordinals inclusive.
Napi::Value JournalHandle::take_progress(const Napi::CallbackInfo& info) {
  const auto control = doubles_argument(info[0]);
  if (control.size() < control_length) return info.Env().Undefined();
  const journal::Progress progress = client_->take_progress();
  control[out_written] = static_cast<double>(progress.written);
  control[out_durable] = static_cast<double>(progress.durable);
  put_state(control, *client_->journal());
  control[out_failed] = client_->journal()->failure() ? 1 : 0;
  if (progress.rejections.empty()) return info.Env().Undefined();
  const Napi::Array rejections = Napi::Array::New(info.Env(), progress.rejections.size());
  for (std::uint32_t i = 0; i < progress.rejections.size(); ++i) {
    const journal::Rejection& rejection = progress.rejections[i];
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("from", number_value(info.Env(), rejection.from));
    object.Set("to", number_value(info.Env(), rejection.to));
    object.Set("failure", failure_value(info.Env(), rejection.failure));
    rejections.Set(i, object);
  }
  return rejections;
}

Napi::Value JournalHandle::failure(const Napi::CallbackInfo& info) {
  const std::optional<journal::Failure> failure = client_->journal()->failure();
  if (!failure) return info.Env().Undefined();
  return {info.Env(), failure_value(info.Env(), *failure)};
}

Napi::Value JournalHandle::first_seq(const Napi::CallbackInfo& info) {
  return number_value(info.Env(), client_->journal()->first_seq());
}

Napi::Value JournalHandle::last_seq(const Napi::CallbackInfo& info) {
  return number_value(info.Env(), client_->journal()->last_seq());
}

Napi::Value JournalHandle::durable_seq(const Napi::CallbackInfo& info) {
  return number_value(info.Env(), client_->journal()->durable_seq());
}

Napi::Value JournalHandle::epoch(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), hexadecimal(client_->journal()->epoch()));
}

Napi::Value JournalHandle::watch(const Napi::CallbackInfo& info) {
  client_->watch(flag_argument(info[0]));
  return info.Env().Undefined();
}

Napi::Value JournalHandle::request_sync(const Napi::CallbackInfo& info) {
  client_->request_sync();
  return info.Env().Undefined();
}

Napi::Value JournalHandle::segments(const Napi::CallbackInfo& info) {
  return segments_value(info.Env(), client_->journal()->segments());
}

Napi::Value JournalHandle::stats(const Napi::CallbackInfo& info) {
  Napi::Object object = stats_value(info.Env(), client_->journal()->stats());
  object.Set("crc32cKernel", crc32c::name(crc32c::active()));
  return object;
}

Napi::Value JournalHandle::cursors(const Napi::CallbackInfo& info) {
  return cursors_value(info.Env(), client_->journal()->cursors());
}

Napi::Value JournalHandle::collect_events(const Napi::CallbackInfo& info) {
  client_->listen(flag_argument(info[0]), Environment::of(info.Env()).number());
  return info.Env().Undefined();
}

Napi::Value JournalHandle::take_events(const Napi::CallbackInfo& info) {
  const std::uint64_t listener = Environment::of(info.Env()).number();
  return events_value(info.Env(), client_->take_events(listener));
}

Napi::Value JournalHandle::reader(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Journal> journal = client_->journal();
  return ReaderHandle::make(
      info.Env(), disk_, [journal] { return journal->view(); }, hash_bytes_);
}

// After close: the environment's list held the client, so that an exit in between still waits for
// it.
Napi::Value JournalHandle::forget(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).remove_client(id_);
  return info.Env().Undefined();
}

// close(operation): the failure when an accepted record did not become durable.
Napi::Value JournalHandle::close(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const std::uint32_t operation = operation_argument(info);
  client_->close([mailbox = environment.mailbox(), operation](journal::Status status) {
    Outcome outcome = outcome_of(std::move(status));
    outcome.operation = operation;
    mailbox->complete(std::move(outcome));
  });
  return info.Env().Undefined();
}

Napi::Value JournalHandle::truncate_before(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [journal = client_->journal(),
                                      seq = integer_argument(info[1])] {
        return outcome_of(journal->truncate_before(seq), [](Napi::Env env,
                                                            const journal::TruncateResult& result) {
          Napi::Object object = Napi::Object::New(env);
          object.Set("firstSeq", number_value(env, result.first_seq));
          object.Set("releasedSegments", number_value(env, result.released_segments));
          const Napi::Array holders = Napi::Array::New(env, result.held_by.size());
          for (std::uint32_t i = 0; i < result.held_by.size(); ++i) {
            Napi::Object holder = Napi::Object::New(env);
            holder.Set("name", result.held_by[i].name);
            holder.Set("seq", number_value(env, result.held_by[i].seq));
            holders.Set(i, holder);
          }
          object.Set("heldBy", holders);
          return object;
        });
      });
  return info.Env().Undefined();
}

Napi::Value JournalHandle::open_cursor(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [journal = client_->journal(), name = text_argument(info[1])] {
        return outcome_of(journal->open_cursor(name), cursor_value);
      });
  return info.Env().Undefined();
}

Napi::Value JournalHandle::advance_cursor(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info),
           [journal = client_->journal(), name = text_argument(info[1]),
            expected = integer_argument(info[2]), next = integer_argument(info[3])] {
             return outcome_of(journal->advance_cursor(name, expected, next), cursor_value);
           });
  return info.Env().Undefined();
}

Napi::Value JournalHandle::reset_cursor(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [journal = client_->journal(), name = text_argument(info[1]),
                                      to = integer_argument(info[2])] {
        return outcome_of(journal->reset_cursor(name, to), cursor_value);
      });
  return info.Env().Undefined();
}

Napi::Value JournalHandle::delete_cursor(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [journal = client_->journal(), name = text_argument(info[1])] {
        return outcome_of(journal->delete_cursor(name));
      });
  return info.Env().Undefined();
}

Napi::Value JournalHandle::snapshot(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [journal = client_->journal(), out = text_argument(info[1])] {
        return outcome_of(journal->snapshot(out), copy_value);
      });
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
