// The read side beside the real writer: observers, readers of its own view, verify and snapshot
// while it commits, rotates and truncates.
#include <atomic>
#include <filesystem>
#include <thread>

#include "journal/builder.hpp"
#include "journal/journal.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal::testing {
namespace {

constexpr std::uint64_t total = 6000;

std::shared_ptr<Client> open_writer(const io::Host& host, const std::string& directory) {
  Options options;
  options.segment_bytes = minimum_segment_bytes;
  options.idle_mark = 1'000'000;
  auto opened = Journal::open(host, directory, options, nullptr);
  if (!opened) FAIL(opened.error().message);
  return std::move(opened).value();
}

std::uint64_t append(Client& client, std::uint64_t first, std::uint64_t count) {
  std::string payload;
  std::vector<std::uint32_t> lengths;
  for (std::uint64_t seq = first; seq < first + count; ++seq) {
    const std::string value = value_of(seq);
    payload += value;
    lengths.push_back(static_cast<std::uint32_t>(value.size()));
  }
  Batch batch;
  batch.payload = std::as_bytes(std::span(payload));
  batch.lengths = lengths;
  auto seq = client.hand_over_and_wait(batch);
  REQUIRE(seq.ok());
  return seq.value();
}

void close(Client& client) {
  client.close([](const Status&) {});
  REQUIRE(client.wait_closed(60'000'000'000));
}

// Everything that the view shows from `from` on has its value; returns the seq behind it. The
// journal may be truncated meanwhile.
std::uint64_t read_from(Reader& reader, const View& view, std::uint64_t from) {
  while (from <= view.last_seq) {
    auto batch = reader.read(view, range(std::max(from, view.first_seq), view.last_seq));
    if (!batch && batch.error().code == Code::truncated) return view.last_seq + 1;
    if (!batch) FAIL(batch.error().message);
    if (batch.value().lengths.empty()) break;
    bool right = true;
    for (std::size_t i = 0; i < batch.value().lengths.size(); ++i) {
      right = right && record(batch.value(), i) == value_of(batch.value().first_seq + i);
    }
    REQUIRE(right);
    from = batch.value().first_seq + batch.value().lengths.size();
  }
  return from;
}

void follow_beside(const io::Host& host, const std::string& directory) {
  auto client = open_writer(host, directory);
  const std::shared_ptr<Journal> journal = client->journal();
  auto observer = Observer::open(host, directory, {});
  if (!observer) FAIL(observer.error().message);
  std::thread writer([&] {
    std::uint64_t seq = 1;
    while (seq <= total) {
      const std::uint64_t count = std::min<std::uint64_t>(seq % 37 + 1, total + 1 - seq);
      append(*client, seq, count);
      seq += count;
      if (seq % 11 == 0 && seq > 2500) static_cast<void>(journal->truncate_before(seq - 2500));
    }
  });
  Reader followed(host.disk);
  Reader own(host.disk);
  std::uint64_t next_followed = 1;
  std::uint64_t next_own = 1;
  int copies = 0;
  while (next_followed <= total) {
    auto changed = observer.value()->refresh();
    if (!changed) FAIL(changed.error().message);
    const View shown = observer.value()->view();
    // Never more than what is durable.
    REQUIRE(shown.last_seq <= journal->durable_seq());
    next_followed = read_from(followed, shown, next_followed);
    next_own = read_from(own, journal->view(), next_own);
    if (shown.last_seq > total / 2 && copies == 0) {
      const std::string out = directory + "-copy";
      auto copied = copy_view(host, journal->view(), directory, out, {});
      if (copied) {
        ++copies;
        auto sound = verify(host, out, {});
        REQUIRE(sound.ok());
        CHECK(sound.value().ok);
      } else {
        CHECK(copied.error().code == Code::truncated);
        copies = -1;
      }
      auto beside = verify(host, directory, {});
      REQUIRE(beside.ok());
      for (const Problem& problem : beside.value().problems) MESSAGE(problem.detail);
      CHECK(beside.value().ok);
    }
  }
  writer.join();
  CHECK(next_own >= next_followed - 1);
  close(*client);
  client.reset();
  auto changed = observer.value()->refresh();
  if (!changed) FAIL(changed.error().message);
  CHECK(observer.value()->view().last_seq == total);
  auto report = verify(host, directory, {});
  REQUIRE(report.ok());
  for (const Problem& problem : report.value().problems) MESSAGE(problem.detail);
  CHECK(report.value().ok);
  CHECK(report.value().last_seq == total);
}

TEST_CASE("readers follow the real writer through rotations and truncations") {
  SUBCASE("in memory") { follow_beside(memory_host(), "/live"); }
  SUBCASE("on this machine's disk") {
    const auto root = std::filesystem::temp_directory_path() /
                      ("tidemark-read-live-" + std::to_string(io::this_process().pid));
    std::filesystem::remove_all(root);
    std::filesystem::create_directories(root);
    follow_beside(io::system_host(), (root / "journal").string());
    std::filesystem::remove_all(root);
  }
}

TEST_CASE("a copy opens for writing and goes on behind its last seq") {
  Builder journal;
  journal.begin();
  journal.append_values(3);
  journal.rotate();
  journal.append_values(4);
  journal.mark(true);
  SUBCASE("of a snapshot") {
    auto observer = observe(journal);
    REQUIRE(copy_view(journal.host, observer->view(), journal.directory, "/out", {}).ok());
  }
  SUBCASE("of a salvage with losses") {
    journal.flip(journal.path(1), 8192 + 20);
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().lost_records == 3);
  }
  SUBCASE("of a salvage that lost everything in the middle and at the end") {
    journal.write_cursor("worker", 7);
    journal.fill(journal.path(2), 8192, 2000, std::byte{0});
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().last_seq == 7);
    CHECK(copied.value().lost_records == 4);
  }
  auto client = open_writer(journal.host, "/out");
  CHECK(client->journal()->recovery().path == OpenPath::clean);
  CHECK(client->journal()->last_seq() == 7);
  CHECK(append(*client, 8, 3) == 8);
  close(*client);
  client.reset();
  auto report = verify(journal.host, "/out", {});
  REQUIRE(report.ok());
  CHECK(report.value().ok);
  CHECK(report.value().last_seq == 10);
  auto observer = Observer::open(journal.host, "/out", {});
  REQUIRE(observer.ok());
  Reader reader(journal.host.disk);
  CHECK(record(reader.get(observer.value()->view(), 9).value(), 0) == value_of(9));
}

}  // namespace
}  // namespace tidemark::journal::testing
