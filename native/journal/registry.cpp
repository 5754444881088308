// The process has one journal per directory: opens of the same directory, in whatever thread, join
// the one that is there, or wait for the one that is just beginning or ending.
#include <algorithm>
#include <map>
#include <utility>

#include "journal/core.hpp"

namespace tidemark::journal {
namespace {

struct Key {
  const io::Disk* disk = nullptr;    // every disk has directories of its own
  const io::Tasks* tasks = nullptr;  // simulated processes share a real one
  io::FileIdentity directory;
  auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr)
};

struct Registry {
  std::mutex mutex;
  // Owns nothing of the journal: the task of its writer keeps the core until it has ended. A core
  // that is gone without having ended was the core of a simulated process that died; the disk,
  // whose address is in the key, may be gone with it.
  struct Entry {
    bool opening = true;
    std::weak_ptr<Journal> journal;
    std::weak_ptr<Journal::Core> core;
    std::shared_ptr<io::Gate> gate;  // notified when the opening or the journal has ended
    [[nodiscard]] bool dead() const { return !opening && core.expired(); }
  };
  std::map<Key, Entry> entries;
};

// Leaked: the writers of a process that exits may still ask.
Registry& registry() {
  static Registry& instance = *std::make_unique<Registry>().release();
  return instance;
}

template <class T>
std::optional<Failure> differs(const char* what, const std::optional<T>& asked, const T& recorded) {
  if (!asked || *asked == recorded) return std::nullopt;
  const auto text = [](const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
      return value.empty() ? std::string("none") : "'" + value + "'";
    } else {
      return std::to_string(value);
    }
  };
  Failure failure;
  failure.code = Code::mismatch;
  failure.message = std::string("the journal was created with ") + what + " " + text(recorded) +
                    ", not " + text(*asked) + ": leave the option out, or open another directory";
  return failure;
}

Failure short_of(std::uint64_t expected, const Journal& journal) {
  Failure failure;
  failure.code = Code::corrupt;
  failure.path = journal.directory();
  failure.from_seq = journal.durable_seq() + 1;
  failure.to_seq = expected;
  failure.message = "seq " + std::to_string(expected) +
                    " is expected to be durable, but the journal, which is open, ends at seq " +
                    std::to_string(journal.durable_seq()) +
                    "; nothing was changed: look whether it is the journal that is meant";
  return failure;
}

}  // namespace

std::optional<Failure> recorded_mismatch(const Recorded& asked,
                                         const format::SegmentHeader& header) {
  if (auto failure = differs("codec", asked.codec_name, header.codec_name)) return failure;
  if (auto failure = differs("codec version", asked.codec_version, header.codec_version))
    return failure;
  if (auto failure = differs("content hash", asked.hash_name, header.hash_name)) return failure;
  if (auto failure = differs("application tag", asked.application, header.application))
    return failure;
  if (auto failure = differs("startSeq", asked.start_seq, header.start_seq)) return failure;
  if (asked.hash_name && !asked.hash_name->empty() && asked.hash_bytes != header.hash_bytes) {
    return differs<std::uint64_t>("content hash bytes", asked.hash_bytes, header.hash_bytes);
  }
  return std::nullopt;
}

// Nothing is created for a caller who knows of records that are not there.
std::optional<Failure> expected_but_absent(const Options& options, const std::string& directory) {
  const std::uint64_t start = options.recorded.start_seq.value_or(1);
  if (!options.expect_seq || *options.expect_seq < start) return std::nullopt;
  Failure failure;
  failure.code = Code::corrupt;
  failure.path = directory;
  failure.from_seq = start;
  failure.to_seq = *options.expect_seq;
  failure.message =
      "seq " + std::to_string(*options.expect_seq) +
      " is expected to be durable, but there is no journal; nothing was created: look for its "
      "directory, or leave expectSeq out";
  return failure;
}

Result<std::shared_ptr<Client>> Journal::open(const io::Host& host, const std::string& directory,
                                              const Options& options, Client::Notify notify) {
  if (Status ready = require_threads(*host.tasks, directory); !ready) return ready.error();
  if (!host.disk->status(directory)) {
    if (auto failure = expected_but_absent(options, directory)) return *failure;
    if (io::Status made = io::make_directories(*host.disk, directory, directory_mode(options.mode));
        !made) {
      return from_io(made.error(), "the directory of the journal cannot be made");
    }
  }
  auto canonical = host.disk->canonical(directory);
  if (!canonical) return from_io(canonical.error(), "the directory of the journal cannot be found");
  auto status = host.disk->status(canonical.value());
  if (!status) return from_io(status.error(), "the directory of the journal cannot be looked at");
  if (status.value().kind != io::EntryKind::directory) {
    return from_io(io::Error{io::Errc::not_directory, io::Call::list, 0, canonical.value()},
                   "the path of the journal is not a directory");
  }
  const Key key{host.disk.get(), host.tasks.get(), status.value().identity};
  Registry& known = registry();

  const auto attach =
      [&notify](const std::shared_ptr<Journal>& journal) -> std::shared_ptr<Client> {
    auto state = std::make_shared<Client::State>();
    state->notify = std::move(notify);
    const std::scoped_lock lock(journal->core_->mutex);
    if (journal->core_->closing) {
      notify = std::move(state->notify);
      return nullptr;
    }
    journal->core_->clients.push_back(state);
    return std::make_shared<Client>(journal, std::move(state));
  };

  std::unique_lock lock(known.mutex);
  std::erase_if(known.entries, [](const auto& entry) { return entry.second.dead(); });
  while (true) {
    const auto found = known.entries.find(key);
    if (found == known.entries.end()) break;
    if (!found->second.opening) {
      if (const std::shared_ptr<Journal> journal = found->second.journal.lock()) {
        if (auto failure = recorded_mismatch(options.recorded, journal->header())) return *failure;
        if (options.expect_seq && *options.expect_seq > journal->durable_seq()) {
          return short_of(*options.expect_seq, *journal);
        }
        if (auto client = attach(journal))
          return Result<std::shared_ptr<Client>>(std::move(client));
      }
    }
    // Beginning or ending: look again when it has.
    const std::shared_ptr<io::Gate> gate = found->second.gate;
    gate->wait(
        lock,
        [&] {
          const auto entry = known.entries.find(key);
          if (entry == known.entries.end() || entry->second.gate != gate) return true;
          const std::shared_ptr<Journal> journal = entry->second.journal.lock();
          if (entry->second.opening || !journal) return false;
          const std::scoped_lock core_lock(journal->core_->mutex);
          return !journal->core_->closing;
        },
        std::nullopt);
  }
  const std::shared_ptr<io::Gate> gate = host.tasks->make_gate();
  known.entries.emplace(key, Registry::Entry{true, {}, {}, gate});
  lock.unlock();

  auto opened = open_core(host, canonical.value(), options);

  lock.lock();
  if (!opened) {
    known.entries.erase(key);
    gate->notify_all();
    return opened.error();
  }
  const std::shared_ptr<Journal::Core> core = std::move(opened).value();
  core->identity = key.directory;
  const auto journal = std::make_shared<Journal>(core);
  known.entries[key] = Registry::Entry{false, journal, core, gate};
  auto client = attach(journal);
  gate->notify_all();
  return Result<std::shared_ptr<Client>>(std::move(client));
}

void forget_core(Journal::Core& core) {
  Registry& known = registry();
  const std::scoped_lock lock(known.mutex);
  const auto found =
      known.entries.find(Key{core.host.disk.get(), core.host.tasks.get(), core.identity});
  if (found == known.entries.end() || found->second.core.lock().get() != &core) return;
  found->second.gate->notify_all();
  known.entries.erase(found);
}

}  // namespace tidemark::journal
