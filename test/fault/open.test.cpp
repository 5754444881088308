// Opens whose calls fail: of a new journal, and of every kind of journal that a writer leaves.
#include <doctest/doctest.h>

#include "format/names.hpp"
#include "support/images.hpp"
#include "support/loop.hpp"

using namespace tidemark;
using namespace tidemark::test;
using io::Call;

namespace {

// An open that is refused under the fault succeeds in the same process when the disk is well.
void open_and_go_on(Run& run, const std::vector<std::string>& finishes) {
  run.arm();
  auto pen = Pen::open(run, small_options(), finishes);
  if (!pen) {
    run.heal();
    pen = Pen::open(run);
    REQUIRE(pen);
  }
  pen->append(100);
  end_run(run, std::move(pen));
}

Workload open_of(std::string name, const Image& image, std::vector<io::Call> kinds,
                 std::size_t finishes = 0) {
  return {std::move(name),
          std::move(kinds),
          [image] { return image; },
          [names = last_segments(image, finishes)](Run& run) { open_and_go_on(run, names); },
          nullptr,
          false};
}

// Records were acknowledged behind the damage; the file is longer than one read.
Image damaged_in_front_of_proof() {
  Run run(empty_disk());
  journal::Options options = small_options();
  options.segment_bytes = 8 * journal::minimum_segment_bytes;
  auto pen = Pen::open(run, options);
  REQUIRE(pen);
  const std::uint64_t damage = pen->journal().view().limit;
  for (int i = 0; i < 20; ++i) REQUIRE(pen->append(12'000));
  Image image = run.kill();
  auto file = image.disk->open(io::join(place, format::segment_name(1)), {io::Access::read_write});
  REQUIRE(file.ok());
  const std::vector<std::byte> garbage(500, std::byte{0x5A});
  REQUIRE(file.value()->write_at(damage, garbage).ok());
  REQUIRE(file.value()->sync().ok());
  return image;
}

}  // namespace

TEST_CASE(
    "damage whose proof cannot be read is refused, whichever read fails, and nothing changes") {
  const Image image = damaged_in_front_of_proof();
  bool refused_for_io = false;
  for (const io::Lasting lasting : {io::Lasting::once, io::Lasting::kind}) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(nth);
      Run run(image);
      const Files before = files_of(*run.truth());
      run.faults().inject({Call::read, nth, io::Fault{}, lasting});
      auto opened = journal::Journal::open(run.host(), place, small_options(), nullptr);
      REQUIRE(!opened.ok());
      const journal::Code code = opened.error().code;
      CHECK((code == journal::Code::corrupt || code == journal::Code::io));
      refused_for_io = refused_for_io || code == journal::Code::io;
      Files after = files_of(*run.truth());
      std::erase_if(after, [&](const auto& entry) { return !before.contains(entry.first); });
      CHECK(after == before);
      if (!run.hit()) break;
    }
  }
  CHECK(refused_for_io);
}

TEST_CASE("an open of a new journal bears every failure of every call") {
  fault_loop(
      open_of("open fresh", empty_disk(),
              {Call::open, Call::write, Call::sync, Call::make_directory, Call::list, Call::stat,
               Call::rename, Call::unlink, Call::sync_directory, Call::lock, Call::file_system}));
}

TEST_CASE("an open after a clean close bears every failure of every call") {
  fault_loop(
      open_of("open clean", closed_journal(),
              {Call::open, Call::read, Call::write, Call::sync, Call::size, Call::list, Call::stat,
               Call::rename, Call::unlink, Call::sync_directory, Call::lock, Call::file_system}));
}

TEST_CASE("an open after a kill with a torn tail bears every failure of every call") {
  fault_loop(open_of("open torn", torn_journal(),
                     {Call::open, Call::read, Call::write, Call::sync, Call::truncate, Call::size,
                      Call::list, Call::stat, Call::rename, Call::unlink, Call::sync_directory,
                      Call::lock, Call::file_system}));
}

TEST_CASE("an open behind a half-made successor bears every failure of every call") {
  fault_loop(open_of(
      "open half-made", half_made_journal(),
      {Call::open, Call::read, Call::write, Call::sync, Call::truncate, Call::size, Call::list,
       Call::stat, Call::rename, Call::unlink, Call::sync_directory, Call::lock, Call::file_system},
      2));
}

TEST_CASE("an open that finishes a rotation bears every failure of every call") {
  fault_loop(open_of(
      "open unsealed", unsealed_journal(),
      {Call::open, Call::read, Call::write, Call::sync, Call::truncate, Call::size, Call::list,
       Call::stat, Call::unlink, Call::sync_directory, Call::lock, Call::file_system},
      2));
}

TEST_CASE("an open that uses an unused segment again bears every failure of every call") {
  fault_loop(open_of("open unused", unused_journal(),
                     {Call::open, Call::read, Call::write, Call::sync, Call::size, Call::list,
                      Call::stat, Call::sync_directory, Call::lock, Call::file_system},
                     1));
}
