// The order of saves, the generations that stay, and who holds the lock, on a simulated disk with
// seeded threads.
#include "checkpoint/store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "io/fault_disk.hpp"
#include "io/scheduler.hpp"

using namespace tidemark;
using checkpoint::Store;

namespace {

constexpr std::uint32_t mode = 0600;
const std::string directory = "/state";
constexpr std::size_t chunk = format::checkpoint_chunk_bytes;

using SaveResult = std::optional<journal::Result<checkpoint::Saved>>;

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

checkpoint::SyncNames synced(io::Disk& disk) {
  return [&disk] { return checkpoint::sync_names(disk, directory); };
}

struct World {
  explicit World(std::uint64_t seed = 1,
                 std::shared_ptr<io::SimulatedDisk> on = std::make_shared<io::SimulatedDisk>())
      : process(std::move(on), seed),
        faults(std::make_shared<io::FaultDisk>(process.disk)),
        host(process.host(faults)) {}

  std::shared_ptr<Store> join() {
    auto store = Store::join(host, directory, mode);
    REQUIRE(store.ok());
    return std::move(store).value();
  }

  void leave(const std::shared_ptr<Store>& store) {
    bool left = false;
    store->leave([&left] { left = true; });
    process.scheduler->run_until([&left] { return left; });
  }

  static checkpoint::Saving saving(Store& store, std::uint64_t keep = 2,
                                   const char* codec = "json") {
    checkpoint::Saving saving;
    saving.ticket = store.ticket();
    saving.keep = keep;
    saving.facts.codec_name = codec;
    saving.facts.codec_version = 1;
    saving.facts.covered_seq = saving.ticket;
    return saving;
  }

  // Begins a save; the result comes when the scheduler runs.
  std::shared_ptr<SaveResult> begin(Store& store, const std::string& value,
                                    std::uint64_t keep = 2) {
    auto result = std::make_shared<SaveResult>();
    store.save(saving(store, keep), bytes_of(value), [result](auto settled) {
      REQUIRE_FALSE(result->has_value());
      *result = std::move(settled);
    });
    return result;
  }

  journal::Result<checkpoint::Saved> save(Store& store, const std::string& value,
                                          std::uint64_t keep = 2) {
    const auto result = begin(store, value, keep);
    process.scheduler->run_until([&result] { return result->has_value(); });
    return **result;
  }

  std::string newest() {
    auto reader = checkpoint::open_newest(*host.disk, directory, synced(*host.disk), 0);
    REQUIRE(reader.ok());
    REQUIRE(reader.value());
    return text_of(*reader.value());
  }

  static std::string text_of(checkpoint::FileReader& reader) {
    std::string text;
    std::vector<std::byte> part;
    while (true) {
      auto more = reader.next(part);
      REQUIRE(more.ok());
      if (!more.value()) return text;
      for (const std::byte byte : part) text.push_back(static_cast<char>(byte));
    }
  }

  std::vector<std::uint64_t> generations() {
    auto listing = checkpoint::list(*host.disk, directory);
    REQUIRE(listing.ok());
    CHECK(listing.value().temporaries.empty());
    return listing.value().generations;
  }

  io::SimulatedHost process;
  std::shared_ptr<io::FaultDisk> faults;
  io::Host host;
};

void damage(io::Disk& disk, std::uint64_t generation) {
  io::OpenOptions options;
  options.access = io::Access::read_write;
  auto file = disk.open(io::join(directory, format::checkpoint_name(generation)), options);
  REQUIRE(file.ok());
  std::array<std::byte, 1> byte{};
  REQUIRE(file.value()->read_at(format::checkpoint_header_bytes, byte).ok());
  byte[0] ^= std::byte{1};
  REQUIRE(file.value()->write_at(format::checkpoint_header_bytes, io::Bytes(byte)).ok());
}

}  // namespace

TEST_CASE("threads that open and leave stores of their own at the same time do not meet in one") {
  io::Host host = io::system_host();
  host.disk = io::make_memory_disk();
  std::array<std::thread, 3> threads;
  std::atomic<int> refused{0};
  for (std::size_t n = 0; n < threads.size(); ++n) {
    threads[n] = std::thread([&, place = directory + std::to_string(n)] {
      for (int round = 0; round < 300; ++round) {
        auto store = Store::join(host, place, mode);
        if (!store) {
          ++refused;
          return;
        }
        store.value()->leave({});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
}

TEST_CASE("a value that was saved is read back, and only the generations that are kept stay") {
  World world;
  const auto store = world.join();
  for (std::uint64_t number = 1; number <= 5; ++number) {
    const auto saved = world.save(*store, "value " + std::to_string(number), 3);
    REQUIRE(saved.ok());
    CHECK(saved.value().generation == number);
    CHECK_FALSE(saved.value().overtaken);
    CHECK(world.newest() == "value " + std::to_string(number));
  }
  CHECK(world.generations() == std::vector<std::uint64_t>{3, 4, 5});
  REQUIRE(world.save(*store, "last", 1).ok());
  CHECK(world.generations() == std::vector<std::uint64_t>{6});
  world.leave(store);
}

TEST_CASE("saves are ordered by their calls: the last wins, whatever the threads do") {
  bool some_overtaken = false;
  bool none_overtaken = false;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    World world(seed);
    const auto store = world.join();
    io::SeededRandom random(seed);
    std::vector<std::shared_ptr<SaveResult>> results;
    for (int call = 0; call < 6; ++call) {
      results.push_back(world.begin(*store, std::to_string(call)));
      for (std::uint64_t steps = random.below(3); steps > 0; --steps) {
        world.process.scheduler->run_one();
      }
    }
    world.process.scheduler->run_until([&] { return results.back()->has_value(); });
    std::uint64_t before = 0;
    std::uint64_t overtaken = 0;
    for (const auto& result : results) {
      REQUIRE(result->has_value());  // none outlives a later one
      REQUIRE((*result)->ok());
      CHECK((*result)->value().generation >= before);
      before = (*result)->value().generation;
      if ((*result)->value().overtaken) ++overtaken;
    }
    CHECK(world.newest() == "5");
    CHECK(before + overtaken == results.size());
    some_overtaken = some_overtaken || overtaken > 0;
    none_overtaken = none_overtaken || overtaken == 0;
    world.leave(store);
  }
  CHECK(some_overtaken);
  CHECK(none_overtaken);
}

TEST_CASE("a stream that is ready after a later save is overtaken, and its file is gone") {
  World world;
  const auto store = world.join();
  auto early = World::saving(*store);
  auto file = checkpoint::FileWriter::create(world.host, directory, mode);
  REQUIRE(file.ok());
  REQUIRE(file.value()->append(bytes_of("early")).ok());
  CHECK_FALSE(store->overtaken(early.ticket));
  REQUIRE(world.save(*store, "late").ok());
  CHECK(store->overtaken(early.ticket) == 1);
  REQUIRE(file.value()->flush().ok());
  REQUIRE(file.value()->sync().ok());
  SaveResult result;
  store->save(early, std::move(file).value(),
              [&result](auto settled) { result = std::move(settled); });
  world.process.scheduler->run_until([&result] { return result.has_value(); });
  REQUIRE(result->ok());
  CHECK(result->value().generation == 1);
  CHECK(result->value().overtaken);
  CHECK(world.newest() == "late");
  CHECK(world.generations() == std::vector<std::uint64_t>{1});
  world.leave(store);
}

TEST_CASE("a body of any length is cut into chunks, whatever the pieces that it came in") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 5}) {
    for (const std::size_t piece : {size_t{7777}, chunk, chunk + 1, 3 * chunk}) {
      CAPTURE(size);
      CAPTURE(piece);
      World world;
      const auto store = world.join();
      std::string text(size, ' ');
      for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 / 3 % 26);
      auto file = checkpoint::FileWriter::create(world.host, directory, mode);
      REQUIRE(file.ok());
      const auto bytes = bytes_of(text);
      for (std::size_t at = 0; at < size; at += piece) {
        REQUIRE(
            file.value()->append(io::Bytes(bytes).subspan(at, std::min(piece, size - at))).ok());
      }
      REQUIRE(file.value()->flush().ok());
      SaveResult result;
      store->save(World::saving(*store), std::move(file).value(),
                  [&result](auto settled) { result = std::move(settled); });
      world.process.scheduler->run_until([&result] { return result.has_value(); });
      REQUIRE(result->ok());
      CHECK(world.newest() == text);
      world.leave(store);
    }
  }
}

TEST_CASE("handles of one process share the store, another process is locked out until the last") {
  World world;
  const auto first = world.join();
  const auto second = world.join();
  CHECK(first == second);
  World other(2, world.process.disk->another_process());
  CHECK(Store::join(other.host, directory, mode).error().code == journal::Code::locked);
  REQUIRE(world.save(*first, "one").ok());
  world.leave(first);
  CHECK(Store::join(other.host, directory, mode).error().code == journal::Code::locked);
  REQUIRE(world.save(*second, "two").ok());
  world.leave(second);
  const auto theirs = other.join();
  CHECK(other.newest() == "two");
  CHECK(other.save(*theirs, "three").value().generation == 3);
  other.leave(theirs);
  const auto again = world.join();
  CHECK(again != first);
  CHECK(world.save(*again, "four").value().generation == 4);
  world.leave(again);
}

TEST_CASE("saves that were asked for are published before the lock is given back") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed);
    const auto store = world.join();
    const auto result = world.begin(*store, "value");
    world.leave(store);
    REQUIRE(result->has_value());
    CHECK((*result)->ok());
    CHECK(world.newest() == "value");
  }
}

TEST_CASE("who leaves does not wait for one who joins behind him") {
  World world;
  const auto first = world.join();
  const auto result = world.begin(*first, "value");
  bool left = false;
  first->leave([&left] { left = true; });
  CHECK_FALSE(left);  // the save is still to be published
  const auto second = world.join();
  CHECK(second == first);
  world.process.scheduler->run_until([&left] { return left; });
  CHECK((*result)->ok());
  CHECK(world.save(*second, "next").ok());
  world.leave(second);
}

TEST_CASE("files of dead writers are swept by the next one, other names are left alone") {
  auto disk = std::make_shared<io::SimulatedDisk>();
  std::optional<World> world(std::in_place, 1, disk);
  {
    const auto store = world->join();
    REQUIRE(world->save(*store, "saved").ok());
    auto file = checkpoint::FileWriter::create(world->host, directory, mode);
    REQUIRE(file.ok());
    REQUIRE(file.value()->append(bytes_of("half")).ok());
    disk = world->process.kill();  // with the file open
  }
  world.emplace(2, disk);
  io::OpenOptions created;
  created.access = io::Access::read_write;
  created.create = io::Create::exclusive;
  for (const char* name :
       {"notes.txt", "checkpoint-1.tide", "checkpoint-0000000000000001.tide.old"}) {
    REQUIRE(world->host.disk->open(io::join(directory, name), created).ok());
  }
  CHECK(checkpoint::list(*world->host.disk, directory).value().temporaries.size() == 1);
  const auto store = world->join();
  const auto listing = checkpoint::list(*world->host.disk, directory);
  CHECK(listing.value().temporaries.empty());
  CHECK(listing.value().foreign.size() == 3);
  CHECK(world->newest() == "saved");
  world->leave(store);
}

TEST_CASE("damaged generations do not count among those that are kept") {
  World world;
  const auto store = world.join();
  for (const char* value : {"1", "2", "3"}) REQUIRE(world.save(*store, value).ok());
  damage(*world.host.disk, 3);
  auto reader = checkpoint::FileReader::open(*world.host.disk, directory, 3);
  REQUIRE(reader.ok());
  const journal::Status status = checkpoint::read_through(*reader.value());
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == journal::Code::corrupt);
  CHECK(status.error().offset == format::checkpoint_header_bytes);
  store->note_damaged(3);
  REQUIRE(world.save(*store, "4").ok());
  CHECK(world.generations() == std::vector<std::uint64_t>{2, 3, 4});
  REQUIRE(world.save(*store, "5").ok());
  CHECK(world.generations() == std::vector<std::uint64_t>{4, 5});
  world.leave(store);
}

TEST_CASE("a newer format and another codec are not saved over") {
  World world;
  {
    const auto store = world.join();
    REQUIRE(world.save(*store, "json").ok());
    SaveResult result;
    store->save(World::saving(*store, 2, "msgpack"), bytes_of("other"),
                [&result](auto settled) { result = std::move(settled); });
    world.process.scheduler->run_until([&result] { return result.has_value(); });
    CHECK(result->error().code == journal::Code::mismatch);
    CHECK(world.generations() == std::vector<std::uint64_t>{1});
    world.leave(store);
  }
  {
    format::CheckpointHeader header;
    header.generation = 2;
    header.codec_name = "json";
    auto block = format::encode_checkpoint_header(header);
    block[8] = std::byte{9};
    std::uint32_t checksum = crc32c::extend(0, block.data(), 12);
    checksum = crc32c::extend(checksum, block.data() + 16, block.size() - 16);
    format::store<std::uint32_t>(block, 12, checksum);
    REQUIRE(io::replace_file(*world.host.disk, io::join(directory, format::checkpoint_name(2)),
                             block, mode, "temporary")
                .ok());
  }
  const auto store = world.join();
  CHECK(world.save(*store, "ours").error().code == journal::Code::version);
  CHECK(checkpoint::open_newest(*world.host.disk, directory, synced(*world.host.disk), 0)
            .error()
            .code == journal::Code::version);
  CHECK(world.generations() == std::vector<std::uint64_t>{1, 2});
  world.leave(store);
}

TEST_CASE("a failed sync of the directory ends the store, everything else fails one save") {
  using Effect = io::Effect;
  struct Kind {
    io::Call call;
    bool ends;
  };
  for (const Kind kind :
       {Kind{io::Call::open, false}, Kind{io::Call::write, false}, Kind{io::Call::sync, false},
        Kind{io::Call::rename, false}, Kind{io::Call::sync_directory, true}}) {
    for (const Effect effect : {Effect::none, Effect::part, Effect::whole}) {
      CAPTURE(io::name(kind.call));
      World world;
      const auto store = world.join();
      REQUIRE(world.save(*store, "before").ok());
      io::FaultPlan plan;
      plan.call = kind.call;
      plan.fault = {io::Errc::no_space, effect, {}};
      world.faults->inject(plan);
      const auto failed = world.save(*store, "failed");
      CHECK(world.faults->hits() == 1);
      REQUIRE_FALSE(failed.ok());
      CHECK(failed.error().code == journal::Code::no_space);
      const bool unknown = kind.call == io::Call::rename || kind.ends;
      CHECK(failed.error().outcome ==
            (unknown ? journal::WriteOutcome::unknown : journal::WriteOutcome::not_written));
      world.faults->heal();
      const auto later = world.save(*store, "later");
      if (kind.ends) {
        REQUIRE_FALSE(later.ok());
        CHECK(later.error().code == journal::Code::poisoned);
        CHECK(store->sync_names().error().code == journal::Code::poisoned);
      } else {
        REQUIRE(later.ok());
        CHECK(world.newest() == "later");
      }
      world.leave(store);
      const auto again = world.join();
      CHECK(world.save(*again, "again").ok());
      CHECK(world.newest() == "again");
      world.leave(again);
      CHECK(world.faults->open_handles().empty());
    }
  }
}

TEST_CASE("when the latest of several saves fails, the one before it is saved") {
  World world;
  const auto store = world.join();
  const auto first = world.begin(*store, "first");
  const auto second = world.begin(*store, "second");
  io::FaultPlan plan;
  plan.call = io::Call::write;
  plan.fault = {io::Errc::no_space, io::Effect::part, {}};
  world.faults->inject(plan);
  world.process.scheduler->run_until([&] { return first->has_value() && second->has_value(); });
  CHECK((*second)->error().code == journal::Code::no_space);
  REQUIRE((*first)->ok());
  CHECK(world.newest() == "first");
  world.leave(store);
}

TEST_CASE("the newest generation is missed by who knows of it") {
  World world;
  auto store = world.join();
  CHECK(store->newest_known() == 0);
  REQUIRE(world.save(*store, "old").ok());
  REQUIRE(world.save(*store, "new").ok());
  CHECK(store->newest_known() == 2);
  world.leave(store);
  store = world.join();
  CHECK(store->newest_known() == 2);
  const std::string path = io::join(directory, format::checkpoint_name(2));
  REQUIRE(world.host.disk->unlink(path).ok());
  const auto newest = [&] {
    return checkpoint::open_newest(*world.host.disk, directory, synced(*world.host.disk),
                                   store->newest_known());
  };
  CHECK(newest().error().code == journal::Code::corrupt);
  CHECK(newest().error().path == path);
  const auto open = [&](std::uint64_t generation) {
    return checkpoint::open_generation(*world.host.disk, directory, generation,
                                       store->newest_known());
  };
  CHECK(open(2).error().code == journal::Code::corrupt);
  CHECK(open(2).error().path == path);
  CHECK(open(1).ok());
  store->note_damaged(2);
  REQUIRE(world.save(*store, "newer").ok());
  CHECK(world.generations() == std::vector<std::uint64_t>{1, 3});  // keeps two that are there
  CHECK(newest().value()->header().generation == 3);
  // What is behind the newest is removed by every save: then it is not missed.
  CHECK(checkpoint::is_absent(open(2).error()));
  world.leave(store);
}

TEST_CASE("what a load has shown is there after a power cut") {
  World world;
  const auto store = world.join();
  REQUIRE(world.save(*store, "old").ok());
  bool shown = false;
  // Between the rename and the sync of the directory somebody else looks.
  world.process.disk->on_call([&](const io::CallRecord& call) {
    if (call.call != io::Call::sync_directory || shown) return;
    shown = true;
    const auto other = world.process.disk->another_process();
    auto reader = checkpoint::open_newest(*other, directory, synced(*other), 0);
    REQUIRE(reader.ok());
    CHECK(reader.value()->header().generation == 2);
    const auto found = world.process.disk->cut(world.process.disk->all_dropped());
    auto after = checkpoint::open_newest(*found, directory, synced(*found), 0);
    REQUIRE(after.ok());
    CHECK(after.value()->header().generation == 2);
  });
  REQUIRE(world.save(*store, "new").ok());
  CHECK(shown);
  world.process.disk->on_call(nullptr);
  world.leave(store);
}
