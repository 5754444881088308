// Reading attempts: read-only opens in their several ways.
#include "examiner.hpp"

#include <algorithm>
#include <cstring>

#include "allocations.hpp"
#include "format/names.hpp"
#include "journal/tools.hpp"

namespace tidemark::test {
namespace {

using journal::Code;

// What an operation may read, in sizes of the directory: each pass over a file is one.
constexpr std::uint64_t passes = 40;
constexpr std::uint64_t small_change = std::uint64_t{8} << 20U;
// The largest buffer that is fixed, a window, and some more.
constexpr std::uint64_t fixed_buffer = (std::uint64_t{1} << 20U) + 65536;

// The last seq that is looked at: a forged gap may reach to the end of all seqs.
std::uint64_t end_of(const journal::View& view) {
  return std::min(view.last_seq, view.first_seq + 200);
}

std::string seqs(std::uint64_t seq) { return "record " + std::to_string(seq); }

std::uint64_t size_of(const Image& image) {
  std::uint64_t bytes = 0;
  for (const auto& [name, content] : image) bytes += content.size();
  return bytes;
}

}  // namespace

std::vector<std::string> Examiner::examine(const Damage& damage, unsigned attempts) {
  damage_ = &damage;
  attempts_ = attempts;
  complaints_.clear();
  shown_.reset();
  refused_ = false;
  if ((attempts & (attempt::read_only | attempt::verify | attempt::write)) != 0) read_only();
  if ((attempts & attempt::skip) != 0) skip();
  if ((attempts & attempt::live) != 0 && !damage.is_forged()) live();
  if ((attempts & attempt::under_reader) != 0) under_reader();
  if ((attempts & attempt::verify) != 0) verify();
  if ((attempts & attempt::write) != 0) write();
  if ((attempts & attempt::salvage) != 0) salvage();
  ++tally["states"];
  return std::move(complaints_);
}

void Examiner::complain(const std::string& by, const std::string& text) {
  if (complaints_.size() < 20)
    complaints_.push_back(damage_->specimen().name + ", " + damage_->what() + ": " + by + ": " +
                          text);
}

Examiner::Opening Examiner::disk_of(const Damage& damage) {
  auto disk = ImageDisk::make(place, damage.image());
  allocations::forget();
  return {disk, host_of(disk)};
}

void Examiner::unchanged(const Opening& opening, const std::string& by, bool lock_file) {
  Image now = opening.disk->image(place);
  if (lock_file) now.erase(std::string(format::lock_name));
  if (now == damage_->image()) return;
  for (const auto& [name, content] : damage_->image()) {
    if (!now.contains(name))
      complain(by, "removed " + name);
    else if (!(now.at(name) == content))
      complain(by, "changed " + name);
  }
  for (const auto& [name, content] : now) {
    if (!damage_->image().contains(name)) complain(by, "made " + name);
  }
}

void Examiner::bounded(const Opening& opening, const std::string& by) {
  const std::uint64_t size = size_of(damage_->image());
  if (opening.disk->bytes_read() > passes * size + small_change)
    complain(by, "read " + std::to_string(opening.disk->bytes_read()) + " bytes");
  std::uint64_t largest = 0;
  for (const auto& [name, content] : damage_->image()) largest = std::max(largest, content.size());
  if (allocations::largest() > 2 * largest + fixed_buffer)
    complain(by, "allocated " + std::to_string(allocations::largest()) + " bytes at once");
}

void Examiner::typed(const journal::Failure& failure, const std::string& by, bool nothing_left) {
  const bool segments = std::ranges::any_of(damage_->image(), [](const auto& file) {
    return file.first.starts_with("segment-") && file.second.used() > 0;
  });
  const bool corrupt = failure.code == Code::corrupt ||
                       (damage_->is_forged() && failure.code == Code::truncated) ||
                       (damage_->is_forged() && failure.code == Code::version) ||
                       (nothing_left && !segments && failure.code == Code::io);
  if (!corrupt) {
    complain(by,
             std::string("is refused as ") + journal::name(failure.code) + ": " + failure.message);
    return;
  }
  if (failure.message.empty() || !failure.path.starts_with(place))
    complain(by, "a refusal without its place: " + failure.message);
  const format::NameKind kind = format::parse_name(io::base_name(failure.path)).kind;
  const bool mark = kind == format::NameKind::head || kind == format::NameKind::cursor;
  if (failure.code == Code::corrupt && segments && !mark && !failure.segment)
    complain(by, "a refusal that names no segment: " + failure.message);
  // Where frames stand the records are named, too; a seal holds none.
  const bool seal =
      std::ranges::any_of(damage_->specimen().segments, [&](const SegmentMap& segment) {
        return segment.sealed && segment.id == failure.segment &&
               segment.stream_end == failure.offset;
      });
  if (failure.code == Code::corrupt && failure.row >= 'A' && failure.row <= 'O' && !seal &&
      (!failure.from_seq || !failure.offset))
    complain(by, "a refusal that names no records: " + failure.message);
}

// What is proven by a sound frame, cursor or head was not cut.
void Examiner::proven(const journal::RecoveryReport& report, const Shown& shown,
                      const std::string& by) {
  const Specimen& specimen = damage_->specimen();
  for (const SegmentMap& segment : specimen.segments) {
    for (const FrameMap& frame : segment.frames) {
      // By its place, because a frame without records has no seq.
      const bool behind_the_cut = report.cut && report.cut->segment == segment.id &&
                                  frame.watermark.offset > report.cut->offset;
      if (frame.watermark.seq <= shown.last_seq && !behind_the_cut) continue;
      if (damage_->header(segment) && damage_->frame_header(segment, frame))
        complain(by, "ends at " + std::to_string(shown.last_seq) + " although the frame at " +
                         std::to_string(frame.offset) + " of " + segment.file + " proves " +
                         std::to_string(frame.watermark.seq) + " and all bytes up to " +
                         std::to_string(frame.watermark.offset));
    }
  }
  for (const auto& [name, seq] : specimen.cursors) {
    const std::string file = format::cursor_file_name(name);
    if (seq > shown.last_seq && damage_->image().contains(file) && !damage_->touched(file))
      complain(by, "ends below the cursor '" + name + "'");
  }
  if (!report.cut && report.row != 'L' && !damage_->is_older())
    complain(by, "is shorter, and nothing is reported");
}

void Examiner::prefix(const Shown& shown, const journal::RecoveryReport& report,
                      const std::string& by) {
  const Specimen& specimen = damage_->specimen();
  if (damage_->is_forged()) return;
  if (shown.last_seq > specimen.last_seq)
    complain(by, "shows " + std::to_string(shown.last_seq) + ", which never was");
  if (damage_->same_files() && !damage_->is_older() && shown.first_seq != specimen.first_seq &&
      shown.last_seq >= specimen.first_seq)
    complain(by, "begins at " + std::to_string(shown.first_seq));
  if (shown.last_seq >= specimen.last_seq) return;
  if (shown.clean && !damage_->is_older())
    complain(by, "is clean and ends at " + std::to_string(shown.last_seq));
  if (specimen.closed && damage_->flipped())
    complain(by, "is shorter after a clean close: ends at " + std::to_string(shown.last_seq));
  // All sectors of the last commit are there, so it may have been acknowledged.
  if (damage_->flipped() && report.cut && report.tail != format::TailWord::undecidable)
    complain(by, "cuts a commit that was there as a whole, and does not call it undecidable");
  proven(report, shown, by);
}

bool Examiner::value(const journal::RecordBatch& batch, std::size_t number, std::uint64_t seq,
                     std::size_t at, const std::string& by) {
  const Specimen& specimen = damage_->specimen();
  const auto known = specimen.ever.find(seq);
  // Released records may come back where the head mark is gone; lost ones where older files are.
  const bool holds =
      known != specimen.ever.end() &&
      !(damage_->same_files() && !damage_->is_older() && specimen.lost.contains(seq));
  if (!holds) {
    complain(by, "invented " + seqs(seq));
    return false;
  }
  const Value& wanted = known->second;
  const std::size_t length = batch.lengths[number];
  const std::uint8_t attributes =
      number < batch.attributes.size() ? batch.attributes[number] : std::uint8_t{0};
  bool right =
      length == wanted.payload.size() && attributes == wanted.attributes &&
      (length == 0 || std::memcmp(batch.payload.data() + at, wanted.payload.data(), length) == 0);
  const std::size_t hash = specimen.hash_bytes;
  if (right && hash != 0 && !damage_->is_forged()) {
    right = batch.hashes.size() >= (number + 1) * hash &&
            std::memcmp(batch.hashes.data() + number * hash, wanted.hash.data(), hash) == 0;
  }
  if (!right) complain(by, seqs(seq) + " has a wrong value");
  return right;
}

std::set<std::uint64_t> Examiner::gets(journal::Reader& reader, const journal::View& view,
                                       const std::string& by) {
  std::set<std::uint64_t> got;
  for (std::uint64_t seq = view.first_seq; seq <= end_of(view); ++seq) {
    auto found = reader.get(view, seq);
    if (!found) {
      const journal::Failure& failure = found.error();
      typed(failure, by, false);
      if (!failure.from_seq || !failure.to_seq || *failure.from_seq > seq ||
          *failure.to_seq < seq || !failure.segment)
        complain(by, seqs(seq) + " fails without being named: " + failure.message);
      continue;
    }
    const journal::RecordBatch& batch = found.value();
    if (batch.lengths.size() != 1) {
      if (!damage_->is_forged()) complain(by, seqs(seq) + " is absent");
      continue;
    }
    if (batch.first_seq != seq) complain(by, seqs(seq) + " is another one");
    if (value(batch, 0, seq, 0, by)) got.insert(seq);
    if (!batch.attributes.empty() && batch.payload.size() >= sizeof(std::uint64_t)) {
      const std::string payload(reinterpret_cast<const char*>(batch.payload.data()),
                                batch.payload.size());
      dictionary(reader, view, batch.segment_id, payload, by);
    }
  }
  return got;
}

// The dictionary that a record names, from the segment of the record.
void Examiner::dictionary(journal::Reader& reader, const journal::View& view, std::uint64_t segment,
                          const std::string& payload, const std::string& by) {
  std::uint64_t hash = 0;
  std::memcpy(&hash, payload.data(), sizeof(hash));
  auto found = reader.dictionary(view, segment, hash);
  if (!found) {
    typed(found.error(), by, false);
    return;
  }
  const std::string wanted = dictionary_of(hash);
  const std::vector<std::byte>& bytes = found.value();
  if (bytes.empty()) {
    for (const SegmentMap& map : damage_->specimen().segments) {
      if (map.id == segment && damage_->structure() && damage_->dictionary(map, hash))
        complain(by, "a dictionary of segment " + std::to_string(segment) + " is not found");
    }
  } else if (bytes.size() != wanted.size() ||
             std::memcmp(bytes.data(), wanted.data(), wanted.size()) != 0) {
    complain(by, "a wrong dictionary");
  }
}

// Everything from view.first_seq to view.last_seq in batches. Returns what came.
std::set<std::uint64_t> Examiner::range(journal::Reader& reader, const journal::View& view,
                                        const journal::ReadRequest& how, const std::string& by) {
  std::set<std::uint64_t> got;
  std::set<std::uint64_t> skipped;
  journal::ReadRequest request = how;
  request.from = view.first_seq;
  request.to = view.last_seq;
  std::uint64_t left = 4 * (end_of(view) + 1 - view.first_seq) + 100;
  while (request.from <= request.to) {
    if (left-- == 0) {
      complain(by, "does not end");
      return got;
    }
    auto found = reader.read(view, request);
    if (!found) {
      if (request.skip_corruption && !damage_->is_forged())
        complain(by, "fails: " + found.error().message);
      typed(found.error(), by, false);
      // What came before reaches to the damage.
      const std::uint64_t from = found.error().from_seq.value_or(0);
      const std::uint64_t to = found.error().to_seq.value_or(0);
      const auto& lost = damage_->specimen().lost;
      // The next record, or a seq of the gaps in front of it: their frame may be what is damaged.
      std::uint64_t next = request.reverse ? request.to : request.from;
      const auto named = [&] { return from <= next && next <= to; };
      while (!named() && lost.contains(next) && next >= request.from && next <= request.to)
        next += request.reverse ? std::uint64_t(-1) : 1;
      if (damage_->same_files() && !damage_->is_forged() && !named())
        complain(by, "stops at " + seqs(next) + " for damage of " + std::to_string(from) + " to " +
                         std::to_string(to));
      return got;
    }
    const journal::RecordBatch& batch = found.value();
    for (const journal::SkippedRange& part : batch.skipped) {
      for (std::uint64_t seq = part.from_seq; seq <= part.to_seq && seq <= end_of(view); ++seq)
        skipped.insert(seq);
    }
    if (batch.lengths.empty()) break;
    std::size_t at = 0;
    for (std::size_t i = 0; i < batch.lengths.size(); ++i) {
      const std::uint64_t seq = batch.first_seq + i;
      if (value(batch, i, seq, at, by) && !got.insert(seq).second)
        complain(by, seqs(seq) + " comes twice");
      at += batch.lengths[i];
    }
    if (request.reverse) {
      if (batch.first_seq == request.from) break;
      request.to = batch.first_seq - 1;
    } else {
      request.from = batch.first_seq + batch.lengths.size();
    }
  }
  for (std::uint64_t seq = view.first_seq; seq <= end_of(view); ++seq) {
    const bool known =
        got.contains(seq) || skipped.contains(seq) || damage_->specimen().lost.contains(seq);
    if (!known && !damage_->is_forged()) complain(by, seqs(seq) + " is passed over in silence");
  }
  return got;
}

void Examiner::all_readable(const std::set<std::uint64_t>& got, std::uint64_t last,
                            const std::string& by) {
  if (!damage_->structure() || damage_->is_forged()) return;
  for (const auto& [seq, wanted] : damage_->specimen().records) {
    if (seq <= last && damage_->record(seq) && !got.contains(seq))
      complain(by, "the sound " + seqs(seq) + " is not given");
  }
}

void Examiner::decided_by(char row) {
  if (row != 0) ++tally[std::string("row ") + row];
}

void Examiner::read_only() {
  const std::string by = "a read-only open";
  const Opening opening = disk_of(*damage_);
  auto opened = journal::Observer::open(opening.host, place, {});
  if (!opened) {
    refused_ = true;
    typed(opened.error(), by);
    ++tally[std::string("refused ") + (opened.error().row != 0 ? opened.error().row : '-')];
    decided_by(opened.error().row);
  } else {
    journal::Observer& observer = *opened.value();
    const journal::View view = observer.view();
    const journal::RecoveryReport& report = observer.recovery();
    shown_ = {view.first_seq, view.last_seq, report.path == journal::OpenPath::clean};
    prefix(*shown_, report, by);
    ++tally[std::string("opened ") + report.row + (report.cut ? ", cut" : "")];
    decided_by(report.row);
    journal::Reader reader(opening.disk, damage_->specimen().hash_bytes);
    const auto got = gets(reader, view, "get");
    all_readable(got, view.last_seq, "get");
    journal::ReadRequest how;
    const auto forwards = range(reader, view, how, "read");
    how.reverse = true;
    how.max_records = 3;
    const auto backwards = range(reader, view, how, "read backwards");
    for (const auto* part : {&forwards, &backwards}) {
      if (!std::ranges::includes(got, *part) && !damage_->is_forged())
        complain("read", "gives what get does not");
    }
    how.reverse = false;
    how.skip_corruption = true;
    if (range(reader, view, how, "read, skipping") != got && !damage_->is_forged())
      complain("read, skipping", "does not give what get gives");
    how.reverse = true;
    if (range(reader, view, how, "read backwards, skipping") != got && !damage_->is_forged())
      complain("read backwards, skipping", "does not give what get gives");
    auto refreshed = observer.refresh();
    if (!refreshed) typed(refreshed.error(), "follow");
    if (observer.view().last_seq != view.last_seq) complain("follow", "sees another end");
    unchanged(opening, by, false);
    if ((attempts_ & attempt::snapshot) != 0) snapshot(opening, view);
  }
  unchanged(opening, by, false);
  bounded(opening, by);
  expecting();
}

// Whoever knows what was durable is told when the log ends below it.
void Examiner::expecting() {
  const std::uint64_t last_seq = damage_->specimen().last_seq;
  if (!shown_ || shown_->last_seq >= last_seq) return;
  const std::string by = "an open that expects seq " + std::to_string(last_seq);
  const Opening opening = disk_of(*damage_);
  journal::Options options;
  options.expect_seq = last_seq;
  auto opened = journal::Observer::open(opening.host, place, options);
  if (opened) {
    complain(by, "ends at " + std::to_string(opened.value()->view().last_seq));
  } else {
    typed(opened.error(), by);
  }
  unchanged(opening, by, false);
}

// A snapshot is exact, or there is none.
void Examiner::snapshot(const Opening& opening, const journal::View& view) {
  auto copied = journal::copy_view(opening.host, view, place, "/copy", {});
  if (!copied) {
    typed(copied.error(), "a snapshot", false);
    return;
  }
  std::set<std::uint64_t> all;
  for (const auto& [seq, wanted] : damage_->specimen().records) {
    if (seq >= view.first_seq && seq <= view.last_seq) all.insert(seq);
  }
  copy(opening, "/copy", damage_->is_forged() ? std::set<std::uint64_t>() : all, "a snapshot");
}

void Examiner::copy(const Opening& opening, const std::string& directory,
                    const std::set<std::uint64_t>& must_hold, const std::string& by) {
  auto report = journal::verify(opening.host, directory, {});
  if (!report || !report.value().ok) {
    complain(by, "made a journal that is not sound");
    return;
  }
  auto opened = journal::Observer::open(opening.host, directory, {});
  if (!opened || opened.value()->recovery().path != journal::OpenPath::clean) {
    complain(by, "made a journal that does not open clean");
    return;
  }
  const journal::View view = opened.value()->view();
  journal::Reader reader(opening.disk, damage_->specimen().hash_bytes);
  std::set<std::uint64_t> got;
  for (std::uint64_t seq = view.first_seq; seq <= end_of(view); ++seq) {
    auto found = reader.get(view, seq);
    if (!found || found.value().lengths.empty()) continue;
    if (value(found.value(), 0, seq, 0, by)) got.insert(seq);
  }
  for (const std::uint64_t seq : must_hold) {
    if (!got.contains(seq)) complain(by, "lost the sound " + seqs(seq));
  }
}

void Examiner::skip() {
  const std::string by = "a read-only open, skipping";
  const Opening opening = disk_of(*damage_);
  journal::Options options;
  options.skip_corruption = true;
  auto opened = journal::Observer::open(opening.host, place, options);
  if (!opened) {
    typed(opened.error(), by);
    if (damage_->structure() && !damage_->is_forged())
      complain(by, "is refused: " + opened.error().message);
  } else {
    const journal::View view = opened.value()->view();
    if (view.last_seq > damage_->specimen().last_seq && !damage_->is_forged())
      complain(by, "shows " + std::to_string(view.last_seq) + ", which never was");
    journal::Reader reader(opening.disk, damage_->specimen().hash_bytes);
    journal::ReadRequest how;
    how.skip_corruption = true;
    const auto got = range(reader, view, how, by);
    how.reverse = true;
    how.max_records = 2;
    if (range(reader, view, how, by + ", backwards") != got && !damage_->is_forged())
      complain(by, "gives other records backwards");
    // What a recovery would cut is not shown; of what it would refuse everything sound is.
    // Which of two headers is the right one only salvage asks.
    if (!damage_->contradictory())
      all_readable(got, shown_ && !refused_ ? shown_->last_seq : UINT64_MAX, by);
  }
  unchanged(opening, by, false);
  bounded(opening, by);
}

}  // namespace tidemark::test
