// The stores of this process, by the directories that they are for.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "checkpoint/store.hpp"

namespace tidemark::checkpoint {

struct Store::Registry {
  struct Key {
    const io::Disk* disk = nullptr;    // every disk has directories of its own
    const io::Tasks* tasks = nullptr;  // simulated processes share a real one
    io::FileIdentity directory;
    auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr)
  };
  // Locked while the store of its directory is being opened, so that a second open waits for it.
  struct Slot {
    std::mutex mutex;
    std::shared_ptr<Store> store;
  };

  // Forgets the stores that have ended meanwhile.
  std::shared_ptr<Slot> slot(const Key& key);

 private:
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Slot>> slots_;
};

}  // namespace tidemark::checkpoint
