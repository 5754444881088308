#include "aftermath.hpp"

#include <doctest/doctest.h>

#include <utility>

#include "journal/observer.hpp"
#include "journal/reader.hpp"

namespace tidemark::test {
namespace {

using Disk = std::shared_ptr<io::SimulatedDisk>;

std::map<std::uint64_t, std::string> read_all(const io::Host& host, const journal::View& view) {
  std::map<std::uint64_t, std::string> records;
  journal::Reader reader(host.disk);
  journal::ReadRequest request;
  request.from = view.first_seq;
  request.to = view.last_seq;
  while (request.from <= request.to) {
    auto batch = reader.read(view, request);
    INFO((batch ? std::string() : batch.error().message));
    REQUIRE(batch.ok());
    if (batch.value().lengths.empty()) break;
    std::size_t at = 0;
    request.from = batch.value().first_seq;
    for (const std::uint32_t length : batch.value().lengths) {
      records.emplace(
          request.from++,
          std::string(reinterpret_cast<const char*>(batch.value().payload.data()) + at, length));
      at += length;
    }
  }
  return records;
}

// A process of its own for each open.
class Visit {
 public:
  Visit(const Disk& disk, std::uint64_t seed) : process_(disk, seed), host_(process_.host()) {}

  Found write_open(const std::string& directory = place) {
    auto opened = journal::Journal::open(host_, directory, small_options(), nullptr);
    INFO((opened ? std::string() : opened.error().message));
    REQUIRE(opened.ok());
    handle_ = std::move(opened).value();
    Found found = shown(handle_->journal()->view());
    for (const journal::CursorInfo& cursor : handle_->journal()->cursors()) {
      found.cursors[cursor.name] = cursor.seq;
    }
    return found;
  }

  // Nothing where there is no journal, which a reader does not make.
  std::optional<Found> read_open() {
    auto opened = journal::Observer::open(host_, place, small_options());
    if (!opened && opened.error().cause && opened.error().cause->code == io::Errc::not_found) {
      return std::nullopt;
    }
    INFO((opened ? std::string() : opened.error().message));
    REQUIRE(opened.ok());
    return shown(opened.value()->view());
  }

  journal::Result<std::shared_ptr<journal::Observer>> observe(const std::string& directory) {
    return journal::Observer::open(host_, directory, small_options());
  }
  [[nodiscard]] const io::Host& host() const { return host_; }

  void append(const std::string& text, std::uint64_t seq) {
    const auto length = static_cast<std::uint32_t>(text.size());
    journal::Batch batch;
    batch.payload = std::as_bytes(std::span(text));
    batch.lengths = {&length, 1};
    auto appended = handle_->hand_over_and_wait(batch);
    REQUIRE(appended.ok());
    REQUIRE(appended.value() == seq);
  }

  void close() {
    std::optional<journal::Status> ended;
    handle_->close([&ended](journal::Status status) { ended = std::move(status); });
    process_.scheduler->run_until([&ended] { return ended.has_value(); });
    REQUIRE(ended->ok());
    handle_.reset();
  }

  [[nodiscard]] journal::OpenPath path() const { return handle_->journal()->recovery().path; }
  Disk kill() { return process_.kill(); }

  [[nodiscard]] Found shown(const journal::View& view) const {
    Found found;
    found.first_seq = view.first_seq;
    for (auto& [seq, text] : read_all(host_, view)) {
      REQUIRE(seq == found.first_seq + found.records.size());
      found.records.push_back(std::move(text));
    }
    REQUIRE(found.first_seq + found.records.size() == view.last_seq + 1);
    return found;
  }

 private:
  io::SimulatedHost process_;
  io::Host host_;
  std::shared_ptr<journal::Client> handle_;
};

void judge(const Ledger& ledger, const Found& found, Loss loss, const char* where) {
  const auto wrong = ledger.judge(found, loss);
  INFO(std::string(where), ": ", wrong.value_or(""));
  REQUIRE_FALSE(wrong.has_value());
}

// Opens twice; the result is what the first one showed.
Found twice(Disk& disk, const Ledger& ledger, Loss loss, std::uint64_t seed, const char* where) {
  const auto seen = [&] {
    Visit reader(disk->copy(), seed);
    return reader.read_open();
  }();
  if (seen) {
    const auto wrong = ledger.judge_records(*seen, loss);
    INFO(std::string(where), ", a reader: ", wrong.value_or(""));
    REQUIRE_FALSE(wrong.has_value());
  }
  Visit first(disk, seed);
  Found found = first.write_open();
  judge(ledger, found, loss, where);
  if (seen) {
    REQUIRE(seen->first_seq == found.first_seq);
    REQUIRE(seen->records == found.records);
  }
  disk = first.kill();
  Visit second(disk, seed + 1);
  REQUIRE(second.write_open() == found);
  disk = second.kill();
  return found;
}

}  // namespace

std::optional<Found> seen_in(const Disk& disk, const std::string& directory) {
  Visit visit(disk, 1);
  auto observer = visit.observe(directory);
  if (!observer) return std::nullopt;
  return visit.shown(observer.value()->view());
}

std::map<std::uint64_t, std::string> numbered_records(const Disk& disk,
                                                      const std::string& directory) {
  Visit visit(disk, 1);
  auto observer = visit.observe(directory);
  INFO((observer ? std::string() : observer.error().message));
  REQUIRE(observer.ok());
  return read_all(visit.host(), observer.value()->view());
}

void judge_aftermath(const Image& left, std::uint64_t seed) {
  for (const bool some : {false, true}) {
    Disk cut = left.disk->cut(some ? left.disk->random_fate(seed) : left.disk->all_dropped());
    static_cast<void>(twice(cut, left.ledger, Loss::power, seed,
                            some ? "power cut, some of it there" : "power cut, all dropped"));
  }
  Disk disk = left.disk;
  Found found = twice(disk, left.ledger, Loss::process, seed, "killed");
  // It goes on as if nothing had been.
  const std::string text = "the record behind it all";
  {
    Visit last(disk, seed + 2);
    REQUIRE(last.write_open() == found);
    last.append(text, found.first_seq + found.records.size());
    last.close();
    disk = last.kill();
  }
  found.records.push_back(text);
  Disk cut = disk->cut(disk->all_dropped());
  Visit closed(cut, seed + 3);
  REQUIRE(closed.write_open() == found);
  REQUIRE(closed.path() == journal::OpenPath::clean);
}

void judge_copy(const std::shared_ptr<io::SimulatedDisk>& disk, const std::string& directory,
                const Ledger& ledger) {
  Visit visit(disk, 1);
  judge(ledger, visit.write_open(directory), Loss::process, "the copy");
}

}  // namespace tidemark::test
