// Runs one hot path so many times, for a count of instructions (scripts/instructions.mjs): the
// difference between two numbers of rounds is what one round costs, without the start of the
// process.
//   instructions CASE ROUNDS
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crc32c/crc32c.hpp"
#include "support/frames.hpp"

namespace tidemark::bench {
namespace {

using Round = std::function<void()>;
using Make = std::function<Round()>;

Make checksum_of(std::size_t size) {
  return [size] {
    auto bytes = std::make_shared<std::vector<std::byte>>(size, std::byte{0x5A});
    auto crc = std::make_shared<std::uint32_t>(0);
    return [bytes, crc] { *crc = crc32c::extend(*crc, bytes->data(), bytes->size()); };
  };
}

Make encode_of(std::uint32_t records) {
  return [records] {
    auto encoder = std::make_shared<Encoder>(records, 100);
    return [encoder] { static_cast<void>(encoder->encode(encoder->segment().data_start(), 1)); };
  };
}

Make scan_of(std::uint32_t records, std::uint64_t commits, format::FrameWalk::Bodies bodies) {
  return [=] {
    auto segment = std::make_shared<Segment>(records, 100, commits);
    return [=] {
      if (walk(*segment, bodies) != commits) std::abort();
    };
  };
}

// Of one thread alone: how often a writer and its callers wake each other is not the same twice.
const std::map<std::string, Make>& cases() {
  using Bodies = format::FrameWalk::Bodies;
  static const std::map<std::string, Make> all{
      {"crc32c-64", checksum_of(64)},
      {"crc32c-4096", checksum_of(4096)},
      {"encode-1", encode_of(1)},
      {"encode-1024", encode_of(1024)},
      {"scan-headers-64", scan_of(64, 16, Bodies::skip)},
      {"scan-verified-1", scan_of(1, 64, Bodies::verify)},
      {"scan-verified-64", scan_of(64, 16, Bodies::verify)},
  };
  return all;
}

}  // namespace
}  // namespace tidemark::bench

int main(int count, char** arguments) {
  const auto& cases = tidemark::bench::cases();
  if (count == 2 && std::string(arguments[1]) == "--list") {
    for (const auto& [name, make] : cases) std::puts(name.c_str());
    return 0;
  }
  const auto found = count == 3 ? cases.find(arguments[1]) : cases.end();
  const long rounds = count == 3 ? std::strtol(arguments[2], nullptr, 10) : 0;
  if (found == cases.end() || rounds < 1) {
    std::fputs("instructions CASE ROUNDS, or --list\n", stderr);
    return 64;
  }
  const auto round = found->second();
  for (long n = 0; n < rounds; ++n) round();
  return 0;
}
