#include "journal/reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "journal/reader_state.hpp"

namespace tidemark::journal {

Reader::Reader(std::shared_ptr<io::Disk> disk, std::uint64_t journal_hash_bytes)
    : state_(std::make_unique<State>(std::move(disk), journal_hash_bytes)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Result<RecordBatch> Reader::read(const View& view, const ReadRequest& request) {
  return request.reverse ? state_->backward(view, request) : state_->forward(view, request);
}

Result<RecordBatch> Reader::get(const View& view, std::uint64_t seq) {
  ReadRequest request;
  request.from = seq;
  request.to = seq;
  request.max_records = 1;
  if (seq > view.last_seq || seq < view.first_seq) return state_->forward(view, request);
  // Only a lookup says why a seq is absent; readers of ranges step over gaps.
  const State::Target target = State::target_of(view, seq);
  if (!target.hole) {
    if (Status status = state_->use(view, target.number); !status) return status.error();
    const Located located = state_->file->locate(seq, nullptr);
    if (located.kind == Located::Kind::gap) {
      const auto gap = state_->file->cursor().gap();
      if (!gap || gap->reason != format::GapReason::lost) return RecordBatch{};
      Located lost;
      lost.damage = {state_->file->cursor().header().offset,
                     0,
                     gap->first_seq,
                     gap->last_seq,
                     "they were lost, and salvage left a gap for them",
                     false};
      return failure_of(*state_->disk, *view.segments[target.number], state_->file.get(), lost);
    }
  }
  return state_->forward(view, request);
}

Reader::State::Target Reader::State::target_of(const View& view, std::uint64_t seq) {
  Target target;
  const auto behind = std::upper_bound(
      view.segments.begin(), view.segments.end(), seq,
      [](std::uint64_t wanted, const auto& segment) { return wanted < segment->header.first_seq; });
  if (behind == view.segments.begin()) {
    target.hole = true;
    target.damage = {0,
                     0,
                     seq,
                     view.segments.empty() ? seq : view.segments.front()->header.first_seq - 1,
                     "the segment that held them is missing",
                     false};
    return target;
  }
  target.number = static_cast<std::size_t>(behind - view.segments.begin()) - 1;
  const Segment& segment = *view.segments[target.number];
  // Only in a journal that was opened in spite of damage.
  if (behind != view.segments.end() && seq > segment.last_seq) {
    target.hole = true;
    target.damage = {segment.stream_end,
                     0,
                     seq,
                     (*behind)->header.first_seq - 1,
                     "the segment that held them is missing",
                     false};
  }
  return target;
}

Status Reader::State::use(const View& view, std::size_t number) {
  const std::shared_ptr<const Segment>& segment = view.segments[number];
  const bool open = file && file->segment().header.segment_id == segment->header.segment_id &&
                    file->segment().header.salt == segment->header.salt;
  if (!open) {
    file.reset();
    auto opened = SegmentFile::open(*disk, segment);
    if (!opened) return failure_of_open(*disk, *segment, opened.error());
    file = std::move(opened).value();
  } else if (&file->segment() != segment.get()) {
    file->adopt(segment);
  }
  file->set_bounds(bounds_of(view, number));
  return done();
}

Result<RecordBatch> Reader::State::forward(const View& view, const ReadRequest& request) {
  RecordBatch batch;
  if (request.from < view.first_seq) {
    return truncated_failure(
        view.segments.empty() ? std::string() : io::parent(view.segments.front()->path),
        request.from, view.first_seq);
  }
  const std::uint64_t to = std::min(request.to, view.last_seq);
  std::uint64_t seq = request.from;
  while (seq <= to) {
    const Target target = target_of(view, seq);
    const bool same =
        !target.hole && view.segments[target.number]->header.segment_id == batch.segment_id;
    if (!batch.lengths.empty() && !same) return batch;
    Located located;
    const Segment* segment = view.segments.empty() ? nullptr : view.segments[target.number].get();
    if (target.hole) {
      located.damage = target.damage;
      if (segment == nullptr) return truncated_failure({}, seq, view.first_seq);
    } else {
      if (Status status = use(view, target.number); !status) return status.error();
      located = file->locate(seq, nullptr);
    }
    if (located.kind == Located::Kind::gap) {
      if (!batch.lengths.empty()) return batch;
      seq = file->cursor().header().next_seq;
      continue;
    }
    if (located.kind == Located::Kind::commit) {
      if (batch.lengths.empty()) {
        batch.first_seq = seq;
        batch.segment_id = segment->header.segment_id;
      }
      const Collected collected =
          collect(seq, to, request.max_bytes, request.max_records, batch, located.damage);
      if (collected == Collected::full) return batch;
      if (collected == Collected::frame) {
        seq = file->cursor().header().next_seq;
        continue;
      }
    }
    if (!batch.lengths.empty()) return batch;
    if (!request.skip_corruption || located.kind == Located::Kind::version) {
      return failure_of(*disk, *segment, target.hole ? nullptr : file.get(), located);
    }
    batch.skipped.push_back(skipped_range(*segment, located.damage));
    seq = located.damage.to_seq + 1;
  }
  return batch;
}

Reader::State::Collected Reader::State::collect(std::uint64_t seq, std::uint64_t to,
                                                std::size_t max_bytes, std::size_t max_records,
                                                RecordBatch& batch, Damage& damage) {
  FrameCursor& cursor = file->cursor();
  FileSource& source = file->source();
  cursor.seek(seq);
  if (batch.payload.capacity() == 0) {
    batch.payload.reserve(std::min<std::size_t>(max_bytes, cursor.header().body_bytes));
  }
  while (cursor.at().entry < cursor.table().size()) {
    if (cursor.at().seq > to || batch.lengths.size() >= max_records) return Collected::full;
    // At least one record leaves, whatever its size.
    const std::size_t room =
        max_bytes > batch.payload.size() ? max_bytes - batch.payload.size() : 0;
    RunLimits limits;
    limits.last_seq = to;
    limits.max_records = batch.lengths.empty() ? 1 : max_records - batch.lengths.size();
    limits.max_bytes = batch.lengths.empty() ? SIZE_MAX : room;
    Run run = next_run(cursor, source, limits);
    if (run.entries > 0) {
      batch.payload.insert(batch.payload.end(), run.bytes.begin(), run.bytes.end());
      append_facts(run.first_entry, run.entries, batch);
    }
    if (run.end == Run::End::large) {
      if (!batch.lengths.empty() && cursor.table().length(cursor.at().entry) > room)
        return Collected::full;
      if (append_large(batch)) continue;
      run.end = Run::End::bad;
    }
    switch (run.end) {
      case Run::End::other:
        cursor.advance();
        break;
      case Run::End::limit:
        if (run.entries == 0) return Collected::full;
        break;
      case Run::End::bad:
      case Run::End::unreadable: {
        const EntryPosition& at = cursor.at();
        const std::uint32_t length = cursor.table().length(at.entry);
        damage = {at.offset, length, at.seq, at.seq, "a record that does not match its checksum",
                  false};
        damage.unreadable =
            run.end == Run::End::unreadable || source.unreadable_within(at.offset, length);
        return Collected::bad;
      }
      default:
        break;
    }
  }
  return Collected::frame;
}

// A record larger than the window goes piece by piece to where it is wanted.
bool Reader::State::append_large(RecordBatch& batch) {
  FrameCursor& cursor = file->cursor();
  const EntryPosition at = cursor.at();
  const std::size_t length = cursor.table().length(at.entry);
  const std::size_t before = batch.payload.size();
  batch.payload.resize(before + length);
  std::size_t taken = 0;
  while (taken < length) {
    const auto view =
        file->source().view(at.offset + taken, std::min(length - taken, file->source().window()));
    if (!view || view->empty()) break;
    std::memcpy(batch.payload.data() + before + taken, view->data(), view->size());
    taken += view->size();
  }
  const format::Bytes payload(batch.payload.data() + before, length);
  if (taken < length || format::record_checksum(cursor.place(), at.seq, payload) !=
                            cursor.table().checksum(at.entry)) {
    batch.payload.resize(before);
    return false;
  }
  append_facts(at.entry, 1, batch);
  cursor.advance();
  return true;
}

void Reader::State::append_facts(std::uint32_t entry, std::uint32_t count, RecordBatch& batch) {
  const format::RecordTable& table = file->cursor().table();
  const std::size_t before = batch.lengths.size();
  batch.lengths.resize(before + count);
  for (std::uint32_t i = 0; i < count; ++i) batch.lengths[before + i] = table.length(entry + i);
  if ((file->cursor().header().flags & format::frame_flag::attributes) != 0) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint8_t attributes = table.attributes(entry + i);
      if (attributes == 0 && batch.attributes.empty()) continue;
      batch.attributes.resize(before + i);
      batch.attributes.push_back(attributes);
    }
  }
  if (!batch.attributes.empty()) batch.attributes.resize(before + count);
  if (hash_bytes == 0) return;
  for (std::uint32_t i = 0; i < count; ++i) {
    const format::Bytes hash = table.hash(entry + i);
    batch.hashes.insert(batch.hashes.end(), hash.begin(), hash.end());
    batch.hashes.resize((before + i + 1) * hash_bytes);
  }
}

}  // namespace tidemark::journal
