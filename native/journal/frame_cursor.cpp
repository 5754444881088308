#include "journal/frame_cursor.hpp"

#include <algorithm>

namespace tidemark::journal {

FrameCursor::State FrameCursor::load(FileSource& source, std::uint64_t offset, std::uint64_t limit,
                                     bool part) {
  state_ = State::damaged;
  if (offset >= limit || limit - offset < format::fixed_frame_header_bytes) return state_;
  const auto start = source.view(offset, format::fixed_frame_header_bytes);
  if (!start) return state_ = State::unreadable;
  if (start->size() < format::fixed_frame_header_bytes) return state_;
  const auto size = format::frame_prefix_bytes(*segment_, offset, *start, limit);
  if (!size || *size > limit - offset) return state_;
  const auto prefix = source.view(offset, *size);
  if (!prefix) return state_ = State::unreadable;
  if (prefix->size() < *size) return state_;
  const auto header = format::decode_frame_header(*segment_, place_, offset, *prefix);
  if (!header || (!part && header->end() > limit)) return state_;
  header_ = *header;
  prefix_.assign(prefix->begin(), prefix->end());
  table_.emplace(header_, prefix_, segment_->hash_bytes);
  rewind();
  return state_ = State::good;
}

std::optional<std::uint64_t> FrameCursor::dirty_padding(FileSource& source) const {
  std::uint64_t at = header_.body_offset() + header_.body_bytes;
  while (at < header_.end()) {
    const auto view = source.view(at, static_cast<std::size_t>(header_.end() - at));
    if (!view || view->empty()) return std::nullopt;
    const auto found =
        std::find_if(view->begin(), view->end(), [](std::byte b) { return b != std::byte{0}; });
    if (found != view->end()) return at + static_cast<std::uint64_t>(found - view->begin());
    at += view->size();
  }
  return std::nullopt;
}

void FrameCursor::advance() noexcept {
  const bool user = user_entry();
  at_.offset += table_->length(at_.entry);
  ++at_.entry;
  if (user) ++at_.seq;
}

void FrameCursor::seek(std::uint64_t seq) noexcept {
  if (seq < at_.seq) rewind();
  while (at_.entry < table_->size() && (at_.seq < seq || !user_entry())) advance();
}

Run next_run(FrameCursor& cursor, FileSource& source, const RunLimits& limits) {
  const format::RecordTable& table = cursor.table();
  const format::Place& place = cursor.place();
  Run run;
  run.first_entry = cursor.at().entry;
  if (run.first_entry >= table.size()) {
    run.end = Run::End::frame;
    return run;
  }
  if (!cursor.user_entry()) {
    run.end = Run::End::other;
    return run;
  }
  const std::size_t window = source.window();
  if (table.length(run.first_entry) > window) {
    run.end = Run::End::large;
    return run;
  }
  const std::uint64_t body_end = cursor.header().body_offset() + cursor.header().body_bytes;
  const auto want =
      static_cast<std::size_t>(std::min<std::uint64_t>(window, body_end - cursor.at().offset));
  const auto view = source.view(cursor.at().offset, want);
  if (!view) {
    run.end = Run::End::unreadable;
    return run;
  }
  std::size_t taken = 0;
  while (true) {
    const std::uint32_t entry = cursor.at().entry;
    if (entry >= table.size()) {
      run.end = Run::End::frame;
      break;
    }
    if (!cursor.user_entry()) {
      run.end = Run::End::other;
      break;
    }
    const std::size_t length = table.length(entry);
    const std::uint64_t seq = cursor.at().seq;
    if (seq > limits.last_seq || run.entries >= limits.max_records || length > limits.max_bytes ||
        taken > limits.max_bytes - length) {
      run.end = Run::End::limit;
      break;
    }
    if (length > view->size() - taken) {
      // The window ends inside the record. When a whole window begins with it, the file is too
      // short.
      run.end = run.entries == 0 ? Run::End::bad : Run::End::limit;
      break;
    }
    if (format::record_checksum(place, seq, view->subspan(taken, length)) !=
        table.checksum(entry)) {
      run.end = Run::End::bad;
      break;
    }
    taken += length;
    ++run.entries;
    cursor.advance();
  }
  run.bytes = view->first(taken);
  return run;
}

}  // namespace tidemark::journal
