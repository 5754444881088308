// The checksum of one record's payload.
#include "crc32c/crc32c.hpp"
#include "format/frame.hpp"

namespace tidemark::format {

std::uint32_t record_checksum(const Place& place, std::uint64_t seq, Bytes payload) noexcept {
  return crc32c::extend(place.record_seed(seq), payload.data(), payload.size());
}

}  // namespace tidemark::format
