// The file of a checkpoint: header, chunks, names.
#include "format/checkpoint.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "checkpoint_files.hpp"
#include "io/seeded_random.hpp"
#include "support.hpp"

using namespace tidemark::format;
using test::File;

namespace {

constexpr std::size_t sample_bytes = 1300;  // two whole chunks and a part of one

File sample() {
  return test::checkpoint_file(test::sample_checkpoint(sample_bytes),
                               test::sample_body(sample_bytes));
}

CheckpointState header_with(std::size_t at, auto value) {
  File file = sample();
  store(file, at, value);
  test::sign_checkpoint(file);
  CheckpointHeader header;
  return decode_checkpoint_header(file, header);
}

}  // namespace

TEST_CASE("a checkpoint's header keeps every field, and its chunks lie behind one another") {
  for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 1024U, 1300U}) {
    CAPTURE(size);
    const CheckpointHeader header = test::sample_checkpoint(size);
    const File file = test::checkpoint_file(header, test::sample_body(size));
    CHECK(file.size() == header.file_bytes());
    const CheckpointVerdict verdict = decode_checkpoint(file);
    REQUIRE(verdict.state == CheckpointState::valid);
    CHECK(verdict.header == header);
    CHECK(header.chunks() == (size + 511) / 512);
    std::size_t bytes = 0;
    for (std::uint64_t index = 0; index < header.chunks(); ++index) {
      bytes += header.chunk_length(index);
    }
    CHECK(bytes == size);
  }
}

TEST_CASE("every flipped bit, every truncation and every byte too many of a checkpoint is damage") {
  const File whole = sample();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    File file = whole;
    test::flip(file, bit);
    const CheckpointVerdict verdict = decode_checkpoint(file);
    REQUIRE(verdict.state == CheckpointState::damaged);
    const bool in_header = bit / 8 < checkpoint_header_bytes;
    const std::size_t chunk = in_header ? 0 : (bit / 8 - checkpoint_header_bytes) / 516;
    REQUIRE(verdict.offset == (in_header ? 0 : verdict.header.chunk_offset(chunk)));
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    REQUIRE(decode_checkpoint(Bytes(whole).first(size)).state == CheckpointState::damaged);
  }
  File longer = whole;
  longer.push_back(std::byte{0});
  CHECK(decode_checkpoint(longer).state == CheckpointState::damaged);
}

TEST_CASE("a chunk at another place, of another file, or behind a header that is zero is damage") {
  File swapped = sample();
  std::swap_ranges(swapped.begin() + 4096, swapped.begin() + 4096 + 516, swapped.begin() + 4612);
  CHECK(decode_checkpoint(swapped).state == CheckpointState::damaged);

  CheckpointHeader other = test::sample_checkpoint(sample_bytes);
  ++other.salt;
  const File foreign = test::checkpoint_file(other, test::sample_body(sample_bytes));
  File mixed = sample();
  std::copy(foreign.begin() + 4096, foreign.begin() + 4612, mixed.begin() + 4096);
  CHECK(decode_checkpoint(mixed).state == CheckpointState::damaged);

  File headless = sample();
  std::fill_n(headless.begin(), checkpoint_header_bytes, std::byte{0});
  CHECK(decode_checkpoint(headless).state == CheckpointState::damaged);
}

TEST_CASE("a newer version and an unknown incompatible feature are newer, not damaged") {
  CHECK(header_with(8, std::uint16_t{2}) == CheckpointState::newer);
  CHECK(header_with(8, std::uint16_t{0xFFFF}) == CheckpointState::newer);
  CHECK(header_with(8, std::uint16_t{0}) == CheckpointState::damaged);
  CHECK(header_with(16, std::uint64_t{1}) == CheckpointState::newer);
  CHECK(header_with(16, std::uint64_t{0}) == CheckpointState::valid);
}

TEST_CASE("numbers of a checkpoint's header are bounded, also under a right checksum") {
  CHECK(header_with(32, std::uint64_t{0}) == CheckpointState::damaged);
  CHECK(header_with(32, maximum_seq) == CheckpointState::valid);
  CHECK(header_with(32, maximum_seq + 1) == CheckpointState::damaged);
  CHECK(header_with(40, maximum_seq) == CheckpointState::valid);
  CHECK(header_with(40, maximum_seq + 1) == CheckpointState::damaged);
  CHECK(header_with(72, maximum_checkpoint_body_bytes) == CheckpointState::valid);
  CHECK(header_with(72, maximum_checkpoint_body_bytes + 1) == CheckpointState::damaged);
  CHECK(header_with(72, ~std::uint64_t{0}) == CheckpointState::damaged);
  CHECK(header_with(88, minimum_checkpoint_chunk_bytes - 1) == CheckpointState::damaged);
  CHECK(header_with(88, maximum_checkpoint_chunk_bytes) == CheckpointState::valid);
  CHECK(header_with(88, maximum_checkpoint_chunk_bytes + 1) == CheckpointState::damaged);
  CHECK(header_with(88, std::uint32_t{0}) == CheckpointState::damaged);
  CHECK(header_with(100, std::uint16_t{0}) == CheckpointState::damaged);
  CHECK(header_with(100, std::uint16_t{65}) == CheckpointState::damaged);
  CHECK(header_with(10, std::uint16_t{101}) == CheckpointState::damaged);
  CHECK(header_with(10, std::uint16_t{4097}) == CheckpointState::damaged);
  // Room for fields that a later version of the same format may add.
  CHECK(header_with(10, std::uint16_t{4096}) == CheckpointState::valid);
}

TEST_CASE("whatever the bytes are, a checkpoint that validates is the one that its header says") {
  tidemark::io::SeededRandom random(20261126);
  int valid = 0;
  for (int round = 0; round < 20000; ++round) {
    File file = sample();
    const std::uint64_t changes = 1 + random.below(4);
    for (std::uint64_t change = 0; change < changes; ++change) {
      // Mostly where the numbers are.
      const std::uint64_t at = random.below(4) == 0 ? random.below(file.size()) : random.below(180);
      file[static_cast<std::size_t>(at)] = static_cast<std::byte>(random.below(256));
    }
    if (random.below(4) == 0) file.resize(static_cast<std::size_t>(random.below(file.size() + 1)));
    if (file.size() >= checkpoint_header_bytes) test::sign_checkpoint(file);
    const CheckpointVerdict verdict = decode_checkpoint(file);
    if (verdict.state != CheckpointState::valid) continue;
    ++valid;
    REQUIRE(verdict.header.file_bytes() == file.size());
    REQUIRE(verdict.header.codec_name.size() <= maximum_name_bytes);
    // Its chunks are those of the sample: nothing else was signed.
    REQUIRE(verdict.header.salt == test::sample_checkpoint(0).salt);
  }
  CHECK(valid > 0);
}

TEST_CASE("a name is a checkpoint's in its one spelling only") {
  CHECK(checkpoint_name(1) == "checkpoint-0000000000000001.tide");
  CHECK(checkpoint_name(maximum_seq) == "checkpoint-001fffffffffffff.tide");
  for (const std::uint64_t generation : {std::uint64_t{1}, std::uint64_t{0xAB}, maximum_seq}) {
    const ParsedCheckpointName parsed = parse_checkpoint_name(checkpoint_name(generation));
    CHECK(parsed.kind == CheckpointName::generation);
    CHECK(parsed.generation == generation);
  }
  CHECK(parse_checkpoint_name("checkpoint.lock").kind == CheckpointName::lock);
  CHECK(parse_checkpoint_name(checkpoint_temporary_name(~std::uint64_t{0})).kind ==
        CheckpointName::temporary);
  for (const char* name :
       {"", "checkpoint-0000000000000000.tide", "checkpoint-0020000000000000.tide",
        "checkpoint-00000000000000AB.tide", "checkpoint-1.tide", "checkpoint-0000000000000001",
        "checkpoint-0000000000000001.tide.bak", "Checkpoint-0000000000000001.tide",
        "segment-0000000000000001.tide", "checkpoint-00000000000000001.tide",
        "checkpoint-000000000000000g.tide.tmp"}) {
    CAPTURE(name);
    CHECK(parse_checkpoint_name(name).kind == CheckpointName::foreign);
  }
}
