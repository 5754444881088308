// Every row of the recovery table, by its letter: a journal that is damaged so that the row decides
// about it, what the open answers, and that it says the letter.
#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "format/bytes.hpp"
#include "format/recovery_table.hpp"
#include "io/fault_disk.hpp"
#include "journal/journal.hpp"
#include "journal/observer.hpp"
#include "journal/survey.hpp"
#include "journal/tools.hpp"
#include "support/fields.hpp"
#include "support/image_disk.hpp"

namespace tidemark::test {
namespace {

using journal::Code;

// Bytes of a file that the device does not give.
struct Bad {
  std::string file;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Who says the letter.
enum class Says : std::uint8_t {
  error,   // the open, which is refused
  report,  // the open, which opens
  survey,  // nobody outside: the survey, of the file that it is about
};

struct Case {
  char letter = 0;
  std::string what;
  Says says = Says::report;
  Image image;
  std::optional<Code> refused = std::nullopt;  // the open for writing, and the read-only one
  Bad bad = {};
};

class Catalogue {
 public:
  std::vector<Case> collect() {
    ends();
    residues();
    unreadable_ends();
    files();
    return std::move(cases_);
  }

 private:
  static const SegmentMap& last(const Specimen& specimen) { return specimen.segments.back(); }
  static const FrameMap& last_frame(const Specimen& specimen) {
    return last(specimen).frames.back();
  }
  static std::string frame_field(const Specimen& specimen, const std::string& field) {
    return "frame at " + std::to_string(last_frame(specimen).offset) + " of " +
           last(specimen).file + ": " + field;
  }
  static void fill(Content& file, std::uint64_t begin, std::uint64_t end, std::uint8_t value) {
    const std::vector<std::byte> bytes(static_cast<std::size_t>(end - begin), std::byte{value});
    file.write(begin, bytes);
  }
  static Content zeros(std::uint64_t size) {
    Content content;
    content.resize(size);
    return content;
  }
  // The fields of that name with another value, under checksums that fit.
  static Image forge(const Specimen& specimen, Image image, const std::string& name,
                     std::uint64_t value) {
    bool found = false;
    for (const Field& field : fields_of(specimen)) {
      if (field.name != name) continue;
      found = true;
      set(image.at(field.file), field, value);
      field.stamp(image.at(field.file));
    }
    REQUIRE_MESSAGE(found, name);
    return image;
  }
  static Image both_headers(const Specimen& specimen, const SegmentMap& segment,
                            const std::string& field, std::uint64_t value) {
    Image image = specimen.image;
    for (const char* copy : {"0", "1"}) {
      image =
          forge(specimen, image,
                std::string("header copy ") + copy + " of " + segment.file + ": " + field, value);
    }
    return image;
  }
  Image changed(const Specimen& specimen, const std::function<void(Content&)>& change) const {
    Image image = specimen.image;
    change(image.at(last(specimen).file));
    return image;
  }
  void opens(char letter, const std::string& what, Image image, Says says = Says::report) {
    cases_.push_back({letter, what, says, std::move(image)});
  }
  void refused(char letter, const std::string& what, Image image, Code code = Code::corrupt,
               Bad bad = {}) {
    cases_.push_back({letter, what, Says::error, std::move(image), code, std::move(bad)});
  }

  // Where the frames end without residue.
  void ends() {
    opens('K', "closed", closed_.image);
    opens('L', "killed", killed_.image);
    Image gone = closed_.image;
    gone.erase(last(closed_).file);
    cases_.push_back({'A', "the last segment is gone", Says::report, gone, Code::corrupt});
    opens('J', "cut off behind the last frame",
          changed(killed_, [&](Content& file) { file.resize(last(killed_).stream_end); }));
    // A cursor was moved over records that are not there.
    const Image wiped = changed(killed_, [&](Content& file) {
      fill(file, last_frame(killed_).offset, last(killed_).stream_end, 0);
    });
    refused('G', "a cursor proves what is zeros now",
            forge(killed_, wiped, "cursor: seq", killed_.last_seq));
    refused('C', "a frame of a type of the future",
            forge(killed_, killed_.image, frame_field(killed_, "type"), 0x0B), Code::version);
    refused('D', "a frame that leaves seqs out",
            forge(killed_, killed_.image, frame_field(killed_, "firstSeq"),
                  last_frame(killed_).first_seq + 5));
  }

  // What stands where the frames end.
  void residues() {
    const FrameMap& frame = last_frame(killed_);
    refused('E', "a flipped bit in the last header",
            changed(killed_, [&](Content& file) { file.flip(frame.offset + 21, 3); }));
    const FrameMap& proven = last(closed_).frames.at(last(closed_).frames.size() - 2);
    refused('F', "garbage in front of the closing mark", changed(closed_, [&](Content& file) {
              fill(file, proven.offset, proven.offset + 20, 0x5A);
            }));
    refused('H', "more imitations of headers than can be tested", imitated());
    opens('M', "a zero sector in the last frame", changed(killed_, [&](Content& file) {
            const std::uint64_t lost = format::align_up(frame.body, format::sector_bytes);
            REQUIRE(lost + format::sector_bytes <= frame.end);
            fill(file, lost, lost + format::sector_bytes, 0);
          }));
    opens('N', "garbage in the last payload", changed(killed_, [&](Content& file) {
            fill(file, frame.body + 100, frame.body + 200, 0x5A);
          }));
    opens('O', "garbage for the last header", changed(killed_, [&](Content& file) {
            fill(file, frame.offset, frame.offset + 20, 0x5A);
          }));
  }

  // See test/native/format/evidence.test.cpp for how many there may be.
  Image imitated() const {
    constexpr std::uint64_t length = std::uint64_t{12} << 20U;
    constexpr std::uint32_t entries = 1'000'000;
    return changed(killed_, [&](Content& file) {
      file.resize(length);
      std::byte header[format::fixed_frame_header_bytes] = {};
      format::store<std::uint32_t>(header, 0, format::sync_word);
      format::store<std::uint8_t>(header, 10, 9);
      format::store<std::uint32_t>(header, 16, entries);
      const std::uint64_t begin = last(killed_).stream_end + 64;
      for (std::uint64_t i = 0; i < 40; ++i) file.write(begin + i * 40, header);
    });
  }

  // The device does not give what stands there.
  void unreadable_ends() {
    refused('B', "the last frame cannot be read", closed_.image, Code::io,
            {last(closed_).file, last_frame(closed_).offset, last_frame(closed_).end});
    // A crash kept its seal away: what its successor says of it has to be compared with the frames.
    const SegmentMap& unsealed = hashed_.segments.at(hashed_.segments.size() - 2);
    REQUIRE(!unsealed.sealed);
    refused('B', "a frame cannot be read in front of a seal that is not there", hashed_.image,
            Code::io, {unsealed.file, unsealed.frames.back().offset, unsealed.frames.back().end});
    const SegmentMap& segment = last(killed_);
    refused('I', "garbage for the last header, and a block behind cannot be read",
            changed(killed_,
                    [&](Content& file) {
                      const FrameMap& frame = last_frame(killed_);
                      fill(file, frame.offset, frame.offset + 20, 0x5A);
                    }),
            Code::io, {segment.file, segment.bytes - 4096, segment.bytes});
  }

  void files() {
    const SegmentMap& first = killed_.segments.front();
    const SegmentMap& second = killed_.segments.at(1);
    opens('U', "closed", closed_.image, Says::survey);

    // The head moves, then what it released is removed.
    Image released = forge(killed_, killed_.image, "head: segment", second.id);
    released = forge(killed_, released, "head: first seq", second.first_seq);
    opens('P', "a segment below the head", released, Says::survey);
    cases_.push_back({'P', "a segment below the head that cannot be read", Says::survey, released,
                      std::nullopt, Bad{first.file, 0, first.bytes}});

    refused('Q', "the headers cannot be read", killed_.image, Code::io, {first.file, 0, 8192});
    refused('Q', "a seal cannot be read", killed_.image, Code::io,
            {first.file, first.stream_end, first.stream_end + format::seal_bytes});
    refused('Q', "frames cannot be read that may name the spare", killed_.image, Code::io,
            {last(killed_).file, last_frame(killed_).offset, last_frame(killed_).end});
    refused('Q', "what stands behind a damaged header cannot be read",
            changed(killed_, [](Content& file) { fill(file, 0, 8192, 0x5A); }), Code::io,
            {last(killed_).file, 8192, 12288});

    Image gone = killed_.image;
    gone.erase(second.file);
    refused('R', "a segment is missing", gone);
    refused('S', "a header of a later version",
            both_headers(killed_, second, "version", format::format_version + 1), Code::version);
    refused('S', "a header with a feature of the future",
            both_headers(killed_, second, "incompatible", 1), Code::version);
    Image foreign = killed_.image;
    foreign.at(second.file) = everything(false, 500).image.at(second.file);
    refused('T', "a segment of another journal", foreign);
    Image headless = killed_.image;
    fill(headless.at(second.file), 0, 8192, 0);
    refused('V', "a segment that its neighbours name has lost its header", headless);
    refused('W', "the only segment has lost its header",
            changed(small_, [](Content& file) { fill(file, 0, 8192, 0); }));
    Image unmade = small_.image;
    unmade.at(last(small_).file) = zeros(16384);
    opens('X', "nothing but zeros, before the first header was there", unmade, Says::survey);
    Image spare = closed_.image;
    spare[format::segment_name(last(closed_).id + 1)] = zeros(65536);
    opens('Y', "a spare that was made ahead", spare, Says::survey);
  }

  const Specimen killed_ = everything(false);
  const Specimen closed_ = everything(true);
  const Specimen hashed_ = hashed();
  const Specimen small_ = small();
  std::vector<Case> cases_;
};

struct Opening {
  std::shared_ptr<ImageDisk> disk;
  io::Host host;
  explicit Opening(const Case& one) : disk(ImageDisk::make(place, one.image)) {
    auto faulty = std::make_shared<io::FaultDisk>(disk);
    const Bad bad = one.bad;
    faulty->intercept([bad](const io::DiskCall& call) -> std::optional<io::Fault> {
      const bool touches = call.call == io::Call::read && io::base_name(call.path) == bad.file &&
                           call.offset < bad.end && bad.begin < call.offset + call.bytes;
      return touches ? std::optional(io::Fault{}) : std::nullopt;
    });
    host = host_of(faulty);
  }
  [[nodiscard]] Image image() const {
    Image now = disk->image(place);
    now.erase(std::string(format::lock_name));
    return now;
  }
};

void check_refusal(const Case& one, const journal::Failure& failure) {
  REQUIRE(one.refused.has_value());
  CHECK(failure.code == *one.refused);
  if (one.says == Says::error) CHECK(std::string(1, failure.row) == std::string(1, one.letter));
  CHECK(failure.segment.has_value());
  CHECK(failure.path.starts_with(place));
}

void read_only(const Case& one, std::optional<std::uint64_t>& shown) {
  const Opening opening(one);
  auto opened = journal::Observer::open(opening.host, place, {});
  if (one.letter == 'X') {
    // A reader has nothing to open.
    REQUIRE(!opened);
    CHECK(opened.error().code == Code::io);
  } else if (!opened) {
    check_refusal(one, opened.error());
  } else {
    CHECK(!one.refused);
    const journal::RecoveryReport& report = opened.value()->recovery();
    if (one.says == Says::report) CHECK(std::string(1, report.row) == std::string(1, one.letter));
    shown = report.last_seq;
  }
  CHECK((opening.image() == one.image));
}

void for_writing(const Case& one, const std::optional<std::uint64_t>& shown) {
  const Opening opening(one);
  journal::Options options;
  options.idle_mark = journal::longest_sync_interval;
  auto opened = journal::Journal::open(opening.host, place, options, nullptr);
  if (!opened) {
    check_refusal(one, opened.error());
    CHECK((opening.image() == one.image));
    return;
  }
  CHECK(!one.refused);
  const journal::RecoveryReport report = opened.value()->journal()->recovery();
  if (one.says == Says::report) CHECK(std::string(1, report.row) == std::string(1, one.letter));
  CHECK((report.path == journal::OpenPath::created) == (one.letter == 'X'));
  if (shown) CHECK(report.last_seq == *shown);
}

// Behind a seal whose successor is gone the refusal is about the missing file (row R); the end of
// the frames is no question, which those say that go on all the same.
void beyond_the_seal(const Case& one) {
  const Opening opening(one);
  auto refused = journal::Observer::open(opening.host, place, {});
  REQUIRE(!refused);
  CHECK(refused.error().row == 'R');
  journal::Options options;
  options.skip_corruption = true;
  auto opened = journal::Observer::open(opening.host, place, options);
  REQUIRE(opened.ok());
  CHECK(opened.value()->recovery().row == one.letter);
  auto verified = journal::verify(opening.host, place, {});
  REQUIRE(verified.ok());
  CHECK(!verified.value().ok);
  CHECK(verified.value().row == one.letter);
}

void surveyed(const Case& one) {
  const Opening opening(one);
  auto survey = journal::survey(*opening.host.disk, place);
  REQUIRE(survey.ok());
  std::set<char> rows;
  for (const auto* files : {&survey.value().live, &survey.value().debris}) {
    for (const journal::SurveyedFile& file : *files) rows.insert(file.row);
  }
  CHECK(survey.value().damage.empty());
  CHECK(rows.contains(one.letter));
}

}  // namespace

TEST_CASE("every row of the recovery table decides a damaged journal, and says its letter") {
  std::set<char> left;
  for (const format::TailRow& row : format::tail_table()) left.insert(row.letter);
  for (const format::FileRow& row : format::file_table()) left.insert(row.letter);
  REQUIRE(left.size() == 25);
  for (const Case& one : Catalogue().collect()) {
    CAPTURE(one.letter);
    CAPTURE(one.what);
    std::optional<std::uint64_t> shown;
    read_only(one, shown);
    for_writing(one, shown);
    if (one.says == Says::survey) surveyed(one);
    if (one.letter == 'A') beyond_the_seal(one);
    left.erase(one.letter);
  }
  CHECK(std::string(left.begin(), left.end()).empty());
}

}  // namespace tidemark::test
