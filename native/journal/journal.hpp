// One open journal: the process has one per directory, whatever number of handles in whatever
// threads share it. Hand-over takes bytes and gives seqs; the writer task makes them durable;
// clients learn of it through one coalesced call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/tasks.hpp"
#include "journal/failure.hpp"
#include "journal/options.hpp"
#include "journal/report.hpp"
#include "journal/segment.hpp"
#include "journal/stats.hpp"

namespace tidemark::journal {

// Records that are handed over together. Everything is copied before hand_over returns.
struct Batch {
  std::span<const std::byte> payload;        // payloads, one behind the other
  std::span<const std::uint32_t> lengths;    // of each record
  std::span<const std::uint8_t> attributes;  // empty, or one per record (flags; kind must be 0)
  std::span<const std::byte> hashes;  // hash_bytes per record where the journal has a content hash
  bool atomic = false;                // one commit, all or nothing
  Durability durability;
  std::optional<std::uint64_t> if_last_seq;  // CONFLICT when the last seq handed out differs
};

// What happened to the records of one client, counted by their ordinal: the n-th record that this
// client handed over with success, from 1.
struct Rejection {
  std::uint64_t from = 0;  // ordinals, inclusive
  std::uint64_t to = 0;
  Failure failure;
};
struct Progress {
  std::uint64_t written = 0;          // everything up to here is with the system, unless rejected
  std::uint64_t durable = 0;          // everything up to here is durable, unless rejected
  std::vector<Rejection> rejections;  // since the last take_progress, ascending
};

// Events for diagnostics, from the writer's task; must not block.
struct Event {
  enum class Kind : std::uint8_t { commit, rotate, seal, poison };
  Kind kind = Kind::commit;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t segment = 0;
  std::uint64_t duration_ns = 0;
  std::string message;
};

class Journal;

// A handle. Its callback may come from any thread, also before open returns, and never after
// close_handle has returned.
class Client {
 public:
  using Notify = std::function<void()>;
  struct State;  // core.hpp

  [[nodiscard]] const std::shared_ptr<Journal>& journal() const noexcept { return journal_; }

  // Gives the seqs [result, result + n). TOO_LARGE, BUSY, CONFLICT, CLOSED, POISONED, NO_SPACE
  // (while the writer is out of space) use no seq. Never waits for a disk.
  Result<std::uint64_t> hand_over(const Batch& batch);
  // Hands over and blocks until the records are durable or rejected.
  Result<std::uint64_t> hand_over_and_wait(const Batch& batch);
  // Makes a shared dictionary known: `payload` begins with its 8-byte content hash (as a
  // little-endian number: the name by which records with the flag has_dictionary begin). The writer
  // puts it in front of the first commit of each segment that uses it and of the next one that
  // does.
  Status register_dictionary(std::span<const std::byte> payload);
  Progress take_progress();
  // From here on hand_over may begin the write of a small commit by itself; `notice` says when one
  // has ended, and then the thread that hands over calls end_write() soon.
  void begin_writes(std::shared_ptr<io::Notice> notice);
  // Whether a write of this handle is under way. Only on the thread that hands over.
  [[nodiscard]] bool writing() const noexcept { return begun_; }
  // Ends the write that has ended, and begins the next one where there is one: true while one is
  // under way. Without one it does nothing.
  bool end_write();
  // Also be called back for every advance of the watermark, whoever's records they are (followers,
  // waitFor); counted.
  void watch(bool on);
  // Also be called back for every event of the journal, and collect them for `listener`: whoever
  // takes them, with its handles together. Bounded: of one that does not take them the oldest go.
  void listen(bool on, std::uint64_t listener);
  // Since the last call for this listener, oldest first.
  std::vector<Event> take_events(std::uint64_t listener);
  // Makes everything that was handed over so far durable soon ('os' and interval records); the
  // watermark tells when.
  void request_sync();
  // Ends the handle. When it is the last one the writer commits what it has, writes the closing
  // mark and ends; `done` is called once with the result: the failure when an accepted record of
  // this journal did not become durable. Idempotent; callable without a callback at exit.
  void close(std::function<void(Status)> done);
  // Waits at most `limit` for the writer to have ended after close; for exit hooks.
  bool wait_closed(io::Nanoseconds limit);

  Client(std::shared_ptr<Journal> journal, std::shared_ptr<State> state);  // by Journal::open
  ~Client();  // closes, if that was not done, without a callback
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

 private:
  std::shared_ptr<Journal> journal_;
  std::shared_ptr<State> state_;
  bool begun_ = false;
};

struct TruncateResult {
  std::uint64_t first_seq = 0;
  std::uint64_t released_segments = 0;
  struct Holder {
    std::string name;
    std::uint64_t seq = 0;
  };
  std::vector<Holder> held_by;
};

struct SegmentInfo {
  std::uint64_t id = 0;
  std::uint64_t epoch = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t bytes = 0;  // up to the tail, seal and index included
  std::uint64_t digest = 0;
  bool sealed = false;
};

struct CursorInfo {
  std::string name;
  std::uint64_t seq = 0;
  std::uint64_t lag = 0;
};

class Journal : public std::enable_shared_from_this<Journal> {
 public:
  struct Core;                                   // core.hpp
  explicit Journal(std::shared_ptr<Core> core);  // by the registry
  // Opens or joins (process-wide by directory identity). Waits for disks: call it from
  // Tasks::submit. LOCKED, CORRUPT, IO, VERSION, MISMATCH, UNSUPPORTED.
  static Result<std::shared_ptr<Client>> open(const io::Host& host, const std::string& directory,
                                              const Options& options, Client::Notify notify);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] const Options& options() const noexcept;  // in force: those of the first open
  [[nodiscard]] const RecoveryReport& recovery() const noexcept;
  [[nodiscard]] const std::string& directory() const noexcept;
  [[nodiscard]] format::SegmentHeader header() const;  // of the current segment
  [[nodiscard]] std::uint64_t first_seq() const;
  [[nodiscard]] std::uint64_t last_seq() const noexcept;  // last seq handed out
  [[nodiscard]] std::uint64_t durable_seq() const noexcept;
  [[nodiscard]] std::uint64_t epoch() const;
  [[nodiscard]] std::uint64_t pending_bytes() const noexcept;
  [[nodiscard]] bool writable() const noexcept;          // below the high-water mark, not failed
  [[nodiscard]] std::optional<Failure> failure() const;  // the sticky one
  [[nodiscard]] View view() const;                       // up to the watermark
  [[nodiscard]] Stats stats() const;
  [[nodiscard]] std::vector<SegmentInfo> segments() const;

  // The following wait for disks: call them from Tasks::submit.
  Result<TruncateResult> truncate_before(std::uint64_t seq);
  Result<CursorInfo> open_cursor(const std::string& name);
  Result<CursorInfo> advance_cursor(const std::string& name, std::uint64_t expected,
                                    std::uint64_t next);
  Result<CursorInfo> reset_cursor(const std::string& name, std::uint64_t to);
  Status delete_cursor(const std::string& name);
  [[nodiscard]] std::vector<CursorInfo> cursors() const;
  // A consistent copy of what is durable now (tools.hpp). A truncation that overtakes it makes it
  // begin anew with what is left.
  Result<CopyReport> snapshot(const std::string& out) const;

 private:
  friend class Client;
  std::shared_ptr<Core> core_;
};

}  // namespace tidemark::journal
