// What the writer says when the disk refuses: which records are rejected, and what may be left of
// them.
#include <utility>

#include "journal/writer.hpp"

namespace tidemark::journal {

bool Writer::refuses_to_write(const io::Error& error) noexcept {
  // The block that it goes on in could not be read.
  if (error.call != io::Call::write) return true;
  switch (error.code) {
    case io::Errc::no_space:
    case io::Errc::quota:
    case io::Errc::file_too_large:
    case io::Errc::read_only:
    case io::Errc::short_write:
    case io::Errc::no_memory:
      return true;
    default:
      return false;
  }
}

// A write was refused. The commit in hand and everything accepted after it are rejected together,
// because order is prefix-closed: a record must not survive one that was handed over before it.
void Writer::write_failed(const io::Error& error, bool submitted) {
  Failure failure = from_io(error, "a commit could not be written");
  failure.message += "; make room or mend the disk, then append again: the journal goes on";
  failure.from_seq = current_ ? std::optional(current_->first_seq) : std::nullopt;
  WriteOutcome current = WriteOutcome::not_written;
  if (submitted) {
    // Only a durable successor proves that the next open will not find what the write left.
    io::Error left;
    if (!leave_segment(left)) current = WriteOutcome::unknown;
    if (poisoned_) return;  // everything was rejected with the sticky failure
  }
  reject_all(failure, current, WriteOutcome::not_written, false);
}

// fsync said no: the kernel may have dropped the pages and will not say so again, so nothing that
// was not yet acknowledged can be promised any more, and nothing is tried again.
void Writer::poison(const io::Error& error, const char* what) {
  poisoned_ = true;
  Failure failure;
  failure.code = Code::poisoned;
  failure.message =
      std::string(what) + " (" + error.message() +
      "), so it is unknown what the disk holds of the last records; close the journal and open it "
      "again: recovery reads the device and tells";
  failure.path = error.path;
  failure.cause = error;
  {
    const std::scoped_lock lock(core_.mutex);
    core_.failure = failure;
  }
  Event event;
  event.kind = Event::Kind::poison;
  event.segment = segment_ ? segment_->header().segment_id : 0;
  event.message = failure.message;
  core_.events.add(event);
  reject_all(failure, WriteOutcome::unknown, WriteOutcome::not_written, true);
}

void Writer::reject_all(const Failure& failure, WriteOutcome current, WriteOutcome queued,
                        bool unsynced_too) {
  std::vector<std::shared_ptr<Client::State>> clients;
  std::vector<std::pair<std::function<void(Status)>, Status>> closed;
  {
    const std::scoped_lock lock(core_.mutex);
    const auto reject = [&](const std::vector<Part>& parts, WriteOutcome outcome) {
      for (const Part& part : parts) {
        Client::State& client = *part.client;
        Failure own = failure;
        own.outcome = outcome;
        if (!client.loss) client.loss = own;
        if (!core_.loss) core_.loss = own;
        core_.counters.rejected += part.to - part.from + 1;
        client.settled = part.to;
        const bool extends = !client.rejections.empty() &&
                             client.rejections.back().to + 1 == part.from &&
                             client.rejections.back().failure.outcome == outcome;
        if (extends) {
          client.rejections.back().to = part.to;
        } else {
          client.rejections.push_back({part.from, part.to, std::move(own)});
        }
      }
    };
    if (unsynced_too) reject(unsynced_, WriteOutcome::unknown);
    if (current_) reject(current_->parts, current);
    for (const auto& commit : core_.queue) reject(commit->parts, queued);
    core_.queue.clear();
    core_.pending_bytes = 0;
    core_.pending_records = 0;
    // The seqs of the rejected records were never promised: they are handed out again.
    core_.next_seq = segment_->next_seq();
    core_.last_seq.store(core_.next_seq - 1, std::memory_order_release);
    clients = core_.clients;
    for (const auto& client : clients) {
      if (client->closing && client->settled == client->handed && client->closed) {
        closed.emplace_back(std::exchange(client->closed, nullptr),
                            client->loss ? Status(*client->loss) : done());
      }
    }
  }
  current_.reset();
  if (unsynced_too) {
    unsynced_.clear();
    sync_due_.reset();
    mark_due_.reset();
  }
  core_.gate->notify_all();
  for (const auto& client : clients) client->poke();
  for (const auto& [callback, status] : closed) callback(status);
}

}  // namespace tidemark::journal
