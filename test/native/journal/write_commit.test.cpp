// The commit path: order, batches, limits, durability levels, rejection, poison, rotation.
#include <doctest/doctest.h>

#include <thread>

#include "format/names.hpp"
#include "write_support.hpp"

using namespace tidemark;
using namespace tidemark::test;
using journal::Code;
using journal::DurabilityKind;
using journal::WriteOutcome;

namespace {

journal::Failure rejection_of(const Handle& handle, const std::string& text) {
  auto result = append(handle, text);
  REQUIRE_FALSE(result.ok());
  return result.error();
}

}  // namespace

TEST_CASE("a 17-byte record committed alone costs at most 64 bytes") {
  World world;
  auto handle = open(world);
  const std::string record(17, 'x');
  for (int i = 0; i < 2000; ++i) REQUIRE(append(handle, record).ok());
  const auto before = handle->journal()->stats().bytes_used;
  for (int i = 0; i < 2000; ++i) REQUIRE(append(handle, record).ok());
  CHECK((handle->journal()->stats().bytes_used - before) <= 64 * 2000);
  CHECK(handle->journal()->stats().commits == 4000);
}

TEST_CASE("the order of calls is the order of seqs, across many threads without a gap") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto first = open(world, options);
  constexpr int threads = 4;
  constexpr int each = 200;
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&world, t] {
      auto handle = open(world);
      std::uint64_t last = 0;
      for (int i = 0; i < each; ++i) {
        const auto seq = append(handle, std::to_string(t) + ":" + std::string(200, 'y'));
        REQUIRE(seq.ok());
        CHECK(seq.value() > last);
        last = seq.value();
      }
      CHECK(close(handle).ok());
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(first->journal()->durable_seq() == threads * each);
  CHECK(read_all(world, first).size() == threads * each);
  CHECK(first->journal()->segments().size() > 1);
  CHECK(close(first).ok());
}

TEST_CASE("a batch is one commit, whatever is left of the segment") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  REQUIRE(append(handle, std::string(30000, 'a')).ok());
  const std::vector<std::string> batch(500, std::string(300, 'b'));  // larger than a segment
  const auto first = give(handle, batch, true);
  REQUIRE(first.ok());
  REQUIRE(append(handle, "c").ok());
  CHECK(handle->journal()->durable_seq() == 502);
  World after = killed(world);
  CHECK(read_all(after, open(after, options)).size() == 502);
}

TEST_CASE("a batch that is cut at any byte is wholly absent") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "before").ok());
  const std::uint64_t from = handle->journal()->segments().back().bytes;
  REQUIRE(give(handle, {"one", "two", "three"}, true).ok());
  // A commit of its own: "after" must not ride along in the same frame.
  while (handle->journal()->durable_seq() < 4) std::this_thread::yield();
  REQUIRE(append(handle, "after").ok());
  const std::string path = io::join(directory, format::segment_name(1));
  const auto whole = contents(*world.memory, path);
  for (std::uint64_t at = from; at < from + 100; ++at) {
    World torn = killed(world);
    put(*torn.memory, path, io::Bytes(whole).first(static_cast<std::size_t>(at)));
    const auto records = read_all(torn, open(torn));
    CHECK((records.size() == 1 || records.size() == 4));
  }
}

TEST_CASE("limits: too large, busy and conflict use no seq and write nothing") {
  World world;
  auto options = quiet_options();
  options.max_record_bytes = 100;
  options.max_pending_bytes = 1000;
  auto handle = open(world, options);
  CHECK(append(handle, std::string(100, 'x')).value() == 1);
  CHECK(rejection_of(handle, std::string(101, 'x')).code == Code::too_large);
  CHECK(give(handle, std::vector<std::string>(11, std::string(100, 'x'))).error().code ==
        Code::busy);
  journal::Batch batch;
  const std::uint32_t length = 0;
  batch.lengths = {&length, 1};
  // A seq that is not there yet, and one that is no longer the last.
  for (const std::uint64_t other : {7U, 0U}) {
    batch.if_last_seq = other;
    auto conflict = handle->hand_over(batch);
    REQUIRE(!conflict.ok());
    CHECK(conflict.error().code == Code::conflict);
  }
  batch.if_last_seq = 1;
  CHECK(handle->hand_over(batch).value() == 2);
  CHECK(append(handle, "y").value() == 3);
  CHECK(close(handle).ok());
  CHECK(append(handle, "z").error().code == Code::closed);
}

TEST_CASE("an interval record is synced within its interval although nothing more comes") {
  World world;
  auto handle = open(world);
  REQUIRE(give(handle, {"x"}, false, {DurabilityKind::interval, 1'000'000}).ok());
  std::promise<void> durable;
  // A watching handle is told of every advance.
  auto watcher = journal::Journal::open(world.host, directory, quiet_options(), nullptr);
  REQUIRE(watcher.ok());
  while (handle->journal()->durable_seq() < 1) std::this_thread::yield();
  CHECK(handle->journal()->stats().syncs >= 1);
}

TEST_CASE("an os record becomes durable with the next commit and with request_sync") {
  World world;
  auto handle = open(world);
  REQUIRE(give(handle, {"x"}, false, {DurabilityKind::os, 0}).ok());
  CHECK(append(handle, "y").ok());
  CHECK(handle->journal()->durable_seq() == 2);
  REQUIRE(give(handle, {"z"}, false, {DurabilityKind::os, 0}).ok());
  handle->request_sync();
  while (handle->journal()->durable_seq() < 3) std::this_thread::yield();
  CHECK(close(handle).ok());
}

TEST_CASE(
    "a full disk rejects the commit and all behind it, and the journal goes on when space "
    "returns") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "kept").ok());
  const auto epoch = handle->journal()->epoch();
  world.disk->intercept(refuse_writes(io::Errc::no_space));
  const auto failure = rejection_of(handle, "lost");
  CHECK(failure.code == Code::no_space);
  CHECK(failure.outcome == WriteOutcome::unknown);  // no successor proves that it is not there
  CHECK(rejection_of(handle, "lost too").outcome == WriteOutcome::not_written);
  world.disk->heal();
  CHECK(append(handle, "after").value() == 2);  // the seq of the rejected one was never promised
  CHECK(handle->journal()->epoch() != epoch);
  CHECK(read_all(world, handle) == std::vector<std::string>{"kept", "after"});
  World after = killed(world);
  CHECK(read_all(after, open(after)) == std::vector<std::string>{"kept", "after"});
  CHECK_FALSE(close(handle).ok());  // an accepted record did not become durable
}

TEST_CASE(
    "a single failed write is followed by a new segment, and its record provably is not there") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "kept").ok());
  world.disk->intercept(refuse_one_write(io::Errc::no_space));
  const auto failure = rejection_of(handle, "lost");
  CHECK(failure.outcome == WriteOutcome::not_written);
  CHECK(append(handle, "after").value() == 2);
  World after = killed(world);
  CHECK(read_all(after, open(after)) == std::vector<std::string>{"kept", "after"});
}

TEST_CASE(
    "a failed sync ends the writer: everything later is poisoned and nothing is tried again") {
  World world;
  auto handle = open(world);
  REQUIRE(append(handle, "kept").ok());
  const auto syncs = std::make_shared<std::atomic<int>>(0);
  world.disk->intercept([syncs](const io::DiskCall& call) -> std::optional<io::Fault> {
    if (call.call != io::Call::sync || call.path.find("segment") == std::string::npos) {
      return std::nullopt;
    }
    ++*syncs;
    return io::Fault{};
  });
  const auto failure = rejection_of(handle, "in flight");
  CHECK(failure.code == Code::poisoned);
  CHECK(failure.outcome == WriteOutcome::unknown);
  REQUIRE(failure.cause.has_value());
  CHECK(failure.cause->code == io::Errc::io);
  world.disk->heal();
  const auto later = rejection_of(handle, "later");
  CHECK(later.code == Code::poisoned);
  CHECK(later.outcome == WriteOutcome::not_written);
  CHECK(*syncs == 1);
  CHECK(handle->journal()->durable_seq() == 1);
  CHECK(close(handle).error().code == Code::poisoned);
  handle = open(world);  // a new open decides from the device
  CHECK(read_all(world, handle).front() == "kept");
}

TEST_CASE("rotation keeps every record, and the spare of a closed journal is gone") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::string(2000, static_cast<char>('a' + i % 26)));
    CHECK(append(handle, expected.back()).ok());
  }
  const auto infos = handle->journal()->segments();
  CHECK(infos.size() > 3);
  CHECK(read_all(world, handle) == expected);
  CHECK(close(handle).ok());
  std::size_t segments = 0;
  for (const auto& name : names(*world.memory)) segments += name.starts_with("segment-") ? 1 : 0;
  CHECK(segments == infos.size());
  handle = open(world, options);
  CHECK(handle->journal()->recovery().path == journal::OpenPath::clean);
  CHECK(read_all(world, handle) == expected);
}

TEST_CASE(
    "an open after a clean close reads the unsealed segment once and a little of the sealed ones") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = 1U << 20U;
  auto handle = open(world, options);
  // Frames of many sizes, so that they straddle every window of the walk.
  for (int i = 0; i < 400; ++i) {
    REQUIRE(append(handle, std::string(static_cast<std::size_t>(37 * i), 'x')).ok());
  }
  const auto infos = handle->journal()->segments();
  REQUIRE(infos.size() > 2);
  CHECK(close(handle).ok());
  const std::string unsealed = io::join(directory, format::segment_name(infos.back().id));
  const std::uint64_t length = contents(*world.memory, unsealed).size();
  world.disk->forget();
  handle = open(world, options);
  constexpr std::uint64_t of_a_sealed_one =
      16384;  // two header copies and the seal; 65,536 are allowed
  CHECK(world.disk->bytes_read() <=
        (infos.size() - 1) * of_a_sealed_one + length + of_a_sealed_one);
}

TEST_CASE("truncation is logical, exact and durable, and is held back by cursors") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  for (int i = 0; i < 100; ++i) REQUIRE(append(handle, std::string(2000, 'x')).ok());
  auto& journal = *handle->journal();
  CHECK(journal.truncate_before(102).error().code == Code::range);
  REQUIRE(journal.open_cursor("slow").ok());
  CHECK(journal.advance_cursor("slow", 0, 40).ok());
  CHECK(journal.advance_cursor("slow", 0, 50).error().code == Code::conflict);
  CHECK(journal.advance_cursor("slow", 40, 101).error().code == Code::range);
  auto held = journal.truncate_before(90);
  REQUIRE(held.ok());
  CHECK(held.value().first_seq == 41);
  REQUIRE(held.value().held_by.size() == 1);
  CHECK(held.value().held_by[0].name == "slow");
  CHECK(held.value().released_segments > 0);
  CHECK(journal.first_seq() == 41);
  World after = killed(world);
  auto again = open(after, options);
  CHECK(again->journal()->first_seq() == 41);
  CHECK(again->journal()->cursors().size() == 1);
  CHECK(again->journal()->delete_cursor("slow").ok());
  CHECK(again->journal()->truncate_before(101).value().first_seq == 101);
  CHECK(read_all(after, again).empty());
  CHECK(append(again, "next").value() == 101);
  CHECK(close(again).ok());
  again = open(after, options);
  CHECK(read_all(after, again) == std::vector<std::string>{"next"});
}

TEST_CASE("removals that fail or come back after a truncation are debris, not damage") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  for (int i = 0; i < 60; ++i) REQUIRE(append(handle, std::string(4000, 'x')).ok());
  World before = killed(world);
  CHECK(handle->journal()->truncate_before(50).ok());
  World after = killed(world);
  // Some of the removed files come back, as a power cut may leave it.
  std::size_t returned = 0;
  for (const std::string& name : names(*before.memory)) {
    if (!name.starts_with("segment-") || returned == 2) continue;
    const std::string path = io::join(directory, name);
    if (after.memory->status(path).ok()) continue;
    put(*after.memory, path, contents(*before.memory, path));
    ++returned;
  }
  CHECK(returned == 2);
  auto again = open(after, options);
  CHECK(again->journal()->first_seq() == 50);
  CHECK(read_all(after, again).size() == 11);
}

TEST_CASE("retention releases whole segments at rotation and never the newest") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  options.retain.max_bytes = 3 * journal::minimum_segment_bytes;
  auto handle = open(world, options);
  for (int i = 0; i < 300; ++i) REQUIRE(append(handle, std::string(4000, 'x')).ok());
  // It runs beside the writer; a record and a half of a limit later it has released what it may.
  while (handle->journal()->segments().size() > 6) std::this_thread::yield();
  CHECK(handle->journal()->first_seq() > 1);
  CHECK(read_all(world, handle).size() == 300 + 1 - handle->journal()->first_seq());
  CHECK(close(handle).ok());
}

TEST_CASE("closing the last handle ends the writer, closing another one does not") {
  World world;
  auto a = open(world);
  auto b = open(world);
  CHECK(a->journal() == b->journal());
  CHECK(append(a, "from a").value() == 1);
  CHECK(close(a).ok());
  CHECK(append(b, "from b").value() == 2);
  CHECK(close(b).ok());
  CHECK(close(b).ok());  // idempotent
  auto c = open(world);
  CHECK(c->journal()->recovery().path == journal::OpenPath::clean);
  CHECK(read_all(world, c) == std::vector<std::string>{"from a", "from b"});
}

TEST_CASE(
    "an idle journal writes a mark, so that rot of its last record is damage and not a tear") {
  World world;
  auto options = quiet_options();
  options.idle_mark = 1'000'000;
  auto handle = open(world, options);
  REQUIRE(append(handle, "precious").ok());
  while (handle->journal()->stats().marks == 0) std::this_thread::yield();
  World after = killed(world);
  const std::string path = io::join(directory, format::segment_name(1));
  auto bytes = contents(*after.memory, path);
  bytes[8192 + 46] ^= std::byte{1};
  put(*after.memory, path, bytes);
  CHECK(refused(after).code == Code::corrupt);
}

TEST_CASE("a new cursor of a truncated journal begins in front of the first record that is there") {
  World world;
  auto handle = open(world);
  for (int i = 0; i < 10; ++i) REQUIRE(append(handle, "r").ok());
  REQUIRE(handle->journal()->truncate_before(4).ok());
  const auto cursor = handle->journal()->open_cursor("late");
  REQUIRE(cursor.ok());
  CHECK(cursor.value().seq == 3);
  CHECK(cursor.value().lag == 7);
  World fresh;
  CHECK(open(fresh)->journal()->open_cursor("early").value().seq == 0);
}

TEST_CASE("a snapshot that a truncation overtakes begins anew with what is left") {
  World world;
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  auto handle = open(world, options);
  for (int i = 0; i < 60; ++i) REQUIRE(append(handle, std::string(4000, 'x')).ok());
  // The truncation comes when the copy has begun: it has made its first file.
  const auto journal = handle->journal();
  const auto done = std::make_shared<std::atomic<bool>>(false);
  std::thread truncating;
  world.disk->intercept([&, done](const io::DiskCall& call) -> std::optional<io::Fault> {
    if (call.call == io::Call::write && call.path.starts_with("/copy") && !done->exchange(true)) {
      truncating = std::thread([journal] { REQUIRE(journal->truncate_before(50).ok()); });
    }
    return std::nullopt;
  });
  const auto report = journal->snapshot("/copy");
  truncating.join();
  world.disk->heal();
  REQUIRE(report.ok());
  CHECK((report.value().first_seq == 1 || report.value().first_seq == 50));
  CHECK(report.value().last_seq == 60);
  CHECK(close(handle).ok());
}

TEST_CASE("half a mark is a torn write, also where one bit is all that is missing") {
  World world;
  auto options = quiet_options();
  auto handle = open(world, options);
  REQUIRE(append(handle, "kept").ok());  // the next seq, 2, has one bit
  world.disk->intercept(refuse_writes(io::Errc::io));
  CHECK_FALSE(close(handle).ok());  // the closing mark is cut in its middle
  world.disk->heal();
  World after = killed(world);
  auto again = open(after, options);
  CHECK(read_all(after, again) == std::vector<std::string>{"kept"});
  CHECK(again->journal()->recovery().tail == format::TailWord::torn);
}
