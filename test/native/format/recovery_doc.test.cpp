// docs/recovery.md is generated from the recovery tables. This test fails when the two differ;
// TIDEMARK_UPDATE_DOCS=1 writes the page anew.
#include <doctest/doctest.h>

#include <initializer_list>

#include "format/recovery_table.hpp"
#include "repository.hpp"

using namespace tidemark::format;

namespace {

struct Word {
  unsigned value;
  std::string_view text;
};

constexpr std::array stop_words = {
    Word{unsigned(Stop::end), "at the end of the file"},
    Word{unsigned(Stop::zeros), "at zeros that reach to the end of the file"},
    Word{unsigned(Stop::no_header), "at bytes that are no sound frame header"},
    Word{unsigned(Stop::wrong_seq), "at a sound frame that does not continue the stream"},
    Word{unsigned(Stop::beyond_file), "at a sound header whose frame reaches behind the file"},
    Word{unsigned(Stop::bad_body), "at a sound header with a wrong record or wrong padding"},
    Word{unsigned(Stop::unknown), "at a sound frame of an unknown kind that may not be skipped"},
    Word{unsigned(Stop::seal), "at the seal"},
    Word{unsigned(Stop::limit), "at the limit that the caller gave"},
    Word{unsigned(Stop::unreadable), "at bytes that the device did not give"},
};
constexpr std::array residue_words = {
    Word{unsigned(Residue::none), "nothing"},
    Word{unsigned(Residue::headerless), "residue without a sound header"},
    Word{unsigned(Residue::one_bit), "a frame that one flipped bit keeps from being sound"},
    Word{unsigned(Residue::incomplete), "a frame with a sector that is still zero or missing"},
    Word{unsigned(Residue::complete), "a frame of full length that is wrong"},
    Word{unsigned(Residue::imitations),
         "residue with more imitations of headers than can be tested"},
};
constexpr std::array header_words = {
    Word{unsigned(HeaderState::valid), "sound"},
    Word{unsigned(HeaderState::zero), "all zero"},
    Word{unsigned(HeaderState::truncated), "cut off by the end of the file"},
    Word{unsigned(HeaderState::damaged), "damaged"},
    Word{unsigned(HeaderState::newer), "of a newer version"},
};
constexpr std::array link_words = {
    Word{unsigned(Link::none), "nothing names the file"},
    Word{unsigned(Link::named), "a seal, a successor or the head names the file"},
    Word{unsigned(Link::contradicted), "the file contradicts what names it, or itself"},
};

// "" when every value is allowed.
template <std::size_t Count>
std::string values(std::uint32_t mask, const std::array<Word, Count>& words) {
  std::string text;
  std::size_t allowed = 0;
  for (const Word& word : words) {
    if ((mask & (1U << word.value)) == 0) continue;
    ++allowed;
    if (!text.empty()) text += " or ";
    text += word.text;
  }
  return allowed == Count ? std::string() : text;
}

void add(std::string& text, std::string_view before, const std::string& condition) {
  if (condition.empty()) return;
  if (!text.empty()) text += "; ";
  text.append(before).append(condition);
}

void add(std::string& text, std::uint8_t mask, const char* if_no, const char* if_yes) {
  if (mask == 3) return;
  add(text, "", mask == 1 ? if_no : if_yes);
}

std::string situation(const TailRow& row) {
  std::string text;
  add(text, "the walk stops ", values(row.stops, stop_words));
  add(text, "what stands there is ", values(row.residues, residue_words));
  add(text, row.proven, "no proof that more was durable", "proof that more was durable");
  add(text, row.unreadable, "everything behind could be read", "a byte behind could not be read");
  add(text, row.closed, "the last frame is not a closing mark", "the last frame is a closing mark");
  add(text, row.short_file, "the file is as long as it was made",
      "the file is shorter than it was made");
  return text.empty() ? "everything else" : text;
}

std::string situation(const FileRow& row) {
  std::string text;
  add(text, row.below_head, "at or above the head", "below the head");
  add(text, row.missing, "there is a file", "there is no file");
  add(text, row.unreadable, "it can be read", "it cannot be read");
  add(text, "its header is ", values(row.headers, header_words));
  add(text, "", values(row.links, link_words));
  add(text, row.zero_behind, "bytes behind the header, or the first file ends inside it",
      "only zeros behind the header");
  add(text, row.first, "not the first live segment", "the first live segment");
  return text.empty() ? "everything else" : text;
}

std::string_view outcome(Outcome what) {
  switch (what) {
    case Outcome::clean:
      return "opens, clean";
    case Outcome::end:
      return "the log ends here, nothing is cut";
    case Outcome::cut:
      return "opens, what follows is cut";
    case Outcome::corrupt:
      return "refused, `ERR_TIDEMARK_CORRUPT`";
    case Outcome::refuse_io:
      return "refused, `ERR_TIDEMARK_IO`";
    case Outcome::refuse_version:
      return "refused, `ERR_TIDEMARK_VERSION`";
    case Outcome::remove:
      return "the file is removed";
    case Outcome::create:
      return "the journal is created anew";
    case Outcome::accept:
      return "accepted";
  }
  return "";
}

std::string report(const TailRow& row) {
  switch (row.tail) {
    case TailWord::clean:
      return "`tail: 'clean'`";
    case TailWord::torn:
      return "`tail: 'torn'`, and `cut` with segment, offset and bytes";
    case TailWord::undecidable:
      return "`tail: 'undecidable'`, and `cut` with the seqs that may have been acknowledged";
    case TailWord::none:
      break;
  }
  return row.outcome == Outcome::end ? "nothing of its own"
                                     : "no report: the error, with the letter";
}

std::string report(const FileRow& row) {
  switch (row.outcome) {
    case Outcome::accept:
      return "counted in `segments`";
    case Outcome::create:
      return "`path: 'created'`";
    case Outcome::remove:
      return "nothing of its own: it never held a promised record, or was released";
    default:
      return "no report: the error, with the letter";
  }
}

template <typename Row>
void add_row(std::string& page, const Row& row) {
  page.append("| ").append(1, row.letter).append(" | ").append(situation(row));
  page.append(" | ").append(row.cause).append(" | ").append(outcome(row.outcome));
  page.append(" | ").append(report(row)).append(" |\n");
}

constexpr std::string_view table_head =
    "| | situation | physical cause | outcome | the report says |\n| --- | --- | --- | --- | --- "
    "|\n";

std::string page() {
  std::string text =
      R"(<!-- Generated from native/format/recovery_table.cpp by its test. Do not edit:
     change the table and run the test with TIDEMARK_UPDATE_DOCS=1. -->

# Recovery: what is decided, and why

Opening a journal that was not closed asks two questions: which files are live segments, and where do
the frames of the last one end. Both are answered by the tables on this page. The code that decides
reads the same rows; the letters are those of errors, reports and tests. The first row that matches
decides, so refusals stand in front of cuts: a cut cannot be taken back.

*Proof* is a watermark, a seq or a link that says that bytes at or behind the place where the walk
stopped were durable. It comes from a later valid frame of the segment (searched at every multiple of
8 up to the end of the file), the header of a later segment, a seal, the head mark, a named cursor, a
checkpoint, or `expectSeq`. A valid frame behind the damage is no proof by itself, because writes in flight
arrive in any order; zeros are no proof of absence, because a lost write leaves zeros too.

Nothing is changed before the decision is made, and nothing at all on a refusal.

)";
  text += "## Where the frames of the unsealed segment end\n\n";
  text += table_head;
  for (const TailRow& row : tail_table()) add_row(text, row);
  text += "\n## What a file with a segment's name is\n\n";
  text += table_head;
  for (const FileRow& row : file_table()) add_row(text, row);
  text += R"(
## What the words mean

The *walk* takes sound frames ([format.md](format.md#frame)) that continue the stream, from
2 × blockSize on, and stops at the first place where none stands. A valid header is asked first whether it
continues the stream, then whether its kind is known, then for its body. A seal that counts other frames
than those in front of it does not continue the stream.

- *A frame with a sector that is still zero or missing*: a valid header; and the frame ends behind the end
  of the file, or a sector is zero that lies wholly inside the frame and overlaps a payload that does not
  match its checksum. A sector is 512 bytes at a multiple of 512 of the file.
- *A frame of full length that is wrong*: any other wrong body behind a valid header.
- *One flipped bit*: flipped back, it makes a valid header that continues the stream. Searched are the
  fixed header of 36 bytes and, where header and table have at most 1,020 + 8,192 bytes, all of the two.
  A bit that is missing does not count where a torn write explains it: where its whole sector is zero and
  begins behind the beginning of the frame, or where everything from its byte to the end of the frame is
  zero and the frame would not be sound with it. Or: a frame of which only the padding is wrong, by one
  bit.
- *Proof* by a later frame: of the valid headers behind the place, the watermark with the greatest offset
  lies behind the place. Proof by a seq: `expectSeq`, a cursor's seq, the first seq of the head mark less
  one, or the predecessor's last seq in a half-made successor is at or above the seq that the stream would
  continue with.
- *More imitations than can be tested*: bytes that pass step 1 of a header, and whose headers and tables
  have together more than 8 times the length of the file plus 64 MiB.
- *Row A* answers for the end of the frames only: where the file that the seal names is gone, the refusal is
  row R, about that file.
- *The first live segment* stands in front of every file at or above the head that has a sound header.
- *Behind the header*: from 2 × blockSize on; where no copy is sound, from 8,192 on.
- *Names the file*: the head mark; a header that calls it its predecessor; a seal that calls it its successor,
  where its successor's header says that it stands, or where a walk over headers and tables, which looks at no
  payload, reaches it in a file in front. Header and seal may be of any file at or above the head whose header is
  sound (of two sound copies that differ, the first), also of one that stands under another name or belongs to
  another journal: what they say shows that the file was there, and it is not removed.
- *A half-made successor* is a segment with one sound header copy, or with two where a later segment has the same
  predecessor; which names the journal and the file's own id; with only zeros behind its header; that is not the
  first; that no header names, nor the seal of the file with a sound header in front of it, by such a walk. It
  counts as a file whose header is damaged, and as long as nothing else names it that is row Y.

## Behind damage

Where damage is to be named rather than refused (`verify`, `salvage`, `onCorruption: 'skip'`), reading goes
on. A wrong payload or padding costs what it is. Behind anything else reading goes on at the next valid
header, at a multiple of 8, whose first seq is not below the one expected and whose frame ends at or in front
of where the frames of the segment end; the seqs between are lost. A segment that is missing, or that
contradicts its neighbours, costs its own records and no others.

## The one case that cannot be decided

Row N is the price of a log without a second disk. When the last commit was acknowledged and no frame
was started after it, nothing on the disk says that it was durable. If its bytes are damaged just
then, a torn write and rot look the same; it is cut, and the report names its seqs. The idle mark,
written and synced a few milliseconds after the last commit and at close, keeps that window small: a
commit in front of a mark is proven by it.

A damaged *header* there that one flipped bit makes sound is row E: tears leave whole sectors wrong,
not single bits. That search covers the fixed header, and record tables of up to 1,024 entries; bits
in payloads are not searched, because with 32-bit checksums a torn write of some megabytes is one bit
away from sound too often.
)";
  return text;
}

}  // namespace

TEST_CASE("docs/recovery.md says what the tables decide") {
  const auto path = tidemark::format::test::repository_path("docs/recovery.md");
  if (tidemark::format::test::asked("TIDEMARK_UPDATE_DOCS")) {
    tidemark::format::test::write_text(path, page());
  }
  CHECK(tidemark::format::test::read_text(path) == page());
}
