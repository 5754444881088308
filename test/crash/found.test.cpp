// What the explorer has found, each as the shortest way to it.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/choice.hpp"
#include "support/machine.hpp"
#include "support/workload.hpp"

using namespace tidemark;
using namespace tidemark::test;
using io::ChangeKind;
using io::SectorFate;

namespace {

constexpr std::size_t quarter = 16 << 10;  // of a segment

std::unique_ptr<Machine> machine_on(io::SimulatedDiskOptions disk = {},
                                    const journal::Options& options = small_options()) {
  return std::make_unique<Machine>(std::make_shared<io::SimulatedDisk>(disk), options, 1);
}

void check_sound(const Machine& machine) {
  for (const std::string& problem : machine.violations) FAIL_CHECK(problem);
}

// Goes on, closes, opens, and lets verify look at everything.
void check_whole(Machine& machine) {
  if (!machine.is_open()) machine.open();
  machine.append(33);
  machine.close();
  machine.open();
  CHECK(machine.report.path == journal::OpenPath::clean);
  machine.close();
  machine.verify();
  check_sound(machine);
}

// Cuts the next open in front of every call, in every regular way, and opens again.
void cut_every_open(const Machine& before) {
  Machine opening(before.disk()->copy(), before.options, 2, before.ledger, before.last_death());
  std::uint64_t states = 0;
  opening.on_call([&](const io::CallRecord&) {
    for (const Choice& choice : choices_at(*opening.disk(), 0, 4, ++states)) {
      const Death death = before.last_death() == Death::power ? Death::power : choice.death();
      Machine after(disk_after(*opening.disk(), choice), before.options, states, before.ledger,
                    death);
      INFO("call " << states << ", " << choice.text());
      check_whole(after);
    }
  });
  opening.open();
  opening.on_call(nullptr);
  check_whole(opening);
  CHECK(states > 0);
}

}  // namespace

TEST_CASE("a seal has no residue behind it, wherever the recovery is cut") {
  auto machine = machine_on();
  machine->open();
  machine->append(10);
  machine->append(3000, to_system);
  io::Fate fate;
  for (const io::PendingChange& change : machine->disk()->pending()) {
    if (change.kind == ChangeKind::write) {
      fate.changes.push_back({change.id, {SectorFate::applied, SectorFate::dropped}});
    }
  }
  REQUIRE_FALSE(fate.changes.empty());
  machine->cut_power(fate);
  cut_every_open(*machine);
}

TEST_CASE("an index that was cut off behind its seal is made again") {
  auto machine = machine_on();
  std::uint64_t cuts = 0;
  machine->on_call([&](const io::CallRecord& call) {
    if (call.call != io::Call::sync) return;
    // The seal and its index are the only small write that begins in one sector and ends in the
    // next.
    io::Fate fate;
    for (const io::PendingChange& change : machine->disk()->pending()) {
      if (change.kind != ChangeKind::write || change.sectors != 2 || change.length > 200) continue;
      fate.changes.push_back({change.id, {SectorFate::applied, SectorFate::dropped}});
    }
    if (fate.changes.empty()) return;
    ++cuts;
    Machine after(machine->disk()->cut(fate), machine->options, cuts, machine->knowledge(),
                  Death::power);
    check_whole(after);
  });
  machine->open();
  // Lengths of the frames that let the seal stand at the end of a sector.
  for (std::size_t i = 0; i < 120; ++i) machine->append(quarter - 8 * (i % 16));
  machine->close();
  machine->on_call(nullptr);
  check_sound(*machine);
  CHECK(cuts > 0);
}

TEST_CASE("a header that only the page cache has does not stand in the way of its replacement") {
  auto machine = machine_on();
  machine->open();
  for (int i = 0; i < 3; ++i) machine->append(quarter);
  machine->pass(1);  // the spare is ready: the next sync is that of its header
  machine->fail_next_sync();
  machine->append(quarter);
  CHECK_FALSE(machine->close());
  cut_every_open(*machine);
}

TEST_CASE("what only the page cache has does not come back behind a mark") {
  auto machine = machine_on();
  machine->open();
  machine->give({40, 40, 40}, to_system);
  machine->settle();
  machine->fail_next_sync();
  machine->append(40);
  CHECK_FALSE(machine->close());
  cut_every_open(*machine);
}

TEST_CASE("with padding 'block' no write touches the block of a mark") {
  io::SimulatedDiskOptions disk;
  disk.powersafe_overwrite = false;
  journal::Options options = small_options();
  options.block_padding = true;
  options.idle_mark = 5 * milliseconds;
  for (const bool reopened : {false, true}) {
    auto machine = machine_on(disk, options);
    machine->open();
    machine->append(10);
    machine->pass(6 * milliseconds);  // an idle mark
    if (reopened) machine->reopen();  // a closing one
    machine->append(20, to_system);
    machine->append(30, to_system);
    std::vector<io::ChangeId> writes;
    for (const io::PendingChange& change : machine->disk()->pending()) {
      if (change.kind == ChangeKind::write) writes.push_back(change.id);
    }
    REQUIRE(writes.size() == 2);
    // The block of the first commit is noise, the second one is there.
    machine->cut_power(
        {7, {{writes[0], {SectorFate::garbled}}, {writes[1], {SectorFate::applied}}}});
    REQUIRE(machine->open());
    CHECK(machine->report.cut.has_value());
    check_whole(*machine);
  }
}

TEST_CASE("what a failed sync left in the cache behind a closing mark does not come back") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    io::SimulatedDiskOptions disk;
    disk.seed = seed;
    const auto machine = machine_on(disk);
    machine->open();
    machine->append(100);
    machine->reopen();
    CHECK_FALSE(machine->report.read_from_device);
    machine->fail_next_sync();
    machine->give({100, 100});
    machine->settle();
    machine->reopen();
    CHECK(machine->report.read_from_device);
    CHECK(machine->close());
    machine->salvage("/data/copy");
    check_whole(*machine);
  }
}

TEST_CASE("a closing mark that only the page cache has is no sign that the log was closed") {
  // With padding no later write touches the block of the mark.
  journal::Options options = small_options();
  options.block_padding = true;
  int lost = 0;  // a sync that failed may have written some of it
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    io::SimulatedDiskOptions disk;
    disk.seed = seed;
    const auto machine = machine_on(disk, options);
    machine->open();
    machine->append(100);
    machine->fail_next_sync();
    CHECK_FALSE(machine->close());
    cut_every_open(*machine);
    REQUIRE(machine->open());
    if (machine->report.read_from_device) ++lost;
    machine->append(100);
    machine->cut_power(machine->disk()->all_dropped());
    check_whole(*machine);
  }
  CHECK(lost > 0);
}

TEST_CASE("of a successor whose sync failed half a header is not gone on in") {
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    io::SimulatedDiskOptions disk;
    disk.seed = seed;
    const auto machine = machine_on(disk);
    machine->open();
    for (int i = 0; i < 3; ++i) machine->append(quarter);
    machine->fail_next_sync();
    machine->append(quarter);
    machine->reopen();
    machine->cut_power(machine->disk()->all_dropped());
    check_whole(*machine);
  }
}
