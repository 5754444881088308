// Every flipped bit of every file, one at a time.
#include <doctest/doctest.h>

#include "support/mass.hpp"

namespace tidemark::test {
namespace {

// The bits of some bytes of the specimen's files, numbered through.
struct Bits {
  struct Piece {
    std::string file;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  std::vector<Piece> pieces;
  std::uint64_t count = 0;

  void add(const std::string& file, std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return;
    pieces.push_back({file, begin, end});
    count += (end - begin) * 8;
  }
  [[nodiscard]] Damage damage(const Specimen& specimen, std::uint64_t number) const {
    for (const Piece& piece : pieces) {
      const std::uint64_t here = (piece.end - piece.begin) * 8;
      if (number < here)
        return Damage::flip(specimen, piece.file, piece.begin + number / 8,
                            static_cast<unsigned>(number % 8));
      number -= here;
    }
    FAIL("no such bit");
    return Damage(specimen, specimen.image, "nothing");
  }
};

// Of the headers what the fields use; of frames everything but long payloads; marks.
constexpr std::uint64_t header_fields = 256;
constexpr std::uint64_t long_record = 2048;

void dense(const Specimen& specimen, Bits& bits, Bits& rest) {
  for (const auto& [name, content] : specimen.image) {
    const SegmentMap* segment = specimen.segment_of(name);
    if (segment == nullptr) {
      (name.starts_with("segment-") ? rest : bits).add(name, 0, content.size());
      continue;
    }
    for (std::uint64_t copy = 0; copy < 2; ++copy) {
      const std::uint64_t begin = copy * segment->block;
      bits.add(name, begin, begin + header_fields);
      rest.add(name, begin + header_fields, begin + segment->block);
    }
    for (const FrameMap& frame : segment->frames) {
      const bool large = frame.end - frame.body > long_record;
      bits.add(name, frame.offset, large ? frame.body + 8 : frame.end);
      if (large) rest.add(name, frame.body + 8, frame.end);
    }
    bits.add(name, segment->stream_end, segment->used);
    rest.add(name, segment->used, content.size());
  }
}

void flips(const Specimen& specimen, std::uint64_t dense_stride, std::uint64_t rest_stride) {
  Bits bits;
  Bits rest;
  dense(specimen, bits, rest);
  Plan plan;
  plan.count = bits.count;
  plan.damage = [&](std::uint64_t number) { return bits.damage(specimen, number); };
  plan.stride = dense_stride;
  run("flips of " + specimen.name, plan);
  plan.count = rest.count;
  plan.damage = [&](std::uint64_t number) { return rest.damage(specimen, number); };
  plan.stride = rest_stride;
  run("flips in the rest of " + specimen.name, plan);
}

}  // namespace

TEST_CASE("every flipped bit of a small closed journal is named, and nothing is lost in silence") {
  flips(small(), 2, 211);
}

TEST_CASE("flipped bits of a closed journal that holds everything are named, nothing is shorter") {
  flips(everything(true), 11, 2003);
}

TEST_CASE("flipped bits of a killed journal that holds everything are named, or cut and reported") {
  flips(everything(false), 11, 2003);
}

TEST_CASE("flipped bits of a journal with hashes that was killed in a rotation are named") {
  flips(hashed(), 11, 2003);
}

}  // namespace tidemark::test
