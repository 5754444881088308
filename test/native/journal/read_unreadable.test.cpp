// Blocks that the disk refuses to give: they are named as unreadable, their neighbours are read.
#include "io/fault_disk.hpp"
#include "journal/builder.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal::testing {
namespace {

struct Wounded {
  std::shared_ptr<io::FaultDisk> disk = std::make_shared<io::FaultDisk>(io::make_memory_disk({}));
  Builder journal{io::Host{disk, io::system_host().clock, io::system_host().tasks}};

  // 400 records of 1,000 bytes, each a frame of its own, in two segments.
  Wounded() {
    journal.begin();
    for (int segment = 0; segment < 2; ++segment) {
      for (int i = 0; i < 200; ++i) {
        journal.append({{std::string(1000, static_cast<char>('a' + i % 26))}});
        if (i % 50 == 49) journal.mark();
      }
      if (segment == 0) journal.rotate();
    }
    journal.mark(true);
  }

  // Reads of this file that touch [begin, end) fail.
  void damage(const std::string& path, std::uint64_t begin, std::uint64_t end) const {
    disk->intercept([=](const io::DiskCall& call) -> std::optional<io::Fault> {
      const bool touches = call.call == io::Call::read && call.path == path && call.offset < end &&
                           begin < call.offset + call.bytes;
      return touches ? std::optional(io::Fault{}) : std::nullopt;
    });
  }
};

TEST_CASE("one unreadable block costs only the records in it") {
  Wounded wounded;
  Builder& journal = wounded.journal;
  auto observer = observe(journal);
  const View view = observer->view();
  wounded.damage(journal.path(1), 40960, 45056);
  Reader reader(journal.host.disk);
  int refused = 0;
  for (std::uint64_t seq = 1; seq <= 400; ++seq) {
    auto found = reader.get(view, seq);
    if (found) {
      CHECK(found.value().lengths.size() == 1);
      continue;
    }
    ++refused;
    CHECK(found.error().code == Code::io);
    CHECK(found.error().segment == 1);
    CHECK(*found.error().from_seq <= seq);
    CHECK(*found.error().to_seq >= seq);
    REQUIRE(found.error().cause.has_value());
    CHECK(found.error().cause->code == io::Errc::io);
  }
  CHECK(refused >= 4);
  CHECK(refused <= 6);

  ReadRequest request = range(1, 400);
  request.skip_corruption = true;
  auto all = read_all(reader, view, request);
  REQUIRE(all.ok());
  CHECK(all.value().size() == 400U - static_cast<unsigned>(refused));
}

TEST_CASE("verify and salvage name unreadable blocks and go on behind them") {
  Wounded wounded;
  Builder& journal = wounded.journal;
  wounded.damage(journal.path(1), 40960, 45056);
  auto report = verify(journal.host, journal.directory, {});
  REQUIRE(report.ok());
  CHECK(!report.value().ok);
  REQUIRE(!report.value().problems.empty());
  for (const Problem& problem : report.value().problems) {
    CHECK(problem.kind == ProblemKind::unreadable);
    CHECK(problem.segment == 1);
  }
  auto copied = salvage(journal.host, journal.directory, "/out", {});
  REQUIRE(copied.ok());
  CHECK(copied.value().records + copied.value().lost_records == 400);
  CHECK(copied.value().lost_records >= 4);
  CHECK(copied.value().lost_records <= 6);
  CHECK(!copied.value().quarantined.empty());
  auto sound = verify(journal.host, "/out", {});
  REQUIRE(sound.ok());
  CHECK(sound.value().ok);
}

TEST_CASE("an unsealed segment that cannot be read is not cut but refused") {
  Wounded wounded;
  Builder& journal = wounded.journal;
  wounded.damage(journal.path(2), 40960, 45056);
  auto observer = Observer::open(journal.host, journal.directory, {});
  REQUIRE(!observer.ok());
  CHECK(observer.error().code == Code::io);
  auto report = verify(journal.host, journal.directory, {});
  REQUIRE(report.ok());
  CHECK(!report.value().ok);
  CHECK(!report.value().problems.empty());
}

}  // namespace
}  // namespace tidemark::journal::testing
