// Snapshot and salvage whose calls fail: the copy is whole, or it is no journal, or it says what it
// lacks; the source is as it was.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "format/names.hpp"
#include "journal/tools.hpp"
#include "support/aftermath.hpp"
#include "support/images.hpp"
#include "support/loop.hpp"

using namespace tidemark;
using namespace tidemark::test;
using io::Call;

namespace {

const std::string target = "/copy";

// What a run made of its copy.
struct Copied {
  std::optional<journal::CopyReport> report;
  Ledger ledger;  // of the source when it was copied
};

// The copy, or nothing where a call failed. One failure must not stand in the way of a second try.
std::optional<journal::CopyReport> copy(
    Run& run, const std::function<journal::Result<journal::CopyReport>()>& attempt) {
  auto report = attempt();
  REQUIRE((report.ok() || run.hit()));
  if (report) return report.value();
  run.expect(report.error());
  if (!run.strikes_once()) return std::nullopt;
  auto again = attempt();
  INFO((again ? std::string() : again.error().message));
  REQUIRE(again.ok());
  return again.value();
}

// Of a copy that failed there is nothing to be seen, or all of it.
void judge_failed(const Image& left, const Ledger& ledger) {
  const auto found = seen_in(left.disk->copy(), target);
  if (!found) return;
  REQUIRE_FALSE(ledger.judge_records(*found, Loss::process).has_value());
}

// One record of the second live segment has rotted.
Image rotten_journal() {
  Image image = closed_journal();
  const std::vector<std::string> segments = last_segments(image, 3);
  io::OpenOptions options;
  options.access = io::Access::read_write;
  auto file = image.disk->open(io::join(place, segments.at(1)), options);
  REQUIRE(file.ok());
  constexpr std::uint64_t inside_a_record = 30'000;
  std::byte byte{};
  REQUIRE(file.value()->read_at(inside_a_record, {&byte, 1}).ok());
  byte ^= std::byte{16};
  REQUIRE(file.value()->write_at(inside_a_record, io::Bytes(&byte, 1)).ok());
  REQUIRE(file.value()->sync().ok());
  return image;
}

// Each seq is in the copy, byte by byte, or in the report's list of what is lost.
void judge_salvaged(const Image& left, const journal::CopyReport& report) {
  const auto records = numbered_records(left.disk->cut(left.disk->all_dropped()), target);
  std::uint64_t lost = 0;
  for (std::uint64_t seq = report.first_seq; seq <= report.last_seq; ++seq) {
    CAPTURE(seq);
    const bool named = std::ranges::any_of(report.lost, [seq](const journal::SeqRange& range) {
      return range.from <= seq && seq <= range.to;
    });
    REQUIRE(records.contains(seq) != named);
    if (named) {
      ++lost;
    } else {
      REQUIRE(records.at(seq) == left.ledger.durable_text(seq));
    }
  }
  REQUIRE(lost == report.lost_records);
  REQUIRE(lost >= 1);
  REQUIRE_FALSE(report.problems.empty());
}

Files without_lock(Files files) {
  files.erase(std::string(format::lock_name));
  return files;
}

}  // namespace

TEST_CASE("a snapshot bears every failure of every call") {
  const auto copied = std::make_shared<Copied>();
  fault_loop(
      {"snapshot",
       {Call::open, Call::read, Call::write, Call::sync, Call::size, Call::make_directory,
        Call::list, Call::stat, Call::rename, Call::sync_directory, Call::lock, Call::file_system},
       closed_journal,
       [copied](Run& run) {
         auto pen = Pen::open(run);
         REQUIRE(pen);
         REQUIRE(pen->append(100));
         copied->ledger = run.ledger();
         run.arm();
         copied->report = copy(run, [&] { return pen->journal().snapshot(target); });
         run.heal();
         REQUIRE(pen->append(100));
         REQUIRE(pen->close());
       },
       [copied](Run&, const Image& left) {
         if (copied->report) {
           // It was durable when the call returned.
           judge_copy(left.disk->cut(left.disk->all_dropped()), target, copied->ledger);
         } else {
           judge_failed(left, copied->ledger);
         }
       },
       false});
}

TEST_CASE("a salvage bears every failure of every call") {
  const auto copied = std::make_shared<Copied>();
  fault_loop(
      {"salvage",
       {Call::open, Call::read, Call::write, Call::sync, Call::size, Call::make_directory,
        Call::list, Call::stat, Call::rename, Call::sync_directory, Call::lock, Call::file_system},
       rotten_journal,
       [copied](Run& run) {
         const Files before = without_lock(files_of(*run.truth()));
         run.arm();
         copied->report =
             copy(run, [&] { return journal::salvage(run.host(), place, target, {}); });
         REQUIRE(run.faults().open_handles().empty());
         REQUIRE(without_lock(files_of(*run.truth())) == before);
       },
       [copied](Run&, const Image& left) {
         if (copied->report) judge_salvaged(left, *copied->report);
       },
       true});
}
