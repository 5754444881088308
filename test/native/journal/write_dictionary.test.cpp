// Shared dictionaries: every segment that holds a record holds its dictionary.
#include <doctest/doctest.h>

#include "journal/dictionaries.hpp"
#include "write_support.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

journal::Result<std::uint64_t> append_dependent(const Handle& handle, const std::string& text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  const std::uint8_t attributes = format::record_flag::has_dictionary;
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(text));
  batch.lengths = {&length, 1};
  batch.attributes = {&attributes, 1};
  return handle->hand_over_and_wait(batch);
}

}  // namespace

TEST_CASE("a record that names an unknown dictionary is refused and uses no seq") {
  World world;
  auto handle = open(world);
  CHECK(append_dependent(handle, "unknown1 value").error().code == journal::Code::unsupported);
  CHECK(append_dependent(handle, "short").error().code == journal::Code::unsupported);
  CHECK(append(handle, "plain").value() == 1);
}

TEST_CASE("each segment brings the dictionary with its first use, and once more with the next") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  const std::string dictionary = "DICTNAMEthe words";
  REQUIRE(handle->register_dictionary(std::as_bytes(std::span(dictionary))).ok());
  for (int i = 0; i < 60; ++i) {
    REQUIRE(
        append_dependent(handle, "DICTNAME" + std::string(4000, static_cast<char>('a' + i % 26)))
            .ok());
  }
  const journal::View view = handle->journal()->view();
  REQUIRE(view.segments.size() > 2);
  CHECK(read_all(world, view).size() == 60);
  const auto name = journal::dictionary_name(std::as_bytes(std::span(dictionary)));
  for (const auto& segment : view.segments) {
    journal::Reader reader(world.host.disk);
    auto found = reader.dictionary(view, segment->header.segment_id, *name);
    REQUIRE(found.ok());
    CHECK(std::string(reinterpret_cast<const char*>(found.value().data()), found.value().size()) ==
          dictionary);
    // Twice where two commits use it.
    const auto bytes = contents(*world.memory, segment->path);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::size_t copies = 0;
    for (std::size_t at = text.find(dictionary); at != std::string::npos;
         at = text.find(dictionary, at + 1))
      ++copies;
    CHECK(copies == 2);
  }
}

TEST_CASE("a rejected commit does not count as having brought the dictionary") {
  World world;
  auto handle = open(world);
  const std::string dictionary = "DICTNAMEthe words";
  REQUIRE(handle->register_dictionary(std::as_bytes(std::span(dictionary))).ok());
  world.disk->intercept(refuse_one_write(io::Errc::no_space));
  CHECK_FALSE(append_dependent(handle, "DICTNAME lost").ok());
  REQUIRE(append_dependent(handle, "DICTNAME kept").ok());
  const journal::View view = handle->journal()->view();
  journal::Reader reader(world.host.disk);
  const auto name = journal::dictionary_name(std::as_bytes(std::span(dictionary)));
  auto found = reader.dictionary(view, view.segments.back()->header.segment_id, *name);
  REQUIRE(found.ok());
  CHECK(found.value().size() == dictionary.size());
}
