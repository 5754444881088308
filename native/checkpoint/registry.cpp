// How handles find the one store of their directory.
#include "checkpoint/registry.hpp"

#include <utility>

#include "journal/options.hpp"
#include "journal/process_text.hpp"

namespace tidemark::checkpoint {
namespace {

journal::Failure locked(io::Disk& disk, const std::string& directory, const std::string& path) {
  journal::Failure failure;
  failure.code = journal::Code::locked;
  failure.path = path;
  if (auto holder = disk.lock_holder(path)) failure.holder = std::move(holder).value();
  failure.message = "somebody has the checkpoint in " + directory + " open" +
                    journal::describe_holder(failure.holder) +
                    ": close it there, wait until that process has ended, or open with readOnly";
  return failure;
}

}  // namespace

// Leaked: the saves of a process that exits may still ask.
Store::Registry& Store::registry() {
  static Registry& instance = *std::make_unique<Registry>().release();
  return instance;
}

std::shared_ptr<Store::Registry::Slot> Store::Registry::slot(const Key& key) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(slots_, [](const auto& entry) {
    Slot& slot = *entry.second;
    if (entry.second.use_count() > 1) return false;  // somebody opens it, or is about to
    // The count orders nothing: the mutex, which is free, shows what the last one wrote.
    const std::scoped_lock opened(slot.mutex);
    if (!slot.store) return true;
    const std::scoped_lock inner(slot.store->mutex_);
    return slot.store->ended_;
  });
  std::shared_ptr<Slot>& found = slots_[key];
  if (!found) found = std::make_shared<Slot>();
  return found;
}

journal::Result<std::shared_ptr<Store>> Store::join(const io::Host& host,
                                                    const std::string& directory,
                                                    std::uint32_t mode) {
  io::Disk& disk = *host.disk;
  // Also where it is there already: whoever made it may have crashed before its entry was durable.
  if (io::Status made = io::make_directories(disk, directory, journal::directory_mode(mode));
      !made) {
    return journal::from_io(made.error(), "the directory of the checkpoint cannot be made");
  }
  auto canonical = disk.canonical(directory);
  if (!canonical) {
    return journal::from_io(canonical.error(), "the directory of the checkpoint cannot be found");
  }
  auto status = disk.status(canonical.value());
  if (!status) {
    return journal::from_io(status.error(), "the directory of the checkpoint cannot be looked at");
  }
  const auto slot = registry().slot({host.disk.get(), host.tasks.get(), status.value().identity});
  const std::scoped_lock lock(slot->mutex);
  if (slot->store && slot->store->attach()) return slot->store;
  std::shared_ptr<Store> store(new Store(host, std::move(canonical).value(), mode));
  if (journal::Status begun = store->begin(); !begun) return begun.error();
  store->handles_ = 1;
  slot->store = store;
  return store;
}

journal::Status Store::begin() {
  io::Disk& disk = *host_.disk;
  const std::string path = io::join(directory_, format::checkpoint_lock_name);
  auto held = disk.lock(path, journal::holder_text(*host_.clock), mode_);
  if (!held) {
    if (held.error().code == io::Errc::locked) return locked(disk, directory_, path);
    return journal::from_io(held.error(), "the lock of the checkpoint cannot be taken");
  }
  lock_ = std::move(held).value();
  auto listing = list_durably(disk, directory_, [this] { return sync_names(); });
  if (!listing) return listing.error();
  // Only who holds the lock writes: whoever began these is dead.
  for (const std::string& name : listing.value().temporaries) {
    static_cast<void>(disk.unlink(io::join(directory_, name)));
  }
  look_at_generations(listing.value().generations);
  return journal::done();
}

// An open does not fail because of damage; it only remembers what a save must know.
void Store::look_at_generations(const std::vector<std::uint64_t>& generations) {
  generations_ = generations;
  if (!generations.empty()) last_generation_ = generations.back();
  for (const std::uint64_t generation : generations) {
    const auto reader = FileReader::open(*host_.disk, directory_, generation);
    if (reader) {
      const format::CheckpointHeader& header = reader.value()->header();
      codec_ = CodecFacts{header.codec_name, header.codec_version};
      newest_known_ = generation;
    } else if (reader.error().code == journal::Code::version) {
      newer_ = reader.error();
    } else if (reader.error().code == journal::Code::corrupt) {
      damaged_.insert(generation);
    }
  }
}

bool Store::attach() {
  const std::scoped_lock lock(mutex_);
  if (ended_) return false;
  ++handles_;
  return true;
}

void Store::leave(std::function<void()> left) {
  std::vector<std::function<void()>> ended;
  {
    const std::scoped_lock lock(mutex_);
    --handles_;
    if (left) leaving_.push_back(std::move(left));
    // Where it was not the last one somebody else keeps the lock: there is nothing to wait for.
    ended = handles_ > 0 ? std::exchange(leaving_, {}) : end_if_idle();
  }
  for (const auto& call : ended) call();
}

std::vector<std::function<void()>> Store::end_if_idle() {
  if (running_) return {};
  // Somebody joined again meanwhile: whoever left has nothing to wait for.
  if (handles_ > 0 || ended_) return std::exchange(leaving_, {});
  lock_.reset();
  ended_ = true;
  return std::exchange(leaving_, {});
}

}  // namespace tidemark::checkpoint
