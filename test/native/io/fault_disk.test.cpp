// The fault layer: what it counts, which call it hits, and what a call that is hit leaves.
#include "io/fault_disk.hpp"

#include "io/aligned_buffer.hpp"
#include "io/disks.hpp"

using namespace tidemark::io;
using namespace tidemark::io::test;

namespace {

struct Faulty {
  std::shared_ptr<Disk> memory = make_memory_disk();
  FaultDisk disk{memory};

  std::unique_ptr<File> file(const std::string& path = "/file") {
    return need(disk.open(path, writing(Create::if_missing)));
  }
  void inject(Call call, std::uint64_t nth, Effect effect, Lasting lasting = Lasting::once,
              Errc code = Errc::io) {
    disk.inject({call, nth, {code, effect, {}}, lasting});
  }
};

}  // namespace

TEST_CASE("the n-th call of a kind fails, and no other one") {
  Faulty on;
  auto file = on.file();
  on.inject(Call::write, 2, Effect::none, Lasting::once, Errc::no_space);
  need(file->sync());
  need(file->write_at(0, bytes_of("one")));
  const Status hit = file->write_at(3, bytes_of("two"));
  CHECK(failure(hit) == Errc::no_space);
  CHECK(hit.error().call == Call::write);
  CHECK(hit.error().path == "/file");
  need(file->write_at(3, bytes_of("three")));
  CHECK(on.disk.hits() == 1);
  CHECK(on.disk.calls(Call::write) == 3);
  CHECK(on.disk.bytes_written() == 8);
  CHECK(read_text(*on.memory, "/file") == "onethree");
}

TEST_CASE("a failure that lasts hits every later call of the kind, or every call of the disk") {
  Faulty on;
  auto file = on.file();
  on.inject(Call::sync, 2, Effect::none, Lasting::kind, Errc::quota);
  need(file->sync());
  CHECK(failure(file->sync()) == Errc::quota);
  CHECK(failure(file->sync()) == Errc::quota);
  need(file->write_at(0, bytes_of("x")));
  CHECK(on.disk.hits() == 2);

  on.inject(Call::sync, 1, Effect::whole, Lasting::disk);
  need(file->write_at(0, bytes_of("y")));
  CHECK(failure(file->sync()) == Errc::io);
  CHECK(failure(file->write_at(0, bytes_of("z"))) == Errc::io);
  CHECK(failure(on.disk.open("/other", writing(Create::if_missing))) == Errc::io);
  CHECK(failure(on.disk.list("/")) == Errc::io);
  CHECK(failure(on.memory->status("/other")) == Errc::not_found);
  on.disk.heal();
  CHECK(on.disk.hits() == 4);
  CHECK(read_text(*on.memory, "/file") == "y");
  need(file->sync());
}

TEST_CASE("a write that fails leaves nothing, a part or everything") {
  Faulty on;
  auto file = on.file();
  on.inject(Call::write, 1, Effect::none, Lasting::once, Errc::short_write);
  CHECK(failure(file->write_at(0, bytes_of("012345"))) == Errc::short_write);
  CHECK(read_text(*on.memory, "/file").empty());

  on.inject(Call::write, 1, Effect::part, Lasting::once, Errc::short_write);
  const Bytes parts[] = {bytes_of("01"), bytes_of("2345"), bytes_of("6")};
  CHECK(failure(file->write_at(0, std::span<const Bytes>(parts))) == Errc::short_write);
  CHECK(read_text(*on.memory, "/file") == "012");

  on.disk.inject({Call::write, 1, {Errc::no_space, Effect::part, 1000}, Lasting::once});
  CHECK(failure(file->write_at(0, bytes_of("abcdef"))) == Errc::no_space);
  CHECK(read_text(*on.memory, "/file") == "abcde");  // never all of it

  on.inject(Call::write, 1, Effect::whole);
  CHECK(failure(file->write_at(0, bytes_of("ABCDEF"))) == Errc::io);
  CHECK(read_text(*on.memory, "/file") == "ABCDEF");
}

TEST_CASE("a part of a direct write is whole blocks") {
  const auto memory = make_memory_disk(MemoryDiskOptions{512});
  FaultDisk disk(memory);
  OpenOptions options = writing(Create::exclusive);
  options.direct = true;
  auto file = need(disk.open("/file", options));
  AlignedBuffer buffer(512);
  REQUIRE(buffer.reserve(1536, 0));
  std::fill_n(buffer.data(), 1536, std::byte{7});
  disk.inject({Call::write, 1, {Errc::io, Effect::part, {}}, Lasting::once});
  CHECK(failure(file->write_at(0, Bytes(buffer.data(), 1536))) == Errc::io);
  CHECK(need(file->size()) == 512);
}

TEST_CASE("a read that is cut succeeds with what it got, as at the end of a file") {
  Faulty on;
  write_text(*on.memory, "/file", "0123456789");
  auto file = on.file();
  std::vector<std::byte> into(10);
  on.inject(Call::read, 1, Effect::part);
  CHECK(need(file->read_at(0, into)) == 5);
  CHECK(on.disk.hits() == 1);
  on.disk.inject({Call::read, 1, {Errc::io, Effect::part, 0}, Lasting::once});
  CHECK(need(file->read_at(0, into)) == 0);
  CHECK(on.disk.bytes_read() == 0);
  on.inject(Call::read, 1, Effect::none);
  CHECK(failure(file->read_at(0, into)) == Errc::io);
  CHECK(need(file->read_at(0, into)) == 10);
}

TEST_CASE("a call that took effect and says that it failed") {
  Faulty on;
  write_text(*on.memory, "/old", "text");
  on.inject(Call::rename, 1, Effect::whole);
  const Status renamed = on.disk.rename("/old", "/new");
  CHECK(failure(renamed) == Errc::io);
  CHECK(renamed.error().path == "/old");
  CHECK(read_text(*on.memory, "/new") == "text");

  on.inject(Call::unlink, 1, Effect::whole);
  CHECK(failure(on.disk.unlink("/new")) == Errc::io);
  CHECK(names_in(*on.memory, "/").empty());

  on.inject(Call::open, 1, Effect::whole, Lasting::once, Errc::too_many_files);
  CHECK(failure(on.disk.open("/made", writing(Create::exclusive))) == Errc::too_many_files);
  CHECK(names_in(*on.memory, "/") == std::vector<std::string>{"made"});
  CHECK(on.disk.open_handles().empty());

  on.inject(Call::make_directory, 1, Effect::whole);
  CHECK(failure(on.disk.make_directory("/directory", 0700)) == Errc::io);
  need(on.memory->list("/directory"));

  auto file = on.file("/made");
  need(file->write_at(0, bytes_of("0123")));
  on.inject(Call::truncate, 1, Effect::whole);
  CHECK(failure(file->truncate(2)) == Errc::io);
  CHECK(read_text(*on.memory, "/made") == "01");

  on.inject(Call::lock, 1, Effect::whole);
  CHECK(failure(on.disk.lock("/lock", "me", 0600)) == Errc::io);
  CHECK_FALSE(need(on.memory->locked("/lock")));  // whoever was refused does not hold it
  CHECK(need(on.memory->lock_holder("/lock")) == "me");
}

TEST_CASE("calls are hit by their place where an interceptor says so") {
  Faulty on;
  auto good = on.file("/good");
  auto bad = on.file("/bad");
  on.disk.intercept([](const DiskCall& call) -> std::optional<Fault> {
    if (call.call != Call::write || call.path != "/bad" || call.offset < 10) return std::nullopt;
    return Fault{Errc::no_space, Effect::none, {}};
  });
  need(good->write_at(10, bytes_of("x")));
  need(bad->write_at(9, bytes_of("x")));
  CHECK(failure(bad->write_at(10, bytes_of("x"))) == Errc::no_space);
  CHECK(on.disk.hits() == 1);
}

TEST_CASE("every kind of call is counted, and open handles have names") {
  Faulty on;
  {
    auto file = on.file("/b");
    auto lock = need(on.disk.lock("/a", "me", 0600));
    need(file->size());
    need(file->identity());
    CHECK(failure(file->drop_cache()) == Errc::not_supported);
    CHECK(on.disk.open_handles() == std::vector<std::string>{"/a", "/b"});
  }
  CHECK(on.disk.open_handles().empty());
  need(on.disk.make_directory("/d", 0700));
  need(on.disk.list("/d"));
  need(on.disk.status("/d"));
  need(on.disk.canonical("/d"));
  need(on.disk.sync_directory("/d"));
  need(on.disk.file_system("/d"));
  need(on.disk.probe_direct("/d"));
  CHECK_FALSE(need(on.disk.locked("/a")));
  need(on.disk.lock_holder("/a"));
  need(on.disk.rename("/b", "/c"));
  need(on.disk.unlink("/c"));
  for (const Call once :
       {Call::open, Call::size, Call::identity, Call::drop_cache, Call::make_directory, Call::list,
        Call::rename, Call::unlink, Call::sync_directory, Call::lock, Call::file_system,
        Call::probe_direct}) {
    CHECK(on.disk.calls(once) == 1);
  }
  CHECK(on.disk.calls(Call::stat) == 2);
  CHECK(on.disk.calls(Call::probe_lock) == 2);
  CHECK(on.disk.calls(Call::close) == 2);
  CHECK(on.disk.calls(Call::write) == 0);
  on.disk.forget();
  CHECK(on.disk.calls(Call::stat) == 0);
}

TEST_CASE("the trace tells every call, in order, and whose failure it was") {
  Faulty on;
  on.disk.trace(true);
  on.inject(Call::sync, 1, Effect::none);
  {
    auto file = on.file();
    need(file->write_at(7, bytes_of("abc")));
    CHECK_FALSE(file->sync());
    need(file->truncate(3));
  }
  CHECK_FALSE(on.disk.unlink("/missing"));
  need(on.disk.rename("/file", "/new"));
  const std::vector<TracedCall> trace = on.disk.take_trace();
  REQUIRE(trace.size() == 7);
  CHECK(trace[0].call.call == Call::open);
  CHECK(trace[1].call.call == Call::write);
  CHECK(trace[1].call.offset == 7);
  CHECK(trace[1].call.bytes == 3);
  CHECK(trace[2].failed == Errc::io);
  CHECK(trace[2].injected);
  CHECK(trace[3].call.offset == 3);
  CHECK(trace[4].call.call == Call::close);
  CHECK(trace[5].failed == Errc::not_found);
  CHECK_FALSE(trace[5].injected);
  CHECK(trace[6].call.path == "/file");
  CHECK(trace[6].call.to == "/new");
  CHECK(on.disk.take_trace().empty());
  on.disk.trace(false);
  need(on.disk.unlink("/new"));
  CHECK(on.disk.take_trace().empty());
}
