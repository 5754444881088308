#include "journal/writer.hpp"

#include <algorithm>
#include <utility>

namespace tidemark::journal {
namespace {

constexpr std::size_t recycled_commits = 4;
constexpr std::size_t recycled_bytes = std::size_t{8} << 20U;
// A spare is ordered when this share of the segment is used: early enough for a fast writer, late
// enough for a small journal to stay one file.
constexpr std::uint64_t spare_share = 4;
// How soon a writer that ends looks again whether a mark is still being written.
constexpr io::Nanoseconds marks_poll = 1'000'000;

}  // namespace

Writer::Writer(Journal::Core& core, std::unique_ptr<SegmentWriter> segment, bool clean)
    : core_(core),
      segment_(std::move(segment)),
      durable_{segment_->end(), segment_->next_seq() - 1},
      clean_(clean) {
  if (core_.transfers.write_through) segment_->allow_write_through(*core_.host.disk);
}

io::Next Writer::step() {
  {
    const std::scoped_lock lock(core_.mutex);
    if (const auto left = leave_to_keeper()) return *left;
  }
  // The client did not come, or somebody waits.
  if (begun_) static_cast<void>(finish_begun(true));
  const io::Next next = run();
  const std::scoped_lock lock(core_.mutex);
  if (next.kind != io::Next::Kind::wait) return next;
  if (!current_ && !core_.closing && core_.queue.empty()) core_.keeper = Keeper::nobody;
  core_.task_wakes_at = next.at.value_or(never);
  return next;
}

io::Next Writer::run() {
  if (begun_error_) {
    commit_failed(*std::exchange(begun_error_, std::nullopt), true);
    return io::Next::again();
  }
  if (current_) return write_current();  // it waited for a spare segment, or could not be begun
  const io::Nanoseconds now = core_.host.clock->monotonic();
  io::Nanoseconds linger_until = 0;
  bool closing = false;
  bool sync_wanted = false;
  {
    const std::scoped_lock lock(core_.mutex);
    if (core_.ended) return io::Next::finished();
    closing = core_.closing;
    if (!core_.queue.empty()) {
      const PendingCommit& front = *core_.queue.front();
      linger_until = front.opened_at + core_.options.linger;
      const bool full = core_.queue.size() > 1 ||
                        front.payload.size() >= core_.options.commit_max_bytes ||
                        front.lengths.size() >= core_.options.commit_max_records;
      if (full || closing || core_.sync_requested || linger_until <= now) {
        current_ = std::move(core_.queue.front());
        core_.queue.pop_front();
      }
    }
    if (!current_) sync_wanted = std::exchange(core_.sync_requested, false);
  }
  if (current_) {
    current_started_ = now;
    return write_current();
  }
  if (closing) return finish();
  if (poisoned_) return io::Next::wait();
  if (!unsynced_.empty() && (sync_wanted || *sync_due_ <= now)) {
    sync_now();
    return io::Next::again();
  }
  if (mark_due_ && *mark_due_ <= now && unsynced_.empty()) {
    mark_idle();
    return io::Next::again();
  }
  return rest(now, linger_until);
}

io::Next Writer::rest(io::Nanoseconds now, io::Nanoseconds linger_until) {
  std::optional<io::Nanoseconds> at;
  const auto sooner = [&at](io::Nanoseconds when) { at = at ? std::min(*at, when) : when; };
  if (linger_until > now) sooner(linger_until);
  if (!unsynced_.empty()) {
    sooner(*sync_due_);
  } else if (mark_due_) {
    sooner(*mark_due_);
  }
  return at ? io::Next::wait_until(*at) : io::Next::wait();
}

io::Next Writer::write_current() {
  const bool padded = core_.options.block_padding;
  io::Error error;
  if (must_leave_ && !leave_segment(error)) {
    if (!poisoned_) write_failed(error, false);
    return io::Next::again();
  }
  if (predecessor_ && !complete_seal(error)) {
    if (!poisoned_) write_failed(error, false);
    return io::Next::again();
  }
  const CommitContents bare = bare_current();
  const auto find = [this](std::uint64_t name) { return find_dictionary(name); };
  CommitContents contents = dictionaries_.complete(bare, find);
  if (!segment_->fits(contents, padded)) {
    const Turn turn = rotate();
    if (turn == Turn::wait) return io::Next::wait();
    if (turn == Turn::failed) return io::Next::again();
    contents = dictionaries_.complete(bare, find);  // the new segment has none
  }
  // One call instead of two, where the disk can and nothing in front waits for a sync.
  const bool through = current_->durable_wanted && segment_->can_write_through();
  const io::Nanoseconds before = core_.host.clock->monotonic();
  if (io::Status status = segment_->append_commit(contents, durable_, padded, through); !status) {
    commit_failed(status.error(), through);
    return io::Next::again();
  }
  clean_ = false;
  dictionaries_.wrote();
  settle_current(current_started_, through ? std::optional(before) : std::nullopt);
  return io::Next::again();
}

CommitContents Writer::bare_current() const {
  return {current_->first_seq, current_->payload, current_->lengths, current_->attributes,
          current_->hashes};
}

DictionaryBytes Writer::find_dictionary(std::uint64_t name) const {
  const std::scoped_lock lock(core_.mutex);
  const auto found = core_.dictionaries.find(name);
  return found == core_.dictionaries.end() ? DictionaryBytes() : found->second;
}

// `through`: it was to be durable by its own write.
void Writer::commit_failed(const io::Error& error, bool through) {
  must_leave_ = true;
  if (through && !refuses_to_write(error)) {
    poison(error, "a write through to the device failed");
  } else {
    write_failed(error, true);
  }
}

void Writer::settle_current(io::Nanoseconds started, std::optional<io::Nanoseconds> through) {
  bool durable = current_->durable_wanted;
  {
    const std::scoped_lock lock(core_.mutex);
    core_.pending_bytes -= current_->payload.size();
    core_.pending_records -= current_->lengths.size();
    if (std::exchange(core_.sync_requested, false)) durable = true;
    core_.counters.commits += 1;
    core_.counters.records += current_->lengths.size();
    core_.counters.payload_bytes += current_->payload.size();
  }
  Event& event = settled_.emplace();
  event.first_seq = current_->first_seq;
  event.records = current_->lengths.size();
  event.last_seq = event.first_seq + event.records - 1;
  event.bytes = current_->payload.size();
  event.segment = segment_->header().segment_id;
  settled_started_ = started;
  core_.commit_records.add(event.records);
  std::ranges::move(current_->parts, std::back_inserter(unsynced_));
  const io::Nanoseconds due = core_.host.clock->monotonic() + current_->sync_within;
  sync_due_ = sync_due_ ? std::min(*sync_due_, due) : due;
  {
    const std::scoped_lock lock(core_.mutex);
    current_->clear();
    if (core_.recycled.size() < recycled_commits &&
        current_->payload.capacity() <= recycled_bytes) {
      core_.recycled.push_back(std::move(current_));
    }
  }
  current_.reset();
  if (through) {
    now_durable(*through);
  } else if (durable) {
    if (!sync_now()) return;
  } else {
    publish(false);
  }
  const std::scoped_lock lock(core_.mutex);
  if (core_.spare.state == Spare::State::none &&
      segment_->end() > segment_->target_bytes() / spare_share) {
    order_spare(next_capacity());
  }
}

bool Writer::sync_now() {
  const io::Nanoseconds before = core_.host.clock->monotonic();
  if (io::Status status = segment_->sync(); !status) {
    poison(status.error(), "a sync failed");
    return false;
  }
  now_durable(before);
  return true;
}

// Everything that was written is durable, by a call that began at `before`.
void Writer::now_durable(io::Nanoseconds before) {
  const io::Nanoseconds now = core_.host.clock->monotonic();
  core_.sync_ns.add(now - before);
  durable_ = {segment_->end(), segment_->next_seq() - 1};
  sync_due_.reset();
  mark_due_ = now + core_.options.idle_mark;
  publish(true);
}

// In front of what tells its clients: a handle that closes with its last commit has its event.
void Writer::tell_settled() {
  if (!settled_) return;
  Event event = *std::exchange(settled_, std::nullopt);
  event.duration_ns = core_.host.clock->monotonic() - settled_started_;
  core_.commit_ns.add(event.duration_ns);
  core_.events.add(event);
}

void Writer::publish(bool durable) {
  tell_settled();
  std::vector<std::shared_ptr<Client::State>> to_poke;
  std::vector<std::pair<std::function<void(Status)>, Status>> closed;
  {
    const std::scoped_lock lock(core_.mutex);
    for (const Part& part : unsynced_) {
      Client::State& client = *part.client;
      client.written = std::max(client.written, part.to);
      if (durable) client.durable = client.settled = std::max(client.settled, part.to);
      to_poke.push_back(part.client);
    }
    core_.current_end = segment_->end();
    core_.current_digest = segment_->stream().digest.value();
    core_.counters.bytes_written = retired_bytes_ + segment_->bytes_written();
    if (durable) {
      core_.counters.syncs += 1;
      core_.view.limit = durable_.offset;
      core_.view.last_seq = durable_.seq;
      core_.durable_seq.store(durable_.seq, std::memory_order_release);
      for (const auto& client : core_.clients) {
        if (client->watchers > 0) to_poke.push_back(client);
        if (client->closing && client->settled == client->handed && client->closed) {
          closed.emplace_back(std::exchange(client->closed, nullptr),
                              client->loss ? Status(*client->loss) : done());
        }
      }
      std::erase_if(core_.clients, [this](const auto& client) {
        return client->closing && client->settled == client->handed && !core_.closing;
      });
    }
  }
  if (durable) unsynced_.clear();
  core_.gate->notify_all();
  std::ranges::sort(to_poke);
  to_poke.erase(std::unique(to_poke.begin(), to_poke.end()), to_poke.end());
  for (const auto& client : to_poke) client->poke();
  for (const auto& [callback, status] : closed) callback(status);
}

// After a pause the log says itself that everything in front is durable: a later reader of the disk
// can then tell rot from a torn write, and readers in other processes see the last record.
void Writer::mark_idle() {
  mark_due_.reset();
  if (must_leave_ || segment_->stream().watermark.offset >= durable_.offset) return;
  const bool through = segment_->can_write_through();
  if (io::Status status = segment_->append_mark(false, core_.options.block_padding, through);
      !status) {
    must_leave_ = true;  // nothing was promised for it; the next commit goes into a new segment
    if (through && !refuses_to_write(status.error())) {
      poison(status.error(), "a write through to the device failed");
    }
    return;
  }
  if (!through) {
    if (io::Status status = segment_->sync(); !status) {
      poison(status.error(), "a sync failed");
      return;
    }
  }
  durable_ = {segment_->end(), segment_->next_seq() - 1};
  const std::scoped_lock lock(core_.mutex);
  core_.counters.marks += 1;
  core_.counters.syncs += 1;
  core_.view.limit = durable_.offset;
  core_.current_end = segment_->end();
  core_.current_digest = segment_->stream().digest.value();
}

// Writes what there is to write, and the closing mark.
Status Writer::finish_segment() {
  Status status = done();
  io::Error error;
  const auto failed = [&status](const io::Error& cause) {
    status =
        from_io(cause, "the journal could not be closed cleanly; what was acknowledged is durable");
  };
  if (!poisoned_ && must_leave_ && !leave_segment(error) && !poisoned_) failed(error);
  if (!poisoned_ && predecessor_ && !complete_seal(error) && !poisoned_) failed(error);
  if (!poisoned_ && !unsynced_.empty()) sync_now();
  if (!poisoned_ && status && !clean_) {
    io::Status marked = segment_->append_mark(true, core_.options.block_padding);
    if (marked) {
      if (io::Status synced = segment_->sync(); !synced) poison(synced.error(), "a sync failed");
    } else {
      failed(marked.error());
    }
  }
  return status;
}

io::Next Writer::finish() {
  std::string spare_path;
  std::unique_ptr<io::File> spare;
  {
    // The filler writes into the directory until it answers.
    const std::scoped_lock lock(core_.mutex);
    if (core_.spare.state == Spare::State::ordered) {
      core_.spare.slice_bytes = zero_slice_bytes;
      return io::Next::wait();
    }
  }
  if (!finished_) finished_ = finish_segment();
  // A mark that is being written belongs to this journal until it is there: only then may another
  // process have the directory. Its writer may wait for what was synced above, so never block here.
  std::unique_lock marks_lock(core_.marks_mutex, std::try_to_lock);
  if (!marks_lock) return io::Next::wait_until(core_.host.clock->monotonic() + marks_poll);
  {
    const std::scoped_lock lock(core_.mutex);
    if (core_.spare.state == Spare::State::ready) {
      spare_path = core_.spare.path;
      spare = std::move(core_.spare.file);
      core_.spare.state = Spare::State::none;
    }
  }
  spare.reset();
  if (!spare_path.empty()) static_cast<void>(core_.host.disk->unlink(spare_path));
  core_.drop_mark_reserve();
  Status status = *finished_;

  // What a failure left unfinished is closed too: somebody may hold the handle for long.
  predecessor_.reset();
  successor_.reset();
  segment_->release_file();
  core_.directory_lock.reset();
  marks_lock.unlock();
  std::vector<std::function<void(Status)>> callbacks;
  std::vector<std::shared_ptr<Client::State>> clients;
  {
    const std::scoped_lock lock(core_.mutex);
    if (core_.failure) {
      status = *core_.failure;
    } else if (core_.loss) {
      status = *core_.loss;
    }
    core_.ended = true;
    core_.end_status = status;
    callbacks.swap(core_.end_callbacks);
    clients = core_.clients;
    for (const auto& client : clients) {
      if (client->closed) callbacks.push_back(std::exchange(client->closed, nullptr));
    }
  }
  forget_core(core_);
  core_.gate->notify_all();
  for (const auto& callback : callbacks) callback(status);
  for (const auto& client : clients) client->poke();
  return io::Next::finished();
}

}  // namespace tidemark::journal
