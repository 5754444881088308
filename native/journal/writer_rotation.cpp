// How the writer moves to a new segment: at the end of a full one, and after a failed write.
#include <algorithm>
#include <utility>

#include "format/names.hpp"
#include "journal/segment_files.hpp"
#include "journal/writer.hpp"

namespace tidemark::journal {

std::uint64_t Writer::next_capacity() const {
  const std::uint64_t grown = segment_->target_bytes() * segment_growth;
  return std::min(core_.options.segment_bytes, std::max(first_segment_bytes, grown));
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
  order.direct = core_.direct;
  order.mode = core_.options.mode;
  // The core outlives the order: the writer does not end while one is out.
  order.done = [&core = core_](io::Result<std::unique_ptr<io::File>> file) {
    const std::shared_ptr<io::Task> task = core.task;
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
  format::SegmentHeader header = segment_->header();
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
  Spare spare;
  {
    const std::scoped_lock lock(core_.mutex);
    switch (core_.spare.state) {
      case Spare::State::none:
        order_spare(next_capacity());
        return Turn::wait;
      case Spare::State::ordered:
        return Turn::wait;
      case Spare::State::failed:
        core_.spare.state = Spare::State::none;
        break;
      case Spare::State::ready:
        spare = std::move(core_.spare);
        core_.spare.state = Spare::State::none;
        break;
    }
  }
  // A successor's header says that everything in front of it is durable.
  if (!unsynced_.empty() && !sync_now()) return Turn::failed;
  io::Error error;
  bool sync_failed = false;
  if (!spare.file) {
    // No room for a zero-filled segment: go on in one that grows as it is written.
    spare.capacity = 0;
    {
      const std::scoped_lock lock(core_.mutex);
      spare.id = core_.next_segment_id++;
    }
    auto created =
        create_segment(*core_.host.disk, core_.directory, successor_header(spare.id, 0, false),
                       {core_.options.mode, core_.direct});
    if (!created) {
      write_failed(created.error(), false);
      return Turn::failed;
    }
    spare.file = std::move(created).value();
    spare.path = io::join(core_.directory, format::segment_name(spare.id));
  }
  if (!begin_successor(std::move(spare.file), spare.path, spare.id, spare.capacity, false, error,
                       sync_failed) ||
      !complete_seal(error)) {
    if (sync_failed) {
      poison(error, "a sync failed");
    } else if (!poisoned_) {
      write_failed(error, false);
    }
    return Turn::failed;
  }
  return Turn::done;
}

bool Writer::begin_successor(std::unique_ptr<io::File> file, std::string path, std::uint64_t id,
                             std::uint64_t capacity, bool new_epoch, io::Error& error,
                             bool& sync_failed) {
  format::SegmentHeader header = successor_header(id, capacity, new_epoch);
  if (io::Status status = write_header(*file, header); !status) {
    error = status.error();
    return false;
  }
  if (io::Status status = file->sync(); !status) {
    error = status.error();
    sync_failed = true;
    return false;
  }
  format::Stream stream;
  stream.end = header.data_start();
  stream.next_seq = header.first_seq;
  const std::uint64_t target = capacity != 0 ? capacity : next_capacity();
  predecessor_ = std::move(segment_);
  segment_ = std::make_unique<SegmentWriter>(std::move(file), std::move(path), std::move(header),
                                             stream, std::make_shared<SharedIndex>(), target);
  segment_->index()->mark_loaded();
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
  sealed->file_bytes = predecessor_->end() + format::seal_bytes + seal.index_bytes;
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
    Event event;
    event.kind = Event::Kind::seal;
    event.segment = sealed->header.segment_id;
    event.first_seq = sealed->header.first_seq;
    event.last_seq = seal.last_seq;
    event.records = seal.records;
    event.bytes = sealed->file_bytes;
    core_.add_event(event);
    event = {};
    event.kind = Event::Kind::rotate;
    event.segment = header.segment_id;
    event.first_seq = header.first_seq;
    core_.add_event(event);
  }
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
  Spare spare;
  {
    const std::scoped_lock lock(core_.mutex);
    if (core_.spare.state == Spare::State::ready) {
      spare = std::move(core_.spare);
      core_.spare.state = Spare::State::none;
    } else {
      spare.id = core_.next_segment_id++;
      if (core_.spare.state == Spare::State::failed) core_.spare.state = Spare::State::none;
    }
  }
  if (!spare.file) {
    auto created =
        create_segment(*core_.host.disk, core_.directory, successor_header(spare.id, 0, true),
                       {core_.options.mode, core_.direct});
    if (!created) {
      error = created.error();
      return false;
    }
    spare.file = std::move(created).value();
    spare.capacity = 0;
    spare.path = io::join(core_.directory, format::segment_name(spare.id));
  }
  bool sync_failed = false;
  if (!begin_successor(std::move(spare.file), spare.path, spare.id, spare.capacity, true, error,
                       sync_failed)) {
    if (sync_failed) poison(error, "a sync failed");
    return false;
  }
  // The residue is of no use any more; a failure to cut it changes nothing.
  static_cast<void>(predecessor_->file().truncate(predecessor_->end()));
  io::Error seal_error;
  if (!complete_seal(seal_error) && poisoned_) {
    error = seal_error;
    return false;
  }
  return true;
}

}  // namespace tidemark::journal
