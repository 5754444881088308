// What the simulated disk promises, one rule at a time: what a sync makes durable and what it does
// not, and what may be there after a power cut.
#include "io/simulated_disk.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "io/aligned_buffer.hpp"
#include "io/disks.hpp"
#include "io/seeded_random.hpp"

using namespace tidemark::io;
using namespace tidemark::io::test;

namespace {

using Simulated = std::shared_ptr<SimulatedDisk>;

Simulated make(const SimulatedDiskOptions& options = {}) {
  return std::make_shared<SimulatedDisk>(options);
}

std::unique_ptr<File> create(const Simulated& disk, const std::string& path) {
  return need(disk->open(path, writing(Create::exclusive)));
}

// A file with this content, durable with its name.
std::unique_ptr<File> durable_file(const Simulated& disk, const std::string& path,
                                   std::string_view text) {
  auto file = create(disk, path);
  need(file->write_at(0, bytes_of(text)));
  need(file->sync());
  need(disk->sync_directory(parent(path)));
  REQUIRE(disk->pending().empty());
  return file;
}

std::string after_cut(const Simulated& disk, const Fate& fate, const std::string& path) {
  return read_text(*disk->cut(fate), path);
}

bool there_after_cut(const Simulated& disk, const Fate& fate, const std::string& path) {
  return disk->cut(fate)->status(path).ok();
}

// The fate that applies these changes, whole, and drops all others.
Fate only(std::vector<ChangeId> ids) {
  Fate fate;
  for (const ChangeId id : ids) fate.changes.push_back({id, {SectorFate::applied}});
  return fate;
}

ChangeId pending_id(const Simulated& disk, ChangeKind kind, std::size_t which = 0) {
  for (const PendingChange& change : disk->pending()) {
    if (change.kind == kind && which-- == 0) return change.id;
  }
  FAIL("no such change");
  return 0;
}

// Every different disk that a legal fate leaves.
std::set<Digest> all_digests(const Simulated& disk) {
  std::set<Digest> digests;
  REQUIRE(disk->fates() < 100'000);
  for (std::uint64_t number = 0; number < disk->fates(); ++number) {
    digests.insert(disk->cut(disk->fate(number))->digest());
  }
  return digests;
}

}  // namespace

TEST_CASE("a sync makes data and size of a file durable, and not its name") {
  const Simulated disk = make();
  auto file = create(disk, "/file");
  need(file->write_at(0, bytes_of("text")));
  CHECK(disk->pending().size() == 3);  // the entry, the size, the data
  need(file->sync());
  REQUIRE(disk->pending().size() == 1);
  CHECK(disk->pending()[0].kind == ChangeKind::create);
  CHECK_FALSE(there_after_cut(disk, disk->all_dropped(), "/file"));
  CHECK(after_cut(disk, disk->all_applied(), "/file") == "text");
}

TEST_CASE("a sync of the directory makes names durable, and not what the files hold") {
  const Simulated disk = make();
  auto file = create(disk, "/file");
  need(file->write_at(0, bytes_of("text")));
  need(disk->sync_directory("/"));
  CHECK(after_cut(disk, disk->all_dropped(), "/file").empty());
  CHECK(after_cut(disk, disk->all_applied(), "/file") == "text");
}

TEST_CASE("a sync of a directory is of that directory only") {
  const Simulated disk = make();
  need(disk->make_directory("/a", 0700));
  create(disk, "/a/file");
  need(disk->sync_directory("/a"));
  CHECK_FALSE(there_after_cut(disk, disk->all_dropped(), "/a"));
  need(disk->sync_directory("/"));
  CHECK(there_after_cut(disk, disk->all_dropped(), "/a/file"));
}

TEST_CASE("the size may be there without the data, which then is zeros, and not the other way") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", "old");
  need(file->write_at(3, bytes_of("new")));
  const ChangeId size = pending_id(disk, ChangeKind::resize);
  const ChangeId data = pending_id(disk, ChangeKind::write);
  CHECK(after_cut(disk, only({size}), "/file") == std::string("old\0\0\0", 6));
  CHECK(after_cut(disk, only({data}), "/file") == "old");
  CHECK(after_cut(disk, only({size, data}), "/file") == "oldnew");
}

TEST_CASE("a rename is both its entries or none") {
  const Simulated disk = make();
  durable_file(disk, "/from", "new");
  durable_file(disk, "/to", "old");
  need(disk->rename("/from", "/to"));
  CHECK(disk->fates() == 2);
  const Simulated before = disk->cut(disk->all_dropped());
  CHECK(read_text(*before, "/from") == "new");
  CHECK(read_text(*before, "/to") == "old");
  const Simulated after = disk->cut(disk->all_applied());
  CHECK(names_in(*after, "/") == std::vector<std::string>{"to"});
  CHECK(read_text(*after, "/to") == "new");
}

TEST_CASE("a rename between directories is durable with the sync of either") {
  for (const char* synced : {"/a", "/b"}) {
    const Simulated disk = make();
    for (const char* path : {"/a", "/b"}) need(disk->make_directory(path, 0700));
    need(disk->sync_directory("/"));
    durable_file(disk, "/a/file", "text");
    need(disk->rename("/a/file", "/b/file"));
    need(disk->sync_directory(synced));
    const Simulated after = disk->cut(disk->all_dropped());
    CHECK(names_in(*after, "/a").empty());
    CHECK(read_text(*after, "/b/file") == "text");
  }
}

TEST_CASE("a file that is renamed without a sync may be empty under its new name") {
  const Simulated disk = make();
  durable_file(disk, "/to", "old");
  auto file = create(disk, "/from");
  need(file->write_at(0, bytes_of("new")));
  need(disk->rename("/from", "/to"));
  need(disk->sync_directory("/"));
  CHECK(after_cut(disk, disk->all_dropped(), "/to").empty());
}

TEST_CASE("an unlinked file may come back, with what was durable of it") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", "old");
  need(file->write_at(0, bytes_of("new")));
  need(disk->unlink("/file"));
  CHECK(after_cut(disk, disk->all_dropped(), "/file") == "old");
  const ChangeId data = pending_id(disk, ChangeKind::write);
  CHECK(after_cut(disk, only({data}), "/file") == "new");
  CHECK_FALSE(there_after_cut(disk, disk->all_applied(), "/file"));
  need(disk->sync_directory("/"));
  CHECK(disk->pending().empty());  // nothing leads to its data any more
  need(file->write_at(0, bytes_of("x")));
  CHECK(disk->pending().empty());
}

TEST_CASE("a truncation may be undone by the cut") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", "0123456789");
  need(file->truncate(4));
  need(file->truncate(6));
  CHECK(after_cut(disk, disk->all_dropped(), "/file") == "0123456789");
  CHECK(after_cut(disk, disk->all_applied(), "/file") == std::string("0123\0\0", 6));
  CHECK(after_cut(disk, only({pending_id(disk, ChangeKind::resize)}), "/file") == "0123");
  need(file->sync());
  CHECK(after_cut(disk, disk->all_dropped(), "/file") == std::string("0123\0\0", 6));
}

TEST_CASE("changes of one name keep their order, changes of different names do not") {
  const Simulated disk = make();
  durable_file(disk, "/a", "a");
  need(disk->rename("/a", "/b"));
  create(disk, "/a");
  create(disk, "/c");
  const auto pending = disk->pending();
  REQUIRE(pending.size() == 3);
  CHECK(pending[1].after == std::vector<ChangeId>{pending[0].id});
  CHECK(pending[2].after.empty());
  CHECK(disk->fates() == 6);
  // Alone, the new /a would replace the only name of the old one.
  CHECK(after_cut(disk, only({pending[1].id}), "/a") == "a");
  CHECK(there_after_cut(disk, only({pending[2].id}), "/c"));
  // What comes first in the order of one name is durable with what comes after it.
  need(disk->sync_directory("/"));
  CHECK(read_text(*disk->cut({}), "/b") == "a");
}

TEST_CASE("pending writes persist in any combination, the later without the earlier too") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", "......");
  need(file->write_at(0, bytes_of("111")));
  need(file->write_at(2, bytes_of("222")));
  const ChangeId one = pending_id(disk, ChangeKind::write, 0);
  const ChangeId two = pending_id(disk, ChangeKind::write, 1);
  CHECK(after_cut(disk, only({}), "/file") == "......");
  CHECK(after_cut(disk, only({one}), "/file") == "111...");
  CHECK(after_cut(disk, only({two}), "/file") == "..222.");
  CHECK(after_cut(disk, only({one, two}), "/file") == "11222.");
}

TEST_CASE("a write is torn at sectors, any of them") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", std::string(2048, 'o'));
  need(file->write_at(100, bytes_of(std::string(1500, 'n'))));
  const auto pending = disk->pending();
  REQUIRE(pending.size() == 1);
  REQUIRE(pending[0].sectors == 4);
  Fate fate;
  fate.changes.push_back(
      {pending[0].id,
       {SectorFate::applied, SectorFate::dropped, SectorFate::applied, SectorFate::dropped}});
  std::string expected(2048, 'o');
  std::fill(expected.begin() + 100, expected.begin() + 512, 'n');
  std::fill(expected.begin() + 1024, expected.begin() + 1536, 'n');
  CHECK(after_cut(disk, fate, "/file") == expected);
  // Each sector is new, old or garbled.
  CHECK(disk->fates() == 81);
  CHECK(all_digests(disk).size() == 81);
}

TEST_CASE("powersafe overwrite: garbage spares what a write rewrites with the same value") {
  for (const bool powersafe : {true, false}) {
    SimulatedDiskOptions options;
    options.powersafe_overwrite = powersafe;
    const Simulated disk = make(options);
    auto file = durable_file(disk, "/file", std::string(8192, 'o'));
    // A frame that continues the last block rewrites the bytes in front of it.
    std::string bytes(512, 'o');
    std::fill(bytes.begin() + 256, bytes.end(), 'n');
    need(file->write_at(512, bytes_of(bytes)));
    Fate fate;
    fate.seed = 7;
    fate.changes.push_back({pending_id(disk, ChangeKind::write), {SectorFate::garbled}});
    const std::string found = after_cut(disk, fate, "/file");
    const auto untouched = [&](std::size_t from, std::size_t to) {
      return std::all_of(found.begin() + static_cast<std::ptrdiff_t>(from),
                         found.begin() + static_cast<std::ptrdiff_t>(to),
                         [](char c) { return c == 'o'; });
    };
    CHECK(disk->pending()[0].sectors == (powersafe ? 1 : 8));
    CHECK(untouched(0, 512) == powersafe);
    CHECK(untouched(512, 768) == powersafe);
    CHECK_FALSE(untouched(768, 1024));
    CHECK(untouched(1024, 4096) == powersafe);  // of the same block
    CHECK(untouched(4096, 8192));               // of another
    CHECK(found.substr(768, 256) != std::string(256, 'n'));
  }
}

TEST_CASE("garbage fills what was never durable, whatever was written there") {
  const Simulated disk = make();
  auto file = create(disk, "/file");
  need(disk->sync_directory("/"));
  need(file->write_at(0, bytes_of(std::string(1024, '\0'))));
  Fate fate = disk->all_applied();
  fate.changes.back().sectors = {SectorFate::garbled};
  const std::string found = after_cut(disk, fate, "/file");
  CHECK(found.size() == 1024);
  CHECK(found != std::string(1024, '\0'));
  CHECK(after_cut(disk, fate, "/file") == found);
  fate.seed += 1;
  CHECK(after_cut(disk, fate, "/file") != found);
}

TEST_CASE("a synchronous write makes its own range durable, and nothing before it") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", std::string(6000, 'o'));
  need(file->write_at(10, bytes_of("pending")));
  OpenOptions options = writing(Create::never);
  options.sync_writes = true;
  auto synchronous = need(disk->open("/file", options));
  need(synchronous->write_at(13, bytes_of("SYNC")));
  std::string expected(6000, 'o');
  expected.replace(13, 4, "SYNC");
  CHECK(after_cut(disk, disk->all_dropped(), "/file") == expected);
  // Nor does what was pending come over it later.
  expected.replace(10, 3, "pen");
  CHECK(after_cut(disk, disk->all_applied(), "/file") == expected);
  // The size it needs, and no more.
  need(file->write_at(7000, bytes_of("far")));
  need(synchronous->write_at(6000, bytes_of("SYNC")));
  CHECK(after_cut(disk, disk->all_dropped(), "/file").size() == 6004);
  // A truncation in front of it is durable too, or it would take the range away.
  need(file->truncate(5));
  need(synchronous->write_at(100, bytes_of("SYNC")));
  CHECK(after_cut(disk, disk->all_dropped(), "/file") == "ooooo" + std::string(95, '\0') + "SYNC");
}

TEST_CASE("zeros that are durable are not overwritten by what was pending in front of them") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", std::string(4096, '\0'));
  need(file->write_at(0, bytes_of(std::string(100, 'x'))));
  OpenOptions options = writing(Create::never);
  options.sync_writes = true;
  need(need(disk->open("/file", options))->write_at(50, bytes_of(std::string(50, '\0'))));
  CHECK(after_cut(disk, disk->all_applied(), "/file") ==
        std::string(50, 'x') + std::string(4046, '\0'));
}

TEST_CASE("a sync that lies makes nothing durable") {
  SimulatedDiskOptions options;
  options.lying_sync = true;
  const Simulated disk = make(options);
  auto file = create(disk, "/file");
  need(file->write_at(0, bytes_of("text")));
  need(file->sync());
  need(disk->sync_directory("/"));
  CHECK(disk->pending().size() == 3);
  CHECK_FALSE(there_after_cut(disk, disk->all_dropped(), "/file"));
  OpenOptions synchronous = writing(Create::never);
  synchronous.sync_writes = true;
  need(need(disk->open("/file", synchronous))->write_at(0, bytes_of("x")));
  CHECK(disk->pending().size() == 4);
  // After the cut it is another, honest disk.
  const Simulated after = disk->cut(disk->all_applied());
  auto again = need(after->open("/file", writing(Create::never)));
  need(again->write_at(0, bytes_of("y")));
  need(again->sync());
  CHECK(after->pending().empty());
  disk->lie(false);
  need(file->sync());
  need(disk->sync_directory("/"));
  CHECK(after_cut(disk, disk->all_dropped(), "/file") == "xext");
}

TEST_CASE("a synchronous write whose sync fails is on the way to the device, and not durable") {
  for (const bool direct : {false, true}) {
    const Simulated disk = make();
    durable_file(disk, "/file", std::string(4096, 'o'));
    OpenOptions options = writing(Create::never);
    options.direct = direct;
    options.sync_writes = true;
    auto file = need(disk->open("/file", options));
    AlignedBuffer block(4096);
    REQUIRE(block.reserve(4096, 0));
    std::memset(block.data(), 'n', 4096);
    disk->fail_next_sync();
    CHECK(failure(file->write_at(0, Bytes(block.data(), 4096))) == Errc::io);
    CHECK(after_cut(disk, disk->all_dropped(), "/file")[0] == 'o');
    need(file->write_at(0, Bytes(block.data(), 4096)));
    CHECK(after_cut(disk, disk->all_dropped(), "/file")[0] == 'n');
  }
}

TEST_CASE("a failed sync marks pages clean: a later one succeeds and proves nothing") {
  // Of two pages one reaches the device and one does not, for some seed.
  bool seen_lost = false;
  bool seen_there = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SimulatedDiskOptions options;
    options.seed = seed;
    const Simulated disk = make(options);
    auto file = durable_file(disk, "/file", std::string(4096, 'o'));
    need(file->write_at(0, bytes_of(std::string(4096, 'n'))));
    disk->fail_next_sync();
    CHECK(failure(file->sync()) == Errc::io);
    CHECK(read_text(*disk, "/file") == std::string(4096, 'n'));  // the page cache
    const bool reached = !disk->pending().empty();
    // It may be lost at the cut in any case; it may be there only where it has reached the device.
    CHECK(after_cut(disk, disk->all_dropped(), "/file")[0] == 'o');
    CHECK(after_cut(disk, disk->all_applied(), "/file")[0] == (reached ? 'n' : 'o'));
    need(file->sync());
    CHECK(after_cut(disk, disk->all_dropped(), "/file")[0] == (reached ? 'n' : 'o'));
    (reached ? seen_there : seen_lost) = true;
  }
  CHECK(seen_lost);
  CHECK(seen_there);
}

namespace {

// A file whose failed sync lost a page.
Simulated with_lost_page(std::unique_ptr<File>& file) {
  for (std::uint64_t seed = 1;; ++seed) {
    SimulatedDiskOptions options;
    options.seed = seed;
    const Simulated disk = make(options);
    file = durable_file(disk, "/file", std::string(8192, 'o'));
    need(file->write_at(0, bytes_of("new")));
    disk->fail_next_sync();
    CHECK_FALSE(file->sync());
    if (disk->pending().empty()) return disk;
  }
}

std::string read_direct(const Simulated& disk, const std::string& path) {
  OpenOptions options;
  options.direct = true;
  auto file = need(disk->open(path, options));
  AlignedBuffer buffer(file->alignment());
  REQUIRE(buffer.reserve(8192, 0));
  const std::span<std::byte> memory(buffer.data(), 8192);
  const std::size_t count = need(file->read_at(0, memory));
  return {reinterpret_cast<const char*>(memory.data()), count};
}

}  // namespace

TEST_CASE("past the page cache, and after it was dropped, reads show what the device has") {
  std::unique_ptr<File> file;
  const Simulated disk = with_lost_page(file);
  CHECK(read_text(*disk, "/file").substr(0, 3) == "new");
  CHECK(read_direct(disk, "/file").substr(0, 3) == "ooo");
  need(file->drop_cache());
  CHECK(read_text(*disk, "/file").substr(0, 3) == "ooo");
  // What is dirty is not dropped, and a direct read sees it.
  need(file->write_at(0, bytes_of("yes")));
  need(file->drop_cache());
  CHECK(read_text(*disk, "/file").substr(0, 3) == "yes");
  CHECK(read_direct(disk, "/file").substr(0, 3) == "yes");
}

TEST_CASE("a page that is written again after a failed sync is written as a whole") {
  std::unique_ptr<File> file;
  const Simulated disk = with_lost_page(file);
  need(file->write_at(1000, bytes_of("later")));
  CHECK(read_direct(disk, "/file").substr(0, 3) == "new");
  CHECK(after_cut(disk, disk->all_applied(), "/file").substr(0, 3) == "new");
  need(file->sync());
  CHECK(after_cut(disk, disk->all_dropped(), "/file").substr(0, 3) == "new");
}

TEST_CASE("another block than the lost page is written without it") {
  std::unique_ptr<File> file;
  const Simulated disk = with_lost_page(file);
  need(file->write_at(5000, bytes_of("later")));
  need(file->sync());
  const std::string found = after_cut(disk, disk->all_dropped(), "/file");
  CHECK(found.substr(0, 3) == "ooo");
  CHECK(found.substr(5000, 5) == "later");
}

TEST_CASE("what one failed sync brought to the device is synced without what the next one lost") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimulatedDiskOptions options;
    options.seed = seed;
    const Simulated disk = make(options);
    auto file = durable_file(disk, "/file", "......");
    need(file->write_at(0, bytes_of("11")));
    disk->fail_next_sync();
    CHECK_FALSE(file->sync());
    if (disk->pending().empty()) continue;
    need(file->write_at(2, bytes_of("22")));
    disk->fail_next_sync();
    CHECK_FALSE(file->sync());
    if (disk->pending().size() == 2) continue;
    CHECK(read_text(*disk, "/file") == "1122..");
    CHECK(read_direct(disk, "/file") == "11....");
    need(file->sync());
    CHECK(after_cut(disk, disk->all_dropped(), "/file") == "11....");
    return;
  }
  FAIL("no seed does it");
}

TEST_CASE("direct files obey their alignment, and a direct write is in no page that a sync loses") {
  SimulatedDiskOptions with;
  with.direct_alignment = 512;
  const Simulated disk = make(with);
  auto file = durable_file(disk, "/file", std::string(1024, 'o'));
  OpenOptions options = writing(Create::never);
  options.direct = true;
  auto direct = need(disk->open("/file", options));
  CHECK(direct->alignment() == 512);
  AlignedBuffer buffer(512);
  REQUIRE(buffer.reserve(1024, 0));
  const std::span<std::byte> memory(buffer.data(), 1024);
  std::fill(memory.begin(), memory.end(), std::byte{'n'});
  CHECK(failure(direct->write_at(1, Bytes(memory.first(512)))) == Errc::invalid);
  CHECK(failure(direct->write_at(0, Bytes(memory.first(100)))) == Errc::invalid);
  CHECK(failure(direct->write_at(0, Bytes(memory.subspan(1, 512)))) == Errc::invalid);
  CHECK(failure(direct->read_at(0, memory.subspan(1, 512))) == Errc::invalid);
  need(direct->write_at(512, Bytes(memory.first(512))));
  CHECK(read_text(*disk, "/file").substr(512) == std::string(512, 'n'));
  disk->fail_next_sync();
  CHECK_FALSE(file->sync());
  CHECK(disk->pending().size() == 1);
  with.direct_alignment = 1;
  const Simulated refusing = make(with);
  CHECK(failure(refusing->open("/file", options)) == Errc::invalid);
}

TEST_CASE("a kill ends the calls and the locks of a process, and leaves what it has written") {
  const Simulated disk = make();
  auto file = create(disk, "/file");
  need(file->write_at(0, bytes_of("text")));
  auto lock = need(disk->lock("/lock", "holder", 0600));
  const Simulated other = disk->another_process();
  auto of_other = need(other->open("/file", OpenOptions{}));
  CHECK(failure(other->lock("/lock", "other", 0600)) == Errc::locked);
  const std::size_t pending = disk->pending().size();
  const Simulated next = disk->kill();
  CHECK(failure(file->write_at(0, bytes_of("dead"))) == Errc::io);
  CHECK(failure(file->sync()) == Errc::io);
  CHECK(failure(disk->unlink("/file")) == Errc::io);
  CHECK(need(of_other->size()) == 4);
  CHECK(read_text(*next, "/file") == "text");
  CHECK(next->pending().size() == pending);
  CHECK(need(next->lock_holder("/lock")) == "holder");
  auto taken = need(next->lock("/lock", "next", 0600));
  lock.reset();  // the lock of the dead is not this one
  CHECK(need(next->locked("/lock")));
}

TEST_CASE("after a cut there are no locks, and the files have the numbers they had") {
  const Simulated disk = make();
  durable_file(disk, "/file", "text");
  auto lock = need(disk->lock("/lock", "holder", 0600));
  const FileIdentity identity = need(disk->status("/file")).identity;
  const Simulated after = disk->cut(disk->all_applied());
  CHECK(need(after->status("/file")).identity == identity);
  CHECK_FALSE(need(after->locked("/lock")));
  CHECK(need(after->lock_holder("/lock")).empty());  // nobody synced it
  const FileIdentity fresh =
      need(need(after->open("/new", writing(Create::exclusive)))->identity());
  CHECK(fresh != identity);
}

TEST_CASE("a full disk takes no more, until something is removed") {
  SimulatedDiskOptions options;
  options.capacity_bytes = 3 * 4096;
  const Simulated disk = make(options);
  auto one = create(disk, "/one");
  need(one->write_at(0, bytes_of(std::string(4097, 'x'))));
  CHECK(need(disk->file_system("/")).free_bytes == 4096);
  auto two = create(disk, "/two");
  CHECK(failure(two->write_at(0, bytes_of(std::string(4097, 'x')))) == Errc::no_space);
  CHECK(failure(two->truncate(4097)) == Errc::no_space);
  CHECK(need(two->size()) == 0);
  need(one->write_at(0, bytes_of(std::string(8192, 'y'))));  // what it has, it has
  need(disk->unlink("/one"));
  CHECK(failure(two->truncate(4097)) == Errc::no_space);  // it is open
  one.reset();
  need(two->truncate(4097));
  const Simulated after = disk->cut(disk->all_applied());
  CHECK(need(after->file_system("/")).free_bytes == 4096);
}

TEST_CASE("the hook sees each call before it is made, numbered, and the trace keeps them") {
  const Simulated disk = make();
  disk->record_calls(true);
  std::vector<CallRecord> seen;
  std::vector<std::size_t> pending;
  disk->on_call([&](const CallRecord& record) {
    seen.push_back(record);
    pending.push_back(disk->pending().size());
  });
  auto file = create(disk, "/file");
  need(file->write_at(3, bytes_of("text")));
  need(file->sync());
  need(disk->another_process()->sync_directory("/"));
  CHECK(disk->calls() == seen);
  REQUIRE(seen.size() == 4);
  CHECK(seen[0] == CallRecord{Call::open, "/file", 0, 0, 1, 1});
  CHECK(seen[1] == CallRecord{Call::write, "/file", 3, 4, 2, 1});
  CHECK(seen[2] == CallRecord{Call::sync, "/file", 0, 0, 3, 1});
  CHECK(seen[3] == CallRecord{Call::sync_directory, "/", 0, 0, 4, 2});
  CHECK(pending == std::vector<std::size_t>{0, 1, 3, 1});
  CHECK(disk->call_count() == 4);
  // A process may die at a call, which is then not made.
  disk->on_call([&](const CallRecord&) { disk->kill(); });
  CHECK(failure(file->write_at(0, bytes_of("x"))) == Errc::io);
  CHECK(read_text(*disk->cut(disk->all_applied()), "/file") == std::string("\0\0\0text", 7));
}

TEST_CASE("the digest is of what is durable: names, sizes and bytes") {
  const Simulated one = make();
  const Simulated two = make();
  durable_file(one, "/file", "text");
  durable_file(two, "/other", "");
  CHECK(one->digest() != two->digest());
  need(two->rename("/other", "/file"));
  need(two->sync_directory("/"));
  auto file = need(two->open("/file", writing(Create::never)));
  CHECK(one->digest() != two->digest());
  need(file->write_at(0, bytes_of("tex")));
  need(file->sync());
  need(file->write_at(3, bytes_of("t")));
  CHECK(one->digest() != two->digest());  // it is only written
  need(file->sync());
  CHECK(one->digest() == two->digest());
  need(one->make_directory("/d", 0700));
  need(two->make_directory("/d", 0700));
  CHECK(one->digest() == two->digest());
  need(two->sync_directory("/"));
  CHECK(one->digest() != two->digest());
  CHECK(one->cut(one->all_applied())->digest() == two->digest());
  need(file->truncate(10));
  need(file->sync());
  const Digest longer = two->digest();
  need(file->truncate(11));
  need(file->sync());
  CHECK(two->digest() != longer);
}

TEST_CASE("a copy goes its own way") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", "old");
  need(file->write_at(0, bytes_of("new")));
  need(disk->make_directory("/a", 0700));
  create(disk, "/a/b");
  const Simulated copy = disk->copy();
  need(file->write_at(0, bytes_of("xxx")));
  need(file->sync());
  need(disk->unlink("/a/b"));
  CHECK(read_text(*copy, "/file") == "new");
  CHECK(copy->pending().size() == 3);
  CHECK(after_cut(copy, copy->all_dropped(), "/file") == "old");
  CHECK(there_after_cut(copy, copy->all_applied(), "/a/b"));
  need(need(copy->open("/file", writing(Create::never)))->sync());
  CHECK(after_cut(copy, copy->all_dropped(), "/file") == "new");
  CHECK(after_cut(disk, disk->all_dropped(), "/file") == "xxx");
}

TEST_CASE("a fate that is drawn is legal, the same for the same seed, and any can be drawn") {
  const Simulated disk = make();
  auto file = durable_file(disk, "/file", std::string(1024, 'o'));
  need(file->write_at(500, bytes_of(std::string(24, 'n'))));
  need(disk->rename("/file", "/a"));
  need(disk->rename("/a", "/b"));
  need(file->truncate(700));
  const std::set<Digest> all = all_digests(disk);
  CHECK(disk->fates() == 3 * 9 * 2);
  CHECK(all.size() == 3 * 9 * 2);
  std::set<Digest> drawn;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Fate fate = disk->random_fate(seed);
    CHECK(fate == disk->random_fate(seed));
    fate.seed = 0;  // the garbage of the enumeration
    drawn.insert(disk->cut(fate)->digest());
  }
  CHECK(drawn == all);
}

TEST_CASE("too many fates are counted no further") {
  const Simulated disk = make();
  auto file = create(disk, "/file");
  CHECK(disk->fates() == 2);
  need(file->write_at(0, bytes_of(std::string(1 << 16, 'x'))));
  CHECK(disk->fates() == SimulatedDisk::saturated);
  CHECK(disk->random_fate(1).changes.size() == 3);
}

TEST_CASE("whatever is done: dropped is what was synced, applied is what is seen") {
  constexpr std::uint64_t runs = 300;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const Simulated disk = make();
    std::vector<std::unique_ptr<File>> files;
    const auto any_path = [&] {
      return std::string(random.one_in(3) ? "/d/" : "/") + static_cast<char>('a' + random.below(3));
    };
    need(disk->make_directory("/d", 0700));
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t what = random.below(8);
      if (what <= 1 || files.empty()) {
        OpenOptions options = writing(Create::if_missing);
        options.sync_writes = random.one_in(3);
        files.push_back(need(disk->open(any_path(), options)));
      } else if (what == 2) {
        static_cast<void>(disk->rename(any_path(), any_path()));
      } else if (what == 3) {
        static_cast<void>(disk->unlink(any_path()));
      } else if (what == 4) {
        need(disk->sync_directory(random.one_in(2) ? "/" : "/d"));
      } else {
        File& file = *files[static_cast<std::size_t>(random.below(files.size()))];
        if (what == 5) {
          need(file.truncate(random.below(10'000)));
        } else if (what == 6) {
          need(file.sync());
        } else {
          const std::string text(static_cast<std::size_t>(random.below(5000)),
                                 static_cast<char>('A' + random.below(26)));
          need(file.write_at(random.below(6000), bytes_of(text)));
        }
      }
    }
    const auto tree = [](Disk& of) {
      std::map<std::string, std::string> texts;
      for (const std::string directory : {"/", "/d"}) {
        for (const std::string& name : names_in(of, directory)) {
          const std::string path = join(directory, name);
          if (path != "/d") texts[path] = read_text(of, path);
        }
      }
      return texts;
    };
    const Simulated applied = disk->cut(disk->all_applied());
    CHECK(tree(*applied) == tree(*disk));
    CHECK(disk->cut(disk->all_dropped())->digest() == disk->digest());
    CHECK(disk->copy()->digest() == disk->digest());
    for (auto& file : files) need(file->sync());
    need(disk->sync_directory("/d"));
    need(disk->sync_directory("/"));
    CHECK(disk->pending().empty());
    CHECK(tree(*disk->cut({})) == tree(*applied));
    CHECK(disk->digest() == applied->digest());
  }
}

// A model of one file, byte by byte: what is durable, and what is written on top of it.
TEST_CASE("whatever is done: each byte of a cut was durable or written since") {
  constexpr std::size_t size = 2048;
  constexpr std::uint64_t runs = 200;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    SimulatedDiskOptions with;
    with.block_bytes = 1024;
    const Simulated disk = make(with);
    auto file = durable_file(disk, "/file", std::string(size, '0'));
    OpenOptions options = writing(Create::never);
    options.sync_writes = true;
    auto synchronous = need(disk->open("/file", options));
    std::vector<std::string> legal(size, "0");  // of each byte: the durable one, then the others
    for (int step = 0; step < 30; ++step) {
      const auto at = static_cast<std::size_t>(random.below(size));
      const auto length = static_cast<std::size_t>(1 + random.below(size - at));
      const char value = static_cast<char>('a' + random.below(26));
      const std::uint64_t what = random.below(10);
      const std::string text(length, value);
      if (what == 0) {
        need(file->sync());
        for (std::string& values : legal) values = values.substr(values.size() - 1);
      } else if (what <= 2) {
        need(synchronous->write_at(at, bytes_of(text)));
        for (std::size_t i = at; i < at + length; ++i) legal[i] = value;
      } else {
        need(file->write_at(at, bytes_of(text)));
        for (std::size_t i = at; i < at + length; ++i) legal[i] += value;
      }
      Fate fate = disk->random_fate(random.next());
      for (ChangeFate& change : fate.changes) {
        std::replace(change.sectors.begin(), change.sectors.end(), SectorFate::garbled,
                     SectorFate::applied);
      }
      const std::string found = after_cut(disk, fate, "/file");
      REQUIRE(found.size() == size);
      for (std::size_t i = 0; i < size; ++i) {
        if (legal[i].find(found[i]) == std::string::npos) FAIL("byte ", i, " is ", found[i]);
      }
    }
  }
}
