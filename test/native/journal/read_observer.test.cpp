// Read-only opens: beside a writer up to the watermark and no further, without one up to the last
// valid frame, and following through rotation, truncation, death and return of the writer.
#include <atomic>
#include <condition_variable>

#include "io/fault_disk.hpp"
#include "io/scheduler.hpp"
#include "journal/builder.hpp"

namespace tidemark::journal::testing {
namespace {

bool refreshed(const std::shared_ptr<Observer>& observer) {
  auto changed = observer->refresh();
  if (!changed) FAIL(changed.error().message);
  return changed.value();
}

void check_all(const Builder& journal, const std::shared_ptr<Observer>& observer) {
  const View view = observer->view();
  Reader reader(journal.host.disk);
  auto all = read_all(reader, view, range(view.first_seq, view.last_seq));
  if (!all) FAIL(all.error().message);
  CHECK(all.value().size() == view.last_seq + 1 - view.first_seq);
  for (const auto& [seq, value] : all.value()) CHECK(value == value_of(seq));
}

TEST_CASE("beside a writer only what a header proves durable is shown") {
  Builder journal;
  journal.begin();
  journal.live();
  journal.append_values(2);
  auto observer = observe(journal);
  CHECK(observer->view().last_seq == 0);
  CHECK(observer->recovery().path == OpenPath::clean);
  CHECK(!observer->recovery().read_from_device);
  journal.make_durable();
  CHECK(!refreshed(observer));
  journal.append_values(3);  // its header says that the two in front are durable
  CHECK(refreshed(observer));
  CHECK(observer->view().last_seq == 2);
  journal.mark();
  CHECK(refreshed(observer));
  CHECK(observer->view().last_seq == 5);
  CHECK(refreshed(observer) == false);
  check_all(journal, observer);
}

TEST_CASE("bytes behind the watermark are never called damage while a writer lives") {
  Builder journal;
  journal.begin();
  journal.append_values(4);
  journal.mark();
  journal.live();
  journal.fill(journal.path(1), journal.writer->end(), 999, std::byte{0xD4});
  auto observer = observe(journal);
  CHECK(observer->view().last_seq == 4);
  CHECK(!refreshed(observer));
  check_all(journal, observer);
}

TEST_CASE("a half-written frame is not there until it is whole") {
  Builder journal;
  journal.begin();
  journal.live();
  journal.append_values(1);
  journal.mark();
  auto observer = observe(journal);
  const std::uint64_t at = journal.writer->end();
  journal.append_values(5);
  // The mark that makes it durable is itself nothing before its seq is there.
  const std::uint64_t proven = journal.writer->end() + 20;
  journal.mark();
  const auto whole = journal.read(journal.path(1));
  for (std::uint64_t cut = at; cut <= proven; ++cut) {
    auto half = whole;
    std::fill(half.begin() + static_cast<std::ptrdiff_t>(cut), half.end(), std::byte{0});
    journal.write(journal.path(1), half);
    CHECK(!refreshed(observer));
  }
  journal.write(journal.path(1), whole);
  CHECK(refreshed(observer));
  CHECK(observer->view().last_seq == 6);
  check_all(journal, observer);
}

TEST_CASE("an observer follows through several rotations at once") {
  Builder journal;
  journal.begin();
  journal.live();
  auto observer = observe(journal);
  for (int i = 0; i < 5; ++i) {
    journal.append_values(3);
    journal.rotate();
  }
  journal.append_values(1);
  journal.mark();
  CHECK(refreshed(observer));
  const View view = observer->view();
  CHECK(view.last_seq == 16);
  CHECK(view.segments.size() == 6);
  CHECK(view.segments.front()->sealed());
  CHECK(!view.segments.back()->sealed());
  CHECK(observer->header().segment_id == 6);
  check_all(journal, observer);
}

TEST_CASE("the header of a successor alone shows nothing new, its seal ends the old segment") {
  Builder journal;
  journal.begin();
  journal.live();
  auto observer = observe(journal);
  journal.append_values(3);
  journal.prepare_successor();
  CHECK(!refreshed(observer));
  // A fresh look learns from the later segment's header that all in front of it is durable.
  auto fresh = observe(journal);
  CHECK(fresh->view().last_seq == 3);
  CHECK(fresh->view().segments.size() == 2);
  journal.seal_current();
  CHECK(refreshed(observer));
  CHECK(!refreshed(fresh));
  CHECK(observer->view().last_seq == 3);
  journal.adopt_successor();
  journal.append_values(2);
  journal.mark();
  CHECK(refreshed(observer));
  CHECK(refreshed(fresh));
  CHECK(observer->view().last_seq == 5);
  check_all(journal, observer);
  check_all(journal, fresh);
}

TEST_CASE("commits that were taken back are never shown") {
  Builder journal;
  journal.begin();
  journal.live();
  journal.append_values(2);
  journal.mark();
  auto observer = observe(journal);
  // A frame whose write failed half way: its header stands, its successor segment begins in front.
  const auto before = journal.read(journal.path(1));
  const format::Stream stream = journal.writer->stream();
  journal.append_values(4);
  CHECK(!refreshed(observer));
  const auto residue = journal.read(journal.path(1));
  journal.write(journal.path(1), before);
  auto file = open_segment(*journal.host.disk, journal.path(1), false);
  REQUIRE(file.ok());
  const format::SegmentHeader header = journal.writer->header();
  journal.writer =
      std::make_unique<SegmentWriter>(std::move(file).value(), journal.path(1), header, stream,
                                      std::make_shared<SharedIndex>(), UINT64_C(1) << 40U);
  journal.prepare_successor();
  journal.write(journal.path(1), residue);
  CHECK(!refreshed(observer));
  journal.write(journal.path(1), before);
  journal.seal_current();
  journal.adopt_successor();
  journal.append_values(1);
  journal.mark();
  CHECK(refreshed(observer));
  CHECK(observer->view().last_seq == 3);
  check_all(journal, observer);
}

TEST_CASE("the head moves the first seq and releases segments") {
  Builder journal;
  journal.begin();
  journal.live();
  for (int i = 0; i < 3; ++i) {
    journal.append_values(10);
    journal.rotate();
  }
  journal.mark();
  auto observer = observe(journal);
  CHECK(observer->view().first_seq == 1);
  journal.write_head(1, 5);
  CHECK(refreshed(observer));
  CHECK(observer->view().first_seq == 5);
  CHECK(observer->view().segments.size() == 4);
  journal.write_head(3, 21);
  REQUIRE(journal.host.disk->unlink(journal.path(1)).ok());
  REQUIRE(journal.host.disk->unlink(journal.path(2)).ok());
  CHECK(refreshed(observer));
  CHECK(observer->view().first_seq == 21);
  CHECK(observer->view().segments.size() == 2);
  check_all(journal, observer);
  // Everything goes, also the segment that was looked at, before the next look.
  journal.append_values(4);
  journal.rotate();
  journal.write_head(5, 35);
  REQUIRE(journal.host.disk->unlink(journal.path(3)).ok());
  REQUIRE(journal.host.disk->unlink(journal.path(4)).ok());
  CHECK(refreshed(observer));
  CHECK(observer->view().first_seq == 35);
  CHECK(observer->view().last_seq == 34);
}

TEST_CASE("a segment that a live writer releases under the look is no failure") {
  Builder journal;
  journal.begin();
  journal.live();
  journal.append_values(3);
  journal.rotate();
  journal.append_values(2);
  journal.mark();
  const std::string newest = journal.path(2);
  int hits = 0;
  for (std::uint64_t nth = 1; hits + 1 == static_cast<int>(nth); ++nth) {
    auto disk = std::make_shared<io::FaultDisk>(journal.host.disk);
    disk->intercept([&, opens = std::uint64_t{0}](
                        const io::DiskCall& call) mutable -> std::optional<io::Fault> {
      if (call.call != io::Call::open || call.path != newest || ++opens != nth) return std::nullopt;
      ++hits;
      return io::Fault{io::Errc::not_found, io::Effect::none, {}};
    });
    const io::Host host{disk, journal.host.clock, journal.host.tasks};
    auto observer = Observer::open(host, journal.directory, Options{});
    if (!observer) FAIL(observer.error().message);
    CHECK(observer.value()->view().last_seq == 5);
  }
  CHECK(hits > 1);
}

TEST_CASE("a writer that releases a segment at every look is looked at again until it is done") {
  // At the first open of a segment in a look its name is gone, at the second what links it.
  for (const int nth : {1, 2}) {
    CAPTURE(nth);
    Builder journal;
    journal.begin();
    journal.live();
    for (int segment = 0; segment < 3; ++segment) {
      journal.append_values(1);
      journal.rotate();
    }
    journal.append_values(1);
    journal.mark();
    constexpr std::uint64_t releases = 30;
    std::uint64_t first = 1;
    int opens = 0;
    auto disk = std::make_shared<io::FaultDisk>(journal.host.disk);
    disk->intercept([&](const io::DiskCall& call) -> std::optional<io::Fault> {
      if (call.call != io::Call::open || call.path != journal.path(first)) return std::nullopt;
      if (first > releases || ++opens < nth) return std::nullopt;
      opens = 0;
      journal.rotate();
      journal.append_values(1);
      journal.mark();
      first += 1;
      journal.write_head(first, first);
      REQUIRE(journal.host.disk->unlink(journal.path(first - 1)).ok());
      return std::nullopt;
    });
    const io::Host host{disk, journal.host.clock, journal.host.tasks};
    auto observer = Observer::open(host, journal.directory, Options{});
    if (!observer) FAIL(observer.error().message);
    CHECK(first > releases);
    CHECK(observer.value()->view().first_seq == first);
    CHECK(observer.value()->view().last_seq == first + 3);
  }
}

TEST_CASE("when the writer dies everything valid is shown, and it stays shown") {
  Builder journal;
  journal.begin();
  journal.live();
  journal.append_values(2);
  journal.mark();
  journal.append_values(3);
  auto observer = observe(journal);
  CHECK(observer->view().last_seq == 2);
  journal.die();
  CHECK(refreshed(observer));
  CHECK(observer->view().last_seq == 5);
  CHECK(!refreshed(observer));
  // The next writer has not said anything yet.
  journal.live("{\"pid\":3}\n");
  CHECK(!refreshed(observer));
  CHECK(observer->view().last_seq == 5);
  journal.rotate();
  journal.append_values(1);
  journal.mark();
  CHECK(refreshed(observer));
  CHECK(observer->view().last_seq == 6);
  check_all(journal, observer);
}

TEST_CASE("a writer that came and went between two looks is noticed") {
  Builder journal;
  journal.begin();
  journal.append_values(2);
  journal.mark(true);
  auto observer = observe(journal);
  CHECK(observer->view().last_seq == 2);
  journal.live("{\"pid\":5}\n");
  journal.append_values(2);
  journal.mark(true);
  journal.die();
  CHECK(refreshed(observer));
  CHECK(observer->view().last_seq == 4);
}

TEST_CASE("records that were shown and are gone are CORRUPT, not a shorter journal") {
  Builder journal;
  journal.begin();
  journal.append_values(2);
  journal.mark(true);
  const auto shorter = journal.read(journal.path(1));
  journal.append_values(2);
  journal.mark(true);
  auto observer = observe(journal);
  CHECK(observer->view().last_seq == 4);
  journal.write(journal.path(1), shorter);
  journal.live("{\"pid\":6}\n");
  journal.die();
  auto changed = observer->refresh();
  REQUIRE(!changed.ok());
  CHECK(changed.error().code == Code::corrupt);
}

TEST_CASE("without a writer the report says what the tail is") {
  {
    Builder journal;
    journal.begin();
    journal.append_values(2);
    journal.mark(true);
    auto observer = observe(journal);
    CHECK(observer->recovery().path == OpenPath::clean);
    CHECK(observer->recovery().tail == format::TailWord::clean);
    CHECK(observer->recovery().last_seq == 2);
    CHECK(observer->recovery().segments == 1);
  }
  {
    Builder journal;
    journal.begin();
    journal.append_values(2);
    const std::uint64_t end = journal.writer->end();
    journal.append({{std::string(3000, 'x')}});
    journal.fill(journal.path(1), end + 600, 1500, std::byte{0});
    journal.write(journal.directory + "/mine.txt", bytes_of("x"));
    auto observer = observe(journal);
    CHECK(observer->view().last_seq == 2);
    CHECK(observer->recovery().path == OpenPath::recovered);
    CHECK(observer->recovery().tail == format::TailWord::torn);
    REQUIRE(observer->recovery().cut.has_value());
    CHECK(observer->recovery().cut->offset == end);
    CHECK(observer->recovery().foreign == std::vector<std::string>{"mine.txt"});
  }
}

TEST_CASE("a read-only open refuses what a writing one would refuse") {
  {
    Builder journal;
    journal.begin();
    journal.append_values(2);
    journal.mark(true);
    Options options;
    options.expect_seq = 3;
    auto observer = Observer::open(journal.host, journal.directory, options);
    REQUIRE(!observer.ok());
    CHECK(observer.error().code == Code::corrupt);
    options.expect_seq = 2;
    CHECK(Observer::open(journal.host, journal.directory, options).ok());
  }
  {
    Builder journal;
    journal.begin();
    journal.append_values(2);
    const std::uint64_t second = journal.writer->end();
    journal.mark(true);
    journal.flip(journal.path(1), second - 20);
    auto observer = Observer::open(journal.host, journal.directory, {});
    REQUIRE(!observer.ok());
    CHECK(observer.error().code == Code::corrupt);
    CHECK(observer.error().row != 0);
  }
  const io::Host host = memory_host();
  auto missing = Observer::open(host, "/nowhere", {});
  REQUIRE(!missing.ok());
  CHECK(missing.error().code == Code::io);
  REQUIRE(missing.error().cause.has_value());
  CHECK(missing.error().cause->code == io::Errc::not_found);
  REQUIRE(io::make_directories(*host.disk, "/empty", 0700).ok());
  CHECK(!Observer::open(host, "/empty", {}).ok());
  auto listed = host.disk->list("/empty");
  REQUIRE(listed.ok());
  CHECK(listed.value().empty());
}

TEST_CASE("a read-only open changes nothing") {
  Builder journal;
  journal.begin();
  journal.append_values(2);
  journal.rotate();
  journal.append_values(2);
  const auto first = journal.read(journal.path(1));
  const auto second = journal.read(journal.path(2));
  const auto before = journal.host.disk->list(journal.directory).value().size();
  auto observer = observe(journal);
  CHECK(observer->view().last_seq == 4);
  CHECK(journal.read(journal.path(1)) == first);
  CHECK(journal.read(journal.path(2)) == second);
  CHECK(journal.host.disk->list(journal.directory).value().size() == before);
}

TEST_CASE("skip reads on past a missing segment") {
  Builder journal;
  journal.begin();
  for (int i = 0; i < 2; ++i) {
    journal.append_values(5);
    journal.rotate();
  }
  journal.append_values(5);
  journal.mark(true);
  REQUIRE(journal.host.disk->unlink(journal.path(2)).ok());
  CHECK(!Observer::open(journal.host, journal.directory, {}).ok());
  Options options;
  options.skip_corruption = true;
  auto observer = observe(journal, options);
  CHECK(!observer->recovery().skipped.empty());
  Reader reader(journal.host.disk);
  ReadRequest request = range(1, 15);
  request.skip_corruption = true;
  std::vector<SkippedRange> skipped;
  auto all = read_all(reader, observer->view(), request, &skipped);
  REQUIRE(all.ok());
  CHECK(all.value().size() == 10);
  CHECK(all.value().back() == std::pair(std::uint64_t{15}, value_of(15)));
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].from_seq == 6);
  CHECK(skipped[0].to_seq == 10);
}

TEST_CASE("a watch calls back when a view changed, and never after its end") {
  Builder journal;
  journal.begin();
  journal.live();
  auto observer = observe(journal);
  std::mutex mutex;
  std::condition_variable called;
  std::uint64_t seen = 0;
  auto token = Watch::start(journal.host, observer, [&](const Status& status) {
    const std::lock_guard guard(mutex);
    if (status) seen = observer->view().last_seq;
    called.notify_all();
  });
  journal.append_values(3);
  journal.mark();
  {
    std::unique_lock lock(mutex);
    called.wait(lock, [&] { return seen == 3; });
  }
  journal.append_values(2);
  journal.rotate();
  journal.mark();
  {
    std::unique_lock lock(mutex);
    called.wait(lock, [&] { return seen == 5; });
  }
  token.reset();
  journal.append_values(1);
  journal.mark();
  CHECK(refreshed(observer));
  CHECK(seen == 5);
}

TEST_CASE("a watch tells of a change that another's refresh found first") {
  Builder journal;
  journal.begin();
  journal.live();
  const auto clock = std::make_shared<io::VirtualClock>(1);
  const auto scheduler = std::make_shared<io::Scheduler>(clock, 1);
  journal.host.clock = clock;
  journal.host.tasks = scheduler;
  auto observer = observe(journal);
  int calls = 0;
  auto token = Watch::start(journal.host, observer, [&](const Status& status) {
    CHECK(status.ok());
    calls += 1;
  });
  scheduler->run_for(watch_interval);
  CHECK(calls == 0);
  journal.append_values(1);
  journal.mark();
  CHECK(refreshed(observer));  // as a read on the same handle does
  scheduler->run_for(2 * watch_interval);
  CHECK(calls == 1);  // once: it has changed once
  token.reset();
}

}  // namespace
}  // namespace tidemark::journal::testing
