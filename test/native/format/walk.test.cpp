// Walking a segment: round trips, every truncation, every flipped bit, and why a walk stops.
#include <doctest/doctest.h>

#include <random>

#include "support.hpp"

using namespace tidemark::format;
using test::File;
using test::Reading;
using test::sample_header;
using test::SegmentWriter;

namespace {

bool is_prefix(const std::vector<test::ReadRecord>& part,
               const std::vector<test::ReadRecord>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

// A commit of several records, attributes, a mark, a gap, and a last commit.
SegmentWriter sample_segment() {
  SegmentWriter writer;
  writer.commit({"alpha", "", std::string(30, 'b')});
  test::CommitOptions options;
  options.attributes = {record_kind::dictionary, record_flag::has_dictionary};
  options.commit_time = 1700000000123;
  writer.commit({"dictionary", "uses it"}, options);
  writer.mark();
  writer.gap(20);
  writer.commit({"after the gap"});
  return writer;
}

}  // namespace

TEST_CASE("what is written is read, in order, with its seqs") {
  SegmentWriter writer = sample_segment();
  const Reading reading = test::read(writer.file);
  CHECK(reading.stop == Stop::zeros);
  CHECK(reading.stream.end == writer.end);
  CHECK(reading.stream.next_seq == 22);
  CHECK(reading.stream.records == 5);
  CHECK(reading.stream.frames == 5);
  CHECK(reading.stream.digest.value() == writer.digest.value());
  REQUIRE(reading.records.size() == 6);
  CHECK(reading.records[2].payload == std::string(30, 'b'));
  CHECK(reading.records[3].attributes == record_kind::dictionary);
  CHECK(reading.records[4] == test::ReadRecord{4, "uses it", record_flag::has_dictionary});
  CHECK(reading.records[5] == test::ReadRecord{21, "after the gap", 0});
  CHECK(reading.gaps == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{5, 20}});
}

TEST_CASE("records of many sizes come back, and frames end exactly where the file does") {
  for (const std::size_t size : {0U, 1U, 3U, 7U, 8U, 511U, 512U, 4095U, 4096U, 65536U, 300000U}) {
    CAPTURE(size);
    SegmentHeader header = sample_header();
    header.capacity = 0;
    SegmentWriter writer(header, header.data_start());
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7);
    writer.commit({payload, payload + "!"});
    writer.commit({payload});
    REQUIRE(writer.file.size() == writer.end);
    const Reading reading = test::read(writer.file);
    CHECK(reading.stop == Stop::end);
    REQUIRE(reading.records.size() == 3);
    CHECK(reading.records[0].payload == payload);
    CHECK(reading.records[1].payload == payload + "!");
    CHECK(reading.records[2].payload == payload);
  }
}

TEST_CASE("a frame of the greatest number of entries is read") {
  SegmentWriter writer;
  writer.commit(std::vector<std::string>(maximum_frame_entries));
  const Reading reading = test::read(writer.file);
  CHECK(reading.records.size() == maximum_frame_entries);
  CHECK(reading.stream.next_seq == maximum_frame_entries + 1);
}

TEST_CASE("block padding keeps every frame on a block of its own") {
  SegmentWriter writer;
  test::CommitOptions padded;
  padded.block_padded = true;
  CHECK(writer.commit({"a"}, padded) == 8192);
  CHECK(writer.commit({"b"}, padded) == 12288);
  CHECK(test::read(writer.file).records.size() == 2);
}

TEST_CASE("cut at every byte, a segment gives exactly the commits before the cut") {
  for (const bool zeroed : {false, true}) {
    SegmentWriter writer = sample_segment();
    const Reading whole = test::read(writer.file);
    std::vector<std::uint64_t> ends(whole.offsets.begin() + 1, whole.offsets.end());
    ends.push_back(writer.end);
    for (std::uint64_t cut = writer.header.data_start(); cut <= writer.end; ++cut) {
      CAPTURE(cut);
      File file = writer.file;
      if (zeroed) {
        std::fill(file.begin() + static_cast<std::ptrdiff_t>(cut), file.end(), std::byte{0});
      } else {
        file.resize(static_cast<std::size_t>(cut));
      }
      const Reading reading = test::read(file);
      // The padding of a frame is zeros, so what is zeroed there is not damaged.
      std::size_t frames = 0;
      while (frames < ends.size() && ends[frames] <= cut) ++frames;
      if (zeroed && frames < ends.size()) {
        const bool only_padding =
            std::equal(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(ends[frames]),
                       writer.file.begin());
        if (only_padding) ++frames;
      }
      CHECK(reading.offsets.size() == frames);
      CHECK(is_prefix(reading.records, whole.records));
      // No disk cuts inside a sector and leaves zeros; where that takes one bit only, from a frame
      // that has nothing else behind it, it looks like rot.
      if (zeroed && reading.evidence.residue == Residue::one_bit) {
        const bool without_body = frames == 2 || frames == 3;  // the mark, the gap
        CHECK(without_body);
        continue;
      }
      const bool residue = reading.evidence.residue_bytes > 0;
      CHECK(reading.outcome == (residue || !zeroed ? Outcome::cut : Outcome::end));
    }
  }
}

TEST_CASE("a frame that is torn between two sectors is a torn tail, at every place it may stand") {
  for (std::uint64_t at = 8192 + 512 - 120; at < 8192 + 512; at += 8) {
    for (int kind = 0; kind < 3; ++kind) {
      SegmentWriter writer;
      // Every number whose bits could be missing is a power of two.
      writer.commit({"", "", std::string(at - 8192 - 60, 'x')});
      REQUIRE(writer.end == at);
      if (kind == 0) writer.mark();
      if (kind == 1) writer.gap(8);
      if (kind == 2) writer.commit({std::string(64, '\x01')});
      File file = writer.file;
      std::fill(file.begin() + 8192 + 512, file.end(), std::byte{0});
      if (file == writer.file) continue;
      const Reading reading = test::read(file);
      CAPTURE(at);
      CAPTURE(kind);
      CHECK(reading.stream.end == at);
      CHECK(reading.outcome == Outcome::cut);
    }
  }
}

TEST_CASE("no flipped bit yields another stream, and below the watermark each is corruption") {
  SegmentWriter writer = sample_segment();
  const std::uint64_t unproven = writer.commit({"nothing follows this one"});
  const Reading whole = test::read(writer.file);
  REQUIRE(whole.outcome == Outcome::end);
  for (std::uint64_t bit = writer.header.data_start() * 8; bit < writer.end * 8; ++bit) {
    File file = writer.file;
    test::flip(file, static_cast<std::size_t>(bit));
    const Reading reading = test::read(file);
    CAPTURE(bit / 8);
    const bool fewer = reading.records.size() < whole.records.size() ||
                       reading.stream.frames < whole.stream.frames;
    CHECK(fewer);
    CHECK(is_prefix(reading.records, whole.records));
    const bool below_watermark = bit / 8 < unproven;
    if (below_watermark) {
      CHECK(reading.outcome == Outcome::corrupt);
    } else if (reading.evidence.residue == Residue::one_bit) {
      CHECK(reading.outcome == Outcome::corrupt);
    } else {
      // A flip in the last payload cannot be told from a torn write.
      CHECK(reading.stop == Stop::bad_body);
      CHECK(reading.outcome == Outcome::cut);
      CHECK(reading.tail == TailWord::undecidable);
      CHECK(reading.evidence.stated_last_seq == 22);
    }
  }
}

TEST_CASE("after a clean close every flipped bit of a frame is corruption") {
  SegmentWriter writer = sample_segment();
  writer.mark(true);
  REQUIRE(test::read(writer.file).outcome == Outcome::clean);
  for (std::uint64_t bit = writer.header.data_start() * 8; bit < writer.end * 8; ++bit) {
    File file = writer.file;
    test::flip(file, static_cast<std::size_t>(bit));
    CAPTURE(bit / 8);
    CHECK(test::read(file).outcome == Outcome::corrupt);
  }
}

TEST_CASE("no flipped bit of a sealed segment yields another stream") {
  SegmentWriter writer = sample_segment();
  const std::uint64_t seal = writer.seal();
  const Reading whole = test::read(writer.file);
  REQUIRE(whole.stop == Stop::seal);
  for (std::uint64_t bit = writer.header.data_start() * 8; bit < writer.end * 8; ++bit) {
    File file = writer.file;
    test::flip(file, static_cast<std::size_t>(bit));
    const Reading reading = test::read(file);
    CAPTURE(bit / 8);
    CHECK(is_prefix(reading.records, whole.records));
    if (bit / 8 < seal + seal_bytes) {
      CHECK(reading.stop != Stop::seal);
      CHECK(reading.outcome == Outcome::corrupt);
    } else {
      // The index is no part of the frames, and checks itself.
      CHECK(reading.stop == Stop::seal);
      CHECK_FALSE(SparseIndex::decode(writer.place, Bytes(file).subspan(seal + seal_bytes, 16),
                                      *reading.seal, writer.header.data_start(), seal));
    }
  }
}

TEST_CASE("a seal that counted other frames does not continue the stream") {
  SegmentWriter writer = sample_segment();
  writer.records += 1;
  writer.seal();
  CHECK(test::read(writer.file).stop == Stop::wrong_seq);
  CHECK(test::read(writer.file).outcome == Outcome::corrupt);

  SegmentWriter fewer = sample_segment();
  fewer.frames -= 1;
  fewer.seal();
  CHECK(test::read(fewer.file).stop == Stop::wrong_seq);

  SegmentWriter other = sample_segment();
  other.digest.add(1);
  const std::uint64_t seal = other.seal();
  CHECK(test::read(other.file).stop == Stop::wrong_seq);
  // A walk that starts in the middle has not counted them.
  const test::Reading whole = test::read(other.file);
  test::MemorySource source(other.file);
  FrameWalk walk(other.header, source, whole.offsets.back(), 21, FrameWalk::Bodies::skip);
  while (walk.next()) {
  }
  CHECK(walk.stop() == Stop::seal);
  CHECK(walk.stopped_at()->offset == seal);
}

TEST_CASE("a valid frame with another seq is damage") {
  SegmentWriter writer = sample_segment();
  writer.next_seq += 1;
  const std::uint64_t offset = writer.commit({"skips a seq"});
  const Reading reading = test::read(writer.file);
  CHECK(reading.stop == Stop::wrong_seq);
  CHECK(reading.stream.end == offset);
  CHECK(reading.outcome == Outcome::corrupt);
}

TEST_CASE("an unknown frame that may be skipped is stepped over and counted, others are refused") {
  for (const std::uint8_t type : {std::uint8_t{0x85}, std::uint8_t{0x81}, std::uint8_t{5}}) {
    SegmentWriter writer;
    writer.commit({"before"});
    const std::uint64_t offset = writer.end;
    // It holds a body of one entry, takes no seq, and its flags are unknown as well.
    CommitHeader header;
    header.offset = offset;
    header.first_seq = writer.next_seq;
    header.watermark = writer.durable();
    header.body_bytes = 5;
    const std::vector<std::uint32_t> lengths = {5};
    const std::vector<std::uint32_t> checksums = {
        record_checksum(writer.place, writer.next_seq, test::bytes_of("novel"))};
    encode_commit_prefix(writer.place, header, lengths, checksums, {}, {}, writer.at(offset, 44));
    writer.at(offset, 44)[8] = static_cast<std::byte>(type);
    writer.at(offset, 44)[9] = std::byte{0x40};
    writer.sign(offset, 44);
    std::copy_n(test::bytes_of("novel").begin(), 5, writer.at(offset + 44, 5).begin());
    writer.end += 56;
    writer.commit({"behind"});
    const Reading reading = test::read(writer.file);
    if (type >= 128) {
      CHECK(reading.stop == Stop::zeros);
      CHECK(reading.records.size() == 2);
      CHECK(reading.offsets.size() == 2);
      CHECK(reading.stream.frames == 3);
      File damaged = writer.file;
      damaged[static_cast<std::size_t>(offset) + 44] ^= std::byte{1};
      CHECK(test::read(damaged).stop == Stop::bad_body);
    } else {
      CHECK(reading.stop == Stop::unknown);
      CHECK(reading.records.size() == 1);
      CHECK(reading.outcome == Outcome::refuse_version);
    }
  }
}

TEST_CASE("an unknown gap reason, record kind or record flag is refused by type") {
  SegmentWriter gap;
  gap.commit({"a"});
  const std::uint64_t offset = gap.gap(4);
  store<std::uint32_t>(gap.at(offset, gap_bytes), 44, 4);
  gap.sign(offset, 52);
  CHECK(test::read(gap.file).stop == Stop::unknown);
  for (const std::uint8_t attributes : {std::uint8_t{2}, std::uint8_t{7}, std::uint8_t{0x20}}) {
    SegmentWriter writer;
    test::CommitOptions options;
    options.attributes = {0, attributes};
    writer.commit({"known", "unknown"}, options);
    CHECK(test::read(writer.file).outcome == Outcome::refuse_version);
  }
  SegmentWriter skippable;
  test::CommitOptions options;
  options.attributes = {0, 0x28, 0};
  skippable.commit({"one", "an entry to skip", "two"}, options);
  const Reading reading = test::read(skippable.file);
  REQUIRE(reading.records.size() == 3);
  CHECK(reading.records[2].seq == 2);
}

TEST_CASE("a payload that holds the bytes of a segment is never taken for frames of this place") {
  SegmentWriter inner = sample_segment();
  SegmentWriter writer;
  const std::string stolen =
      test::text_of(Bytes(inner.file).subspan(inner.header.data_start(), 400));
  // The same journal, segment and salt: only the offset differs.
  const std::uint64_t offset = writer.commit({std::string(4, ' ') + stolen});
  REQUIRE((offset + 44 + 4) % 8 == 0);
  CHECK(test::read(writer.file).records.size() == 1);
  File file = writer.file;
  test::flip(file, static_cast<std::size_t>(offset) * 8 + 100);
  test::flip(file, static_cast<std::size_t>(offset) * 8 + 200);
  test::MemorySource source(file);
  CHECK_FALSE(find_frame(writer.header, source, offset).header);
  CHECK(test::read(file).outcome == Outcome::cut);
}

TEST_CASE("an older version of a block is the shorter prefix that it is, and proof tells") {
  SegmentWriter writer;
  writer.commit({std::string(100, 'a')});
  const File older = writer.file;
  writer.commit({std::string(100, 'b')});
  test::CommitOptions padded;
  padded.block_padded = true;
  writer.commit({"to the end of the block"}, padded);
  const std::uint64_t block_end = writer.end;
  writer.commit({"in the next block"});
  File lost = writer.file;
  std::copy_n(older.begin() + 8192, 4096, lost.begin() + 8192);
  const Reading reading = test::read(lost);
  CHECK(reading.records.size() == 1);
  CHECK(reading.stop == Stop::no_header);
  CHECK(reading.evidence.later_watermark.offset == block_end);
  CHECK(reading.outcome == Outcome::corrupt);
  CHECK(test::read(older).outcome == Outcome::end);
  CHECK(test::read(older, 1).outcome == Outcome::end);
  CHECK(test::read(older, 2).outcome == Outcome::corrupt);  // a cursor, a checkpoint, expectSeq
}

TEST_CASE("a walk stops at its limit and looks at nothing behind it") {
  SegmentWriter writer = sample_segment();
  const Reading whole = test::read(writer.file);
  test::MemorySource source(writer.file);
  FrameWalk walk(writer.header, source, writer.header.data_start(), 1, FrameWalk::Bodies::verify);
  const std::uint64_t limit = whole.offsets[2];
  walk.set_limit(limit);
  source.bad_begin = limit;
  source.bad_end = writer.file.size();
  CHECK(walk.next());
  CHECK(walk.next());
  CHECK_FALSE(walk.next());
  CHECK(walk.stop() == Stop::limit);
  CHECK(walk.stream().end == limit);
}

TEST_CASE("a walk starts at any frame that an index names") {
  SegmentWriter writer = sample_segment();
  const Reading whole = test::read(writer.file);
  test::MemorySource source(writer.file);
  FrameWalk walk(writer.header, source, whole.offsets[1], 4, FrameWalk::Bodies::skip);
  const auto frame = walk.next();
  REQUIRE(frame);
  CHECK(frame->offset == whole.offsets[1]);
  CHECK(walk.prefix().has_value());
  while (walk.next()) {
  }
  CHECK_FALSE(walk.prefix());
  CHECK(walk.stream().next_seq == 22);
}

TEST_CASE("without bodies a walk passes damaged payloads, but never damaged frames of no body") {
  SegmentWriter writer = sample_segment();
  const std::uint64_t mark = test::read(writer.file).offsets[2];
  File file = writer.file;
  file[static_cast<std::size_t>(writer.header.data_start()) + 62] ^= std::byte{1};
  test::MemorySource source(file);
  FrameWalk walk(writer.header, source, writer.header.data_start(), 1, FrameWalk::Bodies::skip);
  while (walk.next()) {
  }
  CHECK(walk.stop() == Stop::zeros);
  CHECK(test::read(file).stop == Stop::bad_body);
  file[static_cast<std::size_t>(mark) + 39] = std::byte{1};
  FrameWalk again(writer.header, source, writer.header.data_start(), 1, FrameWalk::Bodies::skip);
  while (again.next()) {
  }
  CHECK(again.stop() == Stop::bad_body);
  CHECK(again.stream().end == mark);
}

TEST_CASE("what cannot be read is never taken for absent") {
  SegmentWriter writer = sample_segment();
  const Reading whole = test::read(writer.file);
  // Byte by byte: header, table, payload, the zeros behind.
  for (std::uint64_t at = writer.header.data_start(); at < writer.end + 200; ++at) {
    test::MemorySource source(writer.file);
    source.bad_begin = at;
    source.bad_end = at + 1;
    const Reading reading = test::read(writer.file, source);
    CAPTURE(at);
    CHECK(reading.stop == Stop::unreadable);
    CHECK(reading.outcome == Outcome::refuse_io);
    CHECK(is_prefix(reading.records, whole.records));
  }
}

TEST_CASE("nothing is allocated or read for a length that no checksum vouches for") {
  SegmentWriter writer(sample_header(), 8U << 20U);
  const std::uint64_t offset = writer.commit({"x"});
  store<std::uint32_t>(writer.at(offset, 44), 16, 1000000);  // a table of 8 million bytes
  store<std::uint32_t>(writer.at(offset, 44), 12, maximum_body_bytes);
  test::MemorySource source(writer.file);
  CHECK(test::read(writer.file, source).stop == Stop::no_header);
  CHECK(source.largest_view <= 65536);
}

TEST_CASE("random damage never crashes, hangs or invents a record") {
  SegmentWriter writer = sample_segment();
  writer.seal();
  const Reading whole = test::read(writer.file);
  std::mt19937_64 random(20240229);  // a fixed seed: a failure can be repeated
  for (int round = 0; round < 3000; ++round) {
    File file = writer.file;
    const std::size_t used = static_cast<std::size_t>(writer.end) + 64;
    for (std::uint64_t n = random() % 6 + 1; n > 0; --n) {
      const std::size_t at = 8192 + random() % (used - 8192);
      switch (random() % 4) {
        case 0:
          file[at] = static_cast<std::byte>(random());
          break;
        case 1:
          std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(at), random() % 600,
                      static_cast<std::byte>(random() % 2 * 255));
          break;
        case 2:
          store<std::uint32_t>(file, at & ~std::size_t{3}, static_cast<std::uint32_t>(random()));
          break;
        default:
          file.resize(std::max<std::size_t>(at, 8192 + 1024));
      }
    }
    const Reading reading = test::read(file);
    CAPTURE(round);
    CHECK(is_prefix(reading.records, whole.records));
  }
}

TEST_CASE("random headers under right checksums never crash") {
  SegmentWriter writer = sample_segment();
  const Reading whole = test::read(writer.file);
  std::mt19937_64 random(8191);
  for (int round = 0; round < 3000; ++round) {
    File file = writer.file;
    const std::uint64_t offset = whole.offsets[random() % whole.offsets.size()];
    const std::size_t at = static_cast<std::size_t>(offset) + 8 + random() % 60;
    file[at] = static_cast<std::byte>(random());
    const auto prefix = frame_prefix_bytes(
        writer.header, offset, Bytes(file).subspan(static_cast<std::size_t>(offset)), file.size());
    if (!prefix) continue;
    writer.sign(file, offset, *prefix);
    const Reading reading = test::read(file);
    CHECK(reading.stream.end <= file.size());
  }
}
