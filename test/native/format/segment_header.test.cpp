// The segment header: what it keeps, what it refuses, and its two copies.
#include "format/segment_header.hpp"

#include <doctest/doctest.h>

#include "support.hpp"

using namespace tidemark::format;
using tidemark::format::test::File;
using tidemark::format::test::sample_header;
using tidemark::format::test::SegmentWriter;

namespace {

SegmentHeader full_header() {
  SegmentHeader header = sample_header();
  header.segment_id = 7;
  header.compatible_features = 0x80;
  header.read_only_compatible_features = 0x40;
  header.first_seq = 1001;
  header.start_seq = 500;
  header.predecessor = {6, 123456, 1000, 0xDEADBEEFCAFEF00D};
  header.head = {2, 600};
  header.max_body_bytes = 1000;
  header.max_record_bytes = 900;
  header.max_frame_entries = 10;
  header.codec_name = std::string(64, 'c');
  header.hash_name = "sha256";
  header.hash_bytes = 32;
  header.application = "tidemark:audit";
  header.user_data.assign(1024, std::byte{0x5A});
  return header;
}

File encoded(const SegmentHeader& header, std::uint8_t copy) {
  File block(header_copy_bytes);
  encode_segment_header(header, copy, block);
  return block;
}

// Recomputes the checksum over a block that a test changed.
void sign_block(File& block, std::uint8_t copy) {
  std::uint32_t checksum = tidemark::crc32c::extend(copy, block.data(), 12);
  checksum = tidemark::crc32c::extend(checksum, block.data() + 16, block.size() - 16);
  store<std::uint32_t>(block, 12, checksum);
}

HeaderState state_after(std::size_t at, std::uint8_t value) {
  File block = encoded(sample_header(), 0);
  block[at] = static_cast<std::byte>(value);
  sign_block(block, 0);
  return decode_segment_header(block, 0).state;
}

}  // namespace

TEST_CASE("a segment header keeps every field") {
  for (const SegmentHeader& header : {sample_header(), full_header(), [] {
                                        SegmentHeader extreme = sample_header();
                                        extreme.first_seq = maximum_seq + 1;
                                        extreme.start_seq = maximum_seq;
                                        extreme.head.first_seq = maximum_seq;
                                        extreme.segment_id = maximum_segment_id;
                                        extreme.created_at = -1;
                                        return extreme;
                                      }()}) {
    for (std::uint8_t copy = 0; copy < 2; ++copy) {
      const DecodedHeader decoded = decode_segment_header(encoded(header, copy), copy);
      REQUIRE(decoded.state == HeaderState::valid);
      CHECK(decoded.header == header);
      CHECK(decoded.header.seed() == header.seed());
    }
  }
}

TEST_CASE("a header copy at the other copy's place does not validate") {
  CHECK(decode_segment_header(encoded(sample_header(), 0), 1).state == HeaderState::damaged);
  CHECK(decode_segment_header(encoded(sample_header(), 1), 0).state == HeaderState::damaged);
}

TEST_CASE("every single flipped bit of a header copy is detected") {
  for (std::uint8_t copy = 0; copy < 2; ++copy) {
    File block = encoded(full_header(), copy);
    std::size_t undetected = 0;
    for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
      test::flip(block, bit);
      if (decode_segment_header(block, copy).state != HeaderState::damaged) ++undetected;
      test::flip(block, bit);
    }
    CHECK(undetected == 0);
  }
}

TEST_CASE(
    "a header of a newer version, checksum kind or incompatible feature is newer, not damaged") {
  CHECK(state_after(8, 2) == HeaderState::newer);
  CHECK(state_after(17, 2) == HeaderState::newer);
  CHECK(state_after(24, 1) == HeaderState::newer);
  CHECK(state_after(31, 0x80) == HeaderState::newer);
}

TEST_CASE("a header with unknown compatible features is read") {
  CHECK(state_after(32, 1) == HeaderState::valid);
  CHECK(state_after(40, 1) == HeaderState::valid);
}

TEST_CASE("fields that a compatible feature adds behind the known ones are passed over") {
  File block = encoded(sample_header(), 0);
  const auto used = load<std::uint16_t>(block, 10);
  store<std::uint16_t>(block, 10, static_cast<std::uint16_t>(used + 8));
  store<std::uint64_t>(block, used, 0x0102030405060708);
  sign_block(block, 0);
  const DecodedHeader decoded = decode_segment_header(block, 0);
  REQUIRE(decoded.state == HeaderState::valid);
  CHECK(decoded.header == sample_header());
}

TEST_CASE("numbers out of bounds are refused even under a right checksum") {
  CHECK(state_after(8, 0) == HeaderState::damaged);       // version 0
  CHECK(state_after(18, 1) == HeaderState::damaged);      // reserved
  CHECK(state_after(21, 0x18) == HeaderState::damaged);   // block size 6144: no power of two
  CHECK(state_after(21, 0x08) == HeaderState::damaged);   // block size 2048
  CHECK(state_after(22, 0x02) == HeaderState::damaged);   // block size above 65536
  CHECK(state_after(64, 0) == HeaderState::damaged);      // segment id 0
  CHECK(state_after(70, 0x20) == HeaderState::damaged);   // segment id above 2^53 - 1
  CHECK(state_after(88, 0) == HeaderState::damaged);      // first seq 0
  CHECK(state_after(95, 1) == HeaderState::damaged);      // first seq above 2^53
  CHECK(state_after(112, 3) == HeaderState::damaged);     // its own predecessor
  CHECK(state_after(135, 1) == HeaderState::damaged);     // predecessor's last seq above 2^53
  CHECK(state_after(144, 4) == HeaderState::damaged);     // head behind this segment
  CHECK(state_after(152, 0) == HeaderState::damaged);     // head in front of the start seq
  CHECK(state_after(163, 0x20) == HeaderState::damaged);  // max body above the format's
  CHECK(state_after(171, 1) == HeaderState::damaged);     // max entries above the format's
  CHECK(state_after(172, 1) == HeaderState::damaged);     // reserved
  CHECK(state_after(176, 0) == HeaderState::damaged);     // start seq 0
  CHECK(state_after(184, 65) == HeaderState::damaged);    // codec name too long
  CHECK(state_after(187, 32) == HeaderState::damaged);    // hash bytes without a hash name
  CHECK(state_after(193, 0xFF) == HeaderState::damaged);  // user data too long
  CHECK(state_after(194, 1) == HeaderState::damaged);     // reserved
  CHECK(state_after(11, 0x7F) == HeaderState::damaged);   // used bytes beyond the block
  CHECK(state_after(4095, 1) == HeaderState::damaged);    // behind the used bytes
}

TEST_CASE("either copy alone is enough to read a segment") {
  for (const std::uint32_t block : {4096U, 8192U, 16384U, 32768U, 65536U}) {
    CAPTURE(block);
    SegmentHeader header = full_header();
    header.block_bytes = block;
    SegmentWriter writer(header, std::size_t{block} * 3);
    const auto pair_of = [](const File& file) {
      return decode_header_pair(Bytes(file).first(std::min(file.size(), header_probe_bytes)));
    };
    HeaderPair pair = pair_of(writer.file);
    CHECK(pair.state == HeaderState::valid);
    CHECK(pair.copy_valid[0]);
    CHECK(pair.copy_valid[1]);
    CHECK_FALSE(pair.contradictory);
    for (std::size_t bad = 0; bad < 2; ++bad) {
      File file = writer.file;
      std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(bad * block), 4096, std::byte{0x77});
      pair = pair_of(file);
      CHECK(pair.state == HeaderState::valid);
      CHECK(pair.copy_valid[bad] == false);
      CHECK(pair.copy_valid[1 - bad]);
      CHECK(pair.header == header);
    }
  }
}

TEST_CASE("two sound header copies that differ contradict each other") {
  SegmentWriter writer;
  SegmentHeader other = writer.header;
  other.salt ^= 1;
  encode_segment_header(other, 1, writer.at(4096, 4096));
  const HeaderPair pair = decode_header_pair(writer.file);
  CHECK(pair.copy_valid[0]);
  CHECK(pair.copy_valid[1]);
  CHECK(pair.contradictory);
}

TEST_CASE("a second copy counts only where it says that a block ends") {
  SegmentWriter writer;
  File file = writer.file;
  file.resize(65536 + 4096);
  const Bytes second = Bytes(writer.file).subspan(4096, 4096);
  std::copy(second.begin(), second.end(), file.begin() + 8192);
  std::fill_n(file.begin(), 8192, std::byte{1});
  CHECK(decode_header_pair(file).state == HeaderState::damaged);
}

TEST_CASE("zero, truncated, newer and damaged header pairs are told apart") {
  CHECK(decode_header_pair(File{}).state == HeaderState::truncated);
  CHECK(decode_header_pair(File{}).all_zero);
  CHECK(decode_header_pair(File(8191)).state == HeaderState::truncated);
  CHECK(decode_header_pair(File(8192)).state == HeaderState::zero);
  CHECK(decode_header_pair(File(header_probe_bytes)).state == HeaderState::zero);
  File garbage(16384, std::byte{9});
  CHECK(decode_header_pair(garbage).state == HeaderState::damaged);
  CHECK_FALSE(decode_header_pair(garbage).all_zero);
  File second_zeroed_late(16384);
  second_zeroed_late[8191] = std::byte{1};
  CHECK(decode_header_pair(second_zeroed_late).state == HeaderState::damaged);

  SegmentWriter writer;
  for (std::size_t size = 0; size < 8192; size += 64) {
    const HeaderPair pair = decode_header_pair(Bytes(writer.file).first(size));
    CHECK(pair.state == (size < 4096 ? HeaderState::truncated : HeaderState::valid));
  }
  File newer = encoded(sample_header(), 0);
  newer[8] = std::byte{2};
  sign_block(newer, 0);
  newer.resize(16384);
  CHECK(decode_header_pair(newer).state == HeaderState::newer);
}
