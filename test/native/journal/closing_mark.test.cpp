// The closing mark is found on the device by reading a few blocks.
#include <doctest/doctest.h>

#include "format/scan.hpp"
#include "io/simulated_disk.hpp"
#include "journal/closing_mark.hpp"
#include "simulated_world.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

constexpr std::uint64_t block = 4096;

// The last segment of a journal that was closed behind `records` of 3,000 bytes each.
struct ClosedJournal {
  explicit ClosedJournal(bool zero_filled, int records) {
    io::SimulatedDiskOptions options;
    options.copy_on_write = !zero_filled;
    SimulatedWorld world(1, std::make_shared<io::SimulatedDisk>(options));
    world.run([&] {
      const auto handle = open(world);
      for (int i = 0; i < records; ++i) REQUIRE(append(handle, std::string(3000, 'a')).ok());
      REQUIRE(close(world, handle).ok());
      auto surveyed = journal::survey(*world.process.disk, directory);
      REQUIRE(surveyed.ok());
      file = surveyed.value().live.back();
      mark = journal::closing_mark_on_device(*world.process.disk, file);
    });
  }

  journal::SurveyedFile file;
  std::optional<journal::ClosingMark> mark;
};

}  // namespace

TEST_CASE(
    "in a file that grew by its commits the mark is in the last blocks: they are all that is "
    "read") {
  const ClosedJournal closed(false, 100);
  REQUIRE(closed.mark);
  CHECK(closed.file.bytes > 300'000);
  CHECK(closed.file.bytes - closed.mark->end < 2 * block);
  CHECK(closed.mark->bytes_read <= 3 * block);
}

TEST_CASE("in a file that was filled with zeros the mark is found by halving it") {
  for (const int records : {1, 2, 3, 50, 100, 300}) {
    CAPTURE(records);
    const ClosedJournal closed(true, records);
    REQUIRE(closed.mark);
    CHECK(closed.file.bytes >= std::uint64_t{1} << 20U);
    CHECK(closed.mark->end > static_cast<std::uint64_t>(records) * 3000);
    CHECK(closed.mark->end < static_cast<std::uint64_t>(records) * 3200 + 3 * block);
    CHECK(closed.mark->bytes_read <= 13 * block);
  }
}
