// Every kept input of the fuzz targets, and their seeds, once more: without libFuzzer, with every
// compiler and sanitizer that the tests are built with.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>

#include "format/repository.hpp"
#include "support/target.hpp"

using namespace tidemark::test::fuzz;
namespace test = tidemark::format::test;

namespace {

std::vector<std::filesystem::path> corpus_of(const Target& target) {
  std::vector<std::filesystem::path> files;
  const auto directory = test::repository_path("test/fuzz/corpus") / target.name;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("every kept input of the fuzz targets keeps the properties of its decoder") {
  for (const Target& target : targets()) {
    INFO(target.name);
    const auto files = corpus_of(target);
    CHECK_FALSE(files.empty());
    std::size_t taken = 0;
    for (const auto& path : files) {
      INFO(path.filename().string());
      const std::string text = test::read_text(path);
      // Exactly as long as it is, so that a sanitizer sees a read behind it.
      const File input(std::as_bytes(std::span(text)).begin(),
                       std::as_bytes(std::span(text)).end());
      bool deep = false;
      CHECK_NOTHROW(deep = target.examine(input));
      taken += deep ? 1 : 0;
    }
    CHECK(taken > 0);
    CHECK(taken < files.size());
  }
}

TEST_CASE("the decoder of every fuzz target takes its seeds") {
  for (const Target& target : targets()) {
    INFO(target.name);
    for (const File& seed : target.seeds()) {
      bool deep = false;
      CHECK_NOTHROW(deep = target.examine(seed));
      CHECK(deep);
    }
  }
}

TEST_CASE("the repair of a fuzz target brings damaged seeds behind the checksums again") {
  std::mt19937 random(20260131);  // NOLINT(cert-msc51-cpp): the same in each run
  for (const std::string_view name : {"segment-header", "frame", "record-table", "seal", "index",
                                      "head", "cursor", "checkpoint"}) {
    INFO(name);
    const Target& target = *find_target(name);
    std::size_t damaged = 0;
    std::size_t repaired = 0;
    for (const File& seed : target.seeds()) {
      for (int i = 0; i < 200; ++i) {
        File input = seed;
        input[random() % input.size()] ^= static_cast<std::byte>(1U << (random() % 8));
        bool before = false;
        bool behind = false;
        CHECK_NOTHROW(before = target.examine(input));
        target.repair(input, static_cast<std::uint32_t>(random()));
        CHECK_NOTHROW(behind = target.examine(input));
        damaged += before ? 0 : 1;
        repaired += !before && behind ? 1 : 0;
      }
    }
    CHECK(repaired > damaged / 8);
  }
}
