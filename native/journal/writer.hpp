// The writer of one journal, as a step function: takes the commit in front, writes it, syncs,
// publishes. Runs on its task; a lone, small commit is begun and ended by the client that handed it
// over (writer_begun.cpp). Its state belongs to Core::keeper; everything it shares goes through
// Core under its mutex.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "io/tasks.hpp"
#include "journal/core.hpp"
#include "journal/segment_writer.hpp"

namespace tidemark::journal {

class Writer {
 public:
  // `durable` is the end of the stream: all of it was made durable by the open. `clean`: the stream
  // ends with a closing mark and nothing was added since.
  Writer(Journal::Core& core, std::unique_ptr<SegmentWriter> segment, bool clean);
  io::Next step();

  // Writes that a client begins (writer_begun.cpp). The keeper is the client, and is whatever comes
  // next when these return. Begin: whether the write of the commit in hand is under way.
  void take_in_hand(std::unique_ptr<PendingCommit> commit) noexcept;
  bool begin(const std::shared_ptr<Client::State>& client);
  void end_begun(const std::shared_ptr<Client::State>& client);

 private:
  enum class Turn : std::uint8_t { done, wait, failed };

  // The task is the keeper.
  io::Next run();
  std::optional<io::Next> leave_to_keeper();  // mutex held
  [[nodiscard]] bool can_begin() noexcept;
  bool begin_current(io::Notice& notice);
  void back_off() noexcept;  // the system refused
  // What became of the write that was begun; false: it is still under way.
  bool finish_begun(bool wait);
  void hand_to_task();

  // The commit in hand.
  io::Next write_current();
  [[nodiscard]] CommitContents bare_current() const;
  [[nodiscard]] DictionaryBytes find_dictionary(std::uint64_t name) const;
  void commit_failed(const io::Error& error, bool through);
  void settle_current(io::Nanoseconds started, std::optional<io::Nanoseconds> through);
  bool sync_now();  // false: poisoned
  void now_durable(io::Nanoseconds before);
  void publish(bool durable);
  void tell_settled();
  io::Next rest(io::Nanoseconds now, io::Nanoseconds linger_until);
  void mark_idle();
  io::Next finish();
  Status finish_segment();

  // Segments (writer_rotation.cpp).
  Turn rotate();
  void order_spare(std::uint64_t capacity);
  [[nodiscard]] std::uint64_t quiet_slice_bytes() const;
  // The segment that is to follow. It is remembered until it is durable, and tried again byte for
  // byte: a part of it, or all, may be on the disk although a call failed, and a segment has one
  // successor only.
  struct Successor {
    format::SegmentHeader header;
    std::uint64_t capacity = 0;
    std::string path;
    std::unique_ptr<io::File> file;  // of a spare; null while the file is to be made
  };
  void choose_successor(bool new_epoch);
  bool begin_successor(io::Error& error);
  bool complete_seal(io::Error& error);
  bool leave_segment(io::Error& error);  // after a failed write: goes on in a new segment
  [[nodiscard]] std::uint64_t next_capacity() const;
  [[nodiscard]] format::SegmentHeader successor_header(std::uint64_t id, std::uint64_t capacity,
                                                       bool new_epoch);

  // Failures (writer_failure.cpp).
  // Whether a durable write failed as a write, so that no sync can have failed with it.
  [[nodiscard]] static bool refuses_to_write(const io::Error& error) noexcept;
  void write_failed(const io::Error& error, bool submitted);
  void poison(const io::Error& error, const char* what);
  void reject_all(const Failure& failure, WriteOutcome current, WriteOutcome queued,
                  bool unsynced_too);

  Journal::Core& core_;
  std::unique_ptr<SegmentWriter> segment_;
  std::unique_ptr<SegmentWriter> predecessor_;  // its seal is still to be written
  std::optional<Successor> successor_;
  std::unique_ptr<PendingCommit> current_;
  io::Nanoseconds current_started_ = 0;
  io::Nanoseconds begun_at_ = 0;          // the write that a client began
  bool begun_ = false;                    // it has not ended
  unsigned refusals_ = 0;                 // of begun writes, in a row
  unsigned left_to_task_ = 0;             // so many commits more are not begun
  std::optional<io::Error> begun_error_;  // for the task: what follows waits for the disk
  std::optional<Event> settled_;          // of a commit that publish() has still to tell about
  io::Nanoseconds settled_started_ = 0;
  std::vector<Part> unsynced_;  // written, not yet durable
  format::Watermark durable_;   // in the current segment
  std::optional<io::Nanoseconds> sync_due_;
  std::optional<io::Nanoseconds> mark_due_;
  bool must_leave_ = false;  // a write failed or a successor names this segment's end: nothing more
                             // goes into it
  SegmentDictionaries dictionaries_;
  std::uint64_t retired_bytes_ = 0;  // written to segments that are sealed now
  bool clean_;
  bool poisoned_ = false;
  std::optional<Status> finished_;  // everything is written, or will not be
};

}  // namespace tidemark::journal
