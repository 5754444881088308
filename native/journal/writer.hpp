// The writer of one journal, as a step function: takes the commit in front, writes it, syncs,
// publishes. Runs on its task only; everything it shares goes through Core under its mutex.
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

 private:
  enum class Turn : std::uint8_t { done, wait, failed };

  // The commit in hand.
  io::Next write_current();
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
  std::optional<Event> settled_;  // of a commit that publish() has still to tell about
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
