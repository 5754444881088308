// Attempts beside a writer, under a reader, for writing, and with the tools.
#include <algorithm>
#include <future>

#include "examiner.hpp"
#include "format/names.hpp"
#include "journal/journal.hpp"
#include "journal/tools.hpp"

namespace tidemark::test {
namespace {

using journal::Code;

journal::Options quiet() {
  journal::Options options;
  options.segment_bytes = journal::minimum_segment_bytes;
  options.idle_mark = journal::longest_sync_interval;
  return options;
}

journal::Status close(journal::Client& handle) {
  std::promise<journal::Status> promise;
  handle.close([&promise](journal::Status status) { promise.set_value(std::move(status)); });
  return promise.get_future().get();
}

// What a reader beside a writer may see: the highest watermark of the sound frame headers at the
// front of the last segment.
format::Watermark watermark_of(const Damage& damage, const SegmentMap& segment) {
  format::Watermark highest{2 * segment.block, segment.first_seq - 1};
  for (const FrameMap& frame : segment.frames) {
    if (!damage.frame_header(segment, frame)) break;
    if (frame.watermark.offset >= highest.offset) highest = frame.watermark;
  }
  return highest;
}

}  // namespace

// Beside a writer: what is at or behind the watermark is not looked at, and never called damage.
void Examiner::live() {
  const std::string by = "beside a writer";
  const Opening opening = disk_of(*damage_);
  const std::string lock_path = io::join(place, format::lock_name);
  auto lock = opening.host.disk->lock(lock_path, "{\"pid\":1}\n", 0600);
  const Specimen& specimen = damage_->specimen();
  const SegmentMap& last = specimen.segments.back();
  const format::Watermark mark = watermark_of(*damage_, last);
  const bool behind =
      damage_->same_files() && std::ranges::all_of(damage_->changed(), [&](const auto& changed) {
        return changed.first == last.file && changed.second.front().begin >= mark.offset;
      });
  auto opened = journal::Observer::open(opening.host, place, {});
  if (!opened) {
    typed(opened.error(), by);
    if (behind) complain(by, "what is not promised is called damage: " + opened.error().message);
  } else {
    const journal::View view = opened.value()->view();
    if (view.last_seq > mark.seq)
      complain(by, "shows " + std::to_string(view.last_seq) + ", durable is " +
                       std::to_string(mark.seq));
    if (behind && view.last_seq != mark.seq)
      complain(by, "shows " + std::to_string(view.last_seq) + " of " + std::to_string(mark.seq));
    journal::Reader reader(opening.disk, specimen.hash_bytes);
    all_readable(gets(reader, view, by), view.last_seq, by);
  }
  auto report = journal::verify(opening.host, place, {});
  if (behind && (!report || !report.value().ok || !report.value().beside_writer))
    complain(by, "verify calls damage what is not promised");
  lock.value().reset();
  unchanged(opening, by, true);
  bounded(opening, by);
}

// A reader has the files open when the bytes change under it.
void Examiner::under_reader() {
  const std::string by = "a reader with open files";
  const Specimen& specimen = damage_->specimen();
  const auto disk = ImageDisk::make(place, specimen.image);
  const io::Host host = host_of(disk);
  auto opened = journal::Observer::open(host, place, {});
  if (!opened) {
    complain(by, "the sound specimen is refused: " + opened.error().message);
    return;
  }
  const journal::View view = opened.value()->view();
  journal::Reader reader(disk, specimen.hash_bytes);
  // Half of it is read before.
  const std::uint64_t middle = (view.first_seq + view.last_seq) / 2;
  for (std::uint64_t seq = view.first_seq; seq <= middle; ++seq)
    static_cast<void>(reader.get(view, seq));
  for (const auto& [name, ranges] : damage_->changed()) {
    if (damage_->image().contains(name))
      disk->replace(io::join(place, name), damage_->image().at(name));
  }
  for (std::uint64_t seq = view.first_seq; seq <= std::min(view.last_seq, view.first_seq + 200);
       ++seq) {
    auto found = reader.get(view, seq);
    if (!found) {
      typed(found.error(), by, false);
    } else if (!found.value().lengths.empty()) {
      value(found.value(), 0, seq, 0, by);
    }
  }
  auto refreshed = opened.value()->refresh();
  if (!refreshed) typed(refreshed.error(), by);
  if (opened.value()->view().last_seq < view.last_seq) complain(by, "takes back what it showed");
}

void Examiner::write() {
  const std::string by = "an open for writing";
  Opening opening = disk_of(*damage_);
  auto opened = journal::Journal::open(opening.host, place, quiet(), nullptr);
  if (opened.ok() == refused_ && !damage_->is_forged()) {
    // A journal of which nothing is left is created; a reader has nothing to open.
    const bool created =
        opened.ok() && opened.value()->journal()->recovery().path == journal::OpenPath::created;
    if (!created)
      complain(by, std::string(refused_ ? "opens" : "is refused") + ", other than a read-only one");
  }
  if (!opened) {
    typed(opened.error(), by);
    unchanged(opening, by, true);
    bounded(opening, by);
    return;
  }
  std::shared_ptr<journal::Client> handle = std::move(opened).value();
  const journal::RecoveryReport report = handle->journal()->recovery();
  const journal::View view = handle->journal()->view();
  const Shown shown{view.first_seq, view.last_seq, report.path == journal::OpenPath::clean};
  if (report.path == journal::OpenPath::created) {
    const bool left = std::ranges::any_of(damage_->image(), [](const auto& file) {
      return file.first.starts_with("segment-") && file.second.used() > 2 * Content::page_bytes;
    });
    if (left) complain(by, "an empty journal stands where records were");
    static_cast<void>(close(*handle));
    return;
  }
  prefix(shown, report, by);
  if (shown_ && shown_->last_seq != shown.last_seq && !damage_->is_forged())
    complain(by, "shows other records than a read-only one");
  journal::Reader reader(opening.disk, damage_->specimen().hash_bytes);
  const auto got = gets(reader, view, by);
  all_readable(got, view.last_seq, by);
  bounded(opening, by);

  // What this open showed, the next one shows, whether this process died now or went on.
  Image now = opening.disk->image(place);
  now.erase(std::string(format::lock_name));
  const auto after = ImageDisk::make(place, now);
  auto again = journal::Observer::open(host_of(after), place, {});
  if (!again || again.value()->view().last_seq != view.last_seq ||
      again.value()->view().first_seq != view.first_seq || again.value()->recovery().cut)
    complain(by, "the next open shows something else");

  const std::string text = "the record behind it all";
  const auto length = static_cast<std::uint32_t>(text.size());
  const std::string hash(damage_->specimen().hash_bytes, 'h');
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(text));
  batch.lengths = {&length, 1};
  batch.hashes = std::as_bytes(std::span(hash));
  auto seq = handle->hand_over_and_wait(batch);
  if (!seq || seq.value() != view.last_seq + 1) complain(by, "cannot go on");
  if (!close(*handle)) complain(by, "cannot be closed");
  handle.reset();
  auto reopened = journal::Observer::open(opening.host, place, {});
  if (!reopened || reopened.value()->view().last_seq != view.last_seq + 1 ||
      reopened.value()->recovery().path != journal::OpenPath::clean) {
    complain(by, "is not clean when it was closed");
  } else {
    journal::Reader second(opening.disk, damage_->specimen().hash_bytes);
    journal::View old = reopened.value()->view();
    old.last_seq = view.last_seq;
    if (gets(second, old, by + ", closed") != got)
      complain(by, "gives other records when it was closed");
  }
}

void Examiner::verify() {
  const std::string by = "verify";
  const Specimen& specimen = damage_->specimen();
  const Opening opening = disk_of(*damage_);
  auto result = journal::verify(opening.host, place, {});
  unchanged(opening, by, false);
  bounded(opening, by);
  if (!result) {
    const bool segments = std::ranges::any_of(damage_->image(), [](const auto& file) {
      return file.first.starts_with("segment-") && file.second.used() > 0;
    });
    if (segments && !damage_->is_forged()) complain(by, "fails: " + result.error().message);
    return;
  }
  const journal::VerifyReport& report = result.value();
  if (refused_ && report.ok) complain(by, "calls sound what does not open");
  if (refused_ && report.problems.empty()) complain(by, "names no problem of what does not open");
  if (damage_->is_forged()) return;
  if (report.ok && report.last_seq < specimen.last_seq && report.row != 'L' && !damage_->is_older())
    complain(by, "calls sound what is shorter");
  if (report.last_seq > specimen.last_seq || report.records > specimen.records.size())
    if (damage_->same_files()) complain(by, "counts records that never were");
  for (const journal::Problem& problem : report.problems) {
    if (problem.detail.empty() || problem.path.empty())
      complain(by, "a problem without a place or a reason");
    if (problem.from_seq > problem.to_seq && problem.to_seq != 0)
      complain(by, "a problem with a range that is none");
    ++tally[std::string("problem ") + journal::name(problem.kind)];
  }
  // Of a file that counts, every changed byte is somebody's. Half a header of a successor that
  // holds nothing and that no seal names is a creation that was cut.
  if (!damage_->same_files() || damage_->is_older()) return;
  const SegmentMap& newest = specimen.segments.back();
  const bool debris = newest.frames.empty() && damage_->touched(newest.file) &&
                      specimen.segments.size() > 1 &&
                      !std::prev(specimen.segments.end(), 2)->sealed;
  for (const auto& [name, ranges] : damage_->changed()) {
    const SegmentMap* segment = specimen.segment_of(name);
    const bool mark = format::parse_name(name).kind != format::NameKind::segment;
    if (segment == nullptr && !mark) continue;  // a spare
    if (segment == &newest && debris) continue;
    const std::uint64_t size = specimen.image.at(name).size();
    // Zeros behind the end belong to nothing and harm nothing; and where a successor's header says
    // that a segment ends, nothing behind is asked for.
    const Content& now = damage_->image().at(name);
    const bool grown = segment != nullptr && ranges.front().begin >= size && now.used() <= size;
    const bool ended = segment != nullptr && segment != &newest && !segment->sealed &&
                       ranges.front().begin >= segment->stream_end;
    if (grown || ended) continue;
    const std::string path = io::join(place, name);
    const bool last = segment != nullptr && segment->id == specimen.segments.back().id;
    const bool named =
        std::ranges::any_of(
            report.problems,
            [&](const journal::Problem& problem) { return problem.path == path; }) ||
        (last && report.torn && report.torn->segment == segment->id) ||
        // Without its neighbour's word nothing tells older bytes from newer ones.
        (last && report.row == 'L' && report.last_seq < specimen.last_seq) ||
        // The link to a file is damaged on either side.
        (segment != nullptr && std::ranges::any_of(report.problems, [](const auto& problem) {
           return problem.kind == journal::ProblemKind::link ||
                  problem.kind == journal::ProblemKind::missing;
         }));
    if (!named && damage_->changed().size() == 1) complain(by, "does not name " + name);
    if (report.ok && !(last && report.row == 'L')) complain(by, "calls a damaged journal sound");
  }
  const auto& flip = damage_->flipped();
  if (!flip || debris) return;
  const SegmentMap* segment = specimen.segment_of(flip->file);
  const bool behind = segment != nullptr && !segment->sealed && flip->offset >= segment->used;
  const std::string path = io::join(place, flip->file);
  const bool explained = std::ranges::any_of(report.problems, [&](const auto& problem) {
    return problem.path == path && problem.single_bit_flip == flip->offset;
  });
  const bool spare = segment == nullptr && flip->file.starts_with("segment-");
  // Of the one commit that cannot be decided a report is made, and no problem.
  const bool undecidable = report.torn && report.row == 'N';
  if (!behind && !spare && !explained && !undecidable)
    complain(by, "does not say which bit flipped");
}

void Examiner::salvage() {
  const std::string by = "salvage";
  const Specimen& specimen = damage_->specimen();
  const Opening opening = disk_of(*damage_);
  auto result = journal::salvage(opening.host, place, "/out", {});
  unchanged(opening, by, false);
  bounded(opening, by);
  if (!result) {
    const bool usable = std::ranges::any_of(specimen.segments, [&](const SegmentMap& segment) {
      return damage_->image().contains(segment.file) && damage_->header(segment);
    });
    if ((result.error().code != Code::corrupt || usable) && !damage_->is_forged())
      complain(by, "fails: " + result.error().message);
    ++tally["salvage of nothing"];
    return;
  }
  const journal::CopyReport& report = result.value();
  std::uint64_t absent = 0;
  for (const std::uint64_t seq : specimen.lost) {
    if (seq >= report.first_seq && seq <= report.last_seq) ++absent;
  }
  const std::uint64_t range = report.last_seq + 1 - report.first_seq;
  if (report.records + report.lost_records != range && !damage_->is_forged())
    complain(by, std::to_string(report.records) + " records and " +
                     std::to_string(report.lost_records) + " lost of " + std::to_string(range));
  std::uint64_t listed = 0;
  for (const journal::SeqRange& lost : report.lost) listed += lost.to + 1 - lost.from;
  if (listed != report.lost_records) complain(by, "counts other losses than it lists");
  // What a recovery cuts is not lost, it was never promised.
  std::set<std::uint64_t> sound;
  if (damage_->structure() && !damage_->is_forged()) {
    for (const auto& [seq, wanted] : specimen.records) {
      const bool cut = shown_ && !refused_ && seq > shown_->last_seq;
      if (damage_->record(seq) && !cut) sound.insert(seq);
    }
  }
  copy(opening, "/out", sound, by);
  tally["salvaged records"] += report.records;
  tally["lost records"] += report.lost_records;
}

}  // namespace tidemark::test
