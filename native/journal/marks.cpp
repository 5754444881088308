// The marks beside the segments: the head (truncation, retention) and the named cursors. Each is
// replaced atomically and is durable before what it releases is touched. All of it waits for the
// disk and runs off the commit path.
#include <algorithm>
#include <utility>

#include "format/names.hpp"
#include "journal/core.hpp"

namespace tidemark::journal {
namespace {

Failure denial(Code code, std::string message) {
  Failure failure;
  failure.code = code;
  failure.message = std::move(message);
  return failure;
}

Failure gone() { return denial(Code::closed, "the journal is closed"); }

bool valid_cursor_name(const std::string& name) {
  return format::valid_cursor_name(name) && name.find('\0') == std::string::npos;
}

}  // namespace

// The head is a witness of everything in front of it, so that has to be durable first. Waits for it
// without marks_mutex: others may write marks meanwhile.
Status Journal::Core::await_durable_before(std::uint64_t seq) {
  std::unique_lock lock(mutex);
  if (closing) return Status(gone());
  if (failure) return Status(*failure);
  if (seq > next_seq) {
    return Status(denial(Code::range, "truncateBefore(" + std::to_string(seq) +
                                          ") is beyond the last seq + 1, " +
                                          std::to_string(next_seq)));
  }
  if (view.last_seq + 1 >= seq) return done();
  ask_sync();
  gate->wait(
      lock, [&] { return view.last_seq + 1 >= seq || next_seq < seq || failure || ended; },
      std::nullopt);
  if (failure) return Status(*failure);
  if (view.last_seq + 1 < seq) {
    return Status(denial(Code::range, "the records in front were rejected meanwhile"));
  }
  return done();
}

Result<TruncateResult> Journal::Core::truncate(std::uint64_t seq) {
  if (Status durable = await_durable_before(seq); !durable) return durable.error();
  const std::scoped_lock marks_lock(marks_mutex);
  TruncateResult result;
  format::HeadMark mark;
  std::uint64_t target = seq;
  {
    const std::scoped_lock lock(mutex);
    if (closing) return gone();
    if (failure) return *failure;
    std::uint64_t lowest = seq;
    for (const auto& [name, at] : cursors) {
      if (at + 1 >= seq) continue;
      result.held_by.push_back({name, at});
      lowest = std::min(lowest, at + 1);
    }
    target = std::max(lowest, view.first_seq);
    result.first_seq = view.first_seq;
    if (target <= view.first_seq) return result;
    mark.journal_id = header.journal_id;
    mark.head.first_seq = target;
    // The last segment that begins at or before the target; an empty one in front of it is
    // released.
    for (const auto& segment : view.segments) {
      if (segment->header.first_seq <= target) mark.head.segment_id = segment->header.segment_id;
    }
  }
  const std::string file(format::head_name);
  const bool reserved = mark_reserve.has_value();
  const io::Status replaced = replace_mark(file, format::encode_head_mark(mark));
  if (!replaced) return from_io(replaced.error(), "the head mark cannot be written");
  std::vector<std::shared_ptr<const Segment>> released;
  {
    const std::scoped_lock lock(mutex);
    head = mark.head;
    view.first_seq = target;
    const auto live = std::ranges::find_if(view.segments, [&](const auto& segment) {
      return segment->header.segment_id == mark.head.segment_id;
    });
    released.assign(view.segments.begin(), live);
    view.segments.erase(view.segments.begin(), live);
  }
  // A removal that fails leaves debris for the next open.
  for (const auto& segment : released) static_cast<void>(host.disk->unlink(segment->path));
  // The disk was full, and has room now.
  if (reserved) reserve_mark();
  result.first_seq = target;
  result.released_segments = released.size();
  return result;
}

// Releases whole sealed segments, oldest first, while a limit is passed.
void Journal::Core::apply_retention() {
  std::uint64_t target = 0;
  {
    const std::scoped_lock lock(mutex);
    if (closing) return;
    const Retention& retain = options.retain;
    const std::int64_t now = host.clock->wall_milliseconds();
    std::uint64_t bytes = 0;
    for (const auto& segment : view.segments)
      bytes += segment->sealed() ? segment->file_bytes : current_end;
    for (std::size_t i = 0; i + 1 < view.segments.size(); ++i) {
      const Segment& oldest = *view.segments[i];
      // Its newest record is older than the successor's creation. A clock that went back makes the
      // age small or negative: then nothing is released.
      const std::int64_t age = now - view.segments[i + 1]->header.created_at;
      const bool too_large = retain.max_bytes != 0 && bytes > retain.max_bytes;
      const bool too_many =
          retain.max_records != 0 && view.last_seq - oldest.last_seq >= retain.max_records;
      const bool too_old =
          retain.max_age_ms != 0 && age > 0 && static_cast<std::uint64_t>(age) > retain.max_age_ms;
      if (!too_large && !too_many && !too_old) break;
      bytes -= oldest.file_bytes;
      target = oldest.last_seq + 1;
    }
  }
  // What cannot be released now is tried again at the next rotation.
  if (target != 0) static_cast<void>(truncate(target));
}

Result<TruncateResult> Journal::truncate_before(std::uint64_t seq) { return core_->truncate(seq); }

namespace {

// Durable when it returns. marks_mutex held.
Status write_cursor(Journal::Core& core, const std::string& name, std::uint64_t seq) {
  format::CursorMark mark;
  {
    const std::scoped_lock lock(core.mutex);
    mark.journal_id = core.header.journal_id;
    mark.epoch = core.header.epoch;
  }
  mark.name = name;
  mark.seq = seq;
  const std::string file = format::cursor_file_name(name);
  core.doubtful_cursors.insert(name);
  const io::Status replaced = core.replace_mark(file, format::encode_cursor_mark(mark));
  if (!replaced) return Status(from_io(replaced.error(), "the cursor cannot be written"));
  core.doubtful_cursors.erase(name);
  const std::scoped_lock lock(core.mutex);
  core.cursors[name] = seq;
  return done();
}

}  // namespace

Result<CursorInfo> Journal::open_cursor(const std::string& name) {
  if (!valid_cursor_name(name)) {
    return denial(Code::range, "a cursor's name has 1 to 128 bytes and no NUL");
  }
  const std::scoped_lock marks_lock(core_->marks_mutex);
  const bool doubtful = core_->doubtful_cursors.contains(name);
  std::uint64_t start = 0;
  {
    const std::scoped_lock lock(core_->mutex);
    if (core_->closing) return gone();
    const auto found = core_->cursors.find(name);
    const bool known = found != core_->cursors.end();
    if (known && !doubtful) {
      return CursorInfo{name, found->second, lag_of(core_->view, found->second)};
    }
    // What was truncated is behind a new one.
    start = known ? found->second : core_->view.first_seq - 1;
  }
  // From now on it holds what it has not seen, also after a crash.
  if (Status status = write_cursor(*core_, name, start); !status) return status.error();
  const std::scoped_lock lock(core_->mutex);
  return CursorInfo{name, start, lag_of(core_->view, start)};
}

Result<CursorInfo> Journal::advance_cursor(const std::string& name, std::uint64_t expected,
                                           std::uint64_t next) {
  const std::scoped_lock marks_lock(core_->marks_mutex);
  {
    const std::scoped_lock lock(core_->mutex);
    if (core_->closing) return gone();
    const auto found = core_->cursors.find(name);
    if (found == core_->cursors.end()) {
      return denial(Code::conflict, "the cursor '" + name + "' was deleted: open it again");
    }
    if (found->second != expected) {
      Failure failure =
          denial(Code::conflict, "the cursor '" + name + "' is at " +
                                     std::to_string(found->second) + ", not at " +
                                     std::to_string(expected) + ": somebody else advanced it");
      failure.from_seq = found->second;
      return failure;
    }
    if (next < expected) {
      return denial(Code::range, "a cursor goes back only by reset(): " + std::to_string(next) +
                                     " is below " + std::to_string(expected));
    }
    if (next > core_->view.last_seq) {
      return denial(Code::range, "a cursor never passes durableSeq (" +
                                     std::to_string(core_->view.last_seq) + ")");
    }
    if (next == expected && !core_->doubtful_cursors.contains(name))
      return CursorInfo{name, next, lag_of(core_->view, next)};
  }
  if (Status status = write_cursor(*core_, name, next); !status) return status.error();
  const std::scoped_lock lock(core_->mutex);
  return CursorInfo{name, next, lag_of(core_->view, next)};
}

Result<CursorInfo> Journal::reset_cursor(const std::string& name, std::uint64_t to) {
  const std::scoped_lock marks_lock(core_->marks_mutex);
  {
    const std::scoped_lock lock(core_->mutex);
    if (core_->closing) return gone();
    if (!core_->cursors.contains(name)) {
      return denial(Code::conflict, "the cursor '" + name + "' was deleted: open it again");
    }
    if (to > core_->view.last_seq || (to != 0 && to + 1 < core_->view.first_seq)) {
      return denial(Code::range, "reset(" + std::to_string(to) +
                                     ") is outside of what the journal holds, " +
                                     std::to_string(core_->view.first_seq - 1) + " to " +
                                     std::to_string(core_->view.last_seq));
    }
  }
  if (Status status = write_cursor(*core_, name, to); !status) return status.error();
  const std::scoped_lock lock(core_->mutex);
  return CursorInfo{name, to, lag_of(core_->view, to)};
}

Status Journal::delete_cursor(const std::string& name) {
  const std::scoped_lock marks_lock(core_->marks_mutex);
  {
    const std::scoped_lock lock(core_->mutex);
    if (core_->closing) return Status(gone());
    if (!core_->cursors.contains(name) && !core_->doubtful_cursors.contains(name)) return done();
  }
  core_->doubtful_cursors.insert(name);
  const std::string path = io::join(core_->directory, format::cursor_file_name(name));
  io::Status status = core_->host.disk->unlink(path);
  if (!status && status.error().code == io::Errc::not_found) status = io::done();
  if (status) status = core_->host.disk->sync_directory(core_->directory);
  if (!status) return Status(from_io(status.error(), "the cursor cannot be deleted"));
  core_->doubtful_cursors.erase(name);
  const std::scoped_lock lock(core_->mutex);
  core_->cursors.erase(name);
  return done();
}

std::vector<CursorInfo> Journal::cursors() const {
  const std::scoped_lock lock(core_->mutex);
  std::vector<CursorInfo> infos;
  for (const auto& [name, seq] : core_->cursors)
    infos.push_back({name, seq, lag_of(core_->view, seq)});
  return infos;
}

}  // namespace tidemark::journal
