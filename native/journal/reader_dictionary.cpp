// Dictionary records: they take no seq and are found by the content hash that their payload begins
// with. A segment is looked through once, and what was appended since when it is asked again.
#include "format/bytes.hpp"
#include "journal/reader_state.hpp"

namespace tidemark::journal {
namespace {

constexpr std::size_t content_hash_bytes = 8;

}  // namespace

Result<std::vector<std::byte>> Reader::dictionary(const View& view, std::uint64_t segment_id,
                                                  std::uint64_t hash) {
  std::size_t number = 0;
  while (number < view.segments.size() && view.segments[number]->header.segment_id != segment_id)
    ++number;
  if (number == view.segments.size()) return std::vector<std::byte>{};
  if (Status status = state_->use(view, number); !status) return status.error();
  SegmentFile& file = *state_->file;
  State::DictionaryScan& scan = state_->dictionaries;
  const format::SegmentHeader& header = file.segment().header;
  if (scan.segment_id != segment_id) scan = {segment_id, header.data_start(), header.first_seq, {}};

  FrameCursor cursor(header);
  while (scan.offset < file.limit()) {
    const FrameCursor::State state = cursor.load(file.source(), scan.offset, file.limit());
    if (state != FrameCursor::State::good || cursor.header().first_seq != scan.next_seq) {
      const auto next = file.resynchronize(scan.offset + format::frame_alignment, scan.next_seq);
      scan.offset = next ? next->offset : file.limit();
      if (next) scan.next_seq = next->first_seq;
      continue;
    }
    scan.offset = cursor.header().end();
    scan.next_seq = cursor.header().next_seq;
    if ((cursor.header().flags & format::frame_flag::attributes) == 0) continue;
    for (; cursor.at().entry < cursor.table().size(); cursor.advance()) {
      const EntryPosition at = cursor.at();
      if (cursor.table().kind(at.entry) != format::record_kind::dictionary) continue;
      const std::uint32_t length = cursor.table().length(at.entry);
      const auto start = file.source().view(at.offset, content_hash_bytes);
      if (length < content_hash_bytes || !start || start->size() < content_hash_bytes) continue;
      scan.spots.push_back({format::load<std::uint64_t>(*start, 0), at.offset, length,
                            cursor.table().checksum(at.entry), at.seq});
    }
  }
  // Each is written more than once: a damaged copy is passed over while another is good.
  for (const State::DictionarySpot& spot : scan.spots) {
    if (spot.hash != hash) continue;
    const auto payload = file.source().view(spot.offset, spot.length);
    if (!payload || payload->size() < spot.length) continue;
    if (format::record_checksum(cursor.place(), spot.seq, *payload) == spot.checksum) {
      return std::vector<std::byte>(payload->begin(), payload->end());
    }
  }
  return std::vector<std::byte>{};
}

}  // namespace tidemark::journal
