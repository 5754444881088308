// Reading backwards: the frames of a segment are linked forwards only, so a step back goes to an
// index entry, lists the frames from there, and takes records from the last of them.
#include <algorithm>

#include "journal/reader_state.hpp"

namespace tidemark::journal {

Result<RecordBatch> Reader::State::backward(const View& view, const ReadRequest& request) {
  std::vector<SkippedRange> skipped;
  if (request.from < view.first_seq) {
    return truncated_failure(
        view.segments.empty() ? std::string() : io::parent(view.segments.front()->path),
        request.from, view.first_seq);
  }
  std::uint64_t to = std::min(request.to, view.last_seq);
  while (to >= request.from) {
    const Target target = target_of(view, to);
    Located located;
    if (view.segments.empty()) return truncated_failure({}, to, view.first_seq);
    const Segment& segment = *view.segments[target.number];
    std::vector<FrameSpot> spots;
    if (target.hole) {
      // In front of the first segment there is nothing to begin behind.
      const bool in_front = segment.header.first_seq > to;
      located.damage = target.damage;
      located.damage.from_seq =
          in_front ? request.from : std::max(request.from, segment.last_seq + 1);
    } else {
      if (Status status = use(view, target.number); !status) return status.error();
      located = file->locate(to, &spots);
    }
    if (located.kind == Located::Kind::gap) {
      to = file->cursor().header().first_seq - 1;
      continue;
    }
    if (located.kind == Located::Kind::commit) {
      Result<RecordBatch> batch = take_back(spots, request.from, to, request, located.damage);
      if (!batch) return batch;
      if (!batch.value().lengths.empty()) {
        batch.value().segment_id = segment.header.segment_id;
        batch.value().skipped = std::move(skipped);
        return batch;
      }
    }
    if (!request.skip_corruption || located.kind == Located::Kind::version)
      return failure_of(*disk, segment, target.hole ? nullptr : file.get(), located);
    // Every step goes back, whatever the damage says of itself.
    located.damage.from_seq = std::clamp(located.damage.from_seq, request.from, to);
    located.damage.to_seq = std::clamp(located.damage.to_seq, located.damage.from_seq, to);
    skipped.push_back(skipped_range(segment, located.damage));
    to = located.damage.from_seq - 1;
  }
  RecordBatch batch;
  batch.skipped = std::move(skipped);
  return batch;
}

// The last records up to `to` that fit; empty when the record `to` itself is damaged.
Result<RecordBatch> Reader::State::take_back(const std::vector<FrameSpot>& spots,
                                             std::uint64_t from, std::uint64_t to,
                                             const ReadRequest& request, Damage& damage) {
  std::uint64_t start = to + 1;
  std::size_t bytes = 0;
  bool full = false;
  for (std::size_t i = spots.size(); i > 0 && !full && start > from; --i) {
    const FrameSpot& spot = spots[i - 1];
    if (!file->load(spot) || !file->cursor().header().is(format::FrameType::commit)) break;
    const format::RecordTable& table = file->cursor().table();
    std::uint64_t seq = spot.next_seq;
    for (std::uint32_t entry = table.size(); entry > 0 && !full; --entry) {
      if (table.kind(entry - 1) != format::record_kind::user) continue;
      --seq;
      if (seq > to) continue;
      if (seq < from) break;
      const std::size_t length = table.length(entry - 1);
      const bool fits = to - seq < request.max_records && bytes + length <= request.max_bytes;
      if (!fits && start <= to) {
        full = true;
        break;
      }
      bytes += length;
      start = seq;
    }
  }
  while (start <= to) {
    RecordBatch batch;
    batch.first_seq = start;
    std::uint64_t seq = start;
    Collected collected = Collected::frame;
    for (const FrameSpot& spot : spots) {
      if (spot.next_seq <= seq || seq > to) continue;
      if (!file->load(spot)) break;
      collected = collect(seq, to, SIZE_MAX, SIZE_MAX, batch, damage);
      if (collected == Collected::bad) break;
      seq = spot.next_seq;
    }
    if (collected != Collected::bad) return batch;
    // The records behind the damaged one are good; the call after this meets it.
    start = damage.to_seq + 1;
  }
  return RecordBatch{};
}

}  // namespace tidemark::journal
