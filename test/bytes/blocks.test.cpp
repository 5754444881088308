// Whole blocks that are wrong: zeroed, garbled, swapped, written to another place, lost writes that
// leave an older version, and blocks of other journals.
#include <doctest/doctest.h>

#include <random>

#include "support/mass.hpp"

namespace tidemark::test {
namespace {

struct Block {
  std::string file;
  std::uint64_t offset = 0;
};

constexpr std::uint64_t sector = 512;
constexpr std::uint64_t page = 4096;

// The blocks in which anything stands.
std::vector<Block> blocks_of(const Image& image, std::uint64_t size) {
  std::vector<Block> blocks;
  for (const auto& [name, content] : image) {
    for (std::uint64_t offset = 0; offset < content.used(); offset += size)
      blocks.push_back({name, offset});
  }
  return blocks;
}

std::string text(const Block& block) { return block.file + " at " + std::to_string(block.offset); }

// The file's length does not change.
void put(Image& image, const Block& at, std::vector<std::byte> bytes) {
  Content& file = image.at(at.file);
  if (at.offset >= file.size()) return;
  bytes.resize(
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), file.size() - at.offset)));
  file.write(at.offset, bytes);
}

void zeroed(const Specimen& specimen, std::uint64_t size, std::uint64_t stride) {
  const auto blocks = blocks_of(specimen.image, size);
  constexpr std::uint64_t runs = 4;  // of 1, 2, 4 and 8 blocks
  Plan plan;
  plan.count = blocks.size() * runs;
  plan.stride = stride;
  plan.deep = 3;
  plan.damage = [&](std::uint64_t number) {
    const Block& block = blocks[number / runs];
    const std::uint64_t bytes = size << (number % runs);
    Image image = specimen.image;
    put(image, block, std::vector<std::byte>(bytes));
    return Damage(specimen, std::move(image), std::to_string(bytes) + " zeros in " + text(block));
  };
  run("zeroed blocks of " + std::to_string(size) + " in " + specimen.name, plan);
}

void garbled(const Specimen& specimen, std::uint64_t size, std::uint64_t stride) {
  const auto blocks = blocks_of(specimen.image, size);
  Plan plan;
  plan.count = blocks.size() * 2;
  plan.stride = stride;
  plan.deep = 3;
  plan.damage = [&](std::uint64_t number) {
    const Block& block = blocks[number / 2];
    std::mt19937_64 random(number);
    std::vector<std::byte> bytes(size, std::byte{0xFF});
    if (number % 2 == 0) {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    }
    Image image = specimen.image;
    put(image, block, bytes);
    return Damage(specimen, std::move(image),
                  std::string(number % 2 == 0 ? "garbage" : "0xFF") + " in " + text(block));
  };
  run("garbled blocks of " + std::to_string(size) + " in " + specimen.name, plan);
}

// Exactly one frame, whatever it holds, and nothing beside it.
void frame_by_frame(const Specimen& specimen) {
  std::vector<Damage> damages;
  for (const SegmentMap& segment : specimen.segments) {
    for (const FrameMap& frame : segment.frames) {
      for (const std::byte value : {std::byte{0}, std::byte{0xFF}}) {
        Image image = specimen.image;
        const Block block{segment.file, frame.offset};
        put(image, block, std::vector<std::byte>(frame.end - frame.offset, value));
        damages.emplace_back(specimen, std::move(image), "the whole frame wiped in " + text(block));
        // Zeros in place of the last one are how it was in front of that write.
        const bool last = !segment.sealed && &frame == &segment.frames.back();
        if (last && value == std::byte{0}) damages.back().older();
      }
    }
  }
  Plan plan;
  plan.count = damages.size();
  plan.deep = 1;
  plan.damage = [&](std::uint64_t number) { return damages[number]; };
  run("wiped frames of " + specimen.name, plan);
}

// Any two blocks exchanged, or one written over the other.
void exchanged(const Specimen& specimen, std::uint64_t size, std::uint64_t stride) {
  const auto blocks = blocks_of(specimen.image, size);
  const std::uint64_t count = blocks.size();
  Plan plan;
  plan.count = count * count;
  plan.stride = stride;
  plan.deep = 5;
  plan.damage = [&](std::uint64_t number) {
    const Block& a = blocks[number / count];
    const Block& b = blocks[number % count];
    const bool swap = &a < &b;
    Image image = specimen.image;
    const auto from_a = image.at(a.file).bytes(a.offset, size);
    const auto from_b = image.at(b.file).bytes(b.offset, size);
    put(image, b, from_a);
    if (swap) put(image, a, from_b);
    return Damage(specimen, std::move(image),
                  text(a) + (swap ? " exchanged with " : " written over ") + text(b));
  };
  run("exchanged blocks of " + std::to_string(size) + " in " + specimen.name, plan);
}

// Each older version of each block, as a lost write leaves it.
void stale(const Specimen& specimen, std::uint64_t size, std::uint64_t stride) {
  struct Old {
    Block block;
    std::size_t moment = 0;
  };
  std::vector<Old> olds;
  for (const Block& block : blocks_of(specimen.image, size)) {
    std::vector<std::byte> before = specimen.image.at(block.file).bytes(block.offset, size);
    for (std::size_t moment = specimen.history.size(); moment-- > 0;) {
      const auto found = specimen.history[moment].find(block.file);
      if (found == specimen.history[moment].end()) continue;
      auto bytes = found->second.bytes(block.offset, size);
      if (bytes.empty() || bytes == before) continue;
      before = std::move(bytes);
      olds.push_back({block, moment});
    }
  }
  Plan plan;
  plan.count = olds.size();
  plan.stride = stride;
  plan.deep = 2;
  plan.damage = [&](std::uint64_t number) {
    const Old& old = olds[number];
    Image image = specimen.image;
    put(image, old.block,
        specimen.history[old.moment].at(old.block.file).bytes(old.block.offset, size));
    Damage damage(specimen, std::move(image),
                  text(old.block) + " as it was at step " + std::to_string(old.moment));
    return damage.older();
  };
  run("stale blocks of " + std::to_string(size) + " in " + specimen.name, plan);
}

// Blocks of another journal, at their own place and at others.
void foreign(const Specimen& specimen, const Specimen& other, std::uint64_t size,
             std::uint64_t stride) {
  const auto blocks = blocks_of(specimen.image, size);
  const auto theirs = blocks_of(other.image, size);
  constexpr std::uint64_t ways = 3;
  Plan plan;
  plan.count = blocks.size() * ways;
  plan.stride = stride;
  plan.deep = 2;
  plan.damage = [&](std::uint64_t number) {
    const Block& at = blocks[number / ways];
    Block from = at;
    if (number % ways == 1) from = theirs[(number / ways * 7 + 3) % theirs.size()];
    if (number % ways == 2) from = theirs[(number / ways * 13 + 5) % theirs.size()];
    if (!other.image.contains(from.file)) from = theirs.front();
    Image image = specimen.image;
    put(image, at, other.image.at(from.file).bytes(from.offset, size));
    return Damage(specimen, std::move(image),
                  text(at) + " with what another journal has in " + text(from));
  };
  run("foreign blocks of " + std::to_string(size) + " in " + specimen.name, plan);
}

}  // namespace

TEST_CASE("zeroed and garbled blocks are refused or reported, and never give a wrong value") {
  for (const Specimen& specimen : {everything(true), everything(false), hashed()}) {
    for (const std::uint64_t size : {sector, page}) {
      zeroed(specimen, size, 3);
      garbled(specimen, size, 3);
    }
  }
}

TEST_CASE("a frame that is wiped is named where a later one proves its place, records or none") {
  for (const Specimen& specimen : {everything(true), everything(false), marked(), small()})
    frame_by_frame(specimen);
}

TEST_CASE("blocks written to another place, within a file and between files, never validate") {
  for (const Specimen& specimen : {everything(true), hashed()}) {
    exchanged(specimen, page, 1);
    exchanged(specimen, sector, 61);
  }
}

TEST_CASE("an older version of a block is the older journal that it is, or damage that is named") {
  for (const Specimen& specimen : {everything(true), everything(false), hashed()}) {
    for (const std::uint64_t size : {sector, page}) stale(specimen, size, 1);
  }
}

TEST_CASE("blocks of another journal never validate") {
  foreign(everything(true), everything(true, 500), sector, 1);
  foreign(everything(true), everything(true, 500), page, 1);
  foreign(everything(false), everything(false, 500), page, 1);
  foreign(hashed(), hashed(500), sector, 1);
}

}  // namespace tidemark::test
