// Cursors and truncation whose calls fail.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/images.hpp"
#include "support/loop.hpp"

using namespace tidemark;
using namespace tidemark::test;
using io::Call;

namespace {

void advance(Run& run, Pen& pen, const std::string& name, std::uint64_t to, bool reset = false) {
  std::uint64_t at = 0;
  bool there = false;
  for (const journal::CursorInfo& cursor : pen.journal().cursors()) {
    if (cursor.name != name) continue;
    at = cursor.seq;
    there = true;
  }
  if (!there) return;  // its creation failed
  run.ledger().moving(name, to, false);
  if (run.fine(reset ? pen.journal().reset_cursor(name, to)
                     : pen.journal().advance_cursor(name, at, to))) {
    run.ledger().moving(name, to, true);
  }
}

void open_cursor(Run& run, Pen& pen, const std::string& name) {
  const std::uint64_t start = pen.journal().first_seq() - 1;
  run.ledger().moving(name, start, false);
  if (run.fine(pen.journal().open_cursor(name))) run.ledger().moving(name, start, true);
}

void remove(Run& run, Pen& pen, const std::string& name) {
  run.ledger().moving(name, std::nullopt, false);
  if (run.fine(pen.journal().delete_cursor(name))) {
    run.ledger().moving(name, std::nullopt, true);
  }
}

void truncate(Run& run, Pen& pen, std::uint64_t before) {
  std::uint64_t first_kept = before;
  for (const journal::CursorInfo& cursor : pen.journal().cursors()) {
    first_kept = std::min(first_kept, cursor.seq + 1);
  }
  first_kept = std::max(first_kept, pen.journal().first_seq());
  run.ledger().truncating(first_kept, false);
  auto truncated = pen.journal().truncate_before(before);
  if (!run.fine(truncated)) return;
  REQUIRE(truncated.value().first_seq == first_kept);
  run.ledger().truncating(first_kept, true);
}

void move_marks(Run& run) {
  auto pen = Pen::open(run);
  REQUIRE(pen);
  run.arm();
  open_cursor(run, *pen, "new");
  advance(run, *pen, "new", 9);
  truncate(run, *pen, 14);  // held back by 'slow', at 6
  advance(run, *pen, "slow", 10);
  advance(run, *pen, "fast", 8, true);
  truncate(run, *pen, 14);  // by 'fast', at 8
  pen->append(12'000);
  remove(run, *pen, "fast");
  remove(run, *pen, "new");
  remove(run, *pen, "slow");
  truncate(run, *pen, 14);
  end_run(run, std::move(pen));
}

}  // namespace

TEST_CASE("cursors and truncation bear every failure of every call") {
  fault_loop(
      {"marks",
       {Call::open, Call::write, Call::sync, Call::rename, Call::unlink, Call::sync_directory},
       closed_journal,
       move_marks,
       nullptr,
       false});
}
