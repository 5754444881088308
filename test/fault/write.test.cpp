// Writers whose calls fail: commits, batches, weak records, rotation, idle marks, close.
#include <doctest/doctest.h>

#include "support/images.hpp"
#include "support/loop.hpp"

using namespace tidemark;
using namespace tidemark::test;
using io::Call;
using journal::DurabilityKind;

namespace {

const std::vector<io::Call> writing_kinds = {Call::open,     Call::write,         Call::sync,
                                             Call::truncate, Call::size,          Call::rename,
                                             Call::unlink,   Call::sync_directory};
// A direct writer reads the block that it goes on in.
const std::vector<io::Call> direct_kinds = [] {
  std::vector<io::Call> kinds = writing_kinds;
  kinds.push_back(Call::read);
  return kinds;
}();
constexpr io::Nanoseconds millisecond = 1'000'000;

Workload writing(std::string name, std::vector<io::Call> kinds,
                 std::function<void(Run&, Pen&)> write,
                 const journal::Options& options = small_options()) {
  return {std::move(name),
          std::move(kinds),
          closed_journal,
          [write = std::move(write), options](Run& run) {
            auto pen = Pen::open(run, options);
            REQUIRE(pen);
            run.arm();
            write(run, *pen);
            end_run(run, std::move(pen));
          },
          nullptr,
          false};
}

void commits(Run& run, Pen& pen) {
  for (int i = 0; i < 6; ++i) pen.append(12'000);
  run.scheduler().run_for(20 * millisecond);  // an idle mark
  pen.append_blocking(12'000);
  // Two records that wait while one is written.
  pen.give(1, 9'000);
  run.scheduler().run_one();
  pen.give(2, 9'000);
  pen.drain();
}

void weak_records(Run& run, Pen& pen) {
  for (int i = 0; i < 5; ++i) {
    pen.give(2, 9'000, false, {DurabilityKind::os, 0});
    run.scheduler().run_until_idle();
  }
  run.scheduler().run_for(2'000 * millisecond);
  pen.give(1, 100, false, {DurabilityKind::interval, 30 * millisecond});
  run.scheduler().run_for(20 * millisecond);
  pen.give(1, 100, false, {DurabilityKind::os, 0});
  pen.request_sync();
  pen.drain();
}

}  // namespace

TEST_CASE("commits and rotation bear every failure of every call") {
  fault_loop(writing("append", writing_kinds, commits));
}

TEST_CASE("atomic batches bear every failure of every call") {
  fault_loop(writing("batch", writing_kinds, [](Run& run, Pen& pen) {
    pen.give(30, 300, true);
    pen.give(3, 10'000, true);
    pen.drain();
    pen.give(7, 12'000, true);  // larger than a segment
    pen.give(2, 10, true);
    pen.drain();
    static_cast<void>(run);
  }));
}

TEST_CASE("commits in the queue behind the one that fails bear every failure of every call") {
  journal::Options options = small_options();
  options.commit_max_records = 1;
  fault_loop(writing(
      "queue", writing_kinds,
      [](Run& run, Pen& pen) {
        for (int i = 0; i < 3; ++i) {
          pen.give(3, 12'000);
          pen.drain();
        }
        static_cast<void>(run);
      },
      options));
}

TEST_CASE("weak records, intervals and sync() bear every failure of every call") {
  fault_loop(writing("weak", writing_kinds, weak_records));
}

TEST_CASE("commits on blocks of their own bear every failure of every call") {
  journal::Options options = small_options();
  options.block_padding = true;
  fault_loop(writing("padded", writing_kinds, commits, options));
}

TEST_CASE("direct transfers bear every failure of every call") {
  journal::Options options = small_options();
  options.direct = journal::DirectChoice::on;
  fault_loop(writing("direct", direct_kinds, commits, options));
}

TEST_CASE("writes that an event loop begins bear every failure of every call") {
  journal::Options options = small_options();
  options.direct = journal::DirectChoice::on;
  fault_loop(writing(
      "begun", direct_kinds,
      [](Run& run, Pen& pen) {
        pen.append(12'000);  // opens the file that is written through
        pen.begin_writes();
        for (int i = 0; i < 4; ++i) pen.append(3'000);
        pen.give(1, 100);
        if (!run.armed()) CHECK(pen.writing());
        pen.give(2, 4'000);  // in the queue while that is under way
        pen.drain();
        pen.give(1, 50, false, {DurabilityKind::os, 0});
        pen.give(1, 200);
        pen.request_sync();
        pen.drain();
        commits(run, pen);
      },
      options));
}

TEST_CASE("weak records between writes that are durable themselves bear every failure") {
  journal::Options options = small_options();
  options.direct = journal::DirectChoice::on;
  fault_loop(writing("weak-through", direct_kinds, weak_records, options));
}

TEST_CASE("retention bears every failure of every call") {
  journal::Options options = small_options();
  options.retain.max_bytes = 2 * journal::minimum_segment_bytes;
  Workload workload = writing(
      "retention", writing_kinds,
      [](Run& run, Pen& pen) {
        // The slow consumer's cursor would hold everything back.
        run.ledger().moving("slow", std::nullopt, false);
        if (run.fine(pen.journal().delete_cursor("slow"))) {
          run.ledger().moving("slow", std::nullopt, true);
        }
        for (int i = 0; i < 10; ++i) pen.append(12'000);
        run.scheduler().run_until_idle();
      },
      options);
  // It truncates by itself, also while the run ends.
  workload.run = [inner = workload.run](Run& run) {
    run.ledger().retaining(6, 30);
    inner(run);
  };
  fault_loop(workload);
}

TEST_CASE("close bears every failure of every call") {
  fault_loop({"close",
              {Call::write, Call::sync, Call::unlink},
              closed_journal,
              [](Run& run) {
                auto pen = Pen::open(run);
                REQUIRE(pen);
                for (int i = 0; i < 3; ++i) REQUIRE(pen->append(9'000));  // a spare is ordered
                pen->give(2, 100, false, {DurabilityKind::os, 0});
                run.scheduler().run_until_idle();
                pen->give(1, 100);
                run.arm();
                pen->close();
                if (run.choice(2) == 0) {
                  run.heal();
                  auto again = Pen::open(run);
                  REQUIRE(again);
                  REQUIRE(again->append(10));
                }
              },
              nullptr,
              false});
}
