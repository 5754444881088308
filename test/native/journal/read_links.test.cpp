// Segments that are missing, have no header, or were left without their seal: which records it
// concerns is named, and what is sound on both sides can be read.
#include <algorithm>

#include "journal/builder.hpp"
#include "journal/journal.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal::testing {
namespace {

TEST_CASE("a damaged segment that a crash left without its seal is refused by every open alike") {
  Builder journal;
  journal.begin();
  journal.append_values(3);
  const std::uint64_t second = journal.writer->end();
  journal.append_values(2);
  journal.prepare_successor();
  REQUIRE(Observer::open(journal.host, journal.directory, {}).ok());
  journal.flip(journal.path(1), second + 13, 2);

  auto reading = Observer::open(journal.host, journal.directory, {});
  REQUIRE(!reading.ok());
  auto writing = Journal::open(journal.host, journal.directory, {}, nullptr);
  REQUIRE(!writing.ok());
  for (const Failure& failure : {reading.error(), writing.error()}) {
    CHECK(failure.code == Code::corrupt);
    CHECK(failure.segment == 1U);
    CHECK(failure.offset == second);
    CHECK(failure.from_seq == 4U);
    CHECK(failure.to_seq == 5U);
  }
  auto report = verify(journal.host, journal.directory, {});
  REQUIRE(report.ok());
  REQUIRE(report.value().problems.size() == 1);
  CHECK(report.value().problems[0].offset == second);
  CHECK(report.value().problems[0].single_bit_flip == second + 13);
}

// Three segments of five records each, closed.
Builder linked_segments() {
  Builder journal;
  journal.begin();
  for (int i = 0; i < 3; ++i) {
    journal.append_values(5);
    if (i < 2) journal.rotate();
  }
  journal.mark(true);
  return journal;
}

// What is read in spite of damage, and what is said of the rest.
struct Skipping {
  std::vector<std::uint64_t> seqs;
  std::vector<SkippedRange> skipped;
};
Skipping read_skipping(const Builder& journal, bool reverse) {
  Options options;
  options.skip_corruption = true;
  const auto observer = observe(journal, options);
  CHECK(!observer->recovery().skipped.empty());
  Reader reader(journal.host.disk);
  ReadRequest request = range(1, 15, reverse);
  request.skip_corruption = true;
  Skipping out;
  auto all = read_all(reader, observer->view(), request, &out.skipped);
  REQUIRE(all.ok());
  for (const auto& [seq, value] : all.value()) {
    CHECK(value == value_of(seq));
    out.seqs.push_back(seq);
  }
  std::ranges::sort(out.seqs);
  return out;
}

Failure refusal_to_read(const Builder& journal) {
  auto reading = Observer::open(journal.host, journal.directory, {});
  REQUIRE(!reading.ok());
  auto writing = Journal::open(journal.host, journal.directory, {}, nullptr);
  REQUIRE(!writing.ok());
  CHECK(writing.error().message == reading.error().message);
  return reading.error();
}

TEST_CASE("a missing segment is named with its seqs, and skip reads on both sides of it") {
  const Builder journal = linked_segments();
  REQUIRE(journal.host.disk->unlink(journal.path(2)).ok());
  const Failure failure = refusal_to_read(journal);
  CHECK(failure.row == 'R');
  CHECK(failure.segment == 2U);
  CHECK(failure.from_seq == 6U);
  CHECK(failure.to_seq == 10U);
  for (const bool reverse : {false, true}) {
    const Skipping read = read_skipping(journal, reverse);
    CHECK(read.seqs == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 11, 12, 13, 14, 15});
    REQUIRE(read.skipped.size() == 1);
    CHECK(read.skipped[0].from_seq == 6);
    CHECK(read.skipped[0].to_seq == 10);
  }
}

TEST_CASE("a segment without a sound header is named with its seqs, and skip reads around it") {
  const Builder journal = linked_segments();
  journal.fill(journal.path(2), 0, 8192, std::byte{0x55});
  const Failure failure = refusal_to_read(journal);
  CHECK(failure.row == 'V');
  CHECK(failure.segment == 2U);
  CHECK(failure.from_seq == 6U);
  CHECK(failure.to_seq == 10U);
  const Skipping read = read_skipping(journal, false);
  CHECK(read.seqs == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 11, 12, 13, 14, 15});
}

TEST_CASE("of two sound headers that differ salvage takes the one that the frames fit") {
  for (const std::uint64_t copy : {0U, 1U}) {
    const Builder journal = linked_segments();
    auto bytes = journal.read(journal.path(2));
    const auto other = journal.read(journal.path(3));
    const auto at = static_cast<std::ptrdiff_t>(copy * 4096);
    std::copy_n(other.begin() + at, 4096, bytes.begin() + at);
    journal.write(journal.path(2), bytes);
    CHECK(refusal_to_read(journal).segment == 2U);
    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    CHECK(copied.value().records == 15);
    CHECK(!copied.value().problems.empty());
  }
}

}  // namespace
}  // namespace tidemark::journal::testing
