// The recovery tables: total, exclusive, in force, and each row met by real bytes.
#include "format/recovery_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "support.hpp"

using namespace tidemark::format;
using test::File;
using test::Reading;
using test::SegmentWriter;

namespace {

template <typename Each>
void each_tail(Each each) {
  for (int stop = 0; stop <= static_cast<int>(Stop::unreadable); ++stop) {
    for (int residue = 0; residue <= static_cast<int>(Residue::imitations); ++residue) {
      for (unsigned bits = 0; bits < 16; ++bits) {
        each(TailSituation{static_cast<Stop>(stop), static_cast<Residue>(residue), (bits & 1U) != 0,
                           (bits & 2U) != 0, (bits & 4U) != 0, (bits & 8U) != 0});
      }
    }
  }
}

template <typename Each>
void each_file(Each each) {
  for (int header = 0; header <= static_cast<int>(HeaderState::newer); ++header) {
    for (int link = 0; link <= static_cast<int>(Link::contradicted); ++link) {
      for (unsigned bits = 0; bits < 32; ++bits) {
        each(FileSituation{static_cast<HeaderState>(header), (bits & 1U) != 0, (bits & 2U) != 0,
                           (bits & 4U) != 0, static_cast<Link>(link), (bits & 8U) != 0,
                           (bits & 16U) != 0});
      }
    }
  }
}

bool refuses(Outcome outcome) {
  return outcome == Outcome::corrupt || outcome == Outcome::refuse_io ||
         outcome == Outcome::refuse_version;
}

File garbled(const SegmentWriter& writer, std::uint64_t offset, std::size_t size) {
  File file = writer.file;
  std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(offset), size, std::byte{0x5A});
  return file;
}

// What recovery knows of a file with a segment's name.
FileSituation look_at(const File& file, bool first = false) {
  FileSituation situation;
  situation.first = first;
  const HeaderPair pair = decode_header_pair(file);
  situation.header = pair.state;
  if (pair.contradictory) situation.link = Link::contradicted;
  const std::uint64_t behind =
      pair.state == HeaderState::valid ? pair.header.data_start() : 2 * minimum_block_bytes;
  situation.zero_behind =
      vouches_for_zeros(pair, first) &&
      (file.size() <= behind || is_zero(Bytes(file).subspan(static_cast<std::size_t>(behind))));
  return situation;
}

char row_of(const FileSituation& situation) { return decide(file_table(), situation).letter; }
Outcome outcome_of(const FileSituation& situation) {
  return decide(file_table(), situation).outcome;
}

}  // namespace

TEST_CASE("letters run through both tables without a gap") {
  char expected = 'A';
  for (const TailRow& row : tail_table()) CHECK(row.letter == expected++);
  for (const FileRow& row : file_table()) CHECK(row.letter == expected++);
}

TEST_CASE("every situation has a row, and every row decides some situation") {
  std::map<char, int> decided;
  each_tail([&](const TailSituation& situation) {
    int matching = 0;
    for (const TailRow& row : tail_table()) matching += matches(row, situation) ? 1 : 0;
    CHECK(matching > 0);
    ++decided[decide(tail_table(), situation).letter];
  });
  each_file([&](const FileSituation& situation) {
    int matching = 0;
    for (const FileRow& row : file_table()) matching += matches(row, situation) ? 1 : 0;
    CHECK(matching > 0);
    ++decided[decide(file_table(), situation).letter];
  });
  CHECK(decided.size() == tail_table().size() + file_table().size());
}

TEST_CASE("nothing is cut where proof exists or a byte could not be read") {
  each_tail([](const TailSituation& situation) {
    const bool question = situation.stop != Stop::seal && situation.stop != Stop::limit;
    if (!question) return;
    const TailRow& row = decide(tail_table(), situation);
    if (situation.proven || situation.unreadable || situation.stop == Stop::unreadable) {
      CHECK(refuses(row.outcome));
    }
    if (situation.residue == Residue::one_bit) CHECK(refuses(row.outcome));
    // The word of the report stands exactly where the log opens.
    CHECK((row.tail == TailWord::none) == refuses(row.outcome));
    const bool is_cut = row.outcome == Outcome::cut;
    if (is_cut) CHECK((row.tail == TailWord::torn || row.tail == TailWord::undecidable));
    if (!is_cut && !refuses(row.outcome)) CHECK(situation.residue == Residue::none);
  });
}

TEST_CASE("a live file is never removed, and an unreadable one never judged") {
  each_file([](const FileSituation& situation) {
    const Outcome outcome = outcome_of(situation);
    const bool goes = outcome == Outcome::remove || outcome == Outcome::create;
    if (situation.below_head) {
      CHECK(outcome == Outcome::remove);
    } else if (goes) {
      CHECK(situation.link == Link::none);
      CHECK(situation.zero_behind);
      CHECK_FALSE(situation.missing);
      CHECK_FALSE(situation.unreadable);
      CHECK(situation.header != HeaderState::valid);
      CHECK(situation.header != HeaderState::newer);
      CHECK((outcome == Outcome::create) == situation.first);
    } else if (situation.unreadable && !situation.missing) {
      CHECK(outcome == Outcome::refuse_io);
    }
    if (outcome == Outcome::accept) {
      CHECK(situation.header == HeaderState::valid);
      CHECK(situation.link != Link::contradicted);
    }
  });
}

TEST_CASE("the deciding code reads the table: another row, another outcome") {
  SegmentWriter writer;
  writer.commit({"x"});
  const Reading torn = test::read(garbled(writer, 8192, 30));
  REQUIRE(torn.row == 'O');
  std::vector<TailRow> rows(tail_table().begin(), tail_table().end());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<TailRow> changed = rows;
    changed[i].outcome = Outcome::create;  // no tail row has it
    each_tail([&](const TailSituation& situation) {
      const bool here = decide(tail_table(), situation).letter == rows[i].letter;
      CHECK((decide(changed, situation).outcome == Outcome::create) == here);
    });
  }
  rows.back().outcome = Outcome::corrupt;
  CHECK(decide(tail_table(), torn.situation).outcome == Outcome::cut);
  CHECK(decide(rows, torn.situation).outcome == Outcome::corrupt);

  std::vector<FileRow> files(file_table().begin(), file_table().end());
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::vector<FileRow> changed = files;
    changed[i].outcome = Outcome::clean;  // no file row has it
    each_file([&](const FileSituation& situation) {
      const bool here = decide(file_table(), situation).letter == files[i].letter;
      CHECK((decide(changed, situation).outcome == Outcome::clean) == here);
    });
  }
}

TEST_CASE("every tail row is met by real bytes") {
  std::set<char> met;
  const auto expect = [&](const Reading& reading, char letter, Outcome outcome, TailWord tail) {
    CAPTURE(letter);
    CHECK(reading.row == letter);
    CHECK(reading.outcome == outcome);
    CHECK(reading.tail == tail);
    met.insert(reading.row);
  };
  SegmentWriter writer;
  writer.commit({"first"});
  const std::uint64_t second = writer.commit({std::string(2000, 'b')});
  const SegmentWriter two = writer;

  SegmentWriter sealed = two;
  sealed.seal();
  expect(test::read(sealed.file), 'A', Outcome::end, TailWord::none);

  test::MemorySource unreadable_frame(two.file);
  unreadable_frame.bad_begin = second + 100;
  unreadable_frame.bad_end = second + 101;
  expect(test::read(two.file, unreadable_frame), 'B', Outcome::refuse_io, TailWord::none);

  SegmentWriter unknown = two;
  const std::uint64_t mark = unknown.mark();
  unknown.at(mark, 36)[8] = std::byte{0x0B};
  unknown.sign(mark, 36);
  expect(test::read(unknown.file), 'C', Outcome::refuse_version, TailWord::none);

  SegmentWriter skips = two;
  skips.next_seq = 7;
  skips.commit({"seven"});
  expect(test::read(skips.file), 'D', Outcome::corrupt, TailWord::none);

  File rot = two.file;
  test::flip(rot, static_cast<std::size_t>(second) * 8 + 100);
  expect(test::read(rot), 'E', Outcome::corrupt, TailWord::none);

  SegmentWriter proven = two;
  proven.mark();
  expect(test::read(garbled(proven, second + 200, 100)), 'F', Outcome::corrupt, TailWord::none);

  expect(test::read(two.file, 3), 'G', Outcome::corrupt, TailWord::none);

  SegmentWriter imitated(test::sample_header(), 16U << 20U);
  imitated.end += 8;
  for (std::size_t at = 8192 + 64; at + 64 < imitated.file.size(); at += 40) {
    store<std::uint32_t>(imitated.file, at, sync_word);
    store<std::uint8_t>(imitated.file, at + 10, 9);
    store<std::uint32_t>(imitated.file, at + 16, 1000000);
  }
  expect(test::read(imitated.file), 'H', Outcome::corrupt, TailWord::none);

  const File damaged = garbled(two, second, 20);
  test::MemorySource unreadable_rest(damaged);
  unreadable_rest.bad_begin = damaged.size() - 10;
  unreadable_rest.bad_end = damaged.size();
  expect(test::read(damaged, unreadable_rest), 'I', Outcome::refuse_io, TailWord::none);

  File shorter = two.file;
  shorter.resize(static_cast<std::size_t>(two.end));
  expect(test::read(shorter), 'J', Outcome::cut, TailWord::torn);

  SegmentWriter closed = two;
  closed.mark(true);
  expect(test::read(closed.file), 'K', Outcome::clean, TailWord::clean);
  // A clean reopen goes on in the same segment: then it is closed no more.
  closed.commit({"after the reopen"});
  expect(test::read(closed.file), 'L', Outcome::end, TailWord::clean);

  expect(test::read(two.file), 'L', Outcome::end, TailWord::clean);

  File incomplete = two.file;
  std::fill_n(incomplete.begin() + 8192 + 512, 512, std::byte{0});
  expect(test::read(incomplete), 'M', Outcome::cut, TailWord::torn);

  expect(test::read(garbled(two, second + 300, 100)), 'N', Outcome::cut, TailWord::undecidable);
  expect(test::read(garbled(two, second, 36)), 'O', Outcome::cut, TailWord::torn);
  CHECK(met.size() == tail_table().size());
}

TEST_CASE("after a closing mark come zeros, a commit that continues, or damage") {
  SegmentWriter writer;
  writer.commit({"a"});
  const std::uint64_t mark = writer.mark(true);
  CHECK(test::read(writer.file).row == 'K');
  File residue = writer.file;
  residue[static_cast<std::size_t>(writer.end) + 3] = std::byte{1};
  CHECK(test::read(residue).row == 'O');
  SegmentWriter goes_on = writer;
  goes_on.commit({"b"});
  CHECK(test::read(goes_on.file).records.size() == 2);
  // The mark is proven by the commit behind it.
  test::flip(goes_on.file, static_cast<std::size_t>(mark) * 8 + 90);
  CHECK(test::read(goes_on.file).outcome == Outcome::corrupt);
}

TEST_CASE("every file row is met by real bytes") {
  std::set<char> met;
  const auto expect = [&](const FileSituation& situation, char letter, Outcome outcome) {
    CAPTURE(letter);
    CHECK(row_of(situation) == letter);
    CHECK(outcome_of(situation) == outcome);
    met.insert(letter);
  };
  SegmentWriter writer;
  const File empty = writer.file;
  writer.commit({"a"});
  File headless = writer.file;
  std::fill_n(headless.begin(), 8192, std::byte{0});
  File torn_header = empty;
  std::fill_n(torn_header.begin() + 50, 8000, std::byte{0});

  FileSituation situation = look_at(writer.file);
  situation.below_head = true;
  expect(situation, 'P', Outcome::remove);

  situation = look_at(writer.file);
  situation.unreadable = true;
  expect(situation, 'Q', Outcome::refuse_io);

  situation = {};
  situation.header = HeaderState::truncated;
  situation.missing = true;
  situation.link = Link::named;
  expect(situation, 'R', Outcome::corrupt);

  File newer = empty;
  for (std::uint8_t copy = 0; copy < 2; ++copy) {
    const MutableBytes block = MutableBytes(newer).subspan(std::size_t{copy} * 4096, 4096);
    store<std::uint16_t>(block, 8, 2);
    const std::uint32_t front = tidemark::crc32c::extend(copy, block.data(), 12);
    store<std::uint32_t>(block, 12, tidemark::crc32c::extend(front, block.data() + 16, 4080));
  }
  expect(look_at(newer), 'S', Outcome::refuse_version);

  SegmentWriter contradictory;
  SegmentHeader other = contradictory.header;
  other.epoch += 1;
  encode_segment_header(other, 1, contradictory.at(4096, 4096));
  expect(look_at(contradictory.file), 'T', Outcome::corrupt);
  situation = look_at(writer.file);
  situation.link = Link::contradicted;  // as its neighbours see it
  expect(situation, 'T', Outcome::corrupt);

  expect(look_at(writer.file), 'U', Outcome::accept);
  expect(look_at(empty), 'U', Outcome::accept);

  situation = look_at(torn_header);
  situation.link = Link::named;
  expect(situation, 'V', Outcome::corrupt);

  for (const bool first : {false, true}) {
    expect(look_at(headless, first), 'W', Outcome::corrupt);
    for (const File& file : {File{}, File(100), File(16384), torn_header})
      expect(look_at(file, first), first ? 'X' : 'Y', first ? Outcome::create : Outcome::remove);
    for (const std::size_t size : {1U, 100U, 4095U}) {
      const File cut(writer.file.begin(), writer.file.begin() + static_cast<std::ptrdiff_t>(size));
      expect(look_at(cut, first), first ? 'W' : 'Y', first ? Outcome::corrupt : Outcome::remove);
    }
  }
  CHECK(met.size() == file_table().size());
}
