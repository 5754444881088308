// The machine's readers and copies: everything that looks at the journal beside its writer.
#include <algorithm>
#include <utility>

#include "format/layout.hpp"
#include "journal/dictionaries.hpp"
#include "journal/reader.hpp"
#include "journal/tools.hpp"
#include "machine.hpp"

namespace tidemark::test {
namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

journal::Failure wrong(std::string message) {
  journal::Failure failure;
  failure.code = journal::Code::corrupt;
  failure.message = std::move(message);
  return failure;
}

// A record that names a dictionary can be decoded: its segment holds it.
std::optional<journal::Failure> check_dictionary(journal::Reader& reader, const journal::View& view,
                                                 const journal::RecordBatch& batch,
                                                 std::span<const std::byte> payload) {
  const auto name = journal::dictionary_name(payload);
  if (!name) return wrong("a record is too short for the dictionary that it should name");
  auto dictionary = reader.dictionary(view, batch.segment_id, *name);
  if (!dictionary) return dictionary.error();
  if (text_of(dictionary.value()) != dictionary_of(*name)) {
    return wrong("segment " + std::to_string(batch.segment_id) + " lacks dictionary " +
                 std::to_string(*name) + ", which its record names");
  }
  return std::nullopt;
}

}  // namespace

journal::Result<Shown> read_view(const std::shared_ptr<io::Disk>& disk, const journal::View& view,
                                 const format::SegmentHeader& header) {
  Shown shown;
  shown.journal_id = header.journal_id;
  shown.first_seq = view.first_seq;
  shown.last_seq = view.last_seq;
  journal::Reader reader(disk, header.hash_bytes);
  journal::ReadRequest request;
  request.from = view.first_seq;
  request.to = view.last_seq;
  while (request.from <= request.to) {
    auto batch = reader.read(view, request);
    if (!batch) return batch.error();
    const journal::RecordBatch& got = batch.value();
    if (got.lengths.empty()) break;
    if (got.first_seq != request.from) {
      return wrong("seqs " + std::to_string(request.from) + " to " +
                   std::to_string(got.first_seq - 1) + " are absent");
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < got.lengths.size(); ++i) {
      const auto payload = std::span(got.payload).subspan(at, got.lengths[i]);
      at += got.lengths[i];
      shown.records.push_back(text_of(payload));
      const bool named =
          !got.attributes.empty() && (got.attributes[i] & format::record_flag::has_dictionary) != 0;
      if (!named) continue;
      if (auto failure = check_dictionary(reader, view, got, payload)) return *failure;
    }
    request.from += got.lengths.size();
  }
  return shown;
}

void Machine::look(journal::Observer& observer, const std::string& who) {
  auto read = read_view(disk_->another_process(), observer.view(), observer.header());
  if (!read) {
    complain(who, {"what it shows cannot be read: " + read.error().message});
    return;
  }
  Shown seen = std::move(read).value();
  seen.with_cursors = false;
  if (!client_) {
    complain(who, ledger.judge(seen, last_));
    ledger.adopt(seen);
    return;
  }
  // Beside a writer: a part of what is durable.
  note_view();
  if (seen.last_seq > journal().durable_seq()) {
    complain(who, {"it shows seq " + std::to_string(seen.last_seq) + ", durable is " +
                   std::to_string(journal().durable_seq())});
  }
  for (std::uint64_t seq = seen.first_seq; seq <= seen.last_seq; ++seq) {
    const std::string* payload = ledger.at(seq);
    const std::string& record = seen.records[static_cast<std::size_t>(seq - seen.first_seq)];
    if (payload == nullptr || *payload != record) {
      complain(who, {"it shows something else at seq " + std::to_string(seq)});
    }
  }
}

void Machine::observe() {
  io::SimulatedHost reader(disk_->another_process(), io::mixed(seed_));
  auto observer = journal::Observer::open(reader.host(), journal_directory, options);
  if (!observer && observer.error().cause && observer.error().cause->call == io::Call::sync) {
    ledger.sync_failed();
    observer = journal::Observer::open(reader.host(), journal_directory, options);
  }
  if (observer) return look(*observer.value(), "observer");
  const journal::Failure& failure = observer.error();
  const bool absent = failure.cause && failure.cause->code == io::Errc::not_found;
  if (!absent || ledger.exists()) complain("observer", {"refused: " + failure.message});
}

void Machine::watch() {
  watcher_host_ = std::make_unique<io::SimulatedHost>(disk_->another_process(), io::mixed(seed_));
  auto observer = journal::Observer::open(watcher_host_->host(), journal_directory, options);
  if (!observer) return complain("watcher", {"refused: " + observer.error().message});
  watcher_ = std::move(observer).value();
  look(*watcher_, "watcher");
}

void Machine::refresh() {
  if (!watcher_) return;
  const std::uint64_t before = watcher_->view().last_seq;
  const auto refreshed = watcher_->refresh();
  if (!refreshed) return complain("watcher", {"refused: " + refreshed.error().message});
  if (watcher_->view().last_seq < before) complain("watcher", {"its last seq went back"});
  look(*watcher_, "watcher");
}

void Machine::check_records() {
  if (!client_) return;
  take_progress();
  note_view();
  auto read = read_view(host().disk, journal().view(), journal().header());
  if (!read) return complain("reader", {"refused: " + read.error().message});
  Shown expected = ledger.holds(journal().durable_seq());
  expected.with_cursors = false;
  if (!read.value().same_log(expected)) complain("reader", {"it shows another log"});
}

void Machine::promise_copy(const std::string& out, std::uint64_t last_seq) {
  CopyPromise promise;
  promise.holds = ledger.holds(last_seq);
  ledger.copies[out] = std::move(promise);
}

void Machine::copied(const std::string& out, const journal::Result<journal::CopyReport>& copied) {
  if (!copied) return complain("copy", {"refused: " + copied.error().message});
  CopyPromise& promise = ledger.copies[out];
  promise.done = true;
  if (copied.value().records != promise.holds.records.size()) {
    complain("copy", {"it says that it holds " + std::to_string(copied.value().records) +
                      " records instead of " + std::to_string(promise.holds.records.size())});
  }
  if (copied.value().lost_records != 0) complain("copy", {"it lacks records"});
}

void Machine::snapshot(const std::string& out) {
  if (!client_) return;
  note_view();
  promise_copy(out, journal().durable_seq());
  copied(out, client_->journal()->snapshot(out));
}

void Machine::salvage(const std::string& out) {
  if (client_) return;
  start_process();
  if (hook_) disk_->on_call(hook_);
  promise_copy(out, ledger.next_seq() - 1);
  copied(out, journal::salvage(host(), journal_directory, out, {}));
  end_process();
}

void Machine::verify() {
  io::SimulatedHost reader(disk_->another_process(), io::mixed(seed_));
  auto verified = journal::verify(reader.host(), journal_directory, {});
  if (!verified) return complain("verify", {"refused: " + verified.error().message});
  for (const journal::Problem& problem : verified.value().problems) {
    complain("verify",
             {std::string(name(problem.kind)) + " in segment " + std::to_string(problem.segment) +
              " at " + std::to_string(problem.offset) + ": " + problem.detail});
  }
}

}  // namespace tidemark::test
