// Opening for writing: creation, clean reopen, recovery after a kill, refusals that change nothing.
#include <doctest/doctest.h>

#include "format/names.hpp"
#include "io/threads.hpp"
#include "journal/observer.hpp"
#include "journal/tools.hpp"
#include "write_support.hpp"

using namespace tidemark;
using namespace tidemark::test;
using journal::Code;
using journal::OpenPath;

namespace {

std::string segment_file_path(std::uint64_t id) {
  return io::join(directory, format::segment_name(id));
}

// The directory's files, to see that a refusal changed none.
std::vector<std::pair<std::string, std::vector<std::byte>>> image(World& world) {
  std::vector<std::pair<std::string, std::vector<std::byte>>> files;
  for (const std::string& name : names(*world.memory)) {
    if (name != "journal.lock")
      files.emplace_back(name, contents(*world.memory, io::join(directory, name)));
  }
  return files;
}

}  // namespace

TEST_CASE("a new directory becomes a journal and its records come back") {
  World world;
  auto handle = open(world);
  CHECK(handle->journal()->recovery().path == OpenPath::created);
  CHECK(handle->journal()->first_seq() == 1);
  CHECK(handle->journal()->last_seq() == 0);
  CHECK(append(handle, "one").value() == 1);
  CHECK(append(handle, "").value() == 2);
  CHECK(append(handle, "three").value() == 3);
  CHECK(handle->journal()->durable_seq() == 3);
  CHECK(read_all(world, handle) == std::vector<std::string>{"one", "", "three"});
  CHECK(close(handle).ok());
}

TEST_CASE("a clean close is reopened clean, in the same segment and epoch") {
  World world;
  auto handle = open(world);
  const auto epoch = handle->journal()->epoch();
  REQUIRE(append(handle, "one").ok());
  CHECK(close(handle).ok());
  handle = open(world);
  CHECK(handle->journal()->recovery().path == OpenPath::clean);
  CHECK(handle->journal()->recovery().tail == format::TailWord::clean);
  CHECK(handle->journal()->epoch() == epoch);
  CHECK(append(handle, "two").value() == 2);
  CHECK(read_all(world, handle) == std::vector<std::string>{"one", "two"});
  CHECK(close(handle).ok());
  CHECK(names(*world.memory) == std::vector<std::string>{"journal.lock", format::segment_name(1)});
}

TEST_CASE("opening and closing without writing adds no byte") {
  World world;
  CHECK(close(open(world)).ok());
  const auto before = image(world);
  for (int i = 0; i < 3; ++i) CHECK(close(open(world)).ok());
  CHECK(image(world) == before);
}

TEST_CASE("after a kill everything durable is there, in a new segment with a new epoch") {
  World world;
  auto handle = open(world);
  for (int i = 1; i <= 5; ++i) REQUIRE(append(handle, "r" + std::to_string(i)).ok());
  const auto epoch = handle->journal()->epoch();
  World after = killed(world);
  auto again = open(after);
  CHECK(again->journal()->recovery().path == OpenPath::recovered);
  CHECK(again->journal()->recovery().tail == format::TailWord::clean);
  CHECK(again->journal()->epoch() != epoch);
  CHECK(again->journal()->header().segment_id == 2);
  CHECK(read_all(after, again) == std::vector<std::string>{"r1", "r2", "r3", "r4", "r5"});
  CHECK(append(again, "r6").value() == 6);
  CHECK(close(again).ok());
  again = open(after);
  CHECK(again->journal()->recovery().path == OpenPath::clean);
  CHECK(read_all(after, again).size() == 6);
}

TEST_CASE("a crash loop without records does not fill the directory") {
  World world;
  {
    auto handle = open(world);
    REQUIRE(append(handle, "one").ok());
    world = killed(world);
  }
  for (int i = 0; i < 5; ++i) {
    auto handle = open(world);
    CHECK(read_all(world, handle) == std::vector<std::string>{"one"});
    World next = killed(world);
    handle.reset();
    world = next;
  }
  std::size_t segments = 0;
  for (const auto& name : names(*world.memory)) segments += name.starts_with("segment-") ? 1 : 0;
  CHECK(segments == 2);
}

TEST_CASE("a torn tail is cut and reported at every byte of the last commit") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "first").ok());
  const std::uint64_t good = handle->journal()->segments().back().bytes;
  REQUIRE(append(handle, "the last commit").ok());
  const std::uint64_t end = handle->journal()->segments().back().bytes;
  const auto whole = contents(*world.memory, segment_file_path(1));
  std::uint64_t named = 0;
  for (std::uint64_t at = good; at < end; ++at) {
    World torn = killed(world);
    put(*torn.memory, segment_file_path(1), io::Bytes(whole).first(static_cast<std::size_t>(at)));
    auto again = open(torn);
    CHECK(read_all(torn, again) == std::vector<std::string>{"first"});
    CHECK(again->journal()->recovery().tail == format::TailWord::torn);
    REQUIRE(again->journal()->recovery().cut.has_value());
    CHECK(again->journal()->recovery().cut->offset == good);
    // Both seqs where the header is left that says them, or neither.
    const journal::Cut cut = *again->journal()->recovery().cut;
    CHECK(cut.from_seq == cut.to_seq);
    CHECK((cut.from_seq == 0 || cut.from_seq == 2));
    named += cut.from_seq == 2 ? 1 : 0;
    CHECK(append(again, "second").value() == 2);
    CHECK(close(again).ok());
    again = open(torn);
    CHECK(read_all(torn, again) == std::vector<std::string>{"first", "second"});
    CHECK(close(again).ok());
  }
  CHECK(named > 0);
  CHECK(named < end - good);
}

TEST_CASE("damage in front of the watermark is refused and nothing is modified") {
  World world;
  auto handle = open(world);
  for (int i = 0; i < 3; ++i) REQUIRE(append(handle, "record " + std::to_string(i)).ok());
  CHECK(close(handle).ok());
  const auto whole = contents(*world.memory, segment_file_path(1));
  for (const std::size_t at : {std::size_t{8192}, std::size_t{8192 + 40}, std::size_t{8192 + 50}}) {
    World damaged = killed(world);
    auto bytes = whole;
    bytes[at] ^= std::byte{0x10};
    put(*damaged.memory, segment_file_path(1), bytes);
    const auto before = image(damaged);
    const auto failure = refused(damaged);
    CHECK(failure.code == Code::corrupt);
    CHECK(failure.segment == 1U);
    CHECK(failure.offset == 8192U);
    CHECK(failure.from_seq == 1U);
    CHECK(failure.row != 0);
    CHECK(image(damaged) == before);
  }
}

TEST_CASE("a rotted first segment header is corruption, never an empty journal") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  CHECK(close(handle).ok());
  auto bytes = contents(*world.memory, segment_file_path(1));
  for (std::size_t i = 0; i < 8192; ++i) bytes[i] = std::byte{0};
  put(*world.memory, segment_file_path(1), bytes);
  CHECK(refused(world).code == Code::corrupt);
}

TEST_CASE("one bad header block does not make the journal unreadable") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  CHECK(close(handle).ok());
  for (const std::size_t copy : {std::size_t{0}, std::size_t{4096}}) {
    World damaged = killed(world);
    auto bytes = contents(*world.memory, segment_file_path(1));
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(copy), 4096, std::byte{0xAA});
    put(*damaged.memory, segment_file_path(1), bytes);
    auto again = open(damaged);
    CHECK(read_all(damaged, again) == std::vector<std::string>{"one"});
    CHECK(again->journal()->recovery().bad_header_copies.size() == 1);
  }
}

TEST_CASE("a torn creation is created anew") {
  World world;
  REQUIRE(world.memory->make_directory(directory, 0700).ok());
  put(*world.memory, segment_file_path(1), std::vector<std::byte>(65536));
  auto handle = open(world);
  CHECK(handle->journal()->recovery().path == OpenPath::created);
  CHECK(handle->journal()->header().segment_id == 2);  // an id is never used twice
  REQUIRE(append(handle, "one").ok());
  CHECK(names(*world.memory) == std::vector<std::string>{"journal.lock", format::segment_name(2)});
}

TEST_CASE("a first segment that is cut off inside its header is corruption, not a torn creation") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  CHECK(close(handle).ok());
  const auto whole = contents(*world.memory, segment_file_path(1));
  for (const std::size_t size : {1U, 8U, 511U, 512U, 4095U}) {
    World damaged = killed(world);
    put(*damaged.memory, segment_file_path(1), io::Bytes(whole).first(size));
    const auto before = image(damaged);
    const auto failure = refused(damaged);
    CHECK(failure.code == Code::corrupt);
    CHECK(failure.row == 'W');
    CHECK(image(damaged) == before);
  }
}

TEST_CASE("a missing last, middle or first segment is corruption") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  for (int i = 0; i < 40; ++i) REQUIRE(append(handle, std::string(8000, 'x')).ok());
  CHECK(close(handle).ok());
  const auto infos = handle->journal()->segments();
  REQUIRE(infos.size() >= 4);
  for (const std::uint64_t id : {infos.front().id, infos[1].id, infos.back().id}) {
    World damaged = killed(world);
    REQUIRE(damaged.memory->unlink(segment_file_path(id)).ok());
    const auto before = image(damaged);
    const auto failure = refused(damaged, options);
    CHECK(failure.code == Code::corrupt);
    CHECK(image(damaged) == before);
  }
}

TEST_CASE("swapped, duplicated and foreign segments are corruption") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  for (int i = 0; i < 30; ++i) REQUIRE(append(handle, std::string(8000, 'x')).ok());
  CHECK(close(handle).ok());
  const auto infos = handle->journal()->segments();
  REQUIRE(infos.size() >= 3);
  const auto first = contents(*world.memory, segment_file_path(infos[0].id));
  const auto second = contents(*world.memory, segment_file_path(infos[1].id));
  SUBCASE("swapped") {
    put(*world.memory, segment_file_path(infos[0].id), second);
    put(*world.memory, segment_file_path(infos[1].id), first);
  }
  SUBCASE("duplicated behind the end") {
    put(*world.memory, segment_file_path(infos.back().id + 7), second);
  }
  SUBCASE("from another journal") {
    World other;
    auto stranger = open(other);
    REQUIRE(append(stranger, "x").ok());
    CHECK(close(stranger).ok());
    put(*world.memory, segment_file_path(infos[1].id),
        contents(*other.memory, segment_file_path(1)));
  }
  SUBCASE("short") {
    put(*world.memory, segment_file_path(infos[0].id), io::Bytes(first).first(first.size() / 2));
  }
  const auto before = image(world);
  CHECK(refused(world, options).code == Code::corrupt);
  CHECK(image(world) == before);
}

TEST_CASE("files whose names are not ours are left alone and listed") {
  World world;
  auto handle = open(world);
  CHECK(close(handle).ok());
  put(*world.memory, io::join(directory, "notes.txt"), {});
  handle = open(world);
  CHECK(handle->journal()->recovery().foreign == std::vector<std::string>{"notes.txt"});
  CHECK(close(handle).ok());
  CHECK(contents(*world.memory, io::join(directory, "notes.txt")).empty());
}

TEST_CASE("a log that ends below expectSeq is corrupt, not cut") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  REQUIRE(append(handle, "two").ok());
  World after = killed(world);
  auto options = quiet_options();
  options.expect_seq = 3;
  CHECK(refused(after, options).code == Code::corrupt);
  options.expect_seq = 2;
  CHECK(read_all(after, open(after, options)).size() == 2);
  World empty;
  CHECK(refused(empty, options).code == Code::corrupt);
}

TEST_CASE("recorded facts that differ are a mismatch, absent ones are taken from the journal") {
  World world;
  auto options = quiet_options();
  options.recorded.codec_name = "json";
  options.recorded.codec_version = 1;
  options.recorded.application = "orders";
  options.recorded.start_seq = 100;
  auto handle = open(world, options);
  CHECK(append(handle, "x").value() == 100);
  auto other = quiet_options();
  other.recorded.codec_name = "msgpack";
  CHECK(refused(world, other).code == Code::mismatch);  // also when it would join
  CHECK(close(handle).ok());
  CHECK(refused(world, other).code == Code::mismatch);
  other.recorded.codec_name.reset();
  other.recorded.start_seq = 1;
  CHECK(refused(world, other).code == Code::mismatch);
  handle = open(world);
  CHECK(handle->journal()->header().codec_name == "json");
  CHECK(handle->journal()->header().application == "orders");
  CHECK(append(handle, "y").value() == 101);
}

TEST_CASE("a network file system is refused unless it is allowed") {
  struct NetworkDisk final : io::FaultDisk {
    using io::FaultDisk::FaultDisk;
    io::Result<io::FileSystemInfo> file_system(const std::string& path) override {
      auto info = io::FaultDisk::file_system(path);
      if (info) info.value().network = true;
      return info;
    }
  };
  World world;
  world.host.disk = std::make_shared<NetworkDisk>(world.memory);
  CHECK(refused(world).code == Code::unsupported);
  auto options = quiet_options();
  options.allow_network = true;
  CHECK(append(open(world, options), "x").ok());
}

TEST_CASE("a second writer on another host of the same disk is locked out with the holder's name") {
  World world;
  auto handle = open(world);
  World second;
  second.memory = world.memory;
  second.disk = std::make_shared<io::FaultDisk>(world.memory);
  second.host = io::Host{second.disk, world.host.clock, world.host.tasks};
  struct OtherTasks final : io::Tasks {
    std::shared_ptr<io::Task> start(std::string name, std::function<io::Next()> step) override {
      return io::system_host().tasks->start(std::move(name), std::move(step));
    }
    void submit(std::function<void()> job) override {
      io::system_host().tasks->submit(std::move(job));
    }
    std::unique_ptr<io::Gate> make_gate() override { return io::system_host().tasks->make_gate(); }
  };
  second.host.tasks = std::make_shared<OtherTasks>();  // as another process would have its own
  const auto failure = refused(second);
  CHECK(failure.code == Code::locked);
  CHECK(failure.holder.find("\"pid\":") != std::string::npos);
  CHECK(failure.message.find("process " + std::to_string(io::this_process().pid)) !=
        std::string::npos);
}

TEST_CASE("an unreadable segment is refused as an I/O error, not cut") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "one").ok());
  World after = killed(world);
  after.disk->intercept([reads = 0](const io::DiskCall& call) mutable -> std::optional<io::Fault> {
    if (call.call != io::Call::read || call.path.find("segment") == std::string::npos)
      return std::nullopt;
    return ++reads > 2 ? std::optional(io::Fault{}) : std::nullopt;
  });
  CHECK(refused(after).code == Code::io);
  after.disk->heal();
  CHECK(read_all(after, open(after)) == std::vector<std::string>{"one"});
}

TEST_CASE(
    "marks without any segment are a journal that lost its files, for writers and readers alike") {
  World world;
  auto handle = open(world);
  for (int i = 0; i < 3; ++i) REQUIRE(append(handle, "r").ok());
  REQUIRE(handle->journal()->open_cursor("c").ok());
  SUBCASE("a cursor") {}
  SUBCASE("a head mark too") { REQUIRE(handle->journal()->truncate_before(2).ok()); }
  CHECK(close(handle).ok());
  for (const std::string& name : names(*world.memory)) {
    if (name.starts_with("segment-")) REQUIRE(world.memory->unlink(io::join(directory, name)).ok());
  }
  const auto before = image(world);
  CHECK(refused(world).code == Code::corrupt);
  auto observed = journal::Observer::open(world.host, directory, quiet_options());
  REQUIRE_FALSE(observed.ok());
  CHECK(observed.error().code == Code::corrupt);
  auto verified = journal::verify(world.host, directory, {});
  REQUIRE(verified.ok());
  CHECK_FALSE(verified.value().problems.empty());
  CHECK(image(world) == before);
}

TEST_CASE("expectSeq for a directory that is not there creates nothing") {
  World world;
  auto options = quiet_options();
  options.expect_seq = 5;
  CHECK(refused(world, options).code == Code::corrupt);
  CHECK_FALSE(world.memory->status(directory).ok());
}

TEST_CASE("a snapshot that failed can be tried again in the same place") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  for (int i = 0; i < 30; ++i) REQUIRE(append(handle, std::string(8000, 'x')).ok());
  const journal::View view = handle->journal()->view();
  const auto sound = contents(*world.memory, segment_file_path(1));
  auto rotten = sound;
  rotten[20000] ^= std::byte{1};
  put(*world.memory, segment_file_path(1), rotten);
  CHECK_FALSE(journal::copy_view(world.host, view, directory, "/copy", {}).ok());
  CHECK(names(*world.memory, "/copy").empty());
  put(*world.memory, segment_file_path(1), sound);
  CHECK(journal::copy_view(world.host, view, directory, "/copy", {}).ok());
}

TEST_CASE("where the system starts no thread an open is refused, and makes nothing") {
  World world;
  io::ThreadTasksOptions without;
  without.start_thread = [](const std::string&, const std::function<void()>&) { return false; };
  world.host.tasks = io::make_thread_tasks(without);
  const auto opened = journal::Journal::open(world.host, directory, quiet_options(), nullptr);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == Code::io);
  CHECK(opened.error().message.find("no thread") != std::string::npos);
  CHECK_FALSE(journal::Observer::open(world.host, directory, {}).ok());
  CHECK_FALSE(world.memory->list(directory).ok());
}
