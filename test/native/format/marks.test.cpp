// The head mark and the cursor marks.
#include "format/marks.hpp"

#include <doctest/doctest.h>

#include "support.hpp"

using namespace tidemark::format;

namespace {

HeadMark sample_head() { return {test::sample_header().journal_id, {5, 4711}}; }
CursorMark sample_cursor() {
  return {test::sample_header().journal_id, "queue/\xC3\xA4", 4710, 0x1122334455667788};
}

void sign(std::vector<std::byte>& bytes) {
  std::uint32_t checksum = tidemark::crc32c::extend(0, bytes.data(), 12);
  checksum = tidemark::crc32c::extend(checksum, bytes.data() + 16, bytes.size() - 16);
  store<std::uint32_t>(bytes, 12, checksum);
}

}  // namespace

TEST_CASE("marks keep every field") {
  HeadMark head;
  REQUIRE(decode_head_mark(encode_head_mark(sample_head()), head) == MarkState::valid);
  CHECK(head.journal_id == sample_head().journal_id);
  CHECK(head.head == sample_head().head);
  for (const std::string& name : {std::string("a"), std::string(128, 'z'), sample_cursor().name}) {
    CursorMark mark = sample_cursor();
    mark.name = name;
    CursorMark cursor;
    const auto bytes = encode_cursor_mark(mark);
    CHECK(bytes.size() <= maximum_mark_bytes);
    REQUIRE(decode_cursor_mark(bytes, cursor) == MarkState::valid);
    CHECK(cursor.journal_id == mark.journal_id);
    CHECK(cursor.name == name);
    CHECK(cursor.seq == 4710);
    CHECK(cursor.epoch == mark.epoch);
  }
}

TEST_CASE("every flipped bit, every truncation and every byte too many of a mark is damage") {
  HeadMark head;
  CursorMark cursor;
  const auto both = {encode_head_mark(sample_head()), encode_cursor_mark(sample_cursor())};
  for (const auto& whole : both) {
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      auto bytes = whole;
      test::flip(bytes, bit);
      CHECK(decode_head_mark(bytes, head) == MarkState::damaged);
      CHECK(decode_cursor_mark(bytes, cursor) == MarkState::damaged);
    }
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(decode_head_mark(Bytes(whole).first(size), head) == MarkState::damaged);
      CHECK(decode_cursor_mark(Bytes(whole).first(size), cursor) == MarkState::damaged);
    }
    auto longer = whole;
    longer.push_back(std::byte{0});
    CHECK(decode_head_mark(longer, head) == MarkState::damaged);
    CHECK(decode_cursor_mark(longer, cursor) == MarkState::damaged);
  }
}

TEST_CASE("a mark is not the other kind of mark, and a newer one is newer") {
  HeadMark head;
  CursorMark cursor;
  auto bytes = encode_head_mark(sample_head());
  CHECK(decode_cursor_mark(bytes, cursor) == MarkState::damaged);
  store<std::uint16_t>(bytes, 8, 2);
  sign(bytes);
  CHECK(decode_head_mark(bytes, head) == MarkState::newer);
  store<std::uint16_t>(bytes, 8, 0);
  sign(bytes);
  CHECK(decode_head_mark(bytes, head) == MarkState::damaged);
}

TEST_CASE("numbers of a mark are bounded, also under a right checksum") {
  const auto head_with = [](std::size_t at, std::uint64_t value) {
    auto bytes = encode_head_mark(sample_head());
    store<std::uint64_t>(bytes, at, value);
    sign(bytes);
    HeadMark head;
    return decode_head_mark(bytes, head);
  };
  CHECK(head_with(40, maximum_seq + 1) == MarkState::valid);
  CHECK(head_with(40, maximum_seq + 2) == MarkState::damaged);
  CHECK(head_with(40, 0) == MarkState::damaged);
  CHECK(head_with(32, 0) == MarkState::damaged);
  const auto cursor_with = [](std::size_t at, auto value) {
    auto bytes = encode_cursor_mark(sample_cursor());
    store(bytes, at, value);
    sign(bytes);
    CursorMark cursor;
    return decode_cursor_mark(bytes, cursor);
  };
  CHECK(cursor_with(32, std::uint64_t{0}) == MarkState::valid);
  CHECK(cursor_with(32, maximum_seq + 1) == MarkState::damaged);
  CHECK(cursor_with(48, std::uint16_t{0}) == MarkState::damaged);
  CHECK(cursor_with(48, std::uint16_t{0xFFFF}) == MarkState::damaged);
  CHECK(cursor_with(10, std::uint16_t{1}) == MarkState::damaged);
}
