// The sparse index of a sealed segment.
#include "format/index.hpp"

#include <doctest/doctest.h>

#include "support.hpp"

using namespace tidemark::format;
using test::SegmentWriter;

namespace {

struct Encoded {
  std::vector<std::byte> bytes;
  Seal seal;
};

Encoded encode(const SparseIndex& index, const Place& place, std::uint64_t last_seq) {
  Encoded encoded;
  encoded.bytes.resize(index.encoded_bytes());
  encoded.seal.index_checksum = index.encode(place, encoded.bytes);
  encoded.seal.index_bytes = static_cast<std::uint32_t>(encoded.bytes.size());
  encoded.seal.index_entries = static_cast<std::uint32_t>(index.entries().size());
  encoded.seal.last_seq = last_seq;
  return encoded;
}

}  // namespace

TEST_CASE("an index holds the first frame of each 64 KiB and finds the frame to start at") {
  SparseIndex index;
  CHECK(index.find(1, 8192) == 8192);
  CHECK_FALSE(index.position(1));
  index.add(8192, 10);
  index.add(9000, 11);
  index.add(65528, 12);
  index.add(65536 + 8, 13);  // a mark: the commit behind it has the same seq
  index.add(65536 + 48, 13);
  index.add(3 * 65536, 30);
  REQUIRE(index.entries().size() == 3);
  CHECK(index.find(9, 7) == 7);
  CHECK(index.find(10, 7) == 8192);
  CHECK(index.find(12, 7) == 8192);
  CHECK(index.find(13, 7) == 65536 + 8);
  CHECK(index.find(29, 7) == 65536 + 8);
  CHECK(index.find(30, 7) == 3 * 65536);
  CHECK(index.find(UINT64_MAX, 7) == 3 * 65536);
  CHECK(index.position(13) == std::optional<std::size_t>(1));
}

TEST_CASE("an index comes back, and only under its own seed, seal and bounds") {
  const Place place(1234);
  SparseIndex index;
  index.add(8192, 1);
  index.add(70000, 5);
  index.add(140000, 5);
  const Encoded encoded = encode(index, place, 9);
  CHECK(encoded.bytes.size() == 48);
  const auto decoded = SparseIndex::decode(place, encoded.bytes, encoded.seal, 8192, 140008);
  REQUIRE(decoded);
  CHECK(decoded->entries().size() == 3);
  CHECK(decoded->find(5, 0) == 140000);
  CHECK_FALSE(SparseIndex::decode(Place(1235), encoded.bytes, encoded.seal, 8192, 140008));
  CHECK_FALSE(SparseIndex::decode(place, encoded.bytes, encoded.seal, 8200, 140008));
  CHECK_FALSE(SparseIndex::decode(place, encoded.bytes, encoded.seal, 8192, 140000));
  CHECK_FALSE(
      SparseIndex::decode(place, Bytes(encoded.bytes).first(32), encoded.seal, 8192, 140008));
  Seal seal = encoded.seal;
  seal.index_entries = 2;
  CHECK_FALSE(SparseIndex::decode(place, encoded.bytes, seal, 8192, 140008));
  seal = encoded.seal;
  seal.last_seq = 3;
  CHECK_FALSE(SparseIndex::decode(place, encoded.bytes, seal, 8192, 140008));
}

TEST_CASE("every flipped bit of an index is detected") {
  const Place place(99);
  SparseIndex index;
  index.add(8192, 1);
  index.add(70000, 5);
  const Encoded encoded = encode(index, place, 9);
  for (std::size_t bit = 0; bit < encoded.bytes.size() * 8; ++bit) {
    auto bytes = encoded.bytes;
    test::flip(bytes, bit);
    CHECK_FALSE(SparseIndex::decode(place, bytes, encoded.seal, 8192, 1U << 20U));
  }
}

TEST_CASE("an index out of order is refused even under a right checksum") {
  const Place place(99);
  const auto decodes = [&](std::array<IndexEntry, 2> entries) {
    std::vector<std::byte> bytes(32);
    for (std::size_t i = 0; i < 2; ++i) {
      store<std::uint64_t>(bytes, i * 16, entries[i].first_seq);
      store<std::uint64_t>(bytes, i * 16 + 8, entries[i].offset);
    }
    Seal seal;
    seal.index_bytes = 32;
    seal.index_entries = 2;
    seal.last_seq = 100;
    seal.index_checksum = tidemark::crc32c::extend(place.index_seed(), bytes.data(), bytes.size());
    return SparseIndex::decode(place, bytes, seal, 8192, 1U << 20U).has_value();
  };
  CHECK(decodes({{{1, 8192}, {1, 65536}}}));
  CHECK_FALSE(decodes({{{1, 65536}, {1, 65536}}}));
  CHECK_FALSE(decodes({{{1, 65536}, {2, 8192}}}));
  CHECK_FALSE(decodes({{{2, 8192}, {1, 65536}}}));
  CHECK_FALSE(decodes({{{1, 8192}, {2, 65540}}}));
}

TEST_CASE("the index behind a seal leads to every record") {
  SegmentHeader header = test::sample_header();
  SegmentWriter writer(header);
  for (int i = 0; i < 300; ++i) {
    writer.commit({std::string(1000, 'x'), "y"});
    if (i % 7 == 0) writer.mark();
  }
  const std::uint64_t seal = writer.seal();
  const test::Reading whole = test::read(writer.file);
  REQUIRE(whole.seal);
  CHECK(whole.seal->index_entries == writer.index.entries().size());
  CHECK(whole.seal->index_entries == seal / 65536 + 1);
  const auto index =
      SparseIndex::decode(writer.place, Bytes(writer.file).subspan(seal + seal_bytes), *whole.seal,
                          header.data_start(), seal);
  REQUIRE(index);
  for (std::uint64_t seq = 1; seq <= 600; ++seq) {
    const auto at = index->position(seq);
    REQUIRE(at);
    const IndexEntry entry = index->entries()[*at];
    test::MemorySource source(writer.file);
    FrameWalk walk(header, source, entry.offset, entry.first_seq, FrameWalk::Bodies::skip);
    std::optional<FrameHeader> frame;
    do {
      frame = walk.next();
    } while (frame && frame->next_seq <= seq);
    REQUIRE(frame);
    CHECK(frame->first_seq <= seq);
    CHECK(frame->offset - entry.offset < 65536 + 2048);
  }
}
