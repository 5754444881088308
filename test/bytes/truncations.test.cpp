// Every file cut at every length, and grown: zeros, garbage and older bytes behind its end.
#include <doctest/doctest.h>

#include <random>

#include "support/mass.hpp"

namespace tidemark::test {
namespace {

struct Cuts {
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
    count += end - begin;
  }
  [[nodiscard]] Damage damage(const Specimen& specimen, std::uint64_t number) const {
    for (const Piece& piece : pieces) {
      const std::uint64_t here = piece.end - piece.begin;
      if (number < here) {
        const std::uint64_t length = piece.begin + number;
        Image image = specimen.image;
        image.at(piece.file).resize(length);
        return {specimen, std::move(image),
                piece.file + " cut to " + std::to_string(length) + " bytes"};
      }
      number -= here;
    }
    FAIL("no such length");
    return {specimen, specimen.image, "nothing"};
  }
};

void truncations(const Specimen& specimen, std::uint64_t dense_stride, std::uint64_t rest_stride) {
  Cuts dense;  // inside of frames, seals, indexes and marks
  Cuts rest;
  for (const auto& [name, content] : specimen.image) {
    const SegmentMap* segment = specimen.segment_of(name);
    if (segment == nullptr) {
      (name.starts_with("segment-") ? rest : dense).add(name, 0, content.size());
      continue;
    }
    const std::uint64_t start = 2 * segment->block;
    rest.add(name, 0, start);
    std::uint64_t at = start;
    for (const FrameMap& frame : segment->frames) {
      const bool large = frame.end - frame.body > 2048;
      dense.add(name, frame.offset, large ? frame.body + 8 : frame.end);
      if (large) rest.add(name, frame.body + 8, frame.end);
      at = frame.end;
    }
    const std::uint64_t used = std::min(content.size(), segment->used + 1);
    dense.add(name, at, used);
    rest.add(name, used, content.size());
  }
  Plan plan;
  plan.count = dense.count;
  plan.damage = [&](std::uint64_t number) { return dense.damage(specimen, number); };
  plan.stride = dense_stride;
  run("cuts of " + specimen.name, plan);
  plan.count = rest.count;
  plan.damage = [&](std::uint64_t number) { return rest.damage(specimen, number); };
  plan.stride = rest_stride;
  run("cuts of the rest of " + specimen.name, plan);
}

// What somebody may find behind the end of a file.
void growth(const Specimen& specimen) {
  std::mt19937_64 random(11);
  std::vector<Damage> damages;
  for (const auto& [name, content] : specimen.image) {
    for (const std::uint64_t count : {1U, 7U, 8U, 511U, 512U, 4096U, 70'000U}) {
      std::vector<std::byte> garbage(count);
      for (std::byte& byte : garbage) byte = static_cast<std::byte>(random());
      const auto own = content.bytes(0, std::min<std::uint64_t>(count, content.size()));
      const std::pair<const char*, std::vector<std::byte>> tails[] = {
          {"zeros", std::vector<std::byte>(count)},
          {"0xFF", std::vector<std::byte>(count, std::byte{0xFF})},
          {"garbage", garbage},
          {"its own front", own}};
      for (const auto& [what, bytes] : tails) {
        Image image = specimen.image;
        Content& file = image.at(name);
        const std::uint64_t end = file.size();
        file.resize(end + bytes.size());
        file.write(end, bytes);
        damages.emplace_back(
            specimen, std::move(image),
            name + " with " + std::to_string(bytes.size()) + " bytes of " + what + " behind it");
      }
    }
  }
  Plan plan;
  plan.count = damages.size();
  plan.damage = [&](std::uint64_t number) { return damages[number]; };
  plan.deep = 1;
  run("growth of " + specimen.name, plan);
}

}  // namespace

TEST_CASE("a small closed journal cut at every byte is refused, or shorter with a report") {
  truncations(small(), 1, 211);
}

TEST_CASE("every file of a closed journal that holds everything, cut, is refused or reported") {
  truncations(everything(true), 3, 997);
}

TEST_CASE("every file of a killed journal that holds everything, cut, is refused or reported") {
  truncations(everything(false), 5, 997);
}

TEST_CASE("every file of a journal that was killed in a rotation, cut, is refused or reported") {
  truncations(hashed(), 5, 997);
}

TEST_CASE("bytes behind the end of any file never make a record, and are named or reported") {
  growth(everything(true));
  growth(everything(false));
  growth(hashed());
}

}  // namespace tidemark::test
