// How the writer moves to a new segment: at the end of a full one, and after a failed write.
#include <algorithm>
#include <bit>
#include <utility>

#include "format/names.hpp"
#include "journal/segment_files.hpp"
#include "journal/writer.hpp"

namespace tidemark::journal {
namespace {

// Smaller ones take the device longer in all than they spare a commit.
constexpr std::uint64_t least_slice_bytes = 32U << 10U;

}  // namespace

std::uint64_t Writer::next_capacity() const {
  const std::uint64_t grown = segment_->target_bytes() * segment_growth;
  return std::min(core_.options.segment_bytes, std::max(first_segment_bytes, grown));
}

// A commit that meets the filler at the device waits for its slice: about as long as for a second
// commit of the kind that this segment holds.
std::uint64_t Writer::quiet_slice_bytes() const {
  const std::uint64_t commits = std::max<std::uint64_t>(segment_->stream().frames, 1);
  const std::uint64_t commit = (segment_->end() - segment_->header().data_start()) / commits;
  return std::bit_ceil(std::clamp(commit, least_slice_bytes, zero_slice_bytes));
}

// Called with core_.mutex held.
void Writer::order_spare(std::uint64_t capacity) {
  Spare& spare = core_.spare;
  spare.state = Spare::State::ordered;
  spare.id = core_.next_segment_id++;
  spare.capacity = capacity;
  spare.path = io::join(core_.directory, format::segment_name(spare.id));
  FillOrder order;
  order.disk = core_.host.disk;
  order.directory = core_.directory;
  order.segment_id = spare.id;
  order.capacity = capacity;
  order.zero_fill = core_.zero_fill;
  order.direct = core_.transfers.direct;
  order.mode = core_.options.mode;
  spare.slice_bytes = quiet_slice_bytes();
  order.slice_bytes = [&slice = spare.slice_bytes] { return slice.load(); };
  // The core outlives the order: the writer does not end while one is out.
  order.done = [&core = core_](io::Result<std::unique_ptr<io::File>> file) {
    const std::shared_ptr<io::Task> task = core.task;
    // Not waited for: whoever replaces a mark may wait for the writer, and the writer for this.
    if (const std::unique_lock lock(core.marks_mutex, std::try_to_lock); lock) core.reserve_mark();
    {
      const std::scoped_lock lock(core.mutex);
      core.spare.state = file ? Spare::State::ready : Spare::State::failed;
      if (file) core.spare.file = std::move(file).value();
    }
    task->wake();
  };
  core_.filler->order(std::move(order));
}

format::SegmentHeader Writer::successor_header(std::uint64_t id, std::uint64_t capacity,
                                               bool new_epoch) {
  format::SegmentHeader header = format::continuation_of(segment_->header());
  header.segment_id = id;
  header.capacity = core_.zero_fill ? capacity : 0;
  header.first_seq = segment_->next_seq();
  header.created_at = core_.host.clock->wall_milliseconds();
  header.predecessor = segment_->as_predecessor();
  core_.host.clock->random(std::as_writable_bytes(std::span(&header.salt, 1)));
  if (new_epoch) core_.host.clock->random(std::as_writable_bytes(std::span(&header.epoch, 1)));
  const std::scoped_lock lock(core_.mutex);
  header.head = core_.head;
  return header;
}

Writer::Turn Writer::rotate() {
  // A successor's header says that everything in front of it is durable; and what waits for a sync
  // need not wait for a spare too.
  if (!unsynced_.empty() && !sync_now()) return Turn::failed;
  if (!successor_) {
    std::unique_ptr<io::File> outdated;
    std::string outdated_path;
    bool wait = false;
    {
      const std::scoped_lock lock(core_.mutex);
      Spare& spare = core_.spare;
      if (spare.state == Spare::State::ready && spare.id < segment_->header().segment_id) {
        // Ordered before a failed write began this segment: a successor has the higher id.
        outdated = std::move(spare.file);
        outdated_path = spare.path;
        spare.state = Spare::State::none;
      }
      if (spare.state == Spare::State::none) order_spare(next_capacity());
      wait = spare.state == Spare::State::ordered;
      if (wait) spare.slice_bytes = zero_slice_bytes;  // nobody is in its way any more
    }
    if (outdated) {
      outdated.reset();
      static_cast<void>(core_.host.disk->unlink(outdated_path));
    }
    if (wait) return Turn::wait;
    choose_successor(false);
  }
  io::Error error;
  if (!begin_successor(error)) {
    must_leave_ = true;
    if (!poisoned_) write_failed(error, false);
    return Turn::failed;
  }
  if (!complete_seal(error)) {
    if (!poisoned_) write_failed(error, false);
    return Turn::failed;
  }
  return Turn::done;
}

// A spare that is ready, else a segment that grows as it is written: there may be no room for a
// zero-filled one.
void Writer::choose_successor(bool new_epoch) {
  Successor next;
  std::uint64_t id = 0;
  {
    const std::scoped_lock lock(core_.mutex);
    Spare& spare = core_.spare;
    if (spare.state == Spare::State::ready && spare.id > segment_->header().segment_id) {
      id = spare.id;
      next.capacity = spare.capacity;
      next.file = std::move(spare.file);
      spare.state = Spare::State::none;
    } else {
      id = core_.next_segment_id++;
      if (spare.state == Spare::State::failed) spare.state = Spare::State::none;
    }
  }
  next.path = io::join(core_.directory, format::segment_name(id));
  next.header = successor_header(id, next.capacity, new_epoch);
  successor_ = std::move(next);
}

// Makes the chosen successor durable and goes on in it. False: nothing of the writer's state moved,
// and a failed sync has poisoned it.
bool Writer::begin_successor(io::Error& error) {
  Successor& next = *successor_;
  if (!next.file) {
    auto created = create_segment(*core_.host.disk, core_.directory, next.header,
                                  {core_.options.mode, core_.transfers.direct});
    if (!created) {
      error = created.error();
      // Its name may be lost again, whatever a later sync of the directory says.
      if (error.call == io::Call::sync_directory) poison(error, "a sync of the directory failed");
      return false;
    }
    next.file = std::move(created).value();
  } else {
    if (io::Status status = write_header(*next.file, next.header); !status) {
      error = status.error();
      error.path = next.path;
      return false;
    }
    if (io::Status status = next.file->sync(); !status) {
      error = status.error();
      error.path = next.path;
      poison(error, "a sync failed");
      return false;
    }
  }
  format::Stream stream;
  stream.end = next.header.data_start();
  stream.next_seq = next.header.first_seq;
  const std::uint64_t target = next.capacity != 0 ? next.capacity : next_capacity();
  predecessor_ = std::move(segment_);
  segment_ = std::make_unique<SegmentWriter>(std::move(next.file), std::move(next.path),
                                             std::move(next.header), stream,
                                             std::make_shared<SharedIndex>(), target);
  successor_.reset();
  segment_->index()->mark_loaded();
  if (core_.transfers.write_through) segment_->allow_write_through(*core_.host.disk);
  durable_ = {stream.end, stream.next_seq - 1};
  mark_due_.reset();
  must_leave_ = false;
  clean_ = false;
  dictionaries_.begin_segment();
  return true;
}

bool Writer::complete_seal(io::Error& error) {
  format::Seal seal;
  const format::SegmentHeader& header = segment_->header();
  io::Status status = predecessor_->write_seal(header.segment_id, header.salt,
                                               core_.host.clock->wall_milliseconds(), seal);
  if (!status) {
    error = status.error();
    return false;
  }
  if (status = predecessor_->sync(); !status) {
    poison(status.error(), "a sync failed");
    error = status.error();
    return false;
  }
  predecessor_->trim(seal);

  auto sealed = std::make_shared<Segment>();
  sealed->path = predecessor_->path();
  sealed->header = predecessor_->header();
  sealed->seal = seal;
  sealed->stream_end = predecessor_->end();
  sealed->last_seq = seal.last_seq;
  sealed->file_bytes = sealed->sealed_bytes();
  sealed->index = predecessor_->index();
  auto current = std::make_shared<Segment>();
  current->path = segment_->path();
  current->header = header;
  current->last_seq = header.first_seq - 1;
  current->index = segment_->index();
  retired_bytes_ += predecessor_->bytes_written();
  predecessor_.reset();
  {
    const std::scoped_lock lock(core_.mutex);
    core_.view.segments.back() = sealed;
    core_.view.segments.push_back(current);
    core_.view.limit = durable_.offset;
    core_.header = header;
    core_.current_end = segment_->end();
    core_.current_digest = segment_->stream().digest.value();
    core_.counters.rotations += 1;
    core_.counters.syncs += 2;
  }
  Event event;
  event.kind = Event::Kind::seal;
  event.segment = sealed->header.segment_id;
  event.first_seq = sealed->header.first_seq;
  event.last_seq = seal.last_seq;
  event.records = seal.records;
  event.bytes = sealed->file_bytes;
  core_.events.add(event);
  event = {};
  event.kind = Event::Kind::rotate;
  event.segment = header.segment_id;
  event.first_seq = header.first_seq;
  core_.events.add(event);
  const Retention& retain = core_.options.retain;
  if (retain.max_bytes != 0 || retain.max_records != 0 || retain.max_age_ms != 0) {
    core_.host.tasks->submit([self = core_.shared_from_this()] { self->apply_retention(); });
  }
  return true;
}

// After a failed write nothing more is written into the segment, so that what the write left behind
// its end can never be mistaken for a record: the successor's header fixes where it ends.
bool Writer::leave_segment(io::Error& error) {
  if (!unsynced_.empty() && !sync_now()) {
    error = io::Error{};
    return false;
  }
  if (!successor_) choose_successor(true);
  if (!begin_successor(error)) return false;
  if (io::Status status = predecessor_->cut_residue(true); !status) {
    error = status.error();
    poison(error, "a sync failed");
    return false;
  }
  io::Error seal_error;
  if (!complete_seal(seal_error) && poisoned_) {
    error = seal_error;
    return false;
  }
  return true;
}

}  // namespace tidemark::journal
