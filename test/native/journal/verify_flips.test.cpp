// verify says which one flipped bit explains the damage: in every structure of a journal, and never
// where more than one bit is wrong.
#include <algorithm>

#include "journal/builder.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal::testing {
namespace {

Builder journal_to_flip() {
  Builder journal;
  journal.begin();
  journal.append_values(3);
  journal.append(
      {{"a dictionary", format::record_kind::dictionary}, {std::string(700, 'r')}, {""}});
  journal.rotate();
  journal.append_values(2);
  journal.mark(true);
  journal.write_head(1, 2);
  journal.write_cursor("worker", 4);
  return journal;
}

VerifyReport verify_it(const Builder& journal) {
  auto report = verify(journal.host, journal.directory, {});
  if (!report) FAIL(report.error().message);
  return std::move(report).value();
}

bool explains(const VerifyReport& report, const std::string& path, std::uint64_t offset) {
  return std::ranges::any_of(report.problems, [&](const Problem& problem) {
    return problem.path == path && problem.single_bit_flip == offset;
  });
}

std::uint64_t flips_claimed(const VerifyReport& report) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      report.problems, [](const Problem& problem) { return problem.single_bit_flip.has_value(); }));
}

}  // namespace

TEST_CASE("verify names the byte of every flipped bit in frames, records, seal and index") {
  const Builder journal = journal_to_flip();
  const VerifyReport sound = verify_it(journal);
  REQUIRE(sound.ok);
  for (const SegmentLayout& layout : sound.segments) {
    for (std::uint64_t offset = layout.data_start; offset < layout.used_bytes; ++offset) {
      const auto bit = static_cast<unsigned>(offset * 5 % 8);
      journal.flip(layout.path, offset, bit);
      const VerifyReport report = verify_it(journal);
      CAPTURE(layout.id);
      CAPTURE(offset);
      REQUIRE(!report.ok);
      REQUIRE(explains(report, layout.path, offset));
      journal.flip(layout.path, offset, bit);
    }
  }
}

TEST_CASE("verify names the byte of every flipped bit in headers and marks") {
  const Builder journal = journal_to_flip();
  const auto check = [&](const std::string& path, std::uint64_t offset) {
    const auto bit = static_cast<unsigned>(offset * 3 % 8);
    journal.flip(path, offset, bit);
    const VerifyReport report = verify_it(journal);
    CAPTURE(path);
    CAPTURE(offset);
    REQUIRE(!report.ok);
    REQUIRE(explains(report, path, offset));
    journal.flip(path, offset, bit);
  };
  for (const std::uint64_t segment : {1U, 2U}) {
    for (std::uint64_t offset = 0; offset < 8192; offset += offset % 4096 < 256 ? 1 : 61)
      check(journal.path(segment), offset);
  }
  for (const std::string& name : {std::string("head"), format::cursor_file_name("worker")}) {
    const std::string path = io::join(journal.directory, name);
    for (std::uint64_t offset = 0; offset < journal.read(path).size(); ++offset)
      check(path, offset);
  }
}

TEST_CASE("two flipped bits of one record are not called one") {
  const Builder journal = journal_to_flip();
  const auto bytes = journal.read(journal.path(1));
  const auto value = bytes_of(std::string(700, 'r'));
  const auto at = static_cast<std::uint64_t>(
      std::search(bytes.begin(), bytes.end(), value.begin(), value.end()) - bytes.begin());
  journal.flip(journal.path(1), at, 0);
  CHECK(explains(verify_it(journal), journal.path(1), at));
  for (std::uint64_t other = at; other < at + value.size(); ++other) {
    journal.flip(journal.path(1), other, 7);
    const VerifyReport report = verify_it(journal);
    CHECK(report.problems.size() == 1);
    CHECK(flips_claimed(report) == 0);
    journal.flip(journal.path(1), other, 7);
  }
}

TEST_CASE("a flipped bit is searched in records of up to 1 MiB") {
  for (const std::uint64_t size : {std::uint64_t{format::flip_searched_record_bytes},
                                   std::uint64_t{format::flip_searched_record_bytes} + 1}) {
    Builder journal;
    journal.begin();
    journal.append({{std::string(static_cast<std::size_t>(size), 'x')}});
    journal.mark();
    const std::uint64_t at = 8192 + 44 + size / 3;
    journal.flip(journal.path(1), at, 2);
    const VerifyReport report = verify_it(journal);
    REQUIRE(!report.problems.empty());
    CHECK(report.problems.front().kind == ProblemKind::record);
    CHECK(explains(report, journal.path(1), at) == (size <= format::flip_searched_record_bytes));
  }
}

}  // namespace tidemark::journal::testing
