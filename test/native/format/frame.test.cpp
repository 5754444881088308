// Frames: what is encoded comes back, nothing else validates.
#include "format/frame.hpp"

#include <doctest/doctest.h>

#include "support.hpp"

using namespace tidemark::format;
using tidemark::format::test::File;
using tidemark::format::test::sample_header;
using tidemark::format::test::SegmentWriter;

namespace {

std::optional<FrameHeader> decode_at(const SegmentWriter& writer, const File& file,
                                     std::uint64_t offset) {
  const Bytes rest = Bytes(file).subspan(static_cast<std::size_t>(offset));
  return decode_frame_header(writer.header, writer.place, offset, rest);
}

// Stores `value` at `at` of the frame at `offset`, signs the frame again, decodes it.
template <typename Number>
std::optional<FrameHeader> decode_with(const SegmentWriter& writer, std::uint64_t offset,
                                       std::size_t prefix_bytes, std::size_t at, Number value) {
  File file = writer.file;
  store<Number>(file, static_cast<std::size_t>(offset) + at, value);
  writer.sign(file, offset, prefix_bytes);
  return decode_at(writer, file, offset);
}

}  // namespace

TEST_CASE("a 17-byte record committed alone takes 64 bytes") {
  CHECK(commit_prefix_bytes(1, false, 0, false) == 44);
  CHECK(commit_frame_bytes(44, 17, 8192, false, 4096) == 64);
  SegmentWriter writer;
  writer.commit({std::string(17, 'x')});
  CHECK(writer.end - writer.header.data_start() == 64);
  CHECK(test::read(writer.file).records.size() == 1);
}

TEST_CASE("a commit keeps every field") {
  SegmentHeader header = sample_header();
  header.hash_name = "sha256";
  header.hash_bytes = 32;
  SegmentWriter writer(header, 65536);
  writer.commit({"a"});
  writer.watermark = Watermark{writer.header.data_start(), 0};
  test::CommitOptions options;
  options.attributes = {record_kind::dictionary, record_flag::has_dictionary, 0};
  options.hashes = std::string(32, '1') + std::string(32, '2') + std::string(32, '3');
  options.commit_time = -5;
  options.block_padded = true;
  const std::uint64_t offset = writer.commit({"dict", "", "third"}, options);
  const auto frame = decode_at(writer, writer.file, offset);
  REQUIRE(frame);
  CHECK(frame->is(FrameType::commit));
  CHECK(frame->known());
  CHECK_FALSE(frame->skippable());
  CHECK(frame->entries == 3);
  CHECK(frame->body_bytes == 9);
  CHECK(frame->first_seq == 2);
  CHECK(frame->user_records == 2);
  CHECK(frame->next_seq == 4);
  CHECK(frame->last_seq() == 3);
  CHECK(frame->watermark.offset == writer.header.data_start());
  CHECK(frame->watermark.seq == 0);
  CHECK(frame->commit_time == std::optional<std::int64_t>(-5));
  CHECK(frame->end() % writer.header.block_bytes == 0);
  CHECK(frame->end() == writer.end);

  const RecordTable table(*frame, Bytes(writer.file).subspan(offset), 32);
  CHECK(table.size() == 3);
  CHECK(table.length(0) == 4);
  CHECK(table.length(1) == 0);
  CHECK(table.kind(0) == record_kind::dictionary);
  CHECK(table.attributes(1) == record_flag::has_dictionary);
  CHECK(table.user_records() == 2);
  CHECK(test::text_of(table.hash(2)) == std::string(32, '3'));
  const auto reading = test::read(writer.file);
  REQUIRE(reading.records.size() == 4);
  CHECK(reading.records[1] == test::ReadRecord{2, "dict", record_kind::dictionary});
  CHECK(reading.records[2] == test::ReadRecord{2, "", record_flag::has_dictionary});
  CHECK(reading.records[3] == test::ReadRecord{3, "third", 0});
}

TEST_CASE("mark, gap and seal keep every field") {
  SegmentWriter writer;
  writer.commit({"a", "b"});
  const std::uint64_t mark = writer.mark(true);
  const std::uint64_t gap = writer.gap(9, GapReason::compacted);
  const Seal expected = writer.seal_fields(4, 77);
  const std::uint64_t seal = writer.seal(4, 77);
  const auto mark_frame = decode_at(writer, writer.file, mark);
  REQUIRE(mark_frame);
  CHECK(mark_frame->is(FrameType::mark));
  CHECK(mark_frame->flags == frame_flag::closing);
  CHECK(mark_frame->frame_bytes == mark_bytes);
  CHECK(mark_frame->watermark.offset == mark);
  CHECK(mark_frame->watermark.seq == 2);

  const auto gap_frame = decode_at(writer, writer.file, gap);
  REQUIRE(gap_frame);
  CHECK(gap_frame->frame_bytes == gap_bytes);
  CHECK(gap_frame->next_seq == 10);
  const auto gap_fields = decode_gap(*gap_frame, Bytes(writer.file).subspan(gap));
  REQUIRE(gap_fields);
  CHECK(gap_fields->first_seq == 3);
  CHECK(gap_fields->last_seq == 9);
  CHECK(gap_fields->reason == GapReason::compacted);

  const auto seal_frame = decode_at(writer, writer.file, seal);
  REQUIRE(seal_frame);
  CHECK(seal_frame->frame_bytes == seal_bytes);
  const auto fields = decode_seal(*seal_frame, Bytes(writer.file).subspan(seal));
  REQUIRE(fields);
  CHECK(fields->successor_id == 4);
  CHECK(fields->successor_salt == 77);
  CHECK(fields->last_seq == 9);
  CHECK(fields->records == 2);
  CHECK(fields->frames == 3);
  CHECK(fields->digest == expected.digest);
  CHECK(fields->sealed_at == expected.sealed_at);
  CHECK_FALSE(decode_gap(*seal_frame, Bytes(writer.file).subspan(seal)));
  CHECK_FALSE(decode_seal(*gap_frame, Bytes(writer.file).subspan(gap)));
}

TEST_CASE("a frame of another offset, segment, salt or journal never validates") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"payload"});
  File moved = writer.file;
  std::copy_n(moved.begin() + static_cast<std::ptrdiff_t>(offset), 64,
              moved.begin() + static_cast<std::ptrdiff_t>(offset) + 64);
  CHECK(decode_at(writer, moved, offset));
  CHECK_FALSE(decode_at(writer, moved, offset + 64));

  const auto other = [&](auto change) {
    SegmentHeader header = sample_header();
    change(header);
    const SegmentWriter elsewhere(header);
    return decode_at(elsewhere, writer.file, offset).has_value();
  };
  CHECK(other([](SegmentHeader&) {}));
  CHECK_FALSE(other([](SegmentHeader& h) { h.segment_id += 1; }));
  CHECK_FALSE(other([](SegmentHeader& h) { h.salt ^= 1; }));
  CHECK_FALSE(other([](SegmentHeader& h) { h.journal_id[15] ^= std::byte{1}; }));
}

TEST_CASE("two records of the same length cannot be swapped") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"one", "two"});
  const auto body = static_cast<std::size_t>(offset) + commit_prefix_bytes(2, false, 0, false);
  const auto table = static_cast<std::size_t>(offset) + 36 + 8;
  File file = writer.file;
  for (std::size_t i = 0; i < 3; ++i) std::swap(file[body + i], file[body + 3 + i]);
  for (std::size_t i = 0; i < 4; ++i) std::swap(file[table + i], file[table + 4 + i]);
  writer.sign(file, offset, body - static_cast<std::size_t>(offset));
  REQUIRE(decode_at(writer, file, offset));
  CHECK(test::read(file).stop == Stop::bad_body);
}

TEST_CASE("a record can be verified alone") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"first", "second", "third"});
  const auto frame = decode_at(writer, writer.file, offset);
  REQUIRE(frame);
  const RecordTable table(*frame, Bytes(writer.file).subspan(offset), 0);
  File file = writer.file;
  file[static_cast<std::size_t>(frame->body_offset())] ^= std::byte{1};
  test::MemorySource source(file);
  const auto verify = [&](std::uint64_t at, std::uint32_t entry) {
    return verify_record(source, writer.place, *frame, at, table.length(entry),
                         table.checksum(entry), frame->first_seq + entry);
  };
  CHECK(verify(frame->body_offset(), 0) == std::optional(false));
  CHECK(verify(frame->body_offset() + 5, 1) == std::optional(true));
  CHECK(verify(frame->body_offset() + 11, 2) == std::optional(true));
  CHECK(verify(frame->end() - 1, 2) == std::optional(false));  // reaches out of the frame
  CHECK(verify(UINT64_MAX, 2) == std::optional(false));
  source.bad_begin = frame->body_offset() + 11;
  source.bad_end = source.bad_begin + 1;
  CHECK(verify(frame->body_offset() + 11, 2) == std::nullopt);
}

TEST_CASE("lengths are checked before they are believed, also under a right checksum") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"abc", "defg"});
  constexpr std::size_t prefix = 36 + 16;
  CHECK(decode_with<std::uint32_t>(writer, offset, prefix, 12, 7));
  // Lengths that do not add up to the body.
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 12, 8));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 36, 4));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 36, 0xFFFFFFFF));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 12, 0xFFFFFFFF));
  // Numbers of entries beyond limit and file.
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 16, 0xFFFFFFFF));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 16, maximum_frame_entries));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 16, 0));
  // Header lengths.
  CHECK_FALSE(decode_with<std::uint8_t>(writer, offset, prefix, 10, 8));
  CHECK_FALSE(decode_with<std::uint8_t>(writer, offset, prefix, 10, 0));
  CHECK_FALSE(decode_with<std::uint8_t>(writer, offset, prefix, 10, 255));
  // A hashed frame where the segment has no hashes.
  CHECK_FALSE(decode_with<std::uint8_t>(writer, offset, prefix, 9, frame_flag::hashed));
}

TEST_CASE("the limits of the segment header bound what is read, not those of the reader") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"abcdefgh", "ij"});
  const auto decodes = [&](auto change) {
    SegmentWriter bounded = writer;
    change(bounded.header);
    return decode_at(bounded, writer.file, offset).has_value();
  };
  CHECK(decodes([](SegmentHeader& h) { h.max_record_bytes = 8; }));
  CHECK_FALSE(decodes([](SegmentHeader& h) { h.max_record_bytes = 7; }));
  CHECK(decodes([](SegmentHeader& h) { h.max_body_bytes = 10; }));
  CHECK_FALSE(decodes([](SegmentHeader& h) { h.max_body_bytes = 9; }));
  CHECK(decodes([](SegmentHeader& h) { h.max_frame_entries = 2; }));
  CHECK_FALSE(decodes([](SegmentHeader& h) { h.max_frame_entries = 1; }));
}

TEST_CASE("a watermark outside its segment or behind its frame is refused") {
  SegmentWriter writer;
  writer.commit({"a"});
  const std::uint64_t offset = writer.commit({"b"});
  constexpr std::size_t prefix = 44;
  const auto back = static_cast<std::uint32_t>((offset - writer.header.data_start()) / 8);
  CHECK(decode_with<std::uint32_t>(writer, offset, prefix, 28, back));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 28, back + 1));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 28, 0xFFFFFFFF));
  CHECK(decode_with<std::uint32_t>(writer, offset, prefix, 32, 1));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 32, 2));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, offset, prefix, 32, 0xFFFFFFFF));
}

TEST_CASE("seqs stay within the segment and within safe integers") {
  SegmentHeader header = sample_header();
  header.first_seq = maximum_seq;
  SegmentWriter writer(header);
  const std::uint64_t offset = writer.commit({"the last seq there is"});
  CHECK(test::read(writer.file).records.size() == 1);
  CHECK_FALSE(decode_with<std::uint64_t>(writer, offset, 44, 20, maximum_seq - 1));
  CHECK_FALSE(decode_with<std::uint64_t>(writer, offset, 44, 20, maximum_seq + 1));
  CHECK_FALSE(decode_with<std::uint64_t>(writer, offset, 44, 20, UINT64_MAX));
}

TEST_CASE("seal and gap fields are bounded, also under a right checksum") {
  SegmentWriter writer;
  writer.commit({"a"});
  const std::uint64_t gap = writer.gap(5);
  const std::uint64_t seal = writer.seal();
  CHECK(decode_with<std::uint64_t>(writer, gap, 52, 36, maximum_seq));
  CHECK_FALSE(decode_with<std::uint64_t>(writer, gap, 52, 36, maximum_seq + 1));
  CHECK_FALSE(decode_with<std::uint64_t>(writer, gap, 52, 36, 1));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, gap, 52, 48, 1));
  CHECK(decode_with<std::uint64_t>(writer, seal, 108, 36, 900));
  CHECK_FALSE(decode_with<std::uint64_t>(writer, seal, 108, 36, 3));   // its own successor
  CHECK_FALSE(decode_with<std::uint64_t>(writer, seal, 108, 52, 4));   // last seq
  CHECK_FALSE(decode_with<std::uint32_t>(writer, seal, 108, 84, 32));  // index bytes
  CHECK_FALSE(decode_with<std::uint64_t>(writer, seal, 108, 84, 0xFFFFFFFFFFFFFFF0));
  CHECK_FALSE(decode_with<std::uint64_t>(writer, seal, 108, 84, 32 | 2ULL << 32));  // 2 in 64 KiB
  CHECK_FALSE(decode_with<std::uint32_t>(writer, seal, 108, 96, 1));                // reserved
}

TEST_CASE("frames without records hold no entries and no body") {
  SegmentWriter writer;
  const std::uint64_t mark = writer.mark();
  writer.commit({"x"});
  CHECK_FALSE(decode_with<std::uint32_t>(writer, mark, 36 + 8, 16, 1));
  CHECK_FALSE(decode_with<std::uint32_t>(writer, mark, 36, 12, 1));
}

TEST_CASE("every type, flag, kind and record flag that is not known is told from a known one") {
  SegmentWriter writer;
  test::CommitOptions options;
  options.attributes = {0};
  const std::uint64_t offset = writer.commit({"x"}, options);
  constexpr std::size_t prefix = 36 + 9;
  for (unsigned type = 0; type < 256; ++type) {
    const auto frame =
        decode_with<std::uint8_t>(writer, offset, prefix, 8, static_cast<std::uint8_t>(type));
    // Mark, seal and gap with an entry are no frames at all.
    CHECK(frame.has_value() == (type < 2 || type > 4));
    if (frame) {
      CHECK(frame->known() == (type == 1));
      CHECK(frame->skippable() == (type >= 128));
    }
  }
  for (unsigned bit = 0; bit < 8; ++bit) {
    const auto flags = static_cast<std::uint8_t>(1U << bit | frame_flag::attributes);
    const auto frame = decode_with<std::uint8_t>(writer, offset, prefix, 9, flags);
    if (flags & frame_flag::hashed) continue;
    REQUIRE(frame);
    CHECK(frame->known() == ((flags & ~frame_flag::of_commit) == 0));
  }
  for (unsigned attributes = 0; attributes < 256; ++attributes) {
    const auto frame = decode_with<std::uint8_t>(writer, offset, prefix, prefix - 1,
                                                 static_cast<std::uint8_t>(attributes));
    REQUIRE(frame);
    const unsigned kind = attributes & 15U;
    const bool flags_known = (attributes & 0xE0U) == 0;
    CHECK(frame->known() == (kind >= 8 || (kind <= 1 && flags_known)));
    CHECK(frame->user_records == (kind == 0 ? 1 : 0));
  }
}

TEST_CASE("optional fields that are not known are passed over, known ones have their room") {
  SegmentWriter writer;
  test::CommitOptions options;
  options.commit_time = 42;
  const std::uint64_t offset = writer.commit({"x"}, options);
  constexpr std::size_t prefix = 44 + 8;
  CHECK(decode_with<std::uint8_t>(writer, offset, prefix, 11, 1)->commit_time == 42);
  CHECK(decode_with<std::uint8_t>(writer, offset, prefix, 11, 2).has_value());  // 8 bytes as well
  CHECK_FALSE(decode_with<std::uint8_t>(writer, offset, prefix, 11, 0));        // room for nothing
  CHECK_FALSE(decode_with<std::uint8_t>(writer, offset, prefix, 11, 3));        // no room for both
  const auto unknown = decode_with<std::uint8_t>(writer, offset, prefix, 11, 0x81);
  REQUIRE(unknown);
  CHECK(unknown->known());
  CHECK(unknown->commit_time == 42);
}

TEST_CASE("a frame stands at a multiple of 8 behind the headers") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"x"});
  const Bytes start = Bytes(writer.file).subspan(offset);
  CHECK(frame_prefix_bytes(writer.header, offset, start, writer.file.size()) == 44);
  CHECK_FALSE(frame_prefix_bytes(writer.header, offset + 4, start, writer.file.size()));
  CHECK_FALSE(frame_prefix_bytes(writer.header, offset - 8, start, writer.file.size()));
  CHECK_FALSE(frame_prefix_bytes(writer.header, offset, start, offset + 43));
  CHECK_FALSE(frame_prefix_bytes(writer.header, offset, start, offset - 1));
  CHECK_FALSE(frame_prefix_bytes(writer.header, offset, start.first(35), writer.file.size()));
  CHECK_FALSE(decode_frame_header(writer.header, writer.place, UINT64_MAX - 7, start));
}

TEST_CASE("a record table of bytes that are too few is empty") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"x", "y"});
  const auto frame = decode_at(writer, writer.file, offset);
  REQUIRE(frame);
  CHECK(RecordTable(*frame, Bytes(writer.file).subspan(offset, 52), 0).size() == 2);
  CHECK(RecordTable(*frame, Bytes(writer.file).subspan(offset, 51), 0).size() == 0);
  CHECK(RecordTable(*frame, Bytes{}, 0).size() == 0);
}

TEST_CASE("the digest is FNV-1a over header checksums in order") {
  Digest digest;
  digest.add(0x64636261);                       // "abcd"
  CHECK(digest.value() == 0xFC179F83EE0724DD);  // FNV-1a 64 of "abcd"
  Digest other;
  other.add(1);
  other.add(2);
  Digest swapped;
  swapped.add(2);
  swapped.add(1);
  CHECK(other.value() != swapped.value());
}
