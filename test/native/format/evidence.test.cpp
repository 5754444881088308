// What lies where a walk stopped: torn, rotten, or proven to have been durable.
#include <doctest/doctest.h>

#include "support.hpp"

using namespace tidemark::format;
using test::File;
using test::Reading;
using test::sample_header;
using test::SegmentWriter;

namespace {

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + 7);
  return bytes;
}

void zero(File& file, std::uint64_t begin, std::uint64_t end) {
  std::fill(file.begin() + static_cast<std::ptrdiff_t>(begin),
            file.begin() + static_cast<std::ptrdiff_t>(end), std::byte{0});
}

}  // namespace

TEST_CASE("a sector of a frame that is still zero makes it incomplete") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({noise(3000)});
  for (std::uint64_t sector = offset + 512; sector + 512 <= writer.end; sector += 512) {
    File file = writer.file;
    zero(file, sector, sector + 512);
    const Reading reading = test::read(file);
    CHECK(reading.stop == Stop::bad_body);
    CHECK(reading.evidence.residue == Residue::incomplete);
    CHECK(reading.tail == TailWord::torn);
    CHECK(reading.evidence.stated_last_seq == 1);
  }
  // The file ends inside the frame.
  File file = writer.file;
  file.resize(static_cast<std::size_t>(writer.end) - 1);
  CHECK(test::read(file).stop == Stop::beyond_file);
  CHECK(test::read(file).evidence.residue == Residue::incomplete);
}

TEST_CASE("zero sectors of records that verify do not make a frame incomplete") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({std::string(2000, '\0'), noise(2000)});
  CHECK(test::read(writer.file).outcome == Outcome::end);
  File file = writer.file;
  file[static_cast<std::size_t>(writer.end) - 100] ^= std::byte{0xFF};
  const Reading reading = test::read(file);
  CHECK(reading.evidence.residue == Residue::complete);
  CHECK(reading.tail == TailWord::undecidable);
  CHECK(reading.evidence.stated_last_seq == 2);
  CHECK(reading.evidence.residue_bytes <= writer.end - offset);
  CHECK(reading.evidence.residue_bytes > writer.end - offset - 8);
}

TEST_CASE("garbled sectors are complete and wrong, or no header at all") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({noise(1000)});
  File body = writer.file;
  std::fill_n(body.begin() + static_cast<std::ptrdiff_t>(offset) + 512, 300, std::byte{0x5A});
  CHECK(test::read(body).evidence.residue == Residue::complete);
  File head = writer.file;
  std::fill_n(head.begin() + static_cast<std::ptrdiff_t>(offset), 300, std::byte{0x5A});
  CHECK(test::read(head).evidence.residue == Residue::headerless);
  CHECK(test::read(head).outcome == Outcome::cut);
}

TEST_CASE("every flipped bit of a header or of a table of up to 1,024 entries is found and named") {
  SegmentWriter writer;
  test::CommitOptions options;
  options.commit_time = 1;
  const std::uint64_t offset = writer.commit({"one", "two", noise(50)}, options);
  const std::size_t prefix = commit_prefix_bytes(3, false, 0, true);
  for (std::size_t bit = 0; bit < prefix * 8; ++bit) {
    File file = writer.file;
    test::flip(file, static_cast<std::size_t>(offset) * 8 + bit);
    const Reading reading = test::read(file);
    CAPTURE(bit);
    CHECK(reading.evidence.residue == Residue::one_bit);
    CHECK(reading.evidence.flipped_bit_offset == std::optional(offset + bit / 8));
    CHECK(reading.evidence.stated_last_seq == 3);
    CHECK(reading.outcome == Outcome::corrupt);
  }
}

TEST_CASE(
    "a flipped bit of the fixed header is found whatever the table's size, one of a long table is "
    "not") {
  for (const std::size_t entries : {1024U, 1200U, 20000U}) {
    SegmentWriter writer;
    const std::uint64_t offset = writer.commit(std::vector<std::string>(entries, "x"));
    for (const std::size_t bit : {0U, 35U, 70U, 81U, 97U, 130U, 140U, 200U, 230U, 287U}) {
      File file = writer.file;
      test::flip(file, static_cast<std::size_t>(offset) * 8 + bit);
      CAPTURE(bit);
      CHECK(test::read(file).evidence.residue == Residue::one_bit);
    }
    File file = writer.file;
    test::flip(file, (static_cast<std::size_t>(offset) + 36 + entries * 5) * 8);
    const bool found = test::read(file).evidence.residue == Residue::one_bit;
    CHECK(found == (entries <= 1024));
  }
}

TEST_CASE("two flipped bits are not one") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"one", "two"});
  for (std::size_t bit = 1; bit < 52 * 8; ++bit) {
    File file = writer.file;
    test::flip(file, static_cast<std::size_t>(offset) * 8);
    test::flip(file, static_cast<std::size_t>(offset) * 8 + bit);
    CHECK(test::read(file).evidence.residue == Residue::headerless);
  }
}

TEST_CASE("a header one bit away that does not continue the stream is no evidence of rot") {
  SegmentWriter writer;
  writer.commit({"one"});
  writer.next_seq = 9;
  const std::uint64_t offset = writer.commit({"nine"});
  test::flip(writer.file, static_cast<std::size_t>(offset) * 8);
  CHECK(test::read(writer.file).evidence.residue == Residue::headerless);
}

TEST_CASE("one bit in the padding behind sound records is rot, more is not told from a tear") {
  SegmentWriter writer;
  writer.commit({"12345"});
  REQUIRE(writer.end - writer.header.data_start() == 56);
  writer.file[8192 + 52] = std::byte{0x10};
  CHECK(test::read(writer.file).evidence.residue == Residue::one_bit);
  CHECK(test::read(writer.file).evidence.flipped_bit_offset ==
        std::optional<std::uint64_t>(8192 + 52));
  writer.file[8192 + 54] = std::byte{0x01};
  CHECK(test::read(writer.file).evidence.residue == Residue::complete);
}

TEST_CASE("proof is a watermark behind the damage, not a frame behind it") {
  // Three commits in flight together: none knows the others to be durable.
  SegmentWriter unordered;
  unordered.commit({"acknowledged"});
  const std::uint64_t torn = unordered.end;
  unordered.watermark = Watermark{torn, 1};
  unordered.commit({noise(600)});
  unordered.commit({noise(600)});
  unordered.commit({"arrived first"});
  File file = unordered.file;
  zero(file, torn, torn + 64);
  const Reading cut = test::read(file);
  CHECK(cut.stream.end == torn);
  CHECK(cut.evidence.later_watermark.offset == torn);
  CHECK(cut.outcome == Outcome::cut);
  CHECK(cut.tail == TailWord::torn);

  // One byte more in the watermark of the last one, and it is corruption.
  unordered.watermark = Watermark{torn + 8, 1};
  unordered.commit({"knows more"});
  file = unordered.file;
  zero(file, torn, torn + 64);
  CHECK(test::read(file).evidence.later_watermark.offset == torn + 8);
  CHECK(test::read(file).outcome == Outcome::corrupt);
}

TEST_CASE("a frame without records is proved and protected like any other") {
  SegmentWriter writer;
  writer.commit({"ten records, say"});
  const std::uint64_t mark = writer.mark();
  writer.commit({"behind the mark"});
  for (std::uint64_t bit = mark * 8; bit < (mark + mark_bytes) * 8; ++bit) {
    File file = writer.file;
    test::flip(file, static_cast<std::size_t>(bit));
    CHECK(test::read(file).outcome == Outcome::corrupt);
  }
  File file = writer.file;
  zero(file, mark, mark + mark_bytes);
  CHECK(test::read(file).outcome == Outcome::corrupt);
}

TEST_CASE("proof is found at every distance, also far behind zeros and in the last bytes") {
  for (const std::size_t distance : {8U, 4096U, 65496U, 65536U, 65544U, 300000U}) {
    SegmentWriter writer(sample_header(), 1U << 19U);
    writer.commit({"good"});
    const std::uint64_t end = writer.end;
    writer.end += distance;
    writer.mark();
    writer.file.resize(static_cast<std::size_t>(writer.end));
    const Reading reading = test::read(writer.file);
    CAPTURE(distance);
    CHECK(reading.stream.end == end);
    CHECK(reading.evidence.later_watermark.offset == end + distance);
    CHECK(reading.outcome == Outcome::corrupt);
    CHECK(reading.evidence.residue_bytes > distance);
    test::MemorySource source(writer.file);
    const Found found = find_frame(writer.header, source, end);
    REQUIRE(found.header);
    CHECK(found.header->offset == end + distance);
  }
}

TEST_CASE("a frame with a table longer than a window is found behind damage") {
  SegmentWriter writer(sample_header(), 1U << 20U);
  const std::uint64_t offset = writer.commit({"damaged"});
  writer.commit(std::vector<std::string>(20000, "x"));
  writer.file[static_cast<std::size_t>(offset) + 1] = std::byte{0};
  CHECK(test::read(writer.file).evidence.later_watermark.offset > offset);
  CHECK(test::read(writer.file).outcome == Outcome::corrupt);
}

TEST_CASE("a byte behind the damage that cannot be read refuses, it is not absence of proof") {
  SegmentWriter writer;
  const std::uint64_t offset = writer.commit({"torn"});
  writer.file[static_cast<std::size_t>(offset)] = std::byte{0};
  writer.file[static_cast<std::size_t>(offset) + 2] = std::byte{0};
  CHECK(test::read(writer.file).outcome == Outcome::cut);
  for (std::uint64_t at = offset + 64; at < writer.file.size(); at += 700) {
    test::MemorySource source(writer.file);
    source.bad_begin = at;
    source.bad_end = at + 1;
    const Reading reading = test::read(writer.file, source);
    CHECK(reading.evidence.unreadable);
    CHECK(reading.outcome == Outcome::refuse_io);
  }
}

TEST_CASE("a hole between damage and the last byte of the file refuses as well") {
  SegmentWriter writer(sample_header(), 1U << 19U);
  const std::uint64_t offset = writer.commit({"torn"});
  writer.file[static_cast<std::size_t>(offset)] = std::byte{0};
  writer.file[static_cast<std::size_t>(offset) + 2] = std::byte{0};
  writer.file.back() = std::byte{1};
  CHECK(test::read(writer.file).outcome == Outcome::cut);
  test::MemorySource source(writer.file);
  source.bad_begin = 200000;
  source.bad_end = 200001;
  const Reading reading = test::read(writer.file, source);
  CHECK(reading.evidence.unreadable);
  CHECK(reading.outcome == Outcome::refuse_io);
}

TEST_CASE("bytes that imitate frame headers end the search, and nothing is cut") {
  SegmentHeader header = sample_header();
  SegmentWriter writer(header, 16U << 20U);
  writer.commit({"good"});
  for (std::size_t at = static_cast<std::size_t>(writer.end) + 64; at + 64 < writer.file.size();
       at += 40) {
    store<std::uint32_t>(writer.file, at, sync_word);
    store<std::uint8_t>(writer.file, at + 10, 9);
    store<std::uint32_t>(writer.file, at + 16, 1000000);
  }
  test::MemorySource source(writer.file);
  const Reading reading = test::read(writer.file, source);
  CHECK(reading.evidence.residue == Residue::imitations);
  CHECK(reading.outcome == Outcome::corrupt);
  CHECK(source.viewed < 16 * writer.file.size() + (std::uint64_t{1} << 30U));
}
