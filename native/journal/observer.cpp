#include "journal/observer.hpp"

#include <algorithm>
#include <utility>

#include "format/names.hpp"
#include "journal/core.hpp"
#include "journal/observer_state.hpp"
#include "journal/writer_lock.hpp"

namespace tidemark::journal {
namespace {

// Headers are small, and an idle follower looks at no more than one window of them each time.
constexpr std::size_t look_window = std::size_t{16} << 10U;
// A directory that changes under the look (a rotation, a writer that comes) is looked at again: so
// often while its head mark stands still, and so often in all, since a writer may release segments
// faster than they can be looked at.
constexpr int look_attempts = 8;
constexpr int look_attempts_in_all = 200;

bool is_absent(const Failure& failure) {
  return failure.cause && failure.cause->code == io::Errc::not_found;
}

}  // namespace

Observer::Observer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Observer::~Observer() = default;

Result<std::shared_ptr<Observer>> Observer::open(const io::Host& host, const std::string& directory,
                                                 const Options& options) {
  if (Status status = require_threads(*host.tasks, directory); !status) return status.error();
  const io::Nanoseconds started = host.clock->monotonic();
  auto state = std::make_unique<State>(host, directory, options);
  RecoveryReport report;
  if (Status status = state->look(&report); !status) return status.error();
  state->publish();
  // Without a valid header there is nothing to compare with, and the look has said so.
  if (state->header.segment_id != 0) {
    if (auto failure = recorded_mismatch(options.recorded, state->header)) return *failure;
  }
  report.duration = host.clock->monotonic() - started;
  report.last_seq = state->view.last_seq;
  report.segments = state->view.segments.size();
  state->recovery = std::move(report);
  // Only open() may make one, so std::make_shared cannot.
  struct Opened final : Observer {
    explicit Opened(std::unique_ptr<State> with) : Observer(std::move(with)) {}
  };
  return std::shared_ptr<Observer>(std::make_shared<Opened>(std::move(state)));
}

const RecoveryReport& Observer::recovery() const noexcept { return state_->recovery; }

format::SegmentHeader Observer::header() const {
  const std::lock_guard guard(state_->mutex);
  return state_->header;
}

View Observer::view() const {
  const std::lock_guard guard(state_->mutex);
  return state_->view;
}

std::uint64_t Observer::revision() const {
  const std::lock_guard guard(state_->mutex);
  return state_->revision;
}

Result<bool> Observer::refresh() {
  State& state = *state_;
  const std::lock_guard guard(state.refresh_mutex);
  if (state.released) return false;
  auto trace = state.trace_writer();
  if (!trace) return trace.error();
  bool again = trace.value() != state.writer;
  auto head = state.read_head();
  if (!head) return from_io(head.error(), "the head mark cannot be read");
  if (!again && head.value() != state.head_bytes) {
    if (Status status = state.apply_head(head.value(), again); !status) return status.error();
  }
  // Without a writer nothing grows: the end was decided when it went.
  if (!again && state.writer.alive) {
    if (Status status = state.follow(again); !status) return status.error();
  }
  if (again) {
    if (Status status = state.look(nullptr); !status) return status.error();
  }
  return state.publish();
}

void Observer::release() {
  const std::lock_guard guard(state_->refresh_mutex);
  state_->released = true;
  state_->growing.cursor.reset();
  state_->growing.source.reset();
  state_->growing.file.reset();
}

Result<WriterTrace> Observer::State::trace_writer() const {
  auto alive = writer_lives(*host.disk, directory);
  if (!alive) return alive.error();
  auto holder = host.disk->lock_holder(io::join(directory, format::lock_name));
  if (!holder) return writer_unknown(holder.error());
  return WriterTrace{alive.value(), std::move(holder).value()};
}

io::Result<std::vector<std::byte>> Observer::State::read_head() const {
  auto bytes =
      io::read_file(*host.disk, io::join(directory, format::head_name), format::maximum_mark_bytes);
  if (!bytes && bytes.error().code == io::Errc::not_found) return std::vector<std::byte>{};
  // Whatever it is, it is no head mark: the survey says so, once it looks because this changed.
  if (!bytes && io::beyond_limit(bytes.error())) return std::vector<std::byte>(1);
  return bytes;
}

// The look is good when the same writer was there, or none, before and behind it: what is decided
// without a writer must not have been written to meanwhile, and what one has released since it was
// listed is no failure.
Status Observer::State::look(RecoveryReport* report) {
  int unmoved = 0;
  std::optional<std::vector<std::byte>> seen;
  for (int attempt = 1;; ++attempt) {
    auto before = trace_writer();
    if (!before) return before.error();
    writer = std::move(before).value();
    auto head = read_head();
    unmoved = head && head.value() != seen ? 1 : unmoved + 1;
    if (head) seen = head.value();
    const bool last = unmoved == look_attempts || attempt == look_attempts_in_all;
    auto looked = survey(*host.disk, directory);
    if (!looked) {
      if (!writer.alive || last) return looked.error();
      continue;
    }
    if (!looked.value().damage.empty() && !last) {
      auto alive = writer_lives(*host.disk, directory);
      if (!alive) return alive.error();
      if (alive.value()) continue;
    }
    if (head) head_bytes = std::move(head).value();
    if (report != nullptr) *report = RecoveryReport{};
    Status taken = take(looked.value(), report);
    auto behind = trace_writer();
    if (!behind) return behind.error();
    const bool vanished = !taken && writer.alive && is_absent(taken.error());
    if (last || (behind.value() == writer && !vanished)) return taken;
  }
}

Status Observer::State::apply_head(const std::vector<std::byte>& bytes, bool& again) {
  format::HeadMark mark;
  const bool sound =
      !bytes.empty() && format::decode_head_mark(bytes, mark) == format::MarkState::valid;
  if (!sound || mark.head.segment_id > growing.segment->header.segment_id) {
    again = true;
    return done();
  }
  head_bytes = bytes;
  first_seq = std::max(first_seq, mark.head.first_seq);
  std::erase_if(complete, [&](const auto& segment) {
    return segment->header.segment_id < mark.head.segment_id;
  });
  return done();
}

Status Observer::State::open_growing(std::shared_ptr<const Segment> segment,
                                     format::Watermark shown) {
  auto file = host.disk->open(segment->path, {});
  if (!file) return from_io(file.error(), "a segment cannot be opened");
  growing.cursor.reset();
  growing.source.reset();
  growing.file = std::move(file).value();
  growing.segment = std::move(segment);
  growing.source.emplace(*growing.file, 0, look_window);
  growing.cursor.emplace(growing.segment->header);
  growing.shown = shown;
  return done();
}

Status Observer::State::follow(bool& again) {
  while (true) {
    auto size = growing.file->size();
    if (!size) return from_io(size.error(), "the length of a segment is unknown");
    growing.source->set_size(size.value());
    FrameCursor& cursor = *growing.cursor;
    format::Watermark watermark = growing.shown;
    std::optional<format::Seal> seal;
    std::vector<format::IndexEntry> boundaries;
    std::uint64_t offset = growing.shown.offset;
    std::uint64_t expected = growing.shown.seq + 1;
    // What stands behind the watermark may be half written: a header counts when it validates, and
    // otherwise it is not there yet.
    while (true) {
      boundaries.push_back({expected, offset});
      if (cursor.load(*growing.source, offset, size.value(), true) != FrameCursor::State::good)
        break;
      const format::FrameHeader& frame = cursor.header();
      if (frame.first_seq != expected) break;
      if (frame.watermark.offset > watermark.offset) watermark = frame.watermark;
      if (frame.is(format::FrameType::seal)) {
        seal = cursor.seal();
        break;
      }
      if (!frame.known() && !frame.skippable()) break;
      offset = frame.end();
      expected = frame.next_seq;
    }
    for (const format::IndexEntry& boundary : boundaries) {
      if (boundary.offset < watermark.offset)
        growing.segment->index->add(boundary.offset, boundary.first_seq);
      // A watermark is a frame boundary, or it is not believed.
      if (boundary.offset == watermark.offset && boundary.first_seq == watermark.seq + 1)
        growing.shown = watermark;
    }
    if (!seal || growing.shown.offset != offset) return done();
    if (!step_to_successor(*seal)) {
      again = true;
      return done();
    }
  }
}

// The successor's header is durable before the seal: it must be there, unless it was released.
bool Observer::State::step_to_successor(const format::Seal& seal) {
  const std::string path = io::join(directory, format::segment_name(seal.successor_id));
  auto file = host.disk->open(path, {});
  if (!file) return false;
  std::vector<std::byte> start(format::header_probe_bytes);
  auto read = file.value()->read_at(0, start);
  if (!read) return false;
  start.resize(read.value());
  const format::HeaderPair pair = format::decode_header_pair(start);
  const format::SegmentHeader& next = pair.header;
  if (pair.state != format::HeaderState::valid || pair.contradictory ||
      !format::record_the_same(next, growing.segment->header) ||
      next.segment_id != seal.successor_id || next.salt != seal.successor_salt ||
      next.predecessor.id != growing.segment->header.segment_id ||
      next.predecessor.end != growing.shown.offset || next.predecessor.last_seq != seal.last_seq ||
      next.predecessor.digest != seal.digest || next.first_seq != seal.last_seq + 1) {
    return false;
  }
  auto sealed = std::make_shared<Segment>(*growing.segment);
  sealed->seal = seal;
  sealed->stream_end = growing.shown.offset;
  sealed->last_seq = seal.last_seq;
  if (auto size = growing.file->size()) sealed->file_bytes = size.value();
  sealed->index->mark_loaded();
  auto segment = std::make_shared<Segment>();
  segment->path = path;
  segment->header = next;
  segment->stream_end = next.data_start();
  segment->last_seq = next.first_seq - 1;
  if (!open_growing(segment, {next.data_start(), next.first_seq - 1})) return false;
  complete.push_back(std::move(sealed));
  return true;
}

bool Observer::State::publish() {
  View next;
  next.segments = complete;
  next.segments.push_back(growing.segment);
  next.last_seq = growing.shown.seq;
  next.limit = growing.shown.offset;
  next.first_seq = std::min(first_seq, next.last_seq + 1);
  const std::lock_guard guard(mutex);
  const bool changed = next.segments != view.segments || next.last_seq != view.last_seq ||
                       next.first_seq != view.first_seq;
  view = std::move(next);
  header = growing.segment->header;
  if (changed) revision += 1;
  return changed;
}

}  // namespace tidemark::journal
