#include "scene.hpp"

#include <algorithm>

#include "format/bytes.hpp"
#include "format/frame_fields.hpp"
#include "format/repository.hpp"
#include "format/scan.hpp"
#include "format/support.hpp"

namespace tidemark::test::fuzz {
namespace {

namespace at = format::frame_field;
using format::load;
using format::store;

constexpr std::size_t hash_bytes = 32;
constexpr std::uint64_t golden_first_seq = 1000;
constexpr std::uint64_t most_units = 1024;  // an offset at most 8 KiB behind the headers

std::uint64_t sum_of_lengths(const format::RecordTable& table) {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < table.size(); ++i) sum += table.length(i);
  return sum;
}

// What the decoder demands of the own fields of a seal and a gap, written into them.
void repair_own_fields(MutableBytes prefix) {
  const auto type = load<std::uint8_t>(prefix, at::type);
  const auto first_seq = load<std::uint64_t>(prefix, at::first_seq);
  if (type == static_cast<std::uint8_t>(format::FrameType::seal) &&
      prefix.size() >= at::own + at::seal_own_bytes) {
    store<std::uint64_t>(prefix, at::seal::last_seq, first_seq - 1);
    const auto entries = load<std::uint32_t>(prefix, at::seal::index_entries);
    store<std::uint32_t>(prefix, at::seal::index_bytes,
                         entries * static_cast<std::uint32_t>(format::index_entry_bytes));
    store<std::uint32_t>(prefix, at::seal::zero, 0);
  }
  if (type == static_cast<std::uint8_t>(format::FrameType::gap) &&
      prefix.size() >= at::own + at::gap_own_bytes) {
    const auto last_seq = load<std::uint64_t>(prefix, at::gap::last_seq);
    if (last_seq < first_seq || last_seq > format::maximum_seq) {
      store<std::uint64_t>(prefix, at::gap::last_seq, first_seq);
    }
    store<std::uint32_t>(prefix, at::gap::zero, 0);
  }
}

// The checksum of each payload that is there, into the table.
void repair_records(const format::Place& place, std::uint64_t first_seq, bool commit,
                    const format::FrameHeader& header, std::size_t prefix_bytes,
                    const format::RecordTable& table, MutableBytes bytes) {
  std::size_t next = prefix_bytes;
  std::uint64_t seq = first_seq;
  const std::size_t checksums = header.header_bytes + std::size_t{header.entries} * 4;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const std::size_t length = table.length(i);
    if (length > bytes.size() - next) return;
    store<std::uint32_t>(bytes, checksums + std::size_t{i} * 4,
                         format::record_checksum(place, seq, bytes.subspan(next, length)));
    next += length;
    if (commit && table.kind(i) == format::record_kind::user) ++seq;
  }
}

}  // namespace

format::SegmentHeader scene_segment(std::byte choices) {
  const auto bits = std::to_integer<unsigned>(choices);
  format::SegmentHeader segment = format::test::sample_header();
  segment.first_seq = golden_first_seq;
  segment.predecessor = {2, 8192, golden_first_seq - 1, 7};
  if ((bits & scene_bit::hashed) != 0) {
    segment.hash_name = "sha256";
    segment.hash_bytes = hash_bytes;
  }
  if ((bits & scene_bit::narrow) != 0) {
    segment.max_body_bytes = 64;
    segment.max_record_bytes = 32;
    segment.max_frame_entries = 4;
  }
  if ((bits & scene_bit::large_blocks) != 0) segment.block_bytes = 8192;
  if ((bits & scene_bit::last_seqs) != 0) segment.first_seq = format::maximum_seq - 2;
  segment.capacity = (bits & scene_bit::with_capacity) != 0 ? 1U << 20U : 0;
  return segment;
}

FrameScene::FrameScene(Bytes input) {
  if (input.size() < head_bytes) return;
  there_ = true;
  segment_ = scene_segment(input[0]);
  offset_ = segment_.data_start() +
            format::frame_alignment * (load<std::uint16_t>(input, 1) % most_units);
  frame_ = input.subspan(head_bytes);
}

File FrameScene::file() const {
  File file(static_cast<std::size_t>(offset_));
  file.insert(file.end(), frame_.begin(), frame_.end());
  return file;
}

File frame_input(unsigned choices, std::uint64_t offset, Bytes frame) {
  const auto segment = scene_segment(static_cast<std::byte>(choices));
  File input(FrameScene::head_bytes);
  input[0] = static_cast<std::byte>(choices);
  store<std::uint16_t>(
      input, 1,
      static_cast<std::uint16_t>((offset - segment.data_start()) / format::frame_alignment));
  input.insert(input.end(), frame.begin(), frame.end());
  return input;
}

std::uint64_t repair_at(const format::SegmentHeader& segment, std::uint64_t offset,
                        MutableBytes bytes, std::uint32_t choice) {
  const auto prefix_bytes =
      format::frame_prefix_bytes(segment, offset, bytes, offset + bytes.size());
  if (!prefix_bytes) return 0;
  const MutableBytes prefix = bytes.first(*prefix_bytes);
  format::FrameHeader header;
  header.raw_type = load<std::uint8_t>(prefix, at::type);
  header.flags = load<std::uint8_t>(prefix, at::flags);
  header.header_bytes =
      load<std::uint8_t>(prefix, at::header_words) * std::uint32_t{at::header_word_bytes};
  header.entries = load<std::uint32_t>(prefix, at::entries);
  const format::RecordTable table(header, prefix, segment.hash_bytes);
  if ((choice & repair_bit::body_sum) != 0) {
    store<std::uint32_t>(prefix, at::body_bytes, static_cast<std::uint32_t>(sum_of_lengths(table)));
  }
  if ((choice & repair_bit::own_fields) != 0) repair_own_fields(prefix);
  const format::Place place(segment.seed());
  if ((choice & repair_bit::records) != 0) {
    repair_records(place, load<std::uint64_t>(prefix, at::first_seq),
                   header.is(format::FrameType::commit), header, *prefix_bytes, table, bytes);
  }
  store<std::uint32_t>(prefix, at::checksum,
                       at::prefix_checksum(place.header_seed(offset), prefix));
  const std::uint64_t end = offset + *prefix_bytes + load<std::uint32_t>(prefix, at::body_bytes);
  const bool padded = (header.flags & format::frame_flag::block_padded) != 0;
  return format::align_up(end, padded ? segment.block_bytes : format::frame_alignment) - offset;
}

File golden(const char* name) {
  return format::test::parse_dump(format::test::read_text(
      format::test::repository_path(std::string("test/golden/") + name + ".hex")));
}

std::vector<GoldenFrame> golden_frames() {
  const File file = golden("segment");
  const auto pair = format::decode_header_pair(file);
  hold(pair.state == format::HeaderState::valid, "the golden segment has a header");
  std::vector<GoldenFrame> frames;
  format::test::MemorySource source(file);
  format::FrameWalk walk(pair.header, source, pair.header.data_start(), pair.header.first_seq,
                         format::FrameWalk::Bodies::verify);
  const auto keep = [&](const format::FrameHeader& frame) {
    const Bytes bytes = Bytes(file).subspan(static_cast<std::size_t>(frame.offset),
                                            static_cast<std::size_t>(frame.frame_bytes));
    frames.push_back({frame.offset, frame, File(bytes.begin(), bytes.end())});
  };
  while (const auto frame = walk.next()) keep(*frame);
  hold(walk.stop() == format::Stop::seal, "the golden segment is sealed");
  keep(*walk.stopped_at());
  return frames;
}

}  // namespace tidemark::test::fuzz
