// The directory of a checkpoint, open for writing: there is one Store for it in the process, which
// holds its lock and which all handles, of whatever thread, share. It publishes one generation at a
// time, in the order in which the saves were asked for: a save that another one overtook is never
// published, and ends with the generation that covers it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/directory.hpp"
#include "checkpoint/file_writer.hpp"

namespace tidemark::checkpoint {

// What a save says about its value; the rest of the header is the store's.
struct Facts {
  std::uint64_t covered_seq = 0;
  format::JournalId journal_id{};
  std::uint64_t epoch = 0;
  std::uint32_t value_version = 0;
  std::uint32_t codec_version = 0;
  std::string codec_name;
};

// Where it is published, and how many generations stay.
struct Saving {
  std::uint64_t ticket = 0;  // of Store::ticket
  Facts facts;
  std::uint64_t keep = 1;
  // False: nothing waits for the disk; after a power cut the generation may be damaged or gone, and
  // so may those that it replaced.
  bool sync = true;
};

struct CodecFacts {
  std::string name;
  std::uint32_t version = 0;
  bool operator==(const CodecFacts&) const = default;
};

// The generation that is durable now, and whether it is that of a later call which covers the save.
struct Saved {
  std::uint64_t generation = 0;
  bool overtaken = false;
};
// Called once, on any thread, when the generation is durable or the save has failed.
using Settle = std::function<void(journal::Result<Saved>)>;

class Store : public std::enable_shared_from_this<Store> {
 public:
  // Joins the process's store of this directory, or makes it: creates the directory, takes its lock
  // (LOCKED), removes the temporary files of writers that are dead. Damage is not looked for.
  static journal::Result<std::shared_ptr<Store>> join(const io::Host& host,
                                                      const std::string& directory,
                                                      std::uint32_t mode);
  // Every join needs its leave. `left` is called, on any thread, when the lock is free again or
  // somebody else keeps it.
  void leave(std::function<void()> left);

  // The place of a save in the order, taken when it is asked for.
  std::uint64_t ticket();
  // The generation that covers the ticket, when there is one already.
  std::optional<std::uint64_t> overtaken(std::uint64_t ticket);
  void save(Saving saving, std::vector<std::byte> value, Settle settle);
  // `file` is flushed and synced.
  void save(Saving saving, std::unique_ptr<FileWriter> file, Settle settle);

  [[nodiscard]] const io::Host& host() const noexcept { return host_; }
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
  [[nodiscard]] std::uint32_t mode() const noexcept { return mode_; }
  // The codec that the generations were saved with, as far as they can be read.
  std::optional<CodecFacts> codec();
  // Syncs the directory, for a save or for a load that wants to show what it found. When it fails
  // nobody knows any more which names are on the disk: everything later is POISONED.
  journal::Status sync_names();
  // The newest generation that was published, shown by a load, or found sound by the open: it stays
  // until there is a newer one. 0 for none.
  std::uint64_t newest_known();
  void note_shown(std::uint64_t generation);
  // A generation that was found damaged, or missing, does not count among those that are kept.
  void note_damaged(std::uint64_t generation);

 private:
  struct Ready {
    Saving saving;
    std::vector<std::byte> value;
    std::unique_ptr<FileWriter> file;  // instead of the value
    Settle settle;
  };
  struct Registry;
  static Registry& registry();

  Store(io::Host host, std::string directory, std::uint32_t mode)
      : host_(std::move(host)), directory_(std::move(directory)), mode_(mode) {}
  journal::Status begin();
  void look_at_generations(const std::vector<std::uint64_t>& generations);
  bool attach();  // false when it has ended
  void enqueue(Ready ready);
  void run();
  std::vector<std::function<void()>> end_if_idle();  // mutex held
  journal::Result<std::uint64_t> publish(Ready& ready);
  std::optional<journal::Failure> refusal(const Facts& facts);  // mutex held
  void published(std::uint64_t generation, const Facts& facts);
  void remove_old(std::uint64_t keep);

  const io::Host host_;
  const std::string directory_;
  const std::uint32_t mode_;

  // One sync of the directory at a time: the system tells of a failure once, and it must not be a
  // load that hears of it while a save hears of success. Taken before mutex_.
  std::mutex sync_mutex_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<io::Lock> lock_;
  bool ended_ = false;
  std::size_t handles_ = 0;
  std::vector<std::function<void()>> leaving_;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t published_ticket_ = 0;
  std::uint64_t published_generation_ = 0;
  std::vector<Ready> queue_;
  bool running_ = false;
  std::optional<journal::Failure> poison_;
  std::optional<journal::Failure> newer_;  // a generation of a newer format is there
  std::optional<CodecFacts> codec_;
  std::vector<std::uint64_t> generations_;  // that are there, ascending
  std::set<std::uint64_t> damaged_;
  std::uint64_t last_generation_ = 0;
  std::uint64_t newest_known_ = 0;
};

}  // namespace tidemark::checkpoint
