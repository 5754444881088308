// Checkpoint files in memory, for tests.
#pragma once

#include <string_view>
#include <vector>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/checkpoint.hpp"

namespace tidemark::format::test {

inline CheckpointHeader sample_checkpoint(std::uint64_t body_bytes) {
  CheckpointHeader header;
  header.salt = 0x99AABBCCDDEEFF01;
  header.generation = 7;
  header.covered_seq = 4711;
  for (std::size_t i = 0; i < header.journal_id.size(); ++i) {
    header.journal_id[i] = static_cast<std::byte>(0xA0 + i);
  }
  header.epoch = 0x1122334455667788;
  header.body_bytes = body_bytes;
  header.chunk_bytes = minimum_checkpoint_chunk_bytes;
  header.value_version = 3;
  header.codec_version = 1;
  header.saved_at = 1700000000123;
  header.codec_name = "json";
  return header;
}

// A body that is nowhere the same.
inline std::vector<std::byte> sample_body(std::size_t size) {
  std::vector<std::byte> body(size);
  for (std::size_t i = 0; i < size; ++i) {
    body[i] = static_cast<std::byte>((i * 31 + i / 256) & 0xFFU);
  }
  return body;
}

inline std::vector<std::byte> checkpoint_file(const CheckpointHeader& header, Bytes body) {
  const CheckpointBlock block = encode_checkpoint_header(header);
  std::vector<std::byte> file(block.begin(), block.end());
  for (std::uint64_t index = 0; index < header.chunks(); ++index) {
    const Bytes chunk = body.subspan(static_cast<std::size_t>(index * header.chunk_bytes),
                                     header.chunk_length(index));
    file.insert(file.end(), chunk.begin(), chunk.end());
    file.resize(file.size() + checkpoint_checksum_bytes);
    store<std::uint32_t>(file, file.size() - checkpoint_checksum_bytes,
                         checkpoint_chunk_checksum(header.salt, index, chunk));
  }
  return file;
}

// Makes the header's checksum right again.
inline void sign_checkpoint(std::vector<std::byte>& file) {
  std::uint32_t checksum = crc32c::extend(0, file.data(), 12);
  checksum = crc32c::extend(checksum, file.data() + 16, checkpoint_header_bytes - 16);
  store<std::uint32_t>(file, 12, checksum);
}

}  // namespace tidemark::format::test
