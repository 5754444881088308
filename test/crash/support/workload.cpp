#include "workload.hpp"

#include <algorithm>
#include <array>

namespace tidemark::test {
namespace {

constexpr std::size_t quarter = 16 << 10;  // of the smallest segment

void create(Machine& machine) {
  machine.open();
  machine.close();
}

void append(Machine& machine) {
  machine.open();
  for (const std::size_t bytes :
       {std::size_t{17}, std::size_t{100}, std::size_t{1}, std::size_t{600}})
    machine.append(bytes);
  machine.close();
}

// The commits fill while the one in front is written.
void group(Machine& machine) {
  machine.open();
  for (int i = 0; i < 3; ++i) {
    machine.give({20, 30, 40, 50});
    machine.settle();
  }
  machine.give({700, 10, 900});
  machine.close();
}

void batch(Machine& machine) {
  machine.open();
  machine.batch({10, 20, 30});
  machine.append(5);
  machine.batch({300, 400, 500, 600});
  machine.batch({1, 1});
  machine.close();
}

void durability(Machine& machine) {
  machine.open();
  machine.append(50, to_system);
  machine.append(700, to_system);
  machine.append(60, within(20 * milliseconds));
  machine.append(70);
  machine.append(80, to_system);
  machine.append(900, within(5 * milliseconds));
  machine.pass(10 * milliseconds);
  machine.append(90, to_system);
  machine.pass(2'000 * milliseconds);
  machine.append(100, to_system);
  machine.sync();
  machine.append(110, to_system);
  machine.close();
}

void rotation(Machine& machine) {
  machine.open();
  for (int i = 0; i < 14; ++i) machine.append(quarter - 100 + static_cast<std::size_t>(i));
  machine.close();
}

void weak_rotation(Machine& machine) {
  machine.open();
  for (int i = 0; i < 7; ++i) machine.append(quarter, to_system);
  machine.append(10);
  for (int i = 0; i < 5; ++i) machine.append(quarter, within(1 * milliseconds));
  machine.pass(3 * milliseconds);
  machine.append(20, to_system);
  machine.close();
}

// Over several blocks; then a frame longer than a segment.
void big(Machine& machine) {
  machine.open();
  machine.append(10);
  machine.append(20'000);
  machine.append(10);
  machine.append(100'000);
  machine.append(10);
  machine.batch({9'000, 9'000, 9'000});
  machine.close();
}

void truncate(Machine& machine) {
  machine.open();
  for (int i = 0; i < 6; ++i) machine.append(quarter);
  machine.truncate(3);
  machine.append(10);
  machine.truncate(5);
  machine.truncate(8);  // everything
  machine.append(20);
  for (int i = 0; i < 4; ++i) machine.append(quarter);
  machine.truncate(11);
  machine.append(30, to_system);
  machine.truncate(14);  // everything, of which the last is not synced yet
  machine.close();
}

void cursors(Machine& machine) {
  machine.open();
  machine.open_cursor("slow");
  machine.append(10);
  machine.append(20);
  machine.open_cursor("fast");
  machine.advance("fast", 2);
  machine.append(30);
  machine.advance("fast", 3);
  machine.truncate(3);  // held back by the slow one
  machine.advance("slow", 1);
  machine.truncate(3);
  machine.reset("fast", 2);
  machine.delete_cursor("slow");
  machine.truncate(3);
  machine.open_cursor("slow");
  machine.close();
}

void retention(Machine& machine) {
  machine.open();
  for (int i = 0; i < 18; ++i) {
    machine.append(quarter);
    if (i % 5 == 4) machine.pass(milliseconds);
  }
  machine.close();
}

void idle(Machine& machine) {
  machine.open();
  machine.append(10);
  machine.pass(6 * milliseconds);
  machine.append(20);
  machine.append(500);
  machine.pass(6 * milliseconds);
  machine.append(30, to_system);
  machine.pass(6 * milliseconds);
  machine.sync();
  machine.pass(6 * milliseconds);
  machine.close();
}

void reopen(Machine& machine) {
  machine.open();
  machine.append(10);
  machine.reopen();
  machine.append(20);
  machine.append(30, to_system);
  machine.reopen();
  machine.reopen();
  machine.append(40);
  machine.close();
}

// The recovery of a process that was killed is itself in the workload.
void killed(Machine& machine) {
  machine.open();
  machine.append(10);
  machine.append(600, to_system);
  machine.kill();
  machine.open();
  machine.kill();
  machine.open();
  machine.append(20);
  machine.give({30, 700}, to_system);
  machine.kill();
  machine.open();
  machine.append(40);
  machine.close();
}

// Each while a write that its event loop began is under way, with and without records behind it.
void killed_begun(Machine& machine) {
  machine.open();
  machine.append(10);
  machine.append(20);
  machine.give({600});
  machine.kill();
  machine.open();
  machine.append(30);
  machine.append(40);
  machine.give({50, 700, 60});
  machine.kill();
  machine.open();
  machine.append(70);
  machine.close();
}

// And that of one that lost its power.
void powerless(Machine& machine) {
  machine.open();
  machine.append(10);
  machine.append(600, to_system);
  machine.append(1500, to_system);
  machine.cut_power(machine.disk()->random_fate(5));
  machine.open();
  machine.append(20, to_system);
  machine.cut_power(machine.disk()->all_dropped());
  machine.open();
  machine.append(2000);
  machine.give({1000, 30}, to_system);
  machine.settle();
  machine.cut_power(machine.disk()->random_fate(11));
  machine.open();
  machine.append(40);
  machine.close();
}

void no_space(Machine& machine) {
  machine.use_faults();
  machine.open();
  machine.append(10);
  machine.append(20, to_system);
  machine.refuse_writes(io::Errc::no_space);
  machine.give({700, 30, 40});
  machine.settle();
  machine.append(50);
  machine.heal();
  machine.append(60);
  // Behind the one that fails the disk would take the others.
  machine.refuse_writes(io::Errc::quota, io::Effect::part, true);
  machine.give({70, 80, 90});
  machine.settle();
  machine.append(100);
  machine.refuse_writes(io::Errc::io);
  machine.append(80, to_system);
  machine.heal();
  machine.close();
}

// What was refused is there as a whole, and must not come back: neither alone nor in front of, or
// behind, what takes its place.
void refused_whole(Machine& machine) {
  machine.use_faults();
  machine.open();
  machine.append(10);
  machine.refuse_writes(io::Errc::io, io::Effect::whole);
  machine.give({200, 30, 40});
  machine.settle();
  machine.heal();
  machine.append(200);
  machine.give({30, 40}, to_system);
  machine.settle();
  machine.refuse_writes(io::Errc::no_space, io::Effect::whole);
  machine.append(50, to_system);
  machine.heal();
  machine.append(50);
  machine.close();
}

// The disk has room for the first segments only.
void full_disk(Machine& machine) {
  machine.open();
  for (int i = 0; i < 16; ++i) machine.append(quarter);
  machine.truncate(9);
  for (int i = 0; i < 6; ++i) machine.append(quarter);
  machine.close();
}

void poison(Machine& machine) {
  machine.open();
  machine.append(10);
  machine.append(900, to_system);
  machine.fail_next_sync();
  machine.give({20, 30});
  machine.settle();
  machine.append(40);
  machine.close();
  machine.open();
  machine.append(50);
  machine.kill();
  machine.open();
  machine.append(60);
  machine.fail_next_sync();
  machine.append(70);
  machine.kill();
  machine.open();
  machine.close();
}

void poisoned_rotation(Machine& machine) {
  machine.open();
  for (int i = 0; i < 3; ++i) machine.append(quarter);
  machine.fail_next_sync();
  machine.append(quarter);
  machine.close();
  machine.open();
  machine.append(10);
  machine.close();
}

void snapshot(Machine& machine) {
  machine.open();
  machine.open_cursor("reader");
  for (int i = 0; i < 5; ++i) machine.append(quarter);
  machine.advance("reader", 3);
  machine.append(10, to_system);
  machine.snapshot("/data/copies/one");
  machine.append(20);
  machine.truncate(4);
  machine.snapshot("/data/copies/two");
  machine.close();
}

void salvage(Machine& machine) {
  machine.open();
  machine.open_cursor("reader");
  for (int i = 0; i < 5; ++i) machine.append(quarter);
  machine.advance("reader", 2);
  machine.truncate(2);
  machine.close();
  machine.salvage("/data/saved");
  machine.open();
  machine.append(10);
  machine.close();
}

void readers(Machine& machine) {
  machine.observe();
  machine.open();
  machine.watch();
  machine.append(10);
  machine.refresh();
  machine.append(20, to_system);
  machine.observe();
  machine.append(600);
  machine.pass(6 * milliseconds);
  machine.refresh();
  for (int i = 0; i < 4; ++i) machine.append(quarter);
  machine.refresh();
  machine.truncate(3);
  machine.refresh();
  machine.append(30, to_system);
  machine.kill();
  machine.observe();
  machine.refresh();
  machine.open();
  machine.append(40);
  machine.refresh();
  machine.close();
  machine.refresh();
}

void dictionaries(Machine& machine) {
  machine.open();
  machine.append_with_dictionary(7, 40);
  machine.append(10);
  machine.append_with_dictionary(7, 50);
  machine.append_with_dictionary(8, quarter);
  machine.append_with_dictionary(7, quarter);
  for (int i = 0; i < 3; ++i) machine.append_with_dictionary(8, quarter);
  machine.close();
  machine.open();
  machine.append_with_dictionary(8, 60);
  machine.close();
}

// A bit of everything, for disks and modes that differ.
void mixture(Machine& machine) {
  machine.open();
  machine.append(10);
  machine.append(700, to_system);
  machine.append(20);
  machine.pass(6 * milliseconds);
  machine.append(30, to_system);
  machine.append(5000, to_system);
  machine.sync();
  machine.batch({100, 4000, 60});
  for (int i = 0; i < 4; ++i) machine.append(quarter);
  machine.append(40, to_system);
  machine.kill();
  machine.open();
  machine.append(50);
  machine.pass(6 * milliseconds);
  machine.append(60);
  machine.reopen();
  machine.append(70, to_system);
  machine.append(80, to_system);
  machine.append(90);
  machine.close();
}

using DiskOptions = io::SimulatedDiskOptions;

// Each commit durable by its own write, as is the default where a disk can.
void through(DiskOptions&, journal::Options& options) {
  options.direct = journal::DirectChoice::automatic;
}

void direct_512(DiskOptions& disk, journal::Options& options) {
  disk.direct_alignment = 512;
  options.direct = journal::DirectChoice::on;
  options.idle_mark = 5 * milliseconds;
}

void direct_4096(DiskOptions& disk, journal::Options& options) {
  disk.direct_alignment = 4096;
  options.direct = journal::DirectChoice::on;
  options.idle_mark = 5 * milliseconds;
}

void padded(DiskOptions& disk, journal::Options& options) {
  disk.powersafe_overwrite = false;
  options.block_padding = true;
  options.idle_mark = 5 * milliseconds;
}

void padded_direct(DiskOptions& disk, journal::Options& options) {
  padded(disk, options);
  options.direct = journal::DirectChoice::on;
}

// Each commit durable by its own write, and the small ones begun and ended by an event loop.
constexpr Workload begun(std::string_view name, std::string_view about, void (*run)(Machine&)) {
  return {name, about, run, through, true, true};
}

constexpr std::array all{
    Workload{"create", "a journal is made in directories that are made", create},
    Workload{"append", "single records, each awaited", append},
    Workload{"group", "records that are not awaited", group},
    Workload{"batch", "atomic batches, some larger than a commit should be", batch,
             [](DiskOptions&, journal::Options& options) { options.commit_max_records = 2; }},
    Workload{"durability", "'os', interval and commit mixed", durability},
    Workload{"rotation", "several small segments", rotation},
    Workload{"weak-rotation", "the same with records that are not awaited to the disk",
             weak_rotation},
    Workload{"big", "a record over several blocks, a frame longer than a segment", big},
    Workload{"truncate", "truncation inside of segments, of segments, of everything", truncate},
    Workload{"cursors", "named cursors, truncation that they hold back", cursors},
    Workload{"retention", "records that are released at rotation", retention,
             [](DiskOptions&, journal::Options& options) { options.retain.max_records = 6; }},
    Workload{"idle", "idle marks", idle,
             [](DiskOptions&, journal::Options& options) { options.idle_mark = 5 * milliseconds; }},
    Workload{"reopen", "clean closes, the log goes on in the same segment", reopen},
    Workload{"killed", "processes that are killed, and their recoveries", killed},
    Workload{"powerless", "losses of power, and their recoveries", powerless},
    Workload{"no-space", "writes that fail half way with commits behind them, and the new segment",
             no_space,
             [](DiskOptions&, journal::Options& options) { options.commit_max_records = 1; }},
    Workload{"refused-whole", "writes that fail and have written everything", refused_whole},
    Workload{"full-disk", "a disk that is full, and has room again", full_disk,
             [](DiskOptions& disk, journal::Options&) { disk.capacity_bytes = 300'000; }},
    Workload{"poison", "syncs that fail and mark their pages clean", poison},
    Workload{"poisoned-rotation", "a sync that fails while the log rotates", poisoned_rotation},
    Workload{"snapshot", "two copies of a journal that is open", snapshot},
    Workload{"salvage", "a copy of a journal that is closed", salvage},
    Workload{"readers", "readers of other processes, beside the writer and without it", readers,
             [](DiskOptions&, journal::Options& options) { options.idle_mark = 5 * milliseconds; }},
    Workload{"dictionaries", "records that need a dictionary of their segment", dictionaries},
    Workload{"direct-512", "direct transfers, aligned to 512 bytes", mixture, direct_512},
    Workload{"direct-4096", "direct transfers, aligned to 4,096 bytes", mixture, direct_4096},
    Workload{"append-through", "append, each durable by its own write", append, through},
    Workload{"group-through", "group, durable by their own writes", group, through},
    Workload{"durability-through", "durability, durable by their own writes where nothing waits",
             durability, through},
    Workload{"rotation-through", "rotation, durable by their own writes", rotation, through},
    Workload{"weak-rotation-through", "weak-rotation with writes that are durable themselves",
             weak_rotation, through},
    Workload{"big-through", "big, durable by their own writes", big, through},
    Workload{"killed-through", "killed, durable by their own writes", killed, through},
    Workload{"powerless-through", "powerless, durable by their own writes", powerless, through},
    Workload{"no-space-through", "no-space, where a write that is durable itself fails", no_space,
             through},
    Workload{"poison-through", "poison, where the write is the sync that fails", poison, through},
    Workload{"poisoned-rotation-through",
             "poisoned-rotation with writes that are durable themselves", poisoned_rotation,
             through},
    Workload{"readers-through", "readers beside a writer that writes past the page cache", readers,
             [](DiskOptions& disk, journal::Options& options) {
               through(disk, options);
               options.idle_mark = 5 * milliseconds;
             }},
    begun("append-begun", "append, begun and ended by the event loop", append),
    begun("group-begun", "group, where the event loop begins what it can", group),
    begun("mixture-begun", "a bit of everything, begun where nothing waits for a sync", mixture),
    begun("rotation-begun", "rotation between writes that were begun", rotation),
    begun("big-begun", "big, where only the small ones are begun", big),
    begun("killed-begun", "processes that are killed while a write is under way", killed_begun),
    begun("powerless-begun", "powerless, also while a write is under way", powerless),
    begun("no-space-begun", "no-space, where a write that was begun fails", no_space),
    begun("poison-begun", "poison, where a write that was begun is the sync that fails", poison),
    begun("dictionaries-begun", "dictionaries, begun with the records that need them",
          dictionaries),
    Workload{"padded", "padding 'block' on a disk without powersafe overwrite", mixture, padded},
    Workload{"padded-direct", "the same with direct transfers", mixture, padded_direct},
    Workload{"copy-on-write", "segments that are not filled ahead", mixture,
             [](DiskOptions& disk, journal::Options& options) {
               disk.copy_on_write = true;
               options.idle_mark = 5 * milliseconds;
             }},
    Workload{"buffered-only", "a file system without direct files", mixture,
             [](DiskOptions& disk, journal::Options& options) {
               disk.direct_alignment = 1;
               options.idle_mark = 5 * milliseconds;
             }},
    Workload{"start-seq", "a journal that begins at a later seq", reopen,
             [](DiskOptions&, journal::Options& options) { options.recorded.start_seq = 1000; }},
};

constexpr Workload lying{"lying", "a disk whose sync does nothing", append,
                         [](DiskOptions& disk, journal::Options&) { disk.lying_sync = true; },
                         false};

}  // namespace

std::span<const Workload> workloads() { return all; }
const Workload& lying_workload() { return lying; }

const Workload* find_workload(std::string_view name) {
  if (name == lying.name) return &lying;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Workload& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

journal::Options small_options() {
  journal::Options options;
  options.segment_bytes = journal::minimum_segment_bytes;
  options.idle_mark = never_marks;
  options.direct = journal::DirectChoice::off;  // both ways of writing are named by the workloads
  return options;
}

std::unique_ptr<Machine> make_machine(const Workload& workload, std::uint64_t seed) {
  io::SimulatedDiskOptions disk;
  disk.seed = seed;
  journal::Options options = small_options();
  if (workload.prepare != nullptr) workload.prepare(disk, options);
  auto machine = std::make_unique<Machine>(std::make_shared<io::SimulatedDisk>(disk),
                                           std::move(options), seed);
  if (workload.begins) machine->begin_writes();
  return machine;
}

}  // namespace tidemark::test
