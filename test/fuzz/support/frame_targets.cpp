// Frame headers, record tables with the payloads behind them, seals.
#include <algorithm>

#include "format/body.hpp"
#include "format/bytes.hpp"
#include "format/frame_fields.hpp"
#include "format/frame_probe.hpp"
#include "format/support.hpp"
#include "scene.hpp"

namespace tidemark::test::fuzz {
namespace {

namespace at = format::frame_field;
using format::FrameHeader;
using format::FrameType;
using format::load;
using format::RecordTable;

std::vector<std::uint32_t> lengths_of(const RecordTable& table) {
  std::vector<std::uint32_t> lengths;
  for (std::uint32_t i = 0; i < table.size(); ++i) lengths.push_back(table.length(i));
  return lengths;
}

// What decode_frame_header() promises.
void hold_bounds(const FrameScene& scene, const FrameHeader& header, Bytes prefix) {
  const format::SegmentHeader& segment = scene.segment();
  hold(header.offset == scene.offset(), "a frame stands where it was found");
  hold(prefix.size() == std::size_t{header.header_bytes} + header.table_bytes,
       "header and table are what was checksummed");
  hold(header.body_bytes <= segment.max_body_bytes && header.entries <= segment.max_frame_entries,
       "body and entries keep the limits of the segment");
  hold(header.first_seq >= segment.first_seq && header.next_seq >= header.first_seq &&
           header.next_seq <= format::maximum_seq + 1,
       "seqs are those of the segment, and safe integers");
  hold(header.watermark.offset <= header.offset &&
           header.watermark.offset >= segment.data_start() &&
           header.watermark.offset % format::frame_alignment == 0,
       "the watermark stands in front of its frame, in the segment");
  hold(header.watermark.seq < header.first_seq && header.watermark.seq + 1 >= segment.first_seq,
       "the watermark's seq is in front of the frame's, in the segment");
  const bool padded = (header.flags & format::frame_flag::block_padded) != 0;
  hold(header.end() >= header.body_offset() + header.body_bytes &&
           header.end() % (padded ? segment.block_bytes : format::frame_alignment) == 0,
       "a frame is as long as its parts, padded");
}

void hold_table(const FrameScene& scene, const FrameHeader& header, Bytes prefix) {
  const format::SegmentHeader& segment = scene.segment();
  const RecordTable table(header, prefix, segment.hash_bytes);
  hold(table.size() == header.entries, "the table holds what the header says");
  std::uint64_t sum = 0;
  std::uint32_t users = 0;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    hold(table.length(i) <= segment.max_record_bytes, "no entry is longer than the limit");
    sum += table.length(i);
    if (table.kind(i) == format::record_kind::user) ++users;
    const bool hashed = (header.flags & format::frame_flag::hashed) != 0;
    hold(table.hash(i).size() == (hashed ? segment.hash_bytes : 0U), "a hash has its size");
  }
  hold(sum == header.body_bytes, "the lengths add up to the body");
  hold(users == table.user_records(), "records of users are counted");
  const bool commit = header.is(FrameType::commit);
  hold(header.user_records == (commit ? users : 0U), "only commits take seqs for records");
}

// The bytes that the encoder writes for what was decoded; empty where it never writes such a frame.
File encode_again(const FrameScene& scene, const FrameHeader& header, Bytes prefix) {
  const auto optional = load<std::uint8_t>(prefix, at::optional_bits);
  const format::Place place = scene.place();
  const bool own_watermark =
      header.watermark.offset == header.offset && header.watermark.seq == header.first_seq - 1;
  if (!header.known()) return {};
  if (header.is(FrameType::commit)) {
    if ((optional & ~format::optional_field::commit_time) != 0) return {};
    const RecordTable table(header, prefix, scene.segment().hash_bytes);
    const auto lengths = lengths_of(table);
    std::vector<std::uint32_t> checksums;
    std::vector<std::uint8_t> attributes;
    File hashes;
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      checksums.push_back(table.checksum(i));
      attributes.push_back(table.attributes(i));
      const Bytes hash = table.hash(i);
      hashes.insert(hashes.end(), hash.begin(), hash.end());
    }
    if ((header.flags & format::frame_flag::attributes) == 0) attributes.clear();
    format::CommitHeader commit;
    commit.offset = header.offset;
    commit.first_seq = header.first_seq;
    commit.watermark = header.watermark;
    commit.body_bytes = header.body_bytes;
    commit.block_padded = (header.flags & format::frame_flag::block_padded) != 0;
    commit.commit_time = header.commit_time;
    File again(prefix.size());
    format::encode_commit_prefix(place, commit, lengths, checksums, attributes, hashes, again);
    return again;
  }
  if (optional != 0) return {};
  if (header.is(FrameType::mark)) {
    if (!own_watermark) return {};
    File again(format::mark_bytes);
    format::encode_mark(
        place,
        {header.offset, header.first_seq, (header.flags & format::frame_flag::closing) != 0,
         (header.flags & format::frame_flag::block_padded) != 0},
        again);
    return again;
  }
  if (const auto gap = format::decode_gap(header, prefix)) {
    File again(format::gap_bytes);
    format::encode_gap(place, header.offset, *gap, header.watermark, again);
    return again;
  }
  const auto seal = format::decode_seal(header, prefix);
  hold(seal.has_value(), "a valid header of a seal is a seal");
  if (!own_watermark) return {};
  File again(format::seal_bytes);
  format::encode_seal(place, header.offset, *seal, again);
  return again;
}

struct Decoded {
  FrameHeader header;
  File prefix;
};
// The frame of the scene, with everything that holds of any frame.
std::optional<Decoded> decode(const FrameScene& scene) {
  if (!scene.there()) return std::nullopt;
  const format::SegmentHeader& segment = scene.segment();
  const Bytes frame = scene.frame();
  const auto direct = format::decode_frame_header(segment, scene.place(), scene.offset(), frame);
  const File file = scene.file();
  format::test::MemorySource source(file);
  const auto probe = format::probe_frame(segment, scene.place(), source, scene.offset());
  hold(probe.state != format::ProbeState::unreadable, "bytes in memory can be read");
  hold(probe.header.has_value() == direct.has_value(),
       "a probe finds what the decoder takes, and nothing else");
  hold(source.largest_view <= std::max(file.size(), format::scan_window_bytes),
       "nothing is read by a length that is not in the file");
  if (!direct) return std::nullopt;
  const std::size_t prefix_bytes = std::size_t{direct->header_bytes} + direct->table_bytes;
  hold(prefix_bytes <= frame.size(), "header and table are inside the file");
  Decoded decoded{*direct,
                  File(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(prefix_bytes))};
  hold_bounds(scene, decoded.header, decoded.prefix);
  hold_table(scene, decoded.header, decoded.prefix);
  const File again = encode_again(scene, decoded.header, decoded.prefix);
  hold(again.empty() || std::equal(decoded.prefix.begin(), decoded.prefix.end(), again.begin()),
       "what was decoded is encoded to the same bytes");
  return decoded;
}

// The entries of the body: where they stand, and under which seq.
struct Entry {
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
  std::uint32_t checksum = 0;
  std::uint64_t seq = 0;
};
std::vector<Entry> entries_of(const FrameHeader& header, const RecordTable& table) {
  std::vector<Entry> entries;
  std::uint64_t offset = header.body_offset();
  std::uint64_t seq = header.first_seq;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    entries.push_back({offset, table.length(i), table.checksum(i), seq});
    offset += table.length(i);
    if (header.is(FrameType::commit) && table.kind(i) == format::record_kind::user) ++seq;
  }
  return entries;
}

// A flip that is named explains the damage.
void hold_flip(const FrameScene& scene, format::Source& source, const File& file,
               const Entry& entry) {
  const auto byte = format::flipped_record_byte(source, scene.place(), entry.offset, entry.length,
                                                entry.checksum, entry.seq);
  if (!byte) return;
  hold(*byte >= entry.offset && *byte < entry.offset + entry.length,
       "the flipped byte is in its record");
  bool explained = false;
  for (unsigned bit = 0; bit < 8; ++bit) {
    File mended(file.begin() + static_cast<std::ptrdiff_t>(entry.offset),
                file.begin() + static_cast<std::ptrdiff_t>(entry.offset + entry.length));
    mended[static_cast<std::size_t>(*byte - entry.offset)] ^= static_cast<std::byte>(1U << bit);
    explained |= format::record_checksum(scene.place(), entry.seq, mended) == entry.checksum;
  }
  hold(explained, "the flipped byte that is named explains the checksum");
}

File with_choices(const GoldenFrame& frame, unsigned choices) {
  return frame_input(choices, frame.offset, frame.bytes);
}

// A frame that no golden file holds, with its checksums made to fit.
File made(unsigned choices, std::uint64_t offset, File frame) {
  repair_at(scene_segment(static_cast<std::byte>(choices)), offset, frame,
            repair_bit::body_sum | repair_bit::records);
  return frame_input(choices, offset, frame);
}

}  // namespace

bool examine_frame(Bytes input) { return decode(FrameScene(input)).has_value(); }

void repair_frame(MutableBytes input, std::uint32_t choice) {
  const FrameScene scene(input);
  if (!scene.there()) return;
  repair_at(scene.segment(), scene.offset(), input.subspan(FrameScene::head_bytes), choice);
}

std::vector<File> seeds_of_frame() {
  std::vector<File> seeds;
  for (const GoldenFrame& frame : golden_frames()) {
    seeds.push_back(with_choices(frame, scene_bit::hashed));
  }
  // A type that a reader of version 1 steps over, and one with an optional field that it does not
  // know: the golden mark, changed.
  const GoldenFrame mark = golden_frames().at(3);
  File skippable = mark.bytes;
  skippable[at::type] = std::byte{0x85};
  seeds.push_back(made(0, mark.offset, skippable));
  File wider = mark.bytes;
  wider.resize(format::mark_bytes + 8);
  wider[at::header_words] = std::byte{11};
  wider[at::optional_bits] = std::byte{0x10};
  seeds.push_back(made(0, mark.offset, wider));
  return seeds;
}

bool examine_record_table(Bytes input) {
  const FrameScene scene(input);
  const auto decoded = decode(scene);
  if (!decoded || decoded->header.entries == 0) return false;
  const FrameHeader& header = decoded->header;
  const RecordTable table(header, decoded->prefix, scene.segment().hash_bytes);
  const File file = scene.file();
  format::test::MemorySource source(file);
  const auto body = format::verify_body(source, scene.segment(), header);
  hold(body.has_value(), "bytes in memory can be read");
  if (header.end() > file.size()) {
    hold(!*body, "a frame that ends behind the file is not sound");
    return false;
  }
  const auto report = format::inspect_body(source, scene.segment(), header);
  hold(report.has_value(), "bytes in memory can be read");
  hold(*body == (report->damaged.empty() && report->padding_bits == 0),
       "a quick look and a close one agree");
  std::size_t damaged = 0;
  for (const Entry& entry : entries_of(header, table)) {
    const auto sound = format::verify_record(source, scene.place(), header, entry.offset,
                                             entry.length, entry.checksum, entry.seq);
    const Bytes payload = Bytes(file).subspan(static_cast<std::size_t>(entry.offset), entry.length);
    hold(sound == (format::record_checksum(scene.place(), entry.seq, payload) == entry.checksum),
         "a record is sound when it matches its checksum");
    if (*sound) continue;
    hold(damaged < report->damaged.size() && report->damaged[damaged].begin == entry.offset &&
             report->damaged[damaged].end == entry.offset + entry.length,
         "every damaged record is reported, with its place");
    ++damaged;
    hold_flip(scene, source, file, entry);
  }
  hold(damaged == report->damaged.size(), "no sound record is reported");
  const auto padding = Bytes(file).subspan(
      static_cast<std::size_t>(header.body_offset() + header.body_bytes),
      static_cast<std::size_t>(header.end() - header.body_offset() - header.body_bytes));
  hold((report->padding_bits == 0) == format::is_zero(padding), "padding is zero or reported");
  hold(source.largest_view <= std::max(file.size(), format::scan_window_bytes),
       "nothing is read by a length that is not in the file");
  return *body;
}

void repair_record_table(MutableBytes input, std::uint32_t choice) {
  repair_frame(input, choice | repair_bit::records);
}

std::vector<File> seeds_of_record_table() {
  std::vector<File> seeds;
  for (const GoldenFrame& frame : golden_frames()) {
    if (frame.header.is(FrameType::commit)) {
      seeds.push_back(with_choices(frame, scene_bit::hashed));
    }
  }
  return seeds;
}

bool examine_seal(Bytes input) {
  const FrameScene scene(input);
  const auto decoded = decode(scene);
  if (!decoded) return false;
  const FrameHeader& header = decoded->header;
  const auto seal = format::decode_seal(header, decoded->prefix);
  hold(seal.has_value() == header.is(FrameType::seal), "only a seal is decoded as one");
  if (!seal) return false;
  hold(seal->successor_id > scene.segment().segment_id, "a successor has a greater id");
  hold(seal->last_seq == header.first_seq - 1, "the last seq is in front of the seal's");
  hold(seal->index_bytes == std::uint64_t{seal->index_entries} * format::index_entry_bytes,
       "the index is as long as its entries");
  hold(seal->index_entries <= header.offset / format::index_stride_bytes + 1,
       "the length of the file bounds the index");
  hold(header.entries == 0 && header.next_seq == header.first_seq, "a seal takes no seq");
  return true;
}

std::vector<File> seeds_of_seal() {
  return {with_choices(golden_frames().back(), 0),
          with_choices(golden_frames().back(), scene_bit::narrow)};
}

}  // namespace tidemark::test::fuzz
