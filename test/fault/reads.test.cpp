// Readers whose calls fail: what they show is right, what they cannot read is unreadable and not
// corrupt, and they change nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "journal/observer.hpp"
#include "journal/reader.hpp"
#include "journal/tools.hpp"
#include "support/images.hpp"
#include "support/loop.hpp"

using namespace tidemark;
using namespace tidemark::test;
using io::Call;
using journal::DurabilityKind;

namespace {

// What is shown is what was made durable under these seqs; nothing is left out without a word.
void judge_batch(Run& run, const journal::RecordBatch& batch, const journal::View& view) {
  std::size_t at = 0;
  std::uint64_t seq = batch.first_seq;
  for (const std::uint32_t length : batch.lengths) {
    CAPTURE(seq);
    REQUIRE(view.first_seq <= seq);
    REQUIRE(seq <= view.last_seq);
    const std::string text(reinterpret_cast<const char*>(batch.payload.data()) + at, length);
    REQUIRE(run.ledger().durable_text(seq) == text);
    at += length;
    ++seq;
  }
}

void read_range(Run& run, journal::Reader& reader, const journal::View& view, bool skip) {
  journal::ReadRequest request;
  request.from = view.first_seq;
  request.to = view.last_seq;
  request.max_bytes = 20'000;
  request.skip_corruption = skip;
  while (request.from <= request.to) {
    auto batch = reader.read(view, request);
    if (!run.fine(batch)) return;
    judge_batch(run, batch.value(), view);
    std::uint64_t next = request.from;
    for (const journal::SkippedRange& range : batch.value().skipped) {
      REQUIRE(run.hit());
      // The extent of the damage, which may begin in front of what was asked for.
      REQUIRE(range.from_seq <= next);
      REQUIRE(range.to_seq >= next);
      next = range.to_seq + 1;
    }
    if (batch.value().lengths.empty()) {
      REQUIRE(next > request.to);
      return;
    }
    REQUIRE(batch.value().first_seq == next);
    request.from = next + batch.value().lengths.size();
  }
}

void read_backward(Run& run, journal::Reader& reader, const journal::View& view) {
  journal::ReadRequest request;
  request.from = view.first_seq;
  request.to = view.last_seq;
  request.max_records = 2;
  request.reverse = true;
  while (request.from <= request.to) {
    auto batch = reader.read(view, request);
    if (!run.fine(batch)) return;
    judge_batch(run, batch.value(), view);
    REQUIRE_FALSE(batch.value().lengths.empty());
    REQUIRE(batch.value().first_seq + batch.value().lengths.size() == request.to + 1);
    request.to = batch.value().first_seq - 1;
  }
}

void read_while_writing(Run& run) {
  auto pen = Pen::open(run);
  REQUIRE(pen);
  run.arm();
  journal::Reader reader(run.host().disk);
  for (std::uint64_t round = 0; round < 4; ++round) {
    pen->append(9'000);
    const journal::View view = pen->journal().view();
    read_range(run, reader, view, round % 2 == 1);
    read_backward(run, reader, view);
    auto one = reader.get(view, view.first_seq + round);
    if (run.fine(one)) {
      REQUIRE(one.value().lengths.size() == 1);
      judge_batch(run, one.value(), view);
    }
  }
  run.heal();
  // The same reader, which may have kept what it met.
  const std::uint64_t felt = run.felt();
  read_range(run, reader, pen->journal().view(), false);
  read_backward(run, reader, pen->journal().view());
  REQUIRE(run.felt() == felt);
  reader = journal::Reader(run.host().disk);
  end_run(run, std::move(pen));
}

// A writer in another process, whose calls do not fail. Its clock stands still while nobody waits
// in it, so that what it has written weakly stays unsynced.
class OtherWriter {
 public:
  explicit OtherWriter(Run& run) : run_(run), process_(run.truth()->another_process(), 99) {
    auto opened = journal::Journal::open(process_.host(), place, small_options(), nullptr);
    REQUIRE(opened.ok());
    handle_ = std::move(opened).value();
  }
  void append(std::size_t bytes) {
    given_.push_back(give(bytes, {}));
    for (const std::size_t number : given_) run_.ledger().promise(number, Promise::durable);
  }
  void append_weak(std::size_t bytes) {
    given_.push_back(give(bytes, {DurabilityKind::os, 0}));
    process_.scheduler->run_until_idle();
    run_.ledger().promise(given_.back(), Promise::written);
  }
  // Time enough for its idle mark.
  void rest() { process_.scheduler->run_for(journal::Options{}.idle_mark * 2); }
  [[nodiscard]] std::uint64_t durable_seq() const { return handle_->journal()->durable_seq(); }
  void close() {
    std::optional<journal::Status> ended;
    handle_->close([&ended](journal::Status status) { ended = std::move(status); });
    process_.scheduler->run_until([&ended] { return ended.has_value(); });
    REQUIRE(ended->ok());
    handle_.reset();
  }

 private:
  std::size_t give(std::size_t bytes, journal::Durability durability) {
    const std::string text = run_.next_text(bytes);
    const auto length = static_cast<std::uint32_t>(text.size());
    journal::Batch batch;
    batch.payload = std::as_bytes(std::span(text));
    batch.lengths = {&length, 1};
    batch.durability = durability;
    auto seq = durability.kind == DurabilityKind::commit ? handle_->hand_over_and_wait(batch)
                                                         : handle_->hand_over(batch);
    REQUIRE(seq.ok());
    return run_.ledger().submit(text, seq.value());
  }

  Run& run_;
  io::SimulatedHost process_;
  std::shared_ptr<journal::Client> handle_;
  std::vector<std::size_t> given_;  // in the ledger; durable up to the last one that was waited for
};

void look(Run& run, const journal::Observer& observer, std::uint64_t durable_seq) {
  const journal::View view = observer.view();
  REQUIRE(view.last_seq <= durable_seq);
  journal::Reader reader(run.host().disk);
  read_range(run, reader, view, false);
}

void observe_a_writer(Run& run) {
  OtherWriter writer(run);
  writer.append(12'000);
  writer.append_weak(100);
  run.arm();
  std::shared_ptr<journal::Observer> observer;
  std::uint64_t shown = 0;
  for (int round = 0; round < 5; ++round) {
    if (!observer) {
      auto opened = journal::Observer::open(run.host(), place, small_options());
      if (run.fine(opened)) {
        observer = std::move(opened).value();
      } else {
        REQUIRE(run.faults().open_handles().empty());
      }
    } else {
      run.fine(observer->refresh());
    }
    if (observer) {
      if (auto cursors = observer->cursors(); run.fine(cursors)) {
        REQUIRE(cursors.value().size() == 2);
        REQUIRE(cursors.value().front().name == "fast");
        REQUIRE(cursors.value().front().seq == 12);
      }
      look(run, *observer, writer.durable_seq());
      REQUIRE(observer->view().last_seq >= shown);
      shown = observer->view().last_seq;
    }
    writer.append(12'000);  // rotates
    if (round == 1) writer.rest();
    if (round != 3) writer.append_weak(200);
  }
  run.heal();
  writer.append(10);
  writer.rest();
  if (!observer) {
    auto opened = journal::Observer::open(run.host(), place, small_options());
    REQUIRE(opened.ok());
    observer = std::move(opened).value();
  }
  auto refreshed = observer->refresh();
  INFO((refreshed ? std::string() : refreshed.error().message));
  REQUIRE(refreshed.ok());
  look(run, *observer, writer.durable_seq());
  REQUIRE(observer->view().last_seq == writer.durable_seq());
  observer->release();
  REQUIRE(run.faults().open_handles().empty());
}

void observe_what_is_left(Run& run) {
  const Files before = files_of(*run.truth());
  run.arm();
  auto opened = journal::Observer::open(run.host(), place, small_options());
  if (run.fine(opened)) {
    const std::uint64_t last = opened.value()->view().last_seq;
    look(run, *opened.value(), last);
    run.fine(opened.value()->refresh());
    REQUIRE(opened.value()->view().last_seq == last);
    opened.value()->release();
  }
  REQUIRE(run.faults().open_handles().empty());
  REQUIRE(files_of(*run.truth()) == before);
}

// Damage is never found where there is none, and nothing is changed.
void verify_undamaged(Run& run, format::TailWord tail, std::uint64_t last_seq) {
  const Files before = files_of(*run.truth());
  run.arm();
  auto report = journal::verify(run.host(), place, {});
  if (run.fine(report)) {
    for (const journal::Problem& problem : report.value().problems) {
      INFO(problem.detail);
      REQUIRE(run.hit());
      REQUIRE(problem.kind == journal::ProblemKind::unreadable);
    }
    if (report.value().problems.empty()) {
      REQUIRE(report.value().tail == tail);
      REQUIRE(report.value().last_seq == last_seq);
      REQUIRE(report.value().records == last_seq + 1 - report.value().first_seq);
      REQUIRE(report.value().ok == (tail == format::TailWord::clean));
    }
  }
  REQUIRE(run.faults().open_handles().empty());
  REQUIRE(files_of(*run.truth()) == before);
  run.heal();
}

void verify_beside_a_writer(Run& run) {
  OtherWriter writer(run);
  writer.append(12'000);
  writer.rest();
  const std::uint64_t shown = writer.durable_seq();
  writer.append_weak(100);
  verify_undamaged(run, format::TailWord::clean, shown);
}

}  // namespace

TEST_CASE("reading while writing bears every failure of every call") {
  fault_loop({"read while writing",
              {Call::open, Call::read, Call::write, Call::sync, Call::truncate, Call::size,
               Call::rename, Call::unlink, Call::sync_directory},
              closed_journal,
              read_while_writing,
              nullptr,
              false});
}

TEST_CASE("a read-only open beside a writer bears every failure of every call") {
  fault_loop({"observe a writer",
              {Call::open, Call::read, Call::size, Call::list, Call::stat, Call::probe_lock},
              closed_journal,
              observe_a_writer,
              nullptr,
              false});
}

TEST_CASE("a read-only open of a torn journal bears every failure of every call") {
  fault_loop({"observe torn",
              {Call::open, Call::read, Call::sync, Call::size, Call::list, Call::stat,
               Call::sync_directory, Call::probe_lock},
              torn_journal,
              observe_what_is_left,
              nullptr,
              false});
}

TEST_CASE("verify bears every failure of every call") {
  fault_loop({"verify",
              {Call::open, Call::read, Call::size, Call::list, Call::stat, Call::probe_lock},
              closed_journal,
              [](Run& run) { verify_undamaged(run, format::TailWord::clean, 14); },
              nullptr,
              false});
}

TEST_CASE("verify of a torn journal bears every failure of every call") {
  fault_loop({"verify torn",
              {Call::open, Call::read, Call::size, Call::list, Call::stat, Call::probe_lock},
              torn_journal,
              [](Run& run) { verify_undamaged(run, format::TailWord::torn, 20); },
              nullptr,
              false});
}

TEST_CASE("verify beside a writer bears every failure of every call") {
  fault_loop({"verify beside a writer",
              {Call::open, Call::read, Call::size, Call::list, Call::stat, Call::probe_lock},
              closed_journal,
              verify_beside_a_writer,
              nullptr,
              false});
}

TEST_CASE("a salvage beside a writer is refused, whichever call fails") {
  fault_loop({"salvage beside a writer",
              {Call::stat, Call::lock, Call::probe_lock},
              closed_journal,
              [](Run& run) {
                OtherWriter writer(run);
                run.arm();
                auto report = journal::salvage(run.host(), place, "/copy", {});
                REQUIRE_FALSE(report.ok());
                if (report.error().code != journal::Code::locked) run.expect(report.error());
                REQUIRE(run.faults().open_handles().empty());
                run.heal();
              },
              nullptr,
              false});
}
