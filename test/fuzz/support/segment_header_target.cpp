// The header of a segment in its two copies. An input is: the size of a block and whether the file
// is cut off, how long the first copy is, both copies without the zeros behind them.
#include <algorithm>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "scene.hpp"

namespace tidemark::test::fuzz {
namespace {

using format::header_copy_bytes;
using format::HeaderState;
using format::load;

constexpr std::size_t head_bytes = 3;
constexpr std::size_t copies = 2;
constexpr std::size_t checksum_at = 12;
constexpr unsigned block_sizes = 5;  // 4,096 to 65,536
constexpr unsigned cut_off = 0x80;   // the file ends with the second copy's bytes

struct Parts {
  std::size_t block_bytes = 0;
  bool cut = false;
  std::size_t first_bytes = 0;  // of the first copy
};

Parts parts_of(Bytes input) {
  const auto choices = std::to_integer<unsigned>(input[0]);
  const std::size_t rest = input.size() - head_bytes;
  return {format::minimum_block_bytes << (choices % block_sizes), (choices & cut_off) != 0,
          std::min<std::size_t>({load<std::uint16_t>(input, 1), rest, header_copy_bytes})};
}

File file_of(Bytes input) {
  const Parts parts = parts_of(input);
  const Bytes first = input.subspan(head_bytes, parts.first_bytes);
  Bytes second = input.subspan(head_bytes + parts.first_bytes);
  second = second.first(std::min(second.size(), header_copy_bytes));
  File file(parts.cut ? parts.block_bytes + second.size() : copies * parts.block_bytes);
  std::copy(first.begin(), first.end(), file.begin());
  std::copy(second.begin(), second.end(),
            file.begin() + static_cast<std::ptrdiff_t>(parts.block_bytes));
  return file;
}

// Of a copy whose bytes are `bytes` and zeros behind them.
std::uint32_t copy_checksum(Bytes bytes, std::uint8_t copy) {
  File block(header_copy_bytes);
  std::copy_n(bytes.begin(), std::min(bytes.size(), block.size()), block.begin());
  const std::uint32_t front = crc32c::extend(copy, block.data(), checksum_at);
  return crc32c::extend(front, block.data() + checksum_at + 4, block.size() - checksum_at - 4);
}

// Whether the copy was valid.
bool hold_copy(Bytes block, std::uint8_t copy) {
  const auto decoded = format::decode_segment_header(block, copy);
  if (block.size() < header_copy_bytes) {
    hold(decoded.state == HeaderState::truncated, "a block that ends inside a copy is truncated");
    return false;
  }
  block = block.first(header_copy_bytes);
  hold((decoded.state == HeaderState::zero) == format::is_zero(block), "zeros are a zero header");
  if (decoded.state != HeaderState::valid) return false;
  File again(header_copy_bytes);
  format::encode_segment_header(decoded.header, copy, again);
  const auto twice = format::decode_segment_header(again, copy);
  hold(twice.state == HeaderState::valid && twice.header == decoded.header,
       "a header that was decoded is encoded, and decoded to the same");
  // Fields that a compatible feature adds behind ours are passed over, and so not encoded.
  constexpr std::size_t used_at = 10;
  const bool ours = load<std::uint16_t>(block, used_at) == load<std::uint16_t>(again, used_at);
  hold(!ours || std::equal(block.begin(), block.end(), again.begin()),
       "a header that holds our fields only is encoded to the same bytes");
  return true;
}

}  // namespace

bool examine_segment_header(Bytes input) {
  if (input.size() < head_bytes) return false;
  const File file = file_of(input);
  const auto pair = format::decode_header_pair(file);
  const bool first = hold_copy(file, 0);
  hold(pair.copy_valid[0] == first, "the first copy stands at the front");
  hold((pair.state == HeaderState::valid) == (pair.copy_valid[0] || pair.copy_valid[1]),
       "a pair is valid when a copy is");
  if (pair.copy_valid[1]) {
    const std::size_t block_bytes =
        first || !pair.other ? pair.header.block_bytes : pair.other->block_bytes;
    hold(hold_copy(Bytes(file).subspan(block_bytes), 1),
         "the second copy stands where a block ends");
  }
  hold(pair.all_zero == format::is_zero(Bytes(file).first(
                            std::min(file.size(), copies * format::minimum_block_bytes))),
       "a file of zeros is called so");
  hold(!pair.other || pair.contradictory, "another header is a contradiction");
  return pair.state == HeaderState::valid;
}

void repair_segment_header(MutableBytes input, std::uint32_t choice) {
  if (input.size() < head_bytes) return;
  const std::size_t first_bytes = parts_of(input).first_bytes;
  const MutableBytes copy[copies] = {input.subspan(head_bytes, first_bytes),
                                     input.subspan(head_bytes + first_bytes)};
  for (std::uint8_t number = 0; number < copies; ++number) {
    // Each bit leaves one copy damaged.
    if ((choice >> number & 1U) != 0 || copy[number].size() < checksum_at + 4) continue;
    format::store<std::uint32_t>(copy[number], checksum_at, copy_checksum(copy[number], number));
  }
}

std::vector<File> seeds_of_segment_header() {
  const auto pair = format::decode_header_pair(golden("segment"));
  std::vector<File> seeds;
  const auto add = [&](const format::SegmentHeader& header, bool with_second) {
    unsigned size = 0;
    while ((format::minimum_block_bytes << size) != header.block_bytes) ++size;
    File block(header_copy_bytes);
    format::encode_segment_header(header, 0, block);
    const std::size_t used = load<std::uint16_t>(block, 10);
    File seed(head_bytes);
    seed[0] = static_cast<std::byte>(size);
    format::store<std::uint16_t>(seed, 1, static_cast<std::uint16_t>(used));
    seed.insert(seed.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(used));
    if (with_second) {
      format::encode_segment_header(header, 1, block);
      seed.insert(seed.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(used));
    }
    seeds.push_back(std::move(seed));
  };
  add(pair.header, true);
  add(pair.header, false);
  format::SegmentHeader large = pair.header;
  large.block_bytes = format::maximum_block_bytes;
  large.compatible_features = 1;
  add(large, true);
  return seeds;
}

}  // namespace tidemark::test::fuzz
