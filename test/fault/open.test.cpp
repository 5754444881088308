// Opens whose calls fail: of a new journal, and of every kind of journal that a writer leaves.
#include <doctest/doctest.h>

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

}  // namespace

TEST_CASE("an open of a new journal bears every failure of every call") {
  fault_loop(
      open_of("open fresh", empty_disk(),
              {Call::open, Call::write, Call::sync, Call::make_directory, Call::list, Call::stat,
               Call::rename, Call::unlink, Call::sync_directory, Call::lock, Call::file_system}));
}

TEST_CASE("an open after a clean close bears every failure of every call") {
  fault_loop(open_of("open clean", closed_journal(),
                     {Call::open, Call::read, Call::write, Call::sync, Call::size, Call::drop_cache,
                      Call::list, Call::stat, Call::rename, Call::unlink, Call::sync_directory,
                      Call::lock, Call::file_system}));
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
