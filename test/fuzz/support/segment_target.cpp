// A whole segment: walked, judged as recovery judges it, searched. An input is: choices, how many
// zeros follow in units of 64 bytes, the bytes behind the headers.
#include <algorithm>

#include "format/bytes.hpp"
#include "format/frame_fields.hpp"
#include "format/frame_probe.hpp"
#include "format/frame_search.hpp"
#include "format/support.hpp"
#include "scene.hpp"

namespace tidemark::test::fuzz {
namespace {

using format::FrameWalk;
using format::SegmentHeader;
using format::Stop;
using format::test::MemorySource;
using format::test::Reading;
namespace at = format::frame_field;

constexpr std::size_t head_bytes = 2;
constexpr std::size_t zeros_unit = 64;
// A search reads each byte about once for each window that it begins, evidence a few times.
constexpr std::uint64_t most_reads = 64;

// What the repair does beside the checksums; the low bits are those of one frame.
constexpr std::uint32_t continue_seqs = 8;
constexpr std::uint32_t count_for_seal = 16;

File file_of(Bytes input) {
  const SegmentHeader segment = scene_segment(input[0]);
  File file(static_cast<std::size_t>(segment.data_start()));
  const MutableBytes all(file);
  format::encode_segment_header(segment, 0, all.first(format::header_copy_bytes));
  format::encode_segment_header(segment, 1,
                                all.subspan(segment.block_bytes, format::header_copy_bytes));
  file.insert(file.end(), input.begin() + head_bytes, input.end());
  file.resize(file.size() + std::to_integer<std::size_t>(input[1]) * zeros_unit);
  return file;
}

bool same_stream(const format::Stream& one, const format::Stream& other) {
  return one.end == other.end && one.next_seq == other.next_seq && one.frames == other.frames &&
         one.records == other.records && one.digest.value() == other.digest.value() &&
         one.closed == other.closed;
}

// Seqs go on without a hole, but for the gaps, from the first one of the segment to the last.
void hold_seqs(const SegmentHeader& segment, const Reading& reading) {
  std::uint64_t next = segment.first_seq;
  auto gap = reading.gaps.begin();
  for (const format::test::ReadRecord& record : reading.records) {
    // What takes no seq may stand in front of a gap.
    while (record.seq != next && gap != reading.gaps.end() && gap->first == next) {
      next = (gap++)->second + 1;
    }
    hold(record.seq == next, "seqs follow each other");
    if ((record.attributes & format::record_kind::mask) == format::record_kind::user) ++next;
  }
  while (gap != reading.gaps.end() && gap->first == next) next = (gap++)->second + 1;
  hold(gap == reading.gaps.end() && next == reading.stream.next_seq,
       "every seq is in a record or in a gap");
}

// What was walked does not depend on what stands behind it.
void hold_prefix(const File& file, const Reading& reading) {
  const File front(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(reading.stream.end));
  const Reading again = format::test::read(front);
  hold(again.records == reading.records && again.gaps == reading.gaps &&
           same_stream(again.stream, reading.stream),
       "the frames in front of the end are the same without what follows");
  hold(again.stop == Stop::end, "and nothing else stops there");
}

// A walk that begins at a frame sees what a walk from the front sees behind it.
void hold_middle(const SegmentHeader& segment, MemorySource& source, const Reading& reading) {
  if (reading.offsets.empty()) return;
  const std::uint64_t from = reading.offsets[reading.offsets.size() / 2];
  const auto probe = format::probe_frame(segment, format::Place(segment.seed()), source, from);
  hold(probe.header.has_value(), "a frame that was walked is found again");
  FrameWalk walk(segment, source, from, probe.header->first_seq, FrameWalk::Bodies::verify);
  std::size_t next = reading.offsets.size() / 2;
  while (const auto frame = walk.next()) {
    hold(next < reading.offsets.size() && frame->offset == reading.offsets[next],
         "frames are the same from the middle");
    ++next;
  }
  hold(next == reading.offsets.size(), "no frame is lost from the middle");
  // Only a walk from the front knows what a seal must have counted.
  const bool uncounted = reading.stop == Stop::wrong_seq && walk.stop() == Stop::seal;
  hold(walk.stream().end == reading.stream.end && (uncounted || walk.stop() == reading.stop),
       "both stop at the same place");
}

// Without a look at the bodies a walk comes at least as far.
void hold_skipping(const SegmentHeader& segment, MemorySource& source, const Reading& reading) {
  FrameWalk walk(segment, source, segment.data_start(), segment.first_seq, FrameWalk::Bodies::skip);
  while (walk.next()) {
  }
  hold(walk.stream().end >= reading.stream.end, "a walk that skips bodies comes as far");
  hold(reading.stop == Stop::bad_body || same_stream(walk.stream(), reading.stream),
       "it differs only where a body is damaged");
}

// The search finds what can be decoded, in order, and never inside of what it found.
void hold_search(const SegmentHeader& segment, MemorySource& source, const Reading& reading) {
  format::FrameSearch search(segment, source, segment.data_start());
  std::uint64_t end = segment.data_start();
  std::size_t next = 0;
  while (const auto frame = search.next()) {
    hold(frame->offset >= end, "frames that are found do not overlap");
    end = frame->end();
    if (next < reading.offsets.size() && frame->offset == reading.offsets[next]) ++next;
  }
  hold(!search.unreadable(), "bytes in memory can be read");
  hold(search.exhausted() || next == reading.offsets.size(),
       "a search finds every frame that was walked");
}

void hold_evidence(const SegmentHeader& segment, const File& file, const Reading& reading) {
  const format::Evidence& evidence = reading.evidence;
  hold(!evidence.unreadable, "bytes in memory can be read");
  hold(evidence.later_watermark.offset <= file.size(), "no watermark stands behind the file");
  hold(evidence.residue_bytes <= file.size() - reading.stream.end, "residue is in the file");
  hold(evidence.flipped_bit_offset.has_value() == (evidence.residue == format::Residue::one_bit),
       "a flipped bit is named when there is one");
  if (!evidence.flipped_bit_offset) return;
  bool explained = false;
  for (unsigned bit = 0; bit < 8 && !explained; ++bit) {
    File mended = file;
    mended.at(static_cast<std::size_t>(*evidence.flipped_bit_offset)) ^=
        static_cast<std::byte>(1U << bit);
    MemorySource source(mended);
    explained =
        format::probe_frame(segment, format::Place(segment.seed()), source, reading.stream.end)
            .header.has_value();
    if (explained && reading.stop == Stop::bad_body) {
      FrameWalk walk(segment, source, segment.data_start(), segment.first_seq,
                     FrameWalk::Bodies::verify);
      while (walk.next()) {
      }
      explained = walk.stream().end > reading.stream.end || walk.stop() != Stop::bad_body;
    }
  }
  hold(explained, "the flipped bit that is named explains the damage");
}

}  // namespace

bool examine_segment(Bytes input) {
  if (input.size() < head_bytes) return false;
  const File file = file_of(input);
  MemorySource source(file);
  const Reading reading = format::test::read(file, source);
  const SegmentHeader& segment = reading.pair.header;
  hold(reading.pair.state == format::HeaderState::valid, "the header is one");
  hold(reading.stream.end >= segment.data_start() && reading.stream.end <= file.size(),
       "the stream ends in the file");
  hold_seqs(segment, reading);
  hold_prefix(file, reading);
  hold_middle(segment, source, reading);
  hold_skipping(segment, source, reading);
  hold_search(segment, source, reading);
  hold_evidence(segment, file, reading);
  hold(source.largest_view <= std::max(file.size(), format::scan_window_bytes),
       "nothing is read by a length that is not in the file");
  hold(source.viewed <= most_reads * (file.size() + format::scan_window_bytes),
       "the work is in proportion to the file");
  return reading.stream.frames > 0;
}

void repair_segment(MutableBytes input, std::uint32_t choice) {
  if (input.size() < head_bytes) return;
  const SegmentHeader segment = scene_segment(input[0]);
  MutableBytes rest = input.subspan(head_bytes);
  std::uint64_t offset = segment.data_start();
  std::uint64_t next_seq = segment.first_seq;
  std::uint64_t frames = 0;
  std::uint64_t records = 0;
  format::Digest digest;
  while (rest.size() >= format::fixed_frame_header_bytes) {
    if ((choice & continue_seqs) != 0) {
      const bool sync = format::load<std::uint32_t>(rest, at::sync) == format::sync_word;
      if (sync) format::store<std::uint64_t>(rest, at::first_seq, next_seq);
    }
    const bool seal = format::load<std::uint8_t>(rest, at::type) ==
                      static_cast<std::uint8_t>(format::FrameType::seal);
    if (seal && (choice & count_for_seal) != 0 && rest.size() >= format::seal_bytes) {
      format::store<std::uint64_t>(rest, at::seal::frames, frames);
      format::store<std::uint64_t>(rest, at::seal::records, records);
      format::store<std::uint64_t>(rest, at::seal::digest, digest.value());
    }
    std::uint64_t bytes = repair_at(segment, offset, rest, choice);
    const auto header = format::decode_frame_header(segment, format::Place(segment.seed()), offset,
                                                    bytes > 0 ? Bytes(rest) : Bytes());
    if (header) {
      next_seq = header->next_seq;
      ++frames;
      records += header->user_records;
      digest.add(header->checksum);
    }
    // Behind what is no frame the next one may stand at any multiple of 8.
    bytes = std::clamp<std::uint64_t>(bytes, format::frame_alignment, rest.size());
    rest = rest.subspan(static_cast<std::size_t>(bytes));
    offset += bytes;
  }
}

std::vector<File> seeds_of_segment() {
  const auto frames = golden_frames();
  const auto made = [&](std::size_t count, unsigned choices, unsigned zeros) {
    File seed = {static_cast<std::byte>(choices), static_cast<std::byte>(zeros)};
    for (const GoldenFrame& frame : frames) {
      // Padded to a block: more bytes than a seed should have.
      if ((frame.header.flags & format::frame_flag::block_padded) != 0 || count == 0) continue;
      seed.insert(seed.end(), frame.bytes.begin(), frame.bytes.end());
      --count;
    }
    repair_segment(seed, repair_bit::records | continue_seqs | count_for_seal);
    return seed;
  };
  std::vector<File> seeds = {made(2, 0, 4), made(4, 0, 0), made(frames.size(), 0, 1),
                             made(3, scene_bit::with_capacity, 0)};
  File damaged = seeds[1];
  damaged[damaged.size() / 2] ^= std::byte{4};
  seeds.push_back(damaged);
  return seeds;
}

}  // namespace tidemark::test::fuzz
