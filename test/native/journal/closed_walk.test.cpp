// A closed segment that is verified in pieces: the same as the walk from the front says, or
// nothing.
#include <doctest/doctest.h>

#include <algorithm>

#include "format/names.hpp"
#include "format/scan.hpp"
#include "journal/closed_walk.hpp"
#include "journal/file_source.hpp"
#include "sanitizer.hpp"
#include "write_support.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

const std::string only = io::join(directory, format::segment_name(1));
constexpr std::uint64_t small_piece = 4096;

struct Closed {
  World world;
  std::uint64_t bytes = 0;
  format::SegmentHeader header;
  format::Stream stream;
  std::vector<format::IndexEntry> frames;

  // A journal that was closed behind these records, each the only one of its commit.
  explicit Closed(const std::vector<std::size_t>& records) {
    const auto handle = open(world);
    for (const std::size_t size : records) {
      REQUIRE(append(handle, std::string(size, 'a')).ok());
    }
    REQUIRE(close(handle).ok());
    look();
  }

  void look() {
    const auto file = opened();
    bytes = file->size().value();
    journal::FileSource source(*file, bytes);
    header = format::decode_header_pair(contents(*world.memory, only)).header;
    format::FrameWalk walk(header, source, header.data_start(), header.first_seq,
                           format::FrameWalk::Bodies::verify);
    frames.clear();
    while (const auto frame = walk.next()) frames.push_back({frame->first_seq, frame->offset});
    REQUIRE(walk.stop() == format::Stop::zeros);
    REQUIRE(walk.stream().closed);
    stream = walk.stream();
  }

  std::unique_ptr<io::File> opened() {
    auto file = world.memory->open(only, {});
    REQUIRE(file.ok());
    return std::move(file).value();
  }
  std::optional<journal::ClosedSegment> walked(std::uint64_t piece_bytes) {
    const auto file = opened();
    return journal::walk_closed(*file, bytes, header, stream.end, *world.host.tasks, piece_bytes);
  }
  void write(std::uint64_t at, io::Bytes content) {
    io::OpenOptions options;
    options.access = io::Access::read_write;
    auto file = world.memory->open(only, options);
    REQUIRE(file.ok());
    REQUIRE(file.value()->write_at(at, content).ok());
  }
};

std::vector<std::size_t> mixed_records() {
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 120; ++i) sizes.push_back(1 + i * 37 % 900);
  sizes.push_back(30'000);  // spans several pieces
  for (std::size_t i = 0; i < 20; ++i) sizes.push_back(10);
  return sizes;
}

}  // namespace

TEST_CASE("pieces of any size say what the walk from the front says") {
  Closed closed(mixed_records());
  for (const std::uint64_t piece : {small_piece, std::uint64_t{8192}, std::uint64_t{12'345},
                                    std::uint64_t{100'000}, journal::closed_walk_piece_bytes}) {
    CAPTURE(piece);
    const auto walked = closed.walked(piece);
    REQUIRE(walked);
    CHECK(walked->stream.end == closed.stream.end);
    CHECK(walked->stream.next_seq == closed.stream.next_seq);
    CHECK(walked->stream.frames == closed.stream.frames);
    CHECK(walked->stream.records == closed.stream.records);
    CHECK(walked->stream.digest.value() == closed.stream.digest.value());
    CHECK(walked->stream.watermark.offset == closed.stream.watermark.offset);
    CHECK(walked->stream.watermark.seq == closed.stream.watermark.seq);
    CHECK(walked->index->loaded());
    for (const format::IndexEntry& frame : closed.frames) {
      const auto found = walked->index->find(frame.first_seq);
      REQUIRE(found);
      CHECK(found->first_seq <= frame.first_seq);
      CHECK(found->offset <= frame.offset);
    }
  }
}

TEST_CASE("a flipped bit anywhere in the frames, or behind them, is never overlooked in pieces") {
  Closed closed(mixed_records());
  const auto content = contents(*closed.world.memory, only);
  // No multiple of what a frame is aligned to.
  constexpr std::uint64_t step = 53 * one_in<std::uint64_t>(3, 12);
  for (std::uint64_t at = closed.header.data_start(); at < closed.bytes;
       at += at < closed.stream.end + 64 ? step : 16'381) {
    CAPTURE(at);
    const std::byte flipped = content[at] ^ std::byte{1};
    closed.write(at, io::Bytes(&flipped, 1));
    CHECK_FALSE(closed.walked(small_piece));
    closed.write(at, io::Bytes(&content[at], 1));
  }
  CHECK(closed.walked(small_piece));
}

TEST_CASE("a frame that is missing between two pieces is seen: they do not fit each other") {
  Closed closed(std::vector<std::size_t>(200, 200));
  REQUIRE(closed.walked(small_piece));
  // The first frame that begins in the fourth piece is gone, and a piece begins to search behind
  // it.
  const std::uint64_t piece = closed.header.data_start() + 3 * small_piece;
  const auto frame = std::find_if(closed.frames.begin(), closed.frames.end(),
                                  [&](const auto& entry) { return entry.offset >= piece; });
  REQUIRE(frame != closed.frames.end());
  closed.write(frame->offset, std::vector<std::byte>(std::next(frame)->offset - frame->offset));
  CHECK_FALSE(closed.walked(small_piece));
}

TEST_CASE("a record that imitates frames at their very places is left to the walk from the front") {
  Closed closed({100});
  // Where the payload of the next record will stand: behind the header of a commit like the first.
  const auto file = closed.opened();
  journal::FileSource source(*file, closed.bytes);
  const auto first = format::find_frame(closed.header, source, closed.header.data_start()).header;
  REQUIRE(first);
  const std::uint64_t payload = closed.stream.end + (first->body_offset() - first->offset);
  std::string record(30'000, 'a');
  for (std::uint64_t piece = 1; piece < 6; ++piece) {
    format::MarkHeader mark;
    mark.offset = closed.header.data_start() + piece * small_piece;
    mark.next_seq = 3;
    format::encode_mark(format::Place(closed.header.seed()), mark,
                        std::as_writable_bytes(std::span(record))
                            .subspan(mark.offset - payload, format::mark_bytes));
  }
  const auto handle = open(closed.world);
  REQUIRE(append(handle, record).ok());
  REQUIRE(close(handle).ok());
  closed.look();
  CHECK(closed.stream.records == 2);
  CHECK(closed.walked(journal::closed_walk_piece_bytes));
  CHECK_FALSE(closed.walked(small_piece));
}
