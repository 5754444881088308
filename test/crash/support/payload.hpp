// Payloads that no two records share, and that look like what a log has trouble with: zeros, ones,
// noise, the bytes of frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tidemark::test {

// The payload of the record with this number, of at least as many bytes as the number takes.
std::string payload_of(std::uint64_t number, std::size_t bytes);
// What a dictionary of this name holds; it begins with the name.
std::string dictionary_of(std::uint64_t name);

}  // namespace tidemark::test
