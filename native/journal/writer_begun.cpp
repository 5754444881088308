// A lone, small commit that is to be durable is begun by the client that hands it over, and ended
// by it when its event loop is told so: the way to the writer's thread and back would take longer
// than the write itself on a quick disk. Nothing here waits for a disk. What would (a rotation, a
// failure, a write that the system refuses to begin) is handed to the task, and so is a write whose
// end the client does not come to look at.
#include <algorithm>
#include <utility>

#include "journal/writer.hpp"

namespace tidemark::journal {
namespace {

// Of a commit behind another one, together with that: about how many callers there are. More are
// written by the task, while the event loop encodes what follows: measured, 16 callers gain by it
// and 24 lose.
constexpr std::size_t most_begun_records = 16;
// Of a commit that nothing is in front of, as a batch whose caller waits for it.
constexpr std::size_t most_lone_records = 128;
constexpr std::size_t most_begun_bytes = std::size_t{32} << 10U;
// An event loop that runs JavaScript does not look. The task does after so long, and then the
// records of everybody go on.
constexpr io::Nanoseconds patience = 5'000'000;
// A write is refused where it would wait, as for pages of a follower that reads the last block
// through the page cache, or where the system has no such calls. That costs a turn of the event
// loop, or a frame encoded in vain: after so many refusals in a row only one commit in 64 is tried.
constexpr unsigned most_refusals = 6;

}  // namespace

bool Journal::Core::take_to_begin(const Client::State& client, std::size_t just_ended) {
  if (!client.notice || !transfers.write_through || options.linger != 0) return false;
  if (closing || failure || sync_requested || queue.size() != 1) return false;
  const PendingCommit& front = *queue.front();
  const std::size_t most = just_ended == 0 ? most_lone_records : most_begun_records;
  if (!front.durable_wanted || just_ended + front.lengths.size() > most ||
      front.payload.size() > most_begun_bytes) {
    return false;
  }
  keeper = Keeper::client;
  writer->take_in_hand(std::move(queue.front()));
  queue.pop_front();
  return true;
}

void Journal::Core::wake_by(io::Nanoseconds when) {
  if (task_wakes_at <= when) return;
  task_wakes_at = 0;
  task->wake();
}

void Journal::Core::wake_at_once() {
  begun_write.patience_until = 0;
  task->wake();
}

// An interval may be shorter than the patience, and begins when its record is written.
bool Journal::Core::queue_is_due() const {
  return !queue.empty() && queue.back()->sync_within < os_sync_interval;
}

bool Journal::Core::begin_or_wake(const Client::State& client, bool& wake) {
  wake = false;
  switch (keeper) {
    case Keeper::nobody:
      if (take_to_begin(client, 0)) return true;
      wake = true;
      break;
    case Keeper::task:
      wake = true;
      break;
    case Keeper::client:
      break;  // it looks at the queue before it lets go
    case Keeper::device:
      if (queue_is_due()) begun_write.patience_until = 0;
      wake = task_wakes_at > begun_write.patience_until;
      if (wake) task_wakes_at = 0;
      break;
  }
  return false;
}

void Writer::take_in_hand(std::unique_ptr<PendingCommit> commit) noexcept {
  current_ = std::move(commit);
}

bool Writer::begin(const std::shared_ptr<Client::State>& client) {
  current_started_ = begun_at_ = core_.host.clock->monotonic();
  begun_ = can_begin() && begin_current(*client->notice);
  if (!begun_) {
    hand_to_task();
    return false;
  }
  const std::scoped_lock lock(core_.mutex);
  core_.keeper = Keeper::device;
  core_.begun_write = {client, core_.queue_is_due() ? 0 : begun_at_ + patience};
  core_.wake_by(core_.begun_write.patience_until);
  return true;
}

bool Writer::can_begin() noexcept {
  if (left_to_task_ > 0) {
    --left_to_task_;
    return false;
  }
  return !poisoned_ && !must_leave_ && !predecessor_ && !successor_ && unsynced_.empty() &&
         segment_->can_begin();
}

bool Writer::begin_current(io::Notice& notice) {
  const bool padded = core_.options.block_padding;
  const CommitContents contents = dictionaries_.complete(
      bare_current(), [this](std::uint64_t name) { return find_dictionary(name); });
  if (!segment_->fits(contents, padded)) return false;
  const bool begun = segment_->begin_commit(contents, durable_, padded, notice);
  if (!begun) back_off();
  return begun;
}

void Writer::back_off() noexcept {
  refusals_ = std::min(refusals_ + 1, most_refusals);
  left_to_task_ = 1U << refusals_;
}

void Writer::end_begun(const std::shared_ptr<Client::State>& client) {
  const std::size_t records = current_->lengths.size();
  if (!finish_begun(false)) {
    const std::scoped_lock lock(core_.mutex);
    core_.keeper = Keeper::device;
    core_.begun_write.by = client;
    core_.wake_by(core_.begun_write.patience_until);  // it may have come meanwhile, and rests
    return;
  }
  if (begun_error_ || current_) {
    hand_to_task();
    return;
  }
  {
    const std::scoped_lock lock(core_.mutex);
    if (!core_.take_to_begin(*client, records)) {
      const bool more = !core_.queue.empty() || core_.closing || core_.sync_requested;
      core_.keeper = more ? Keeper::task : Keeper::nobody;
      core_.wake_by(more ? 0 : *mark_due_);
      return;
    }
  }
  static_cast<void>(begin(client));
}

bool Writer::finish_begun(bool wait) {
  io::Result<io::Ended> ended = segment_->end_commit(wait);
  if (ended && ended.value() == io::Ended::not_yet) return false;
  begun_ = false;
  if (!ended) {
    begun_error_ = std::move(ended).error();
  } else if (ended.value() == io::Ended::written) {
    refusals_ = 0;
    clean_ = false;
    dictionaries_.wrote();
    settle_current(current_started_, begun_at_);
  } else {  // still in hand
    back_off();
  }
  return true;
}

void Writer::hand_to_task() {
  const std::scoped_lock lock(core_.mutex);
  core_.keeper = Keeper::task;
  core_.wake_by(0);
}

// Of a step of the task: what it waits for while the writer is somebody else's; none: it is the
// task's now.
std::optional<io::Next> Writer::leave_to_keeper() {
  core_.task_wakes_at = 0;
  if (core_.keeper == Keeper::client) {
    core_.task_wakes_at = never;
    return io::Next::wait();
  }
  if (core_.keeper == Keeper::device &&
      core_.host.clock->monotonic() < core_.begun_write.patience_until) {
    core_.task_wakes_at = core_.begun_write.patience_until;
    return io::Next::wait_until(core_.begun_write.patience_until);
  }
  core_.keeper = Keeper::task;
  core_.begun_write.by.reset();
  return std::nullopt;
}

}  // namespace tidemark::journal
