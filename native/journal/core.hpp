// What one open journal consists of, and who may touch what. Everything that several threads share
// is guarded by `mutex`; the writer's own state (writer.hpp) belongs to its keeper. Lock order:
// registry → marks_mutex → mutex; no lock is held across a call of a client's callback, and `mutex`
// is never held across a call of the disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "format/marks.hpp"
#include "io/tasks.hpp"
#include "journal/dictionaries.hpp"
#include "journal/event_log.hpp"
#include "journal/filler.hpp"
#include "journal/journal.hpp"
#include "journal/transfers.hpp"

namespace tidemark::journal {

// A handle's side of the bookkeeping. All but `notify` is guarded by Core::mutex.
struct Client::State {
  std::mutex notify_mutex;  // taken last, around the callback
  Notify notify;
  std::uint64_t handed = 0;  // ordinals given out
  std::uint64_t written = 0;
  std::uint64_t durable = 0;
  std::uint64_t settled = 0;  // durable or rejected
  std::vector<Rejection> rejections;
  unsigned watchers = 0;
  bool closing = false;
  std::function<void(Status)> closed;  // to be called when everything of this handle is settled
  std::optional<Failure> loss;         // the first rejection of one of its records
  std::shared_ptr<io::Notice> notice;  // of an event loop that ends writes; null: there is none

  void poke() {
    const std::scoped_lock lock(notify_mutex);
    if (notify) notify();
  }
};

// The records of one client in one commit.
struct Part {
  std::shared_ptr<Client::State> client;
  std::uint64_t from = 0;  // ordinals
  std::uint64_t to = 0;
};

// A commit that fills while the one in front is being written.
struct PendingCommit {
  std::vector<std::byte> payload;
  std::vector<std::uint32_t> lengths;
  std::vector<std::uint8_t> attributes;  // empty while all are zero
  std::vector<std::byte> hashes;
  std::uint64_t first_seq = 0;
  bool durable_wanted = false;
  io::Nanoseconds sync_within = longest_sync_interval;  // of the records that do not wait for it
  io::Nanoseconds opened_at = 0;
  // The dictionaries that its records name, each once: at most what the writer puts in front.
  std::vector<std::uint64_t> dictionary_names;
  std::size_t dictionary_bytes = 0;
  std::vector<Part> parts;

  void clear();
  [[nodiscard]] bool names(std::uint64_t dictionary) const;
};

struct Spare {
  enum class State : std::uint8_t { none, ordered, ready, failed };
  State state = State::none;
  std::uint64_t id = 0;
  std::uint64_t capacity = 0;
  std::string path;
  std::unique_ptr<io::File> file;
  // Of the zeros; the filler reads it.
  std::atomic<std::uint64_t> slice_bytes = zero_slice_bytes;
};

inline constexpr io::Nanoseconds never = std::numeric_limits<io::Nanoseconds>::max();

// Who may touch the writer's state. It changes hands under Core::mutex only.
enum class Keeper : std::uint8_t {
  task,    // the writer's task, which runs or is woken
  nobody,  // there is nothing to write: the task sleeps, and who hands over next may begin
  client,  // a client that begins a write, or ends it
  device,  // a begun write is under way: its client ends it, or the task when that takes too long
};

// The write that a client began.
struct BegunWrite {
  std::shared_ptr<Client::State> by;   // who is to end it
  io::Nanoseconds patience_until = 0;  // then the task does
};

class Writer;

struct Journal::Core : std::enable_shared_from_this<Journal::Core> {
  Core(const io::Host& host, std::string directory, const Options& options);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // ---- fixed once open
  io::Host host;
  std::string directory;
  Options options;
  RecoveryReport recovery;
  io::FileIdentity identity;
  std::unique_ptr<io::Lock> directory_lock;  // released by the writer when it ends
  std::shared_ptr<Filler> filler;
  std::shared_ptr<io::Task> task;
  std::unique_ptr<io::Gate> gate;  // notified after every change that somebody may wait for
  std::unique_ptr<Writer> writer;
  Transfers transfers;
  bool zero_fill = true;

  // ---- guarded by mutex
  mutable std::mutex mutex;
  std::deque<std::unique_ptr<PendingCommit>> queue;
  std::vector<std::unique_ptr<PendingCommit>> recycled;
  std::uint64_t next_seq = 1;       // to be handed out
  std::uint64_t pending_bytes = 0;  // accepted, not yet written
  std::uint64_t pending_records = 0;
  std::vector<std::shared_ptr<Client::State>> clients;
  std::optional<Failure> failure;  // sticky
  std::optional<Failure> loss;     // the first rejection of an accepted record
  View view;                       // up to the watermark
  format::SegmentHeader header;    // of the current segment
  std::uint64_t current_end = 0;   // of the current segment, written
  std::uint64_t current_digest = 0;
  format::Head head;
  std::uint64_t next_segment_id = 1;
  Spare spare;
  Keeper keeper = Keeper::task;
  BegunWrite begun_write;
  io::Nanoseconds task_wakes_at = 0;  // by itself; 0: it is awake, or is woken
  bool sync_requested = false;
  bool closing = false;
  bool ended = false;
  Status end_status = done();
  std::vector<std::function<void(Status)>> end_callbacks;
  std::map<std::uint64_t, std::shared_ptr<const std::vector<std::byte>>>
      dictionaries;  // by content hash
  Stats counters;

  // ---- guarded by marks_mutex, which is held across the disk
  std::mutex marks_mutex;
  std::uint64_t mark_token = 0;
  // A temporary file of ours with room on the disk for any mark, once there is more than one
  // segment.
  std::optional<std::string> mark_reserve;
  std::map<std::string, std::uint64_t> cursors;  // written under both, read under mutex
  // Of which a write or removal failed: the file may say something else than `cursors`, and what is
  // asked for next is written even where it seems to be so already.
  std::set<std::string> doubtful_cursors;

  // ---- free for all
  std::atomic<std::uint64_t> last_seq{0};
  std::atomic<std::uint64_t> durable_seq{0};
  EventLog events;
  Histogram commit_records;
  Histogram commit_ns;
  Histogram sync_ns;

  [[nodiscard]] Result<std::uint64_t> take(Client::State& client,
                                           const std::shared_ptr<Client::State>& shared,
                                           const Batch& batch);
  void ask_sync();  // mutex held
  // ---- writes that a client begins (writer_begun.cpp)
  // mutex held. Whether this client is now the writer's keeper, with the commit in front in hand;
  // `just_ended`: the records of the commit that it ended in this moment.
  [[nodiscard]] bool take_to_begin(const Client::State& client, std::size_t just_ended);
  // mutex held. Whether records in the queue are to be durable within an interval.
  [[nodiscard]] bool queue_is_due() const;
  // mutex held. The task is awake at `when`, or earlier.
  void wake_by(io::Nanoseconds when);
  // mutex held. After a hand-over: true as above; else `wake` says whether to wake the task.
  [[nodiscard]] bool begin_or_wake(const Client::State& client, bool& wake);
  // mutex held. Somebody waits: the task ends a begun write at once.
  void wake_at_once();
  // mark_files.cpp; marks_mutex held. The new mark is durable when replace_mark succeeds.
  [[nodiscard]] std::string mark_temporary(std::string_view file);
  [[nodiscard]] io::Status replace_mark(const std::string& file, io::Bytes bytes);
  void reserve_mark();  // as far as there is room
  void drop_mark_reserve();
  void apply_retention();  // waits for the disk
  [[nodiscard]] Status await_durable_before(std::uint64_t seq);
  Result<TruncateResult> truncate(std::uint64_t seq);
};

// Opens the directory for writing: everything of recovery.hpp's order, then the first step of the
// writer. The registry calls it once per directory.
Result<std::shared_ptr<Journal::Core>> open_core(const io::Host& host, const std::string& directory,
                                                 const Options& options);

// MISMATCH when an open asks for other recorded facts than the journal has.
std::optional<Failure> recorded_mismatch(const Recorded& asked,
                                         const format::SegmentHeader& header);

// CORRUPT when expectSeq names a record and there is no journal to hold it.
std::optional<Failure> expected_but_absent(const Options& options, const std::string& directory);

// Ends the entry of the directory in the registry; called by the writer's task when it has ended.
void forget_core(Journal::Core& core);

}  // namespace tidemark::journal
