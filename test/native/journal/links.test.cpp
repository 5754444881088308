// Damage where one segment ends and the next begins costs no record that is sound.
#include <algorithm>
#include <utility>

#include "journal/builder.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal::testing {
namespace {

constexpr std::uint64_t records_each = 6;

Builder journal_of(int segments) {
  Builder journal;
  journal.begin();
  for (int segment = 0; segment < segments; ++segment) {
    journal.append_values(records_each);
    journal.mark();
    if (segment + 1 < segments) journal.rotate();
  }
  journal.mark(true);
  return journal;
}

VerifyReport verified(const Builder& journal) {
  auto report = verify(journal.host, journal.directory, {});
  if (!report) FAIL(report.error().message);
  return std::move(report).value();
}

// The seqs that a read-only open shows when it steps over damage.
std::vector<std::uint64_t> readable(const Builder& journal) {
  Options options;
  options.skip_corruption = true;
  const auto observer = observe(journal, options);
  const View view = observer->view();
  Reader reader(journal.host.disk);
  ReadRequest request = range(view.first_seq, view.last_seq);
  request.skip_corruption = true;
  auto records = read_all(reader, view, request);
  if (!records) FAIL(records.error().message);
  std::vector<std::uint64_t> seqs;
  for (const auto& [seq, text] : records.value()) {
    CHECK(text == value_of(seq));
    seqs.push_back(seq);
  }
  return seqs;
}

std::vector<std::uint64_t> seqs(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t seq = from; seq <= to; ++seq) all.push_back(seq);
  return all;
}

Failure refusal(const Builder& journal) {
  auto observer = Observer::open(journal.host, journal.directory, {});
  REQUIRE(!observer.ok());
  return observer.error();
}

std::uint64_t seal_offset(const Builder& journal, std::uint64_t id) {
  const auto header = format::decode_header_pair(journal.read(journal.path(id + 1))).header;
  return header.predecessor.end;
}

TEST_CASE("a damaged seal is named where it stands, and no record around it is lost") {
  const Builder journal = journal_of(4);
  const std::uint64_t seal = seal_offset(journal, 2);
  journal.flip(journal.path(2), seal + 50);

  const Failure failure = refusal(journal);
  CHECK(failure.code == Code::corrupt);
  CHECK(failure.segment == 2);
  CHECK(failure.offset == seal);

  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].kind == ProblemKind::seal);
  CHECK(report.problems[0].segment == 2);
  CHECK(report.problems[0].offset == seal);
  CHECK(report.problems[0].single_bit_flip == seal + 50);
  CHECK(report.records == 4 * records_each);
  CHECK(readable(journal) == seqs(1, 4 * records_each));
}

TEST_CASE("a segment that was cut off costs the records behind the cut and no others") {
  const Builder journal = journal_of(3);
  auto bytes = journal.read(journal.path(1));
  bytes.resize(seal_offset(journal, 1));  // the seal and the index, no frame
  journal.write(journal.path(1), bytes);
  CHECK(verified(journal).problems.size() == 1);
  CHECK(verified(journal).problems[0].kind == ProblemKind::seal);
  CHECK(readable(journal) == seqs(1, 3 * records_each));

  bytes.resize(8192);  // every frame
  journal.write(journal.path(1), bytes);
  const VerifyReport report = verified(journal);
  REQUIRE(!report.problems.empty());
  CHECK(report.problems[0].kind == ProblemKind::frame);
  CHECK(report.problems[0].segment == 1);
  CHECK(report.problems[0].offset == 8192);
  CHECK(report.problems[0].from_seq == 1);
  CHECK(report.problems[0].to_seq == records_each);
  CHECK(readable(journal) == seqs(records_each + 1, 3 * records_each));
  CHECK(refusal(journal).segment == 1);
}

TEST_CASE("a segment in the middle that is not there costs its own records and no others") {
  const Builder journal = journal_of(4);
  REQUIRE(journal.host.disk->unlink(journal.path(2)).ok());
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].kind == ProblemKind::missing);
  CHECK(report.problems[0].segment == 2);
  CHECK(report.problems[0].row == 'R');
  auto expected = seqs(1, records_each);
  const auto behind = seqs(2 * records_each + 1, 4 * records_each);
  expected.insert(expected.end(), behind.begin(), behind.end());
  CHECK(readable(journal) == expected);
}

TEST_CASE("a lost segment is named, also by a seal that stands behind damage") {
  for (const bool damage : {false, true}) {
    CAPTURE(damage);
    const Builder journal = journal_of(3);
    const std::uint64_t seal = seal_offset(journal, 2);
    REQUIRE(journal.host.disk->unlink(journal.path(3)).ok());
    // The header of the segment's only commit: its records are lost, too.
    if (damage) journal.fill(journal.path(2), 8192 + 8, 16, std::byte{0xee});
    const std::uint64_t last = 2 * records_each;

    const VerifyReport report = verified(journal);
    CHECK(!report.ok);
    REQUIRE(report.problems.size() == (damage ? 2 : 1));
    const Problem& missing = report.problems.back();
    CHECK(missing.kind == ProblemKind::missing);
    CHECK(missing.segment == 3);
    CHECK(missing.from_seq == last + 1);
    CHECK(missing.row == 'R');
    CHECK(missing.path == journal.path(3));
    REQUIRE(report.segments.size() == 2);
    CHECK(report.segments.back().sealed);
    CHECK(report.segments.back().used_bytes > seal);

    Options options;
    options.skip_corruption = true;
    const auto observer = observe(journal, options);
    const auto& skipped = observer->recovery().skipped;
    REQUIRE(skipped.size() == (damage ? 2 : 1));
    CHECK(skipped.back().segment == 3);
    CHECK(skipped.back().from_seq == last + 1);
    if (damage) CHECK(skipped.front().segment == 2);

    auto copied = salvage(journal.host, journal.directory, "/out", {});
    REQUIRE(copied.ok());
    const auto named = std::ranges::count_if(copied.value().problems, [](const Problem& problem) {
      return problem.kind == ProblemKind::missing && problem.segment == 3;
    });
    CHECK(named == 1);
  }
}

TEST_CASE("the index of a segment whose successor is lost is looked at all the same") {
  const Builder journal = journal_of(3);
  const std::uint64_t index = seal_offset(journal, 2) + format::seal_bytes;
  REQUIRE(journal.host.disk->unlink(journal.path(3)).ok());
  journal.flip(journal.path(2), index + 3);
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0].kind == ProblemKind::index);
  CHECK(report.problems[1].kind == ProblemKind::missing);
}

TEST_CASE("a successor without a sound header is named by a seal that stands behind damage") {
  const Builder journal = journal_of(3);
  journal.fill(journal.path(2), 8192 + 8, 16, std::byte{0xee});
  journal.write(journal.path(3), std::vector<std::byte>(Builder::capacity));
  const VerifyReport report = verified(journal);
  CHECK(std::ranges::any_of(report.problems, [](const Problem& problem) {
    return problem.kind == ProblemKind::header && problem.segment == 3;
  }));
}

TEST_CASE("where nobody says where a segment ends, zeros end it, and its seal is what it lacks") {
  const Builder journal = journal_of(4);
  const std::uint64_t seal = seal_offset(journal, 1);
  REQUIRE(journal.host.disk->unlink(journal.path(2)).ok());
  auto bytes = journal.read(journal.path(1));
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(seal), bytes.end(), std::byte{0});
  journal.write(journal.path(1), bytes);
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0].kind == ProblemKind::missing);
  CHECK(report.problems[1].kind == ProblemKind::seal);
  CHECK(report.problems[1].offset == seal);
  CHECK(report.problems[1].from_seq == records_each + 1);
}

TEST_CASE("a file with another's name is named, and so is what should stand there") {
  const Builder journal = journal_of(1);
  auto bytes = journal.read(journal.path(1));
  bytes[format::minimum_block_bytes + 20] ^= std::byte{1};  // its second header copy
  REQUIRE(journal.host.disk->unlink(journal.path(1)).ok());
  journal.write(journal.path(7), bytes);
  const VerifyReport report = verified(journal);
  const auto names = [&](ProblemKind kind, std::uint64_t segment, std::uint64_t offset) {
    return std::ranges::any_of(report.problems, [&](const Problem& problem) {
      return problem.kind == kind && problem.segment == segment && problem.offset == offset;
    });
  };
  CHECK(report.problems.size() == 3);
  CHECK(names(ProblemKind::link, 7, 0));
  CHECK(names(ProblemKind::missing, 1, 0));
  CHECK(names(ProblemKind::header, 7, format::minimum_block_bytes));
}

TEST_CASE("a file with two headers that differ says nothing of what is missing") {
  const Builder journal = journal_of(1);
  auto bytes = journal.read(journal.path(1));
  format::SegmentHeader other = format::decode_header_pair(bytes).header;
  other.journal_id[3] = std::byte{9};
  format::encode_segment_header(
      other, 1,
      format::MutableBytes(bytes).subspan(format::minimum_block_bytes, format::header_copy_bytes));
  REQUIRE(journal.host.disk->unlink(journal.path(1)).ok());
  journal.write(journal.path(5), bytes);
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].kind == ProblemKind::link);
  CHECK(report.problems[0].segment == 5);
}

TEST_CASE("half a header under another's name is no creation that was cut") {
  const Builder journal = journal_of(2);
  auto bytes = journal.read(journal.path(2));
  bytes.resize(format::minimum_block_bytes);  // one copy, nothing behind it
  journal.write(journal.path(3), bytes);
  const VerifyReport report = verified(journal);
  CHECK(std::ranges::any_of(report.problems, [](const Problem& problem) {
    return problem.kind == ProblemKind::link && problem.segment == 3;
  }));
}

TEST_CASE("two segments that changed names cost their own records and no others") {
  const Builder journal = journal_of(4);
  const auto second = journal.read(journal.path(2));
  journal.write(journal.path(2), journal.read(journal.path(3)));
  journal.write(journal.path(3), second);
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 2);
  for (const Problem& problem : report.problems) CHECK(problem.kind == ProblemKind::link);
  auto expected = seqs(1, records_each);
  const auto behind = seqs(3 * records_each + 1, 4 * records_each);
  expected.insert(expected.end(), behind.begin(), behind.end());
  CHECK(readable(journal) == expected);
}

TEST_CASE("a damaged first frame of a sealed segment does not make its index damaged") {
  const Builder journal = journal_of(2);
  journal.fill(journal.path(1), 8192, 40, std::byte{0xee});
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].kind == ProblemKind::frame);
}

TEST_CASE("a segment whose successor is another one than its seal says is read to its end") {
  const Builder journal = journal_of(3);
  auto bytes = journal.read(journal.path(2));
  format::SegmentHeader header = format::decode_header_pair(bytes).header;
  header.salt ^= 1;
  for (const std::uint8_t copy : {std::uint8_t{0}, std::uint8_t{1}}) {
    format::encode_segment_header(
        header, copy,
        format::MutableBytes(bytes).subspan(copy * format::minimum_block_bytes,
                                            format::header_copy_bytes));
  }
  journal.write(journal.path(2), bytes);
  auto expected = seqs(1, records_each);
  const auto behind = seqs(2 * records_each + 1, 3 * records_each);
  expected.insert(expected.end(), behind.begin(), behind.end());
  CHECK(readable(journal) == expected);
}

TEST_CASE("marks without their segments are damage, also beside a damaged cursor") {
  Builder journal = journal_of(1);
  journal.write_head(1, 2);
  journal.write_cursor("c", 2);
  journal.flip(journal.directory + "/cursor-c.mark", 40);
  REQUIRE(journal.host.disk->unlink(journal.path(1)).ok());
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0].kind == ProblemKind::cursor);
  CHECK(report.problems[1].kind == ProblemKind::missing);
}

TEST_CASE("a tail that is cut stays cut, whatever is damaged in front of it") {
  Builder journal;
  journal.begin();
  journal.append_values(records_each);
  journal.rotate();
  journal.append_values(2);
  journal.make_durable();
  const std::uint64_t last = journal.writer->end();
  journal.append_values(2);
  // The first of the two records is sound: a commit is there as a whole or not at all.
  journal.flip(journal.path(2), journal.writer->end() - 12);
  CHECK(verified(journal).tail == format::TailWord::undecidable);
  journal.fill(journal.path(1), seal_offset(journal, 1), format::seal_bytes, std::byte{0});
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].kind == ProblemKind::seal);
  REQUIRE(report.torn.has_value());
  CHECK(report.torn->offset == last);
  CHECK(report.records == records_each + 2);
  CHECK(readable(journal) == seqs(1, records_each + 2));
}

TEST_CASE("what a crash between a successor's header and the seal leaves is no damage") {
  for (const bool torn : {false, true}) {
    Builder journal;
    journal.begin();
    journal.append_values(records_each);
    journal.prepare_successor();
    const std::uint64_t end = seal_offset(journal, 1);
    // The seal, or a commit that was taken back, as far as it got.
    if (torn) journal.fill(journal.path(1), end + 8, 30, std::byte{0x5a});
    const VerifyReport report = verified(journal);
    CHECK(report.ok);
    CHECK(report.records == records_each);
    CHECK(readable(journal) == seqs(1, records_each));
  }
}

TEST_CASE("a seal that is not there although its successor holds frames is damage") {
  const Builder journal = journal_of(2);
  const std::uint64_t seal = seal_offset(journal, 1);
  journal.fill(journal.path(1), seal, format::seal_bytes, std::byte{0});
  const VerifyReport report = verified(journal);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].kind == ProblemKind::seal);
  CHECK(report.problems[0].segment == 1);
  CHECK(report.problems[0].offset == seal);
  CHECK(refusal(journal).segment == 1);
  CHECK(readable(journal) == seqs(1, 2 * records_each));
}

TEST_CASE("a file that only a seal names is damaged, also where what follows names another one") {
  Builder journal = journal_of(5);
  const std::vector<std::byte> second = journal.read(journal.path(2));
  journal.write(journal.path(2), std::vector<std::byte>(second.size()));
  journal.write(journal.path(3), journal.read(journal.path(1)));
  journal.write(journal.path(5), second);
  std::vector<std::pair<ProblemKind, std::uint64_t>> found;
  for (const Problem& problem : verified(journal).problems) {
    found.emplace_back(problem.kind, problem.segment);
  }
  CHECK(std::ranges::count(found, std::pair(ProblemKind::header, std::uint64_t{2})) == 1);
  CHECK(std::ranges::count(found, std::pair(ProblemKind::link, std::uint64_t{3})) == 1);
  CHECK(std::ranges::count(found, std::pair(ProblemKind::link, std::uint64_t{5})) == 1);
}

}  // namespace
}  // namespace tidemark::journal::testing
