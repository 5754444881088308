// The handle: hand-over of records, progress, close.
#include <algorithm>
#include <utility>

#include "format/layout.hpp"
#include "journal/core.hpp"
#include "journal/writer.hpp"

namespace tidemark::journal {
namespace {

Failure refuse(Code code, std::string message) {
  Failure failure;
  failure.code = code;
  failure.message = std::move(message);
  failure.outcome = WriteOutcome::not_written;
  return failure;
}

}  // namespace

void PendingCommit::clear() {
  payload.clear();
  lengths.clear();
  attributes.clear();
  hashes.clear();
  durable_wanted = false;
  sync_within = longest_sync_interval;
  dictionary_names.clear();
  dictionary_bytes = 0;
  parts.clear();
}

bool PendingCommit::names(std::uint64_t dictionary) const {
  return std::ranges::find(dictionary_names, dictionary) != dictionary_names.end();
}

// Appends to the commit that fills, or begins one. An atomic batch stays together whatever the soft
// limits of a commit are; other batches are cut where a commit is full.
Result<std::uint64_t> Journal::Core::take(Client::State& client,
                                          const std::shared_ptr<Client::State>& shared,
                                          const Batch& batch) {
  const std::size_t count = batch.lengths.size();
  if (client.closing || closing) return refuse(Code::closed, "the journal is closed");
  if (failure) {
    Failure sticky = *failure;
    sticky.outcome = WriteOutcome::not_written;
    return sticky;
  }
  const std::uint64_t last = next_seq - 1;
  if (batch.if_last_seq && *batch.if_last_seq != last) {
    Failure conflict =
        refuse(Code::conflict, "ifLastSeq is " + std::to_string(*batch.if_last_seq) +
                                   ", but the journal's last seq is " + std::to_string(last) +
                                   ": look at what came in between, then decide again");
    conflict.from_seq = last;
    return conflict;
  }
  const bool oversized = std::ranges::any_of(
      batch.lengths, [this](std::uint32_t length) { return length > options.max_record_bytes; });
  if (oversized) {
    return refuse(Code::too_large, "a record is larger than maxRecordBytes (" +
                                       std::to_string(options.max_record_bytes) + " bytes)");
  }
  if (batch.atomic && (batch.payload.size() > format::maximum_body_bytes ||
                       count > format::maximum_frame_entries)) {
    return refuse(
        Code::too_large,
        "an atomic batch holds at most 1,048,576 records and 256 MiB: split it into several");
  }
  if (batch.payload.size() > options.max_pending_bytes ||
      pending_bytes > options.max_pending_bytes - batch.payload.size()) {
    return refuse(Code::busy, "maxPendingBytes (" + std::to_string(options.max_pending_bytes) +
                                  ") are accepted and not yet written: wait for `ready`");
  }
  if (count > format::maximum_seq - last) {
    return refuse(Code::too_large, "the seqs of this journal are used up");
  }

  std::vector<std::uint64_t> brought;  // the dictionaries that the batch names
  std::size_t brought_bytes = 0;
  if (!batch.attributes.empty()) {
    const bool of_the_user = std::ranges::all_of(batch.attributes, [](std::uint8_t attributes) {
      return (attributes & format::record_kind::mask) == format::record_kind::user;
    });
    if (!of_the_user) {
      return refuse(Code::unsupported, "records of this kind are written by the journal only");
    }
    const auto names = named_dictionaries(batch.payload, batch.lengths, batch.attributes);
    const bool known = names && std::ranges::all_of(*names, [this](std::uint64_t name) {
                         return dictionaries.contains(name);
                       });
    if (!known || (!names->empty() && header.hash_bytes != 0)) {
      return refuse(Code::unsupported,
                    "a record names a dictionary that is not registered, or the journal has a "
                    "content hash, which excludes shared dictionaries");
    }
    brought = *names;
    for (const std::uint64_t name : brought) brought_bytes += dictionaries.at(name)->size();
    const std::size_t together = batch.atomic ? count : 1;
    const std::size_t largest = batch.atomic || batch.lengths.empty()
                                    ? batch.payload.size()
                                    : std::size_t{*std::ranges::max_element(batch.lengths)};
    if (together + brought.size() > format::maximum_frame_entries ||
        largest + brought_bytes > format::maximum_body_bytes) {
      return refuse(Code::too_large,
                    "a commit holds at most 1,048,576 records and 256 MiB, the dictionaries that "
                    "its records name included");
    }
  }

  // How far a commit is filled: the soft limits, and what a frame can hold with its dictionaries.
  const auto limits = [&](const PendingCommit* begun) {
    std::size_t entries = begun ? begun->dictionary_names.size() : 0;
    std::size_t bytes = begun ? begun->dictionary_bytes : 0;
    for (const std::uint64_t name : brought) {
      if (begun && begun->names(name)) continue;
      entries += 1;
      bytes += dictionaries.at(name)->size();
    }
    const auto rest = [](std::size_t most, std::size_t used) {
      return most > used ? most - used : std::size_t{0};
    };
    return std::pair(
        std::min<std::size_t>(options.commit_max_records,
                              rest(format::maximum_frame_entries, entries)),
        std::min<std::size_t>(options.commit_max_bytes, rest(format::maximum_body_bytes, bytes)));
  };

  const std::uint64_t first = next_seq;
  std::size_t byte = 0;
  for (std::size_t record = 0; record < count;) {
    const auto [begun_records, begun_bytes] = limits(queue.empty() ? nullptr : queue.back().get());
    const auto [fresh_records, fresh_bytes] = limits(nullptr);
    const bool room = !queue.empty() && queue.back()->payload.size() < begun_bytes &&
                      queue.back()->lengths.size() < begun_records;
    const std::size_t most_records = room ? begun_records : fresh_records;
    const std::size_t most_bytes = room ? begun_bytes : fresh_bytes;
    std::size_t take_records = 0;
    std::size_t take_bytes = 0;
    const std::size_t used_bytes = room ? queue.back()->payload.size() : 0;
    const std::size_t used_records = room ? queue.back()->lengths.size() : 0;
    bool fits = true;
    if (batch.atomic) {
      take_records = count;
      take_bytes = batch.payload.size();
      fits = room && used_bytes + take_bytes <= most_bytes && used_records + count <= most_records;
    } else {
      while (record + take_records < count && used_records + take_records < most_records) {
        const std::size_t length = batch.lengths[record + take_records];
        if (used_bytes + take_bytes + length > most_bytes && used_records + take_records > 0) break;
        take_bytes += length;
        take_records += 1;
      }
      fits = room && take_records > 0;
      if (!fits && take_records == 0) {
        // The commit in front is full: measure again against an empty one.
        while (record + take_records < count && take_records < fresh_records) {
          const std::size_t length = batch.lengths[record + take_records];
          if (take_bytes + length > fresh_bytes && take_records > 0) break;
          take_bytes += length;
          take_records += 1;
        }
      }
    }
    if (!fits) {
      std::unique_ptr<PendingCommit> fresh;
      if (!recycled.empty()) {
        fresh = std::move(recycled.back());
        recycled.pop_back();
      } else {
        fresh = std::make_unique<PendingCommit>();
      }
      fresh->first_seq = next_seq;
      fresh->opened_at = options.linger != 0 ? host.clock->monotonic() : 0;
      queue.push_back(std::move(fresh));
    }
    PendingCommit& commit = *queue.back();
    for (const std::uint64_t name : brought) {
      if (commit.names(name)) continue;
      commit.dictionary_names.push_back(name);
      commit.dictionary_bytes += dictionaries.at(name)->size();
    }
    const auto payload = batch.payload.subspan(byte, take_bytes);
    commit.payload.insert(commit.payload.end(), payload.begin(), payload.end());
    const auto lengths = batch.lengths.subspan(record, take_records);
    if (!batch.attributes.empty() || !commit.attributes.empty()) {
      commit.attributes.resize(commit.lengths.size());
      if (batch.attributes.empty()) {
        commit.attributes.resize(commit.lengths.size() + take_records);
      } else {
        const auto attributes = batch.attributes.subspan(record, take_records);
        commit.attributes.insert(commit.attributes.end(), attributes.begin(), attributes.end());
      }
    }
    commit.lengths.insert(commit.lengths.end(), lengths.begin(), lengths.end());
    if (header.hash_bytes != 0) {
      const auto hashes =
          batch.hashes.subspan(record * header.hash_bytes, take_records * header.hash_bytes);
      commit.hashes.insert(commit.hashes.end(), hashes.begin(), hashes.end());
    }
    const std::uint64_t from = client.handed + 1;
    client.handed += take_records;
    if (!commit.parts.empty() && commit.parts.back().client == shared) {
      commit.parts.back().to = client.handed;
    } else {
      commit.parts.push_back({shared, from, client.handed});
    }
    switch (batch.durability.kind) {
      case DurabilityKind::commit:
        commit.durable_wanted = true;
        break;
      case DurabilityKind::interval:
        commit.sync_within = std::min(commit.sync_within, batch.durability.interval);
        break;
      case DurabilityKind::os:
        commit.sync_within = std::min(commit.sync_within, os_sync_interval);
        break;
    }
    next_seq += take_records;
    record += take_records;
    byte += take_bytes;
  }
  pending_bytes += batch.payload.size();
  pending_records += count;
  last_seq.store(next_seq - 1, std::memory_order_release);
  return first;
}

// Of everything handed over so far: a durable commit covers what is in front of it, so the last one
// that waits is made one.
void Journal::Core::ask_sync() {
  sync_requested = true;
  if (!queue.empty()) queue.back()->durable_wanted = true;
  wake_at_once();
}

Client::Client(std::shared_ptr<Journal> journal, std::shared_ptr<State> state)
    : journal_(std::move(journal)), state_(std::move(state)) {}

Client::~Client() {
  {
    const std::scoped_lock lock(state_->notify_mutex);
    state_->notify = nullptr;
  }
  journal_->core_->events.leave(state_);
  close(nullptr);
}

Result<std::uint64_t> Client::hand_over(const Batch& batch) {
  Journal::Core& core = *journal_->core_;
  bool begin = false;
  bool wake = false;
  Result<std::uint64_t> first = [&] {
    const std::scoped_lock lock(core.mutex);
    Result<std::uint64_t> taken = core.take(*state_, state_, batch);
    if (taken) begin = core.begin_or_wake(*state_, wake);
    return taken;
  }();
  if (wake) core.task->wake();  // outside the lock, which the writer takes first of all
  if (begin) begun_ = core.writer->begin(state_);
  return first;
}

Result<std::uint64_t> Client::hand_over_and_wait(const Batch& batch) {
  Journal::Core& core = *journal_->core_;
  std::unique_lock lock(core.mutex);
  Result<std::uint64_t> first = core.take(*state_, state_, batch);
  if (!first) return first;
  core.wake_at_once();
  const std::uint64_t ordinal = state_->handed;
  core.gate->wait(
      lock, [&] { return state_->settled >= ordinal || core.ended; }, std::nullopt);
  if (state_->durable >= ordinal) {
    for (const Rejection& rejection : state_->rejections) {
      if (rejection.from <= ordinal && ordinal <= rejection.to) return rejection.failure;
    }
    return first;
  }
  for (const Rejection& rejection : state_->rejections) {
    if (rejection.from <= ordinal && ordinal <= rejection.to) return rejection.failure;
  }
  return refuse(Code::closed, "the journal was closed before the record was durable");
}

Status Client::register_dictionary(std::span<const std::byte> payload) {
  const auto name = dictionary_name(payload);
  constexpr std::size_t most_bytes = std::size_t{1} << 20U;
  if (!name || payload.size() > most_bytes) {
    return Status(
        refuse(Code::range, "a dictionary begins with its 8-byte hash and has at most 1 MiB"));
  }
  Journal::Core& core = *journal_->core_;
  const std::scoped_lock lock(core.mutex);
  core.dictionaries.try_emplace(
      *name, std::make_shared<const std::vector<std::byte>>(payload.begin(), payload.end()));
  return done();
}

Progress Client::take_progress() {
  Journal::Core& core = *journal_->core_;
  const std::scoped_lock lock(core.mutex);
  Progress progress;
  progress.written = state_->written;
  progress.durable = state_->durable;
  progress.rejections.swap(state_->rejections);
  return progress;
}

void Client::watch(bool on) {
  const std::scoped_lock lock(journal_->core_->mutex);
  if (on) {
    state_->watchers += 1;
  } else if (state_->watchers > 0) {
    state_->watchers -= 1;
  }
}

void Client::listen(bool on, std::uint64_t listener) {
  EventLog& events = journal_->core_->events;
  if (on) {
    events.join(listener, state_);
  } else {
    events.leave(state_);
  }
}

std::vector<Event> Client::take_events(std::uint64_t listener) {
  return journal_->core_->events.take(listener);
}

void Client::begin_writes(std::shared_ptr<io::Notice> notice) {
  const std::scoped_lock lock(journal_->core_->mutex);
  state_->notice = std::move(notice);
}

bool Client::end_write() {
  Journal::Core& core = *journal_->core_;
  const auto is_ours = [&] {
    return core.keeper == Keeper::device && core.begun_write.by == state_;
  };
  {
    const std::scoped_lock lock(core.mutex);
    begun_ = is_ours();  // the task may have ended it
    if (begun_) {
      core.keeper = Keeper::client;
      core.begun_write.by.reset();  // of a client that ends nothing more nothing is kept
    }
  }
  if (!begun_) return false;
  core.writer->end_begun(state_);
  const std::scoped_lock lock(core.mutex);
  begun_ = is_ours();
  return begun_;
}

void Client::request_sync() {
  Journal::Core& core = *journal_->core_;
  const std::scoped_lock lock(core.mutex);
  core.ask_sync();
}

void Client::close(std::function<void(Status)> callback) {
  Journal::Core& core = *journal_->core_;
  std::optional<Status> at_once;
  {
    const std::scoped_lock lock(core.mutex);
    state_->closing = true;
    const bool others =
        std::ranges::any_of(core.clients, [](const auto& client) { return !client->closing; });
    if (core.ended) {
      at_once = core.end_status;
    } else if (!others) {
      core.closing = true;
      if (callback) core.end_callbacks.push_back(std::exchange(callback, nullptr));
      core.wake_at_once();
    } else if (state_->settled == state_->handed) {
      at_once = state_->loss ? Status(*state_->loss) : done();
    } else {
      if (callback && state_->closed) {
        state_->closed = [first = std::exchange(state_->closed, nullptr),
                          second = std::exchange(callback, nullptr)](const Status& status) {
          first(status);
          second(status);
        };
      } else if (callback) {
        state_->closed = std::exchange(callback, nullptr);
      }
      core.ask_sync();
    }
    // An ended handle keeps its records' bookkeeping alive through their parts.
    if (others && state_->settled == state_->handed) std::erase(core.clients, state_);
  }
  if (at_once && callback) callback(*at_once);
}

bool Client::wait_closed(io::Nanoseconds limit) {
  Journal::Core& core = *journal_->core_;
  std::unique_lock lock(core.mutex);
  const io::Nanoseconds deadline = core.host.clock->monotonic() + limit;
  return core.gate->wait(
      lock, [&core] { return core.ended; }, deadline);
}

}  // namespace tidemark::journal
