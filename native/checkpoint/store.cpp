// The order of saves, and how a generation is published.
#include "checkpoint/store.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "format/layout.hpp"

namespace tidemark::checkpoint {
namespace {

journal::Failure not_saved(const io::Error& error) {
  journal::Failure failure =
      journal::from_io(error, "the checkpoint was not saved, the generations before it stand");
  failure.outcome = journal::WriteOutcome::not_written;
  return failure;
}

journal::Failure perhaps_saved(const io::Error& error) {
  journal::Failure failure = journal::from_io(
      error, "it is not known whether the checkpoint was saved; the generations before it stand");
  failure.outcome = journal::WriteOutcome::unknown;
  return failure;
}

// 2^53 - 1 of them, or a file with such a name that somebody put there.
journal::Failure no_number_left(const std::string& directory) {
  journal::Failure failure;
  failure.code = journal::Code::unsupported;
  failure.path = directory;
  failure.outcome = journal::WriteOutcome::not_written;
  failure.message = "the checkpoint in " + directory +
                    " has the last generation that there can be: save into another directory";
  return failure;
}

journal::Failure poison(const journal::Failure& because) {
  journal::Failure failure = because;
  failure.code = journal::Code::poisoned;
  failure.message =
      "a sync of the checkpoint's directory failed, and nothing is saved or loaded any more: look "
      "at "
      "the disk, close all handles and open again";
  if (because.cause) failure.message += ": " + because.cause->message();
  failure.outcome = journal::WriteOutcome::not_written;
  return failure;
}

}  // namespace

std::uint64_t Store::ticket() {
  const std::scoped_lock lock(mutex_);
  return ++last_ticket_;
}

std::optional<std::uint64_t> Store::overtaken(std::uint64_t ticket) {
  const std::scoped_lock lock(mutex_);
  if (ticket >= published_ticket_) return std::nullopt;
  return published_generation_;
}

void Store::save(Saving saving, std::vector<std::byte> value, Settle settle) {
  enqueue({std::move(saving), std::move(value), nullptr, std::move(settle)});
}

void Store::save(Saving saving, std::unique_ptr<FileWriter> file, Settle settle) {
  enqueue({std::move(saving), {}, std::move(file), std::move(settle)});
}

void Store::enqueue(Ready ready) {
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(ready));
    if (std::exchange(running_, true)) return;
  }
  host_.tasks->submit([self = shared_from_this()] { self->run(); });
}

// Publishes what is ready, the latest call first: what was asked for before it needs no file of its
// own. A failure is that of one save; what it would have overtaken is then still to be saved.
void Store::run() {
  std::unique_lock lock(mutex_);
  while (!queue_.empty()) {
    const auto latest = std::ranges::max_element(
        queue_, {}, [](const Ready& ready) { return ready.saving.ticket; });
    std::vector<Ready> settled;
    settled.push_back(std::move(*latest));
    queue_.erase(latest);
    Ready& chosen = settled.front();
    journal::Result<std::uint64_t> result = published_generation_;
    if (chosen.saving.ticket > published_ticket_) {
      if (auto refused = refusal(chosen.saving.facts)) {
        result = *std::move(refused);
      } else {
        lock.unlock();
        result = publish(chosen);
        lock.lock();
      }
    }
    if (result) {
      if (chosen.saving.ticket > published_ticket_) {
        published_ticket_ = chosen.saving.ticket;
        published_generation_ = result.value();
      }
      const auto covered = std::partition(queue_.begin(), queue_.end(), [this](const Ready& ready) {
        return ready.saving.ticket > published_ticket_;
      });
      std::move(covered, queue_.end(), std::back_inserter(settled));
      queue_.erase(covered, queue_.end());
    }
    const std::uint64_t published = published_ticket_;
    lock.unlock();
    for (Ready& ready : settled) {
      ready.file.reset();
      if (result) {
        ready.settle(Saved{result.value(), ready.saving.ticket != published});
      } else {
        ready.settle(result.error());
      }
    }
    settled.clear();
    lock.lock();
  }
  running_ = false;
  const auto left = end_if_idle();
  lock.unlock();
  for (const auto& call : left) call();
}

std::optional<journal::Failure> Store::refusal(const Facts& facts) {
  if (poison_) return poison_;
  // Its generations are not ours to remove, and one of ours must not hide them.
  if (newer_) return newer_;
  if (last_generation_ >= format::maximum_seq) return no_number_left(directory_);
  if (codec_ && *codec_ != CodecFacts{facts.codec_name, facts.codec_version}) {
    journal::Failure failure;
    failure.code = journal::Code::mismatch;
    failure.path = directory_;
    failure.outcome = journal::WriteOutcome::not_written;
    failure.message = "the checkpoint in " + directory_ + " was saved with the codec '" +
                      codec_->name + "' version " + std::to_string(codec_->version) + ", not '" +
                      facts.codec_name + "' version " + std::to_string(facts.codec_version) +
                      ": leave the option out, or save into another directory";
    return failure;
  }
  return std::nullopt;
}

// Temporary file -> write -> sync -> rename -> sync of the directory; older generations go only
// when the new one is durable.
journal::Result<std::uint64_t> Store::publish(Ready& ready) {
  if (!ready.file) {
    auto created = FileWriter::create(host_, directory_, mode_);
    if (!created) return not_saved(created.error());
    ready.file = std::move(created).value();
    io::Status written = ready.file->append(ready.value);
    if (written) written = ready.file->flush();
    if (!written) return not_saved(written.error());
    std::vector<std::byte>().swap(ready.value);
  }
  const Facts& facts = ready.saving.facts;
  format::CheckpointHeader header;
  {
    // Never given twice, also when this save fails: somebody may have seen its file.
    const std::scoped_lock lock(mutex_);
    header.generation = ++last_generation_;
  }
  header.covered_seq = facts.covered_seq;
  header.journal_id = facts.journal_id;
  header.epoch = facts.epoch;
  header.value_version = facts.value_version;
  header.codec_version = facts.codec_version;
  header.codec_name = facts.codec_name;
  header.saved_at = host_.clock->wall_milliseconds();
  if (io::Status finished = ready.file->finish(header, ready.saving.sync); !finished) {
    return not_saved(finished.error());
  }
  const std::string path = io::join(directory_, format::checkpoint_name(header.generation));
  if (io::Status renamed = ready.file->rename_to(path); !renamed) {
    return perhaps_saved(renamed.error());
  }
  if (ready.saving.sync) {
    if (journal::Status synced = sync_names(); !synced) {
      return perhaps_saved(synced.error().cause.value_or(io::Error{}));
    }
  }
  published(header.generation, facts);
  remove_old(ready.saving.keep);
  return header.generation;
}

void Store::published(std::uint64_t generation, const Facts& facts) {
  const std::scoped_lock lock(mutex_);
  generations_.push_back(generation);
  newest_known_ = std::max(newest_known_, generation);
  codec_ = CodecFacts{facts.codec_name, facts.codec_version};
}

// Keeps the newest generations that are not known to be damaged, and what lies between them. One
// that cannot be removed is tried again after the next save.
void Store::remove_old(std::uint64_t keep) {
  std::vector<std::uint64_t> old;
  {
    const std::scoped_lock lock(mutex_);
    std::uint64_t kept = 0;
    auto oldest = generations_.end();
    while (oldest != generations_.begin() && kept < keep) {
      --oldest;
      if (!damaged_.contains(*oldest)) ++kept;
    }
    old.assign(generations_.begin(), oldest);
  }
  for (const std::uint64_t generation : old) {
    const io::Status removed =
        host_.disk->unlink(io::join(directory_, format::checkpoint_name(generation)));
    if (!removed && removed.error().code != io::Errc::not_found) continue;
    const std::scoped_lock lock(mutex_);
    std::erase(generations_, generation);
    damaged_.erase(generation);
  }
}

std::optional<CodecFacts> Store::codec() {
  const std::scoped_lock lock(mutex_);
  return codec_;
}

journal::Status Store::sync_names() {
  const std::scoped_lock syncing(sync_mutex_);
  {
    const std::scoped_lock lock(mutex_);
    if (poison_) return *poison_;
  }
  journal::Status synced = checkpoint::sync_names(*host_.disk, directory_);
  if (synced) return synced;
  const std::scoped_lock lock(mutex_);
  poison_ = poison(synced.error());
  return synced;
}

std::uint64_t Store::newest_known() {
  const std::scoped_lock lock(mutex_);
  return newest_known_;
}

void Store::note_shown(std::uint64_t generation) {
  const std::scoped_lock lock(mutex_);
  newest_known_ = std::max(newest_known_, generation);
}

void Store::note_damaged(std::uint64_t generation) {
  const std::scoped_lock lock(mutex_);
  damaged_.insert(generation);
}

}  // namespace tidemark::checkpoint
