// Golden files: bytes of format version 1, frozen. A change that breaks one of these tests is a
// change of the format, and old journals could not be read any more.
//
// test/golden/*.hex hold 16 bytes a line behind their offset; lines of zeros are left out, the last
// line gives the length. TIDEMARK_WRITE_GOLDEN=1 writes a file that does not exist yet; it never
// touches one that does.
#include <doctest/doctest.h>

#include "checkpoint_files.hpp"
#include "format/marks.hpp"
#include "repository.hpp"
#include "support.hpp"

using namespace tidemark::format;
using test::File;
using test::SegmentWriter;

namespace {

std::string hex_dump(Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto number = [&](std::uint64_t value, int width) {
    std::string text;
    for (int shift = 4 * (width - 1); shift >= 0; shift -= 4) {
      text.push_back(digits[(value >> static_cast<unsigned>(shift)) & 15U]);
    }
    return text;
  };
  std::string dump;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const Bytes line = bytes.subspan(at, std::min<std::size_t>(16, bytes.size() - at));
    if (is_zero(line)) continue;
    dump.append(number(at, 8)).push_back(' ');
    for (const std::byte b : line) {
      dump.append(" ").append(number(std::to_integer<std::uint64_t>(b), 2));
    }
    dump.push_back('\n');
  }
  return dump.append(number(bytes.size(), 8)).append("\n");
}

File golden(const std::string& name, const File& encoded) {
  const auto path = test::repository_path("test/golden/" + name + ".hex");
  if (test::asked("TIDEMARK_WRITE_GOLDEN") && !std::filesystem::exists(path)) {
    test::write_text(path, hex_dump(encoded));
  }
  return test::parse_dump(test::read_text(path));
}

SegmentHeader golden_header() {
  SegmentHeader header = test::sample_header();
  header.predecessor = {2, 0x123458, 999, 0x0123456789ABCDEF};
  header.first_seq = 1000;
  header.start_seq = 1;
  header.head = {2, 501};
  header.capacity = 24576;
  header.hash_name = "sha256";
  header.hash_bytes = 32;
  header.application = "golden";
  const Bytes user_data = test::bytes_of("user data");
  header.user_data.assign(user_data.begin(), user_data.end());
  return header;
}

// SHA-256 of "hashed".
std::string golden_hash() {
  const char* text = "1a06df824ed741b53c785079a6347f00eec5af82f9850775409ca69dff4068a6";
  std::string hash;
  for (std::size_t i = 0; i < 64; i += 2) {
    hash.push_back(static_cast<char>(std::stoul(std::string(text + i, 2), nullptr, 16)));
  }
  return hash;
}

SegmentWriter golden_segment() {
  SegmentWriter writer(golden_header(), 24576);
  writer.watermark = writer.durable();  // the second commit was begun before the first was durable
  writer.commit({"seventeen bytes.."});
  test::CommitOptions dictionary;
  dictionary.attributes = {record_kind::dictionary, record_flag::has_dictionary, 0};
  dictionary.commit_time = 1700000000123;
  writer.commit({"names", "uses them", ""}, dictionary);
  writer.watermark.reset();
  test::CommitOptions hashed;
  hashed.hashes = golden_hash();
  hashed.block_padded = true;
  writer.commit({"hashed"}, hashed);
  writer.mark();
  writer.gap(1010, GapReason::compacted);
  writer.commit({"behind the gap"});
  writer.mark(true);
  writer.seal(9, 0x1020304050607080);
  return writer;
}

// Encodes again what a walk decodes.
File encode_again(const File& file, const test::Reading& reading) {
  const SegmentHeader& header = reading.pair.header;
  SegmentWriter writer(header, file.size());
  test::MemorySource source(file);
  FrameWalk walk(header, source, header.data_start(), header.first_seq, FrameWalk::Bodies::verify);
  while (const auto frame = walk.next()) {
    const auto view = walk.prefix();
    const File prefix(view->begin(), view->end());
    writer.watermark = frame->watermark;
    REQUIRE(writer.end == frame->offset);
    if (frame->is(FrameType::mark)) writer.mark((frame->flags & frame_flag::closing) != 0);
    if (const auto gap = decode_gap(*frame, prefix)) writer.gap(gap->last_seq, gap->reason);
    if (!frame->is(FrameType::commit)) continue;
    const RecordTable table(*frame, prefix, header.hash_bytes);
    test::CommitOptions options;
    options.commit_time = frame->commit_time;
    options.block_padded = (frame->flags & frame_flag::block_padded) != 0;
    std::vector<std::string> payloads;
    std::uint64_t at = frame->body_offset();
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      payloads.push_back(test::text_of(*source.view(at, table.length(i))));
      at += table.length(i);
      if ((frame->flags & frame_flag::attributes) != 0) {
        options.attributes.push_back(table.attributes(i));
      }
      options.hashes += test::text_of(table.hash(i));
    }
    writer.commit(payloads, options);
  }
  REQUIRE(walk.seal());
  writer.seal(walk.seal()->successor_id, walk.seal()->successor_salt);
  return writer.file;
}

}  // namespace

TEST_CASE("the golden segment is decoded, and encoded to the same bytes") {
  const SegmentWriter writer = golden_segment();
  const File file = golden("segment", writer.file);
  REQUIRE(file.size() == 24576);
  CHECK(hex_dump(writer.file) == hex_dump(file));

  const test::Reading reading = test::read(file);
  REQUIRE(reading.pair.state == HeaderState::valid);
  CHECK(reading.pair.copy_valid[0]);
  CHECK(reading.pair.copy_valid[1]);
  CHECK(reading.pair.header == golden_header());
  CHECK(reading.stop == Stop::seal);
  CHECK(reading.records == std::vector<test::ReadRecord>{{1000, "seventeen bytes..", 0},
                                                         {1001, "names", 0x01},
                                                         {1001, "uses them", 0x10},
                                                         {1002, "", 0},
                                                         {1003, "hashed", 0},
                                                         {1011, "behind the gap", 0}});
  CHECK(reading.gaps == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1004, 1010}});
  CHECK(reading.offsets ==
        std::vector<std::uint64_t>{8192, 8256, 8344, 12288, 12328, 12384, 12448});
  REQUIRE(reading.seal);
  CHECK(reading.seal->successor_id == 9);
  CHECK(reading.seal->successor_salt == 0x1020304050607080);
  CHECK(reading.seal->last_seq == 1011);
  CHECK(reading.seal->records == 5);
  CHECK(reading.seal->frames == 7);
  CHECK(reading.seal->sealed_at == 1700000001000);
  CHECK(reading.stream.closed);
  CHECK(hex_dump(encode_again(file, reading)) == hex_dump(file));
}

TEST_CASE("the golden marks are decoded, and encoded to the same bytes") {
  const HeadMark head{golden_header().journal_id, {3, 1002}};
  const File head_file = golden("head", encode_head_mark(head));
  HeadMark decoded_head;
  REQUIRE(decode_head_mark(head_file, decoded_head) == MarkState::valid);
  CHECK(decoded_head.journal_id == head.journal_id);
  CHECK(decoded_head.head == head.head);
  CHECK(encode_head_mark(decoded_head) == head_file);

  const CursorMark cursor{golden_header().journal_id, "replica/b", 1003, 0x1122334455667788};
  const File cursor_file = golden("cursor", encode_cursor_mark(cursor));
  CursorMark decoded;
  REQUIRE(decode_cursor_mark(cursor_file, decoded) == MarkState::valid);
  CHECK(decoded.name == "replica/b");
  CHECK(decoded.seq == 1003);
  CHECK(decoded.epoch == cursor.epoch);
  CHECK(encode_cursor_mark(decoded) == cursor_file);
}

TEST_CASE("the golden checkpoint is decoded, and encoded to the same bytes") {
  constexpr std::size_t body_bytes = 700;
  const CheckpointHeader header = test::sample_checkpoint(body_bytes);
  const File file =
      golden("checkpoint", test::checkpoint_file(header, test::sample_body(body_bytes)));
  const CheckpointVerdict verdict = decode_checkpoint(file);
  REQUIRE(verdict.state == CheckpointState::valid);
  CHECK(verdict.header == header);
  CHECK(hex_dump(test::checkpoint_file(verdict.header, test::sample_body(body_bytes))) ==
        hex_dump(file));
}

TEST_CASE("the bytes that docs/format.md shows are those of the golden segment") {
  const std::string dump = test::read_text(test::repository_path("test/golden/segment.hex"));
  std::istringstream document(test::read_text(test::repository_path("docs/format.md")));
  std::size_t shown = 0;
  bool inside = false;
  for (std::string line; std::getline(document, line);) {
    if (line.rfind("```", 0) == 0) {
      inside = line == "```hex";
      continue;
    }
    if (!inside) continue;
    CAPTURE(line);
    CHECK(dump.find(line + "\n") != std::string::npos);
    ++shown;
  }
  CHECK(shown >= 12);
}
