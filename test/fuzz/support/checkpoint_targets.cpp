// A checkpoint file, and the names in its directory. An input is: how long the header is without
// the zeros behind it, the header, what stands behind it in the file.
#include <algorithm>
#include <array>

#include "checkpoint/file_reader.hpp"
#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/checkpoint.hpp"
#include "format/checkpoint_files.hpp"
#include "io/memory_disk.hpp"
#include "target.hpp"

namespace tidemark::test::fuzz {
namespace {

using format::checkpoint_checksum_bytes;
using format::checkpoint_header_bytes;
using format::CheckpointHeader;
using format::CheckpointState;
using format::load;
using format::store;

constexpr std::size_t head_bytes = 2;
constexpr unsigned cut_off = 0x8000;  // the file ends with the bytes of the header

namespace at {
constexpr std::size_t used_bytes = 10;
constexpr std::size_t checksum = 12;
constexpr std::size_t salt = 24;
constexpr std::size_t body_bytes = 72;
constexpr std::size_t chunk_bytes = 88;
}  // namespace at

struct Parts {
  std::size_t header_bytes = 0;  // of the input
  bool cut = false;
};

Parts parts_of(Bytes input) {
  const auto head = load<std::uint16_t>(input, 0);
  return {std::min<std::size_t>(
              {head & (cut_off - 1U), input.size() - head_bytes, checkpoint_header_bytes}),
          (head & cut_off) != 0};
}

File file_of(Bytes input) {
  const Parts parts = parts_of(input);
  const Bytes header = input.subspan(head_bytes, parts.header_bytes);
  File file(header.begin(), header.end());
  if (parts.cut) return file;
  file.resize(checkpoint_header_bytes);
  const Bytes rest = input.subspan(head_bytes + parts.header_bytes);
  file.insert(file.end(), rest.begin(), rest.end());
  return file;
}

bool is_valid(Bytes file) {
  return format::decode_checkpoint(file).state == CheckpointState::valid;
}

// What decode_checkpoint_header() promises.
void hold_header(Bytes block, const CheckpointHeader& header) {
  hold(header.generation > 0 && header.generation <= format::maximum_seq &&
           header.covered_seq <= format::maximum_seq,
       "generation and seq are safe integers");
  hold(header.body_bytes <= format::maximum_checkpoint_body_bytes &&
           header.chunk_bytes >= format::minimum_checkpoint_chunk_bytes &&
           header.chunk_bytes <= format::maximum_checkpoint_chunk_bytes,
       "lengths keep the limits");
  hold(!header.codec_name.empty(), "a codec has a name");
  const format::CheckpointBlock again = format::encode_checkpoint_header(header);
  CheckpointHeader twice;
  hold(format::decode_checkpoint_header(again, twice) == CheckpointState::valid && twice == header,
       "a header that was decoded is encoded, and decoded to the same");
  // Fields that a compatible feature adds behind ours are passed over, and so not encoded.
  if (load<std::uint16_t>(block, at::used_bytes) == load<std::uint16_t>(again, at::used_bytes) &&
      std::ranges::all_of(block.subspan(load<std::uint16_t>(again, at::used_bytes)),
                          [](std::byte byte) { return byte == std::byte{0}; })) {
    hold(std::ranges::equal(block, again), "a header of our fields is encoded to the same bytes");
  }
}

// The chunks lie one behind the other, and hold all of the body.
void hold_chunks(const File& file, const CheckpointHeader& header) {
  std::uint64_t offset = checkpoint_header_bytes;
  std::uint64_t body = 0;
  for (std::uint64_t index = 0; index < header.chunks(); ++index) {
    hold(header.chunk_offset(index) == offset, "a chunk begins where the one before it ends");
    const std::size_t length = header.chunk_length(index);
    hold(length > 0 && length <= header.chunk_bytes, "a chunk has its size");
    const Bytes chunk = Bytes(file).subspan(static_cast<std::size_t>(offset), length);
    const auto stored = load<std::uint32_t>(file, static_cast<std::size_t>(offset) + length);
    hold(stored == format::checkpoint_chunk_checksum(header.salt, index, chunk),
         "a chunk of a valid file matches its checksum");
    hold(stored != format::checkpoint_chunk_checksum(header.salt, index + 1, chunk),
         "a chunk is not valid at another place");
    offset += length + checkpoint_checksum_bytes;
    body += length;
  }
  hold(body == header.body_bytes && offset == file.size(), "nothing is between or behind them");
}

// One bit, some of its bytes: whatever is changed of a valid file makes it damaged.
void hold_damage(File file, std::uint64_t salt) {
  const std::size_t byte = static_cast<std::size_t>(salt % file.size());
  file[byte] ^= static_cast<std::byte>(1U << (salt >> 61U));
  const auto flipped = format::decode_checkpoint(file);
  hold(flipped.state == CheckpointState::damaged, "a flipped bit is damage");
  hold(flipped.offset <= byte, "damage is named at or in front of where it is");
  file[byte] ^= static_cast<std::byte>(1U << (salt >> 61U));
  file.push_back(std::byte{0});
  hold(!is_valid(file), "a file that is too long is damage");
  file.resize(file.size() - 2);
  hold(!is_valid(file), "a file that is too short is damage");
}

// The reader, which goes through a file in pieces, says of it what the decoder says of it as a
// whole.
void hold_reader(const File& file, const format::CheckpointVerdict& verdict) {
  const std::uint64_t generation =
      verdict.header.generation == 0 ? 1 : verdict.header.generation;  // none was decoded
  const auto disk = io::make_memory_disk({});
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.create = io::Create::exclusive;
  const auto written = disk->open("/" + format::checkpoint_name(generation), options);
  const std::array<Bytes, 1> parts{Bytes(file)};
  hold(written.ok() && written.value()->write_at(0, parts).ok(), "the disk takes the file");
  const auto opened = checkpoint::FileReader::open(*disk, "/", generation);
  if (!opened) {
    const auto& failure = opened.error();
    hold(verdict.state != CheckpointState::valid, "a valid file is opened");
    hold((failure.code == journal::Code::version) == (verdict.state == CheckpointState::newer),
         "only a newer file is called one");
    if (failure.code == journal::Code::corrupt) {
      hold(failure.offset == verdict.offset, "damage has one place");
    }
    return;
  }
  checkpoint::FileReader& reader = *opened.value();
  hold(reader.header() == verdict.header, "reader and decoder find the same header");
  File body;
  File chunk;
  for (;;) {
    const auto more = reader.next(chunk);
    if (!more) {
      hold(verdict.state == CheckpointState::damaged && more.error().offset == verdict.offset,
           "a reader ends where the decoder finds damage");
      return;
    }
    if (!more.value()) break;
    body.insert(body.end(), chunk.begin(), chunk.end());
  }
  hold(verdict.state == CheckpointState::valid && body.size() == verdict.header.body_bytes,
       "a reader comes to the end of a valid file, and of no other");
}

std::uint32_t header_checksum(Bytes block) {
  const std::uint32_t front = crc32c::extend(0, block.data(), at::checksum);
  const Bytes behind = block.subspan(at::checksum + sizeof(std::uint32_t));
  return crc32c::extend(front, behind.data(), behind.size());
}

// The choices of a repair. Each leaves something as it is.
constexpr std::uint32_t leave_length = 1;
constexpr std::uint32_t leave_chunks = 2;

void repair_length(MutableBytes header, std::uint64_t rest) {
  const std::uint64_t chunk =
      load<std::uint32_t>(header, at::chunk_bytes) + std::uint64_t{checkpoint_checksum_bytes};
  const std::uint64_t chunks = (rest + chunk - 1) / chunk;
  const std::uint64_t sums = chunks * checkpoint_checksum_bytes;
  store<std::uint64_t>(header, at::body_bytes, rest > sums ? rest - sums : 0);
}

void repair_chunks(Bytes header, MutableBytes rest) {
  const std::size_t most = load<std::uint32_t>(header, at::chunk_bytes);
  const auto salt = load<std::uint64_t>(header, at::salt);
  for (std::uint64_t index = 0; rest.size() > checkpoint_checksum_bytes; ++index) {
    const std::size_t length = std::min(most, rest.size() - checkpoint_checksum_bytes);
    store<std::uint32_t>(rest, length,
                         format::checkpoint_chunk_checksum(salt, index, rest.first(length)));
    rest = rest.subspan(length + checkpoint_checksum_bytes);
  }
}

// The header without the zeros behind it, and the rest.
File input_of(const File& file) {
  const auto used = load<std::uint16_t>(file, at::used_bytes);
  File input(head_bytes);
  store<std::uint16_t>(input, 0, used);
  input.insert(input.end(), file.begin(), file.begin() + used);
  input.insert(input.end(), file.begin() + checkpoint_header_bytes, file.end());
  return input;
}

}  // namespace

bool examine_checkpoint(Bytes input) {
  if (input.size() < head_bytes) return false;
  const File file = file_of(input);
  const auto verdict = format::decode_checkpoint(file);
  CheckpointHeader header;
  const CheckpointState state = format::decode_checkpoint_header(file, header);
  hold(verdict.offset <= file.size(), "damage is in the file, or at its end");
  hold_reader(file, verdict);
  if (state != CheckpointState::valid) {
    hold(verdict.state == state && verdict.offset == 0, "what the header is the file is");
    return false;
  }
  hold(verdict.header == header, "a header is the same, alone and with its file");
  hold_header(Bytes(file).first(checkpoint_header_bytes), header);
  if (verdict.state != CheckpointState::valid) {
    hold(verdict.state == CheckpointState::damaged && verdict.offset >= checkpoint_header_bytes,
         "damage behind a sound header is behind it");
    return false;
  }
  hold_chunks(file, header);
  hold_damage(file, header.salt);
  return true;
}

void repair_checkpoint(MutableBytes input, std::uint32_t choice) {
  if (input.size() < head_bytes) return;
  const Parts parts = parts_of(input);
  if (parts.cut || parts.header_bytes < at::chunk_bytes + sizeof(std::uint32_t)) return;
  const MutableBytes header = input.subspan(head_bytes, parts.header_bytes);
  const MutableBytes rest = input.subspan(head_bytes + parts.header_bytes);
  const std::size_t chunk_bytes = load<std::uint32_t>(header, at::chunk_bytes);
  if (chunk_bytes < format::minimum_checkpoint_chunk_bytes) return;
  if ((choice & leave_length) == 0) repair_length(header, rest.size());
  if ((choice & leave_chunks) == 0) repair_chunks(header, rest);
  const File block = file_of(input);
  store<std::uint32_t>(header, at::checksum,
                       header_checksum(Bytes(block).first(checkpoint_header_bytes)));
}

std::vector<File> seeds_of_checkpoint() {
  std::vector<File> seeds;
  // Nothing, a chunk in part, a chunk, one and a byte, two and a part.
  constexpr std::size_t chunk = format::minimum_checkpoint_chunk_bytes;
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{9}, chunk, chunk + 1, 2 * chunk + 100}) {
    const auto body = format::test::sample_body(bytes);
    seeds.push_back(
        input_of(format::test::checkpoint_file(format::test::sample_checkpoint(bytes), body)));
  }
  return seeds;
}

bool examine_checkpoint_name(Bytes input) {
  std::string name(input.size(), '\0');
  std::ranges::transform(input, name.begin(), [](std::byte b) { return static_cast<char>(b); });
  const auto parsed = format::parse_checkpoint_name(name);
  using format::CheckpointName;
  switch (parsed.kind) {
    case CheckpointName::foreign:
      return false;
    case CheckpointName::lock:
      hold(name == format::checkpoint_lock_name, "there is one name of a lock");
      break;
    case CheckpointName::generation:
      hold(parsed.generation > 0 && parsed.generation <= format::maximum_seq,
           "a generation is a safe integer");
      hold(name == format::checkpoint_name(parsed.generation), "a generation has one spelling");
      break;
    case CheckpointName::temporary:
      hold(name.starts_with("checkpoint-") && name.ends_with(".tmp"), "a temporary is named so");
      break;
  }
  return true;
}

std::vector<File> seeds_of_checkpoint_name() {
  std::vector<File> seeds;
  for (const std::string& name :
       {std::string(format::checkpoint_lock_name), format::checkpoint_name(1),
        format::checkpoint_name(format::maximum_seq), format::checkpoint_temporary_name(~0ULL)}) {
    const Bytes bytes = std::as_bytes(std::span(name));
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return seeds;
}

}  // namespace tidemark::test::fuzz
