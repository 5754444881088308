// What the Disk interface promises, on every implementation.
#include <limits>
#include <thread>

#include "io/aligned_buffer.hpp"
#include "io/disks.hpp"

using namespace tidemark::io;
using namespace tidemark::io::test;

#define DISKS SystemFixture, MemoryFixture, DirectMemoryFixture, FaultFixture, SimulatedFixture

TEST_CASE_TEMPLATE("what is written at an offset is read back there", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "file");
  auto file = need(on.disk->open(path, writing(Create::exclusive)));
  need(file->write_at(5, bytes_of("behind")));
  const Bytes parts[] = {bytes_of("one"), bytes_of(""), bytes_of("two")};
  need(file->write_at(11, std::span<const Bytes>(parts)));
  need(file->sync());
  CHECK(need(file->size()) == 17);
  CHECK(file->alignment() == 1);
  CHECK(read_text(*on.disk, path) == std::string(5, '\0') + "behindonetwo");
}

TEST_CASE_TEMPLATE("a write of more parts than the system takes at once is whole", Disk_, DISKS) {
  Disk_ on;
  auto file = need(on.disk->open(join(on.root(), "file"), writing(Create::exclusive)));
  std::string expected;
  std::vector<std::string> texts;
  for (int number = 0; number < 5000; ++number) texts.push_back(std::to_string(number));
  std::vector<Bytes> parts;
  for (const std::string& text : texts) {
    expected += text;
    parts.push_back(bytes_of(text));
  }
  need(file->write_at(0, parts));
  CHECK(read_text(*on.disk, join(on.root(), "file")) == expected);
}

TEST_CASE_TEMPLATE("a write of nothing changes nothing", Disk_, DISKS) {
  Disk_ on;
  auto file = need(on.disk->open(join(on.root(), "file"), writing(Create::exclusive)));
  need(file->write_at(100, std::span<const Bytes>()));
  need(file->write_at(100, Bytes()));
  CHECK(need(file->size()) == 0);
}

TEST_CASE_TEMPLATE("a read ends at the end of the file", Disk_, DISKS) {
  Disk_ on;
  auto file = need(on.disk->open(join(on.root(), "file"), writing(Create::exclusive)));
  need(file->write_at(0, bytes_of("0123456789")));
  std::vector<std::byte> into(8);
  CHECK(need(file->read_at(0, into)) == 8);
  CHECK(need(file->read_at(6, into)) == 4);
  CHECK(need(file->read_at(10, into)) == 0);
  CHECK(need(file->read_at(std::uint64_t{1} << 40, into)) == 0);
  CHECK(need(file->read_at(std::numeric_limits<std::uint64_t>::max() - 4, into)) == 0);
}

TEST_CASE_TEMPLATE("a write beyond every limit is refused", Disk_, DISKS) {
  Disk_ on;
  auto file = need(on.disk->open(join(on.root(), "file"), writing(Create::exclusive)));
  const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max() - 1;
  CHECK(failure(file->write_at(huge, bytes_of("x"))) == Errc::file_too_large);
  CHECK(failure(file->truncate(huge)) == Errc::file_too_large);
  CHECK(need(file->size()) == 0);
}

TEST_CASE_TEMPLATE("truncate cuts, and extends with zeros", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "file");
  auto file = need(on.disk->open(path, writing(Create::exclusive)));
  need(file->write_at(0, bytes_of("0123456789")));
  need(file->truncate(4));
  need(file->truncate(6));
  CHECK(read_text(*on.disk, path) == std::string("0123\0\0", 6));
}

TEST_CASE_TEMPLATE("a file that is open for reading takes no write", Disk_, DISKS) {
  Disk_ on;
  write_text(*on.disk, join(on.root(), "file"), "text");
  auto file = need(on.disk->open(join(on.root(), "file"), OpenOptions{}));
  CHECK_FALSE(file->write_at(0, bytes_of("x")));
  CHECK_FALSE(file->truncate(0));
  CHECK(read_text(*on.disk, join(on.root(), "file")) == "text");
}

TEST_CASE_TEMPLATE("create never, exclusive and if missing", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "file");
  CHECK(failure(on.disk->open(path, writing(Create::never))) == Errc::not_found);
  CHECK(names_in(*on.disk, on.root()).empty());
  need(need(on.disk->open(path, writing(Create::if_missing)))->write_at(0, bytes_of("old")));
  CHECK(failure(on.disk->open(path, writing(Create::exclusive))) == Errc::exists);
  need(on.disk->open(path, writing(Create::if_missing)));
  CHECK(read_text(*on.disk, path) == "old");
}

TEST_CASE_TEMPLATE("a directory is never opened as a file", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "directory");
  need(on.disk->make_directory(path, 0700));
  CHECK(failure(on.disk->open(path, OpenOptions{})) == Errc::is_directory);
  CHECK(failure(on.disk->open(path, writing(Create::never))) == Errc::is_directory);
  CHECK(failure(on.disk->open(path, writing(Create::if_missing))) == Errc::is_directory);
  CHECK(failure(on.disk->lock(path, "x", 0600)) == Errc::is_directory);
}

TEST_CASE_TEMPLATE("paths through files, through nothing and with a NUL are refused", Disk_,
                   DISKS) {
  Disk_ on;
  write_text(*on.disk, join(on.root(), "file"), "");
  const std::string through = join(on.root(), "file/below");
  const std::string nowhere = join(on.root(), "missing/below");
  const std::string nul = join(on.root(), std::string("fi\0le", 5));
  for (const Create create : {Create::never, Create::exclusive, Create::if_missing}) {
    CHECK(failure(on.disk->open(through, writing(create))) == Errc::not_directory);
    CHECK(failure(on.disk->open(nowhere, writing(create))) == Errc::not_found);
    CHECK(failure(on.disk->open(nul, writing(create))) == Errc::invalid);
    CHECK(failure(on.disk->open("", writing(create))) == Errc::not_found);
  }
  CHECK(failure(on.disk->make_directory(through, 0700)) == Errc::not_directory);
  CHECK(failure(on.disk->make_directory(nowhere, 0700)) == Errc::not_found);
  CHECK(failure(on.disk->make_directory(nul, 0700)) == Errc::invalid);
  CHECK(failure(on.disk->list(join(on.root(), "file"))) == Errc::not_directory);
  CHECK(failure(on.disk->sync_directory(join(on.root(), "file"))) == Errc::not_directory);
  CHECK(failure(on.disk->sync_directory(nowhere)) == Errc::not_found);
  CHECK(failure(on.disk->status(nowhere)) == Errc::not_found);
  CHECK(names_in(*on.disk, on.root()) == std::vector<std::string>{"file"});
}

TEST_CASE_TEMPLATE("an error names the call and the path", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "missing");
  const auto opened = on.disk->open(path, OpenOptions{});
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().call == Call::open);
  CHECK(opened.error().path == path);
  CHECK(opened.error().message().find("open " + path + ": ENOENT") == 0);
}

TEST_CASE_TEMPLATE("list names files and directories without . and ..", Disk_, DISKS) {
  Disk_ on;
  CHECK(need(on.disk->list(on.root())).empty());
  need(on.disk->make_directory(join(on.root(), "directory"), 0700));
  write_text(*on.disk, join(on.root(), "file"), "");
  std::vector<Entry> entries = need(on.disk->list(on.root()));
  REQUIRE(entries.size() == 2);
  if (entries[0].name != "directory") std::swap(entries[0], entries[1]);
  CHECK(entries[0].name == "directory");
  CHECK(entries[0].kind == EntryKind::directory);
  CHECK(entries[1].name == "file");
  CHECK(entries[1].kind == EntryKind::file);
}

TEST_CASE_TEMPLATE("status tells kind, size and identity", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "file");
  write_text(*on.disk, path, std::string(10000, 'x'));
  const FileStatus status = need(on.disk->status(path));
  CHECK(status.kind == EntryKind::file);
  CHECK(status.size == 10000);
  auto file = need(on.disk->open(path, OpenOptions{}));
  CHECK(need(file->identity()) == status.identity);
  CHECK(need(on.disk->status(on.root())).kind == EntryKind::directory);
}

TEST_CASE_TEMPLATE("identity follows a file through a rename and differs between files", Disk_,
                   DISKS) {
  Disk_ on;
  const std::string one = join(on.root(), "one");
  const std::string two = join(on.root(), "two");
  write_text(*on.disk, one, "1");
  write_text(*on.disk, two, "2");
  const FileIdentity identity = need(on.disk->status(one)).identity;
  CHECK(identity != need(on.disk->status(two)).identity);
  need(on.disk->rename(one, join(on.root(), "three")));
  CHECK(need(on.disk->status(join(on.root(), "three"))).identity == identity);
}

TEST_CASE_TEMPLATE("rename replaces a file, and who has it open keeps it", Disk_, DISKS) {
  Disk_ on;
  const std::string from = join(on.root(), "from");
  const std::string to = join(on.root(), "to");
  write_text(*on.disk, from, "new");
  write_text(*on.disk, to, "old");
  auto old = need(on.disk->open(to, OpenOptions{}));
  need(on.disk->rename(from, to));
  need(on.disk->sync_directory(on.root()));
  CHECK(names_in(*on.disk, on.root()) == std::vector<std::string>{"to"});
  CHECK(read_text(*on.disk, to) == "new");
  std::vector<std::byte> into(3);
  CHECK(need(old->read_at(0, into)) == 3);
  CHECK(into[0] == std::byte{'o'});
  need(on.disk->rename(to, to));
  CHECK(read_text(*on.disk, to) == "new");
}

TEST_CASE_TEMPLATE("rename moves directories, and not into themselves or onto full ones", Disk_,
                   DISKS) {
  Disk_ on;
  const auto at = [&](const char* name) { return join(on.root(), name); };
  need(on.disk->make_directory(at("a"), 0700));
  need(on.disk->make_directory(at("b"), 0700));
  write_text(*on.disk, at("a/file"), "text");
  write_text(*on.disk, at("plain"), "");
  CHECK(failure(on.disk->rename(at("missing"), at("x"))) == Errc::not_found);
  CHECK(failure(on.disk->rename(at("a"), at("missing/x"))) == Errc::not_found);
  CHECK(failure(on.disk->rename(at("a"), at("a/below"))) == Errc::invalid);
  CHECK(failure(on.disk->rename(at("a"), at("plain"))) == Errc::not_directory);
  CHECK(failure(on.disk->rename(at("plain"), at("b"))) == Errc::is_directory);
  CHECK(failure(on.disk->rename(at("b"), at("a"))) == Errc::directory_full);
  need(on.disk->rename(at("a"), at("b")));
  CHECK(names_in(*on.disk, on.root()) == std::vector<std::string>{"b", "plain"});
  CHECK(read_text(*on.disk, at("b/file")) == "text");
}

TEST_CASE_TEMPLATE("unlink removes files only, and who has one open keeps it", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "file");
  write_text(*on.disk, path, "text");
  auto file = need(on.disk->open(path, OpenOptions{}));
  need(on.disk->unlink(path));
  CHECK(names_in(*on.disk, on.root()).empty());
  std::vector<std::byte> into(4);
  CHECK(need(file->read_at(0, into)) == 4);
  CHECK(failure(on.disk->unlink(path)) == Errc::not_found);
  need(on.disk->make_directory(path, 0700));
  CHECK(failure(on.disk->unlink(path)) == Errc::is_directory);
  CHECK(failure(on.disk->make_directory(path, 0700)) == Errc::exists);
}

TEST_CASE_TEMPLATE("canonical makes two spellings of one path equal", Disk_, DISKS) {
  Disk_ on;
  need(on.disk->make_directory(join(on.root(), "a"), 0700));
  const std::string plain = need(on.disk->canonical(join(on.root(), "a")));
  CHECK(need(on.disk->canonical(on.root() + "/./a/../a/")) == plain);
  CHECK(need(on.disk->canonical(plain)) == plain);
  CHECK(failure(on.disk->canonical(join(on.root(), "missing"))) == Errc::not_found);
}

TEST_CASE_TEMPLATE("the file system has a name and a size", Disk_, DISKS) {
  Disk_ on;
  const FileSystemInfo info = need(on.disk->file_system(on.root()));
  CHECK_FALSE(info.name.empty());
  CHECK(info.total_bytes > 0);
  CHECK(info.free_bytes <= info.total_bytes);
  CHECK(failure(on.disk->file_system(join(on.root(), "missing"))) == Errc::not_found);
}

TEST_CASE_TEMPLATE("a lock excludes every other taker until it is given back", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "lock");
  CHECK_FALSE(need(on.disk->locked(path)));
  CHECK(need(on.disk->lock_holder(path)).empty());
  CHECK(names_in(*on.disk, on.root()).empty());
  auto lock = need(on.disk->lock(path, "a rather long holder", 0600));
  CHECK(need(on.disk->locked(path)));
  CHECK(need(on.disk->lock_holder(path)) == "a rather long holder");
  CHECK(failure(on.disk->lock(path, "other", 0600)) == Errc::locked);
  CHECK(need(on.disk->lock_holder(path)) == "a rather long holder");
  lock.reset();
  CHECK_FALSE(need(on.disk->locked(path)));
  lock = need(on.disk->lock(path, "short", 0600));
  CHECK(need(on.disk->lock_holder(path)) == "short");
}

TEST_CASE_TEMPLATE("closing another open of the lock file does not drop the lock", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "lock");
  const auto lock = need(on.disk->lock(path, "holder", 0600));
  need(on.disk->open(path, writing(Create::never)));
  CHECK(need(on.disk->locked(path)));
  CHECK(failure(on.disk->lock(path, "other", 0600)) == Errc::locked);
}

TEST_CASE_TEMPLATE("of many takers at once one has the lock", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "lock");
  constexpr std::size_t takers = 8;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<Lock>> locks(takers);
    std::vector<Errc> failures(takers, Errc::io);
    std::vector<std::thread> threads;
    for (std::size_t taker = 0; taker < takers; ++taker) {
      threads.emplace_back([&, taker] {
        auto lock = on.disk->lock(path, std::to_string(taker), 0600);
        if (lock) {
          locks[taker] = std::move(lock).value();
        } else {
          failures[taker] = lock.error().code;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::size_t held = 0;
    for (std::size_t taker = 0; taker < takers; ++taker) {
      if (locks[taker]) {
        ++held;
        CHECK(need(on.disk->lock_holder(path)) == std::to_string(taker));
      } else {
        CHECK(failures[taker] == Errc::locked);
      }
    }
    CHECK(held == 1);
  }
}

TEST_CASE_TEMPLATE("direct files: refused, or held to the alignment that was probed", Disk_,
                   DISKS) {
  Disk_ on;
  const DirectSupport support = need(on.disk->probe_direct(on.root()));
  CHECK(names_in(*on.disk, on.root()).empty());
  CHECK_FALSE(support.why.empty());
  CHECK(failure(on.disk->probe_direct(join(on.root(), "missing"))) == Errc::not_found);
  OpenOptions options = writing(Create::exclusive);
  options.direct = true;
  const std::string path = join(on.root(), "file");
  if (!support.supported) {
    MESSAGE("no direct files here: " << support.why);
    CHECK(failure(on.disk->open(path, options)) == Errc::invalid);
    CHECK(names_in(*on.disk, on.root()).empty());
    return;
  }
  const std::size_t block = support.alignment;
  CHECK(block >= 512);
  CHECK((block & (block - 1)) == 0);
  auto file = need(on.disk->open(path, options));
  CHECK(file->alignment() == block);
  AlignedBuffer buffer(block);
  REQUIRE(buffer.reserve(4 * block, 0));
  const std::span<std::byte> memory(buffer.data(), 4 * block);
  for (std::size_t at = 0; at < memory.size(); ++at) memory[at] = static_cast<std::byte>(at * 7);
  const Bytes parts[] = {memory.subspan(0, block), memory.subspan(block, block)};
  need(file->write_at(block, std::span<const Bytes>(parts)));
  need(file->sync());
  CHECK(need(file->read_at(block, memory.subspan(2 * block))) == 2 * block);
  CHECK(std::equal(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(2 * block),
                   memory.begin() + static_cast<std::ptrdiff_t>(2 * block)));
  // The end of the file inside a block ends the read there.
  need(file->truncate(2 * block + 10));
  CHECK(need(file->read_at(2 * block, memory)) == 10);
  CHECK(failure(file->write_at(1, Bytes(memory.subspan(0, block)))) == Errc::invalid);
  CHECK(failure(file->write_at(0, Bytes(memory.subspan(0, block - 1)))) == Errc::invalid);
}

TEST_CASE_TEMPLATE("files with synchronous writes read back", Disk_, DISKS) {
  Disk_ on;
  OpenOptions options = writing(Create::exclusive);
  options.sync_writes = true;
  auto file = need(on.disk->open(join(on.root(), "file"), options));
  need(file->write_at(0, bytes_of("text")));
  CHECK(read_text(*on.disk, join(on.root(), "file")) == "text");
}

TEST_CASE_TEMPLATE("drop_cache keeps what was written", Disk_, DISKS) {
  Disk_ on;
  auto file = need(on.disk->open(join(on.root(), "file"), writing(Create::exclusive)));
  need(file->write_at(0, bytes_of("text")));
  need(file->sync());
  if (auto dropped = file->drop_cache(); !dropped) {
    CHECK(dropped.error().code == Errc::not_supported);
  }
  CHECK(read_text(*on.disk, join(on.root(), "file")) == "text");
}

TEST_CASE_TEMPLATE("read_file reads up to its limit and refuses more", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "file");
  write_text(*on.disk, path, "12345");
  CHECK(need(read_file(*on.disk, path, 5)).size() == 5);
  CHECK(failure(read_file(*on.disk, path, 4)) == Errc::file_too_large);
  CHECK(failure(read_file(*on.disk, join(on.root(), "missing"), 4)) == Errc::not_found);
}

TEST_CASE_TEMPLATE("make_directories makes what is missing, and again", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "a/b/../c/d/");
  need(make_directories(*on.disk, path, 0700));
  need(make_directories(*on.disk, path, 0700));
  CHECK(need(on.disk->status(join(on.root(), "a/c/d"))).kind == EntryKind::directory);
  CHECK(need(on.disk->status(join(on.root(), "a/b"))).kind == EntryKind::directory);
  need(make_directories(*on.disk, "/", 0700));
  write_text(*on.disk, join(on.root(), "file"), "");
  CHECK(failure(make_directories(*on.disk, join(on.root(), "file"), 0700)) == Errc::not_directory);
  CHECK(failure(make_directories(*on.disk, join(on.root(), "file/x"), 0700)) ==
        Errc::not_directory);
}

TEST_CASE_TEMPLATE("replace_file replaces, and leaves no temporary file", Disk_, DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "head");
  need(replace_file(*on.disk, path, bytes_of("one"), 0600, "head.tmp"));
  CHECK(read_text(*on.disk, path) == "one");
  write_text(*on.disk, join(on.root(), "head.tmp"), "left by a crash, and longer");
  need(replace_file(*on.disk, path, bytes_of("two"), 0600, "head.tmp"));
  CHECK(read_text(*on.disk, path) == "two");
  CHECK(names_in(*on.disk, on.root()) == std::vector<std::string>{"head"});
}

TEST_CASE_TEMPLATE("replace_file that cannot rename leaves the old one and no other", Disk_,
                   DISKS) {
  Disk_ on;
  const std::string path = join(on.root(), "head");
  need(on.disk->make_directory(path, 0700));
  CHECK_FALSE(replace_file(*on.disk, path, bytes_of("text"), 0600, "head.tmp"));
  CHECK(names_in(*on.disk, on.root()) == std::vector<std::string>{"head"});
  CHECK(need(on.disk->status(path)).kind == EntryKind::directory);
}

TEST_CASE_TEMPLATE("one file is read by many threads while one writes", Disk_, DISKS) {
  Disk_ on;
  auto file = need(on.disk->open(join(on.root(), "file"), writing(Create::exclusive)));
  constexpr std::uint64_t blocks = 200;
  constexpr std::size_t size = 1000;
  std::vector<std::thread> readers;
  std::vector<int> wrong(3, 0);
  for (int& count : wrong) {
    readers.emplace_back([&file, &count] {
      std::vector<std::byte> into(size);
      while (true) {
        auto end = file->size();
        if (!end || end.value() > blocks * size) ++count;
        if (!end || end.value() == blocks * size) break;
        const std::uint64_t block = end.value() / size;
        auto read = block > 0 ? file->read_at((block - 1) * size, into) : std::size_t{size};
        if (!read || read.value() != size) ++count;
      }
    });
  }
  const std::vector<std::byte> bytes(size, std::byte{7});
  for (std::uint64_t block = 0; block < blocks; ++block) {
    need(file->write_at(block * size, Bytes(bytes)));
  }
  for (std::thread& reader : readers) reader.join();
  for (const int count : wrong) CHECK(count == 0);
}

TEST_CASE("paths: join, parent, base_name") {
  CHECK(join("a", "b") == "a/b");
  CHECK(join("a/", "b") == "a/b");
  CHECK(join("/", "b") == "/b");
  CHECK(join("", "b") == "b");
  CHECK(parent("a/b") == "a");
  CHECK(parent("a//b/") == "a");
  CHECK(parent("a") == ".");
  CHECK(parent("") == ".");
  CHECK(parent("/a") == "/");
  CHECK(parent("/") == "/");
  CHECK(parent("//") == "/");
  CHECK(base_name("a/b") == "b");
  CHECK(base_name("a/b/") == "b");
  CHECK(base_name("b") == "b");
  CHECK(base_name("/") == "");
}

TEST_CASE("a disk in memory without direct files refuses them") {
  MemoryFixture on;
  OpenOptions options = writing(Create::if_missing);
  options.direct = true;
  CHECK(failure(on.disk->open("/place/file", options)) == Errc::invalid);
  CHECK(names_in(*on.disk, "/place").empty());
}

TEST_CASE("every code and call has a name") {
  for (int code = 0; code <= static_cast<int>(Errc::stale); ++code) {
    CHECK(name(static_cast<Errc>(code))[0] == 'E');
  }
  for (int call = 0; call <= static_cast<int>(Call::probe_direct); ++call) {
    CHECK(std::string(name(static_cast<Call>(call))).size() > 3);
  }
  CHECK(Error{Errc::io, Call::sync, 5, "/a/b"}.message() == "fdatasync /a/b: EIO (5)");
  CHECK(Error{Errc::short_write, Call::write, 0, ""}.message() == "pwritev: EIO (short write)");
}
