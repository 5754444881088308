// How an observer takes in a whole directory: at its open, when a writer came or went, and when
// following headers alone did not explain what it saw.
#include <algorithm>
#include <utility>

#include "journal/observer_state.hpp"

namespace tidemark::journal {
namespace {

Failure not_there(const std::string& directory, bool directory_exists) {
  Failure failure;
  failure.code = Code::io;
  failure.path = directory;
  failure.cause = io::Error{io::Errc::not_found, io::Call::list, 0, directory};
  failure.message =
      directory_exists
          ? "there is no journal in this directory; opening it for writing would create one"
          : "there is no such directory; opening it for writing would create it";
  return failure;
}

Failure taken_back(const Segment& segment, std::uint64_t from, std::uint64_t to) {
  Failure failure;
  failure.code = Code::corrupt;
  failure.path = segment.path;
  failure.segment = segment.header.segment_id;
  failure.from_seq = from;
  failure.to_seq = to;
  failure.message = "records " + std::to_string(from) + " to " + std::to_string(to) +
                    " were durable and are gone: run `tidemark verify` for the extent and "
                    "`tidemark salvage` to copy "
                    "out what is sound";
  return failure;
}

SkippedRange skipped_for(const Failure& failure) {
  return {failure.segment.value_or(0),  failure.offset.value_or(0), 0,
          failure.from_seq.value_or(0), failure.to_seq.value_or(0), failure.message};
}

// The medium, or its mount, or our rights, do not let us sync: what is there is all there is.
bool may_not_sync(const io::Error& error) {
  return error.code == io::Errc::read_only || error.code == io::Errc::access ||
         error.code == io::Errc::not_supported || error.code == io::Errc::invalid;
}

}  // namespace

Status Observer::State::refuse_or_skip(const Survey& survey, RecoveryReport* report) const {
  if (survey.damage.empty()) return done();
  if (!options.skip_corruption) return survey.damage.front();
  if (report == nullptr) return done();
  for (const Failure& failure : survey.damage) {
    report->skipped.push_back(skipped_for(failure));
  }
  return done();
}

Status Observer::State::take(Survey& survey, RecoveryReport* report) {
  if (!survey.directory_exists) return not_there(directory, false);
  if (Status status = refuse_or_skip(survey, report); !status) return status;
  if (survey.live.empty()) {
    if (!survey.damage.empty()) return survey.damage.front();
    return not_there(directory, true);
  }
  // Only what was published counts as shown; an attempt that was given up may have seen more.
  // Nobody else changes the view, so it needs no lock to be read here.
  const std::uint64_t shown_before = view.last_seq;

  std::vector<std::shared_ptr<const Segment>> next;
  for (std::size_t i = 0; i + 1 < survey.live.size(); ++i) {
    next.push_back(segment_of(survey.live[i], &survey.live[i + 1]));
  }
  const SurveyedFile& last = survey.live.back();
  const format::SegmentHeader& newest = last.headers.header;
  first_seq = std::max(first_seq, survey.effective_head.first_seq);
  if (report != nullptr) describe(survey, *report);
  if (!writer.alive) {
    if (Status status = settle(survey, report); !status) return status;
    complete = std::move(next);
  } else {
    format::Watermark shown{newest.data_start(), newest.first_seq - 1};
    std::shared_ptr<const Segment> segment = segment_of(last, nullptr);
    // What was shown once stays shown, though a writer has not yet said so again.
    if (!view.segments.empty() && view.segments.back()->header.salt == newest.salt &&
        view.limit > shown.offset) {
      shown = {view.limit, view.last_seq};
      segment = view.segments.back();
    }
    if (Status status = open_growing(std::move(segment), shown); !status) return status;
    complete = std::move(next);
    bool again = false;
    if (Status status = follow(again); !status) return status;
  }
  if (growing.shown.seq < shown_before && !options.skip_corruption) {
    return taken_back(*growing.segment, growing.shown.seq + 1, shown_before);
  }
  return done();
}

void Observer::State::describe(Survey& survey, RecoveryReport& report) const {
  report.path = OpenPath::clean;
  report.foreign = std::move(survey.foreign);
  report.bad_header_copies = std::move(survey.bad_header_copies);
}

// Segments that are known keep what was learnt of them: their index above all.
std::shared_ptr<const Segment> Observer::State::segment_of(const SurveyedFile& file,
                                                           const SurveyedFile* next) {
  const auto known = std::find_if(complete.begin(), complete.end(), [&](const auto& segment) {
    return segment->header.segment_id == file.id &&
           segment->header.salt == file.headers.header.salt;
  });
  if (known != complete.end() && (*known)->sealed()) return *known;
  auto segment = std::make_shared<Segment>();
  segment->path = file.path;
  segment->header = file.headers.header;
  segment->seal = file.seal;
  segment->file_bytes = file.bytes;
  segment->stream_end = file.stream_end;
  segment->last_seq = segment->header.first_seq - 1;
  if (next == nullptr) return segment;
  if (next->headers.header.predecessor.id == file.id) {
    segment->last_seq = next->headers.header.predecessor.last_seq;
    return segment;
  }
  if (file.seal) {
    segment->last_seq = file.seal->last_seq;
    return segment;
  }
  // Its successor is missing, and damage is to be skipped: the frames say how far it goes.
  auto opened = host.disk->open(file.path, {});
  if (!opened) return segment;
  FileSource source(*opened.value(), file.bytes);
  source.tolerate_unreadable();
  TailDecision from_start;
  from_start.stream.end = segment->header.data_start();
  from_start.stream.next_seq = segment->header.first_seq;
  const format::Watermark end = behind_damage(file, from_start).end;
  segment->stream_end = end.offset;
  segment->last_seq = end.seq;
  return segment;
}

void Observer::State::sync_medium(const SurveyedFile& file, std::optional<Failure>& failure) const {
  // Whoever wrote last may have died with bytes that only the page cache holds.
  auto opened = host.disk->open(file.path, {});
  io::Status status = opened ? opened.value()->sync() : io::Status(opened.error());
  if (status) status = host.disk->sync_directory(directory);
  if (!status && !may_not_sync(status.error())) {
    failure = from_io(status.error(),
                      "what the last writer wrote cannot be made durable, so it cannot be shown");
  }
}

Status Observer::State::settle(const Survey& survey, RecoveryReport* report) {
  const SurveyedFile& last = survey.live.back();
  std::optional<Failure> failure;
  // The last two: a rotation may have been under way.
  for (std::size_t i = survey.live.size(); i > 0 && i + 2 > survey.live.size() && !failure; --i) {
    sync_medium(survey.live[i - 1], failure);
  }
  if (failure) return *failure;
  TailQuestion question;
  question.tasks = host.tasks.get();
  question.last = &last;
  question.previous = survey.live.size() > 1 ? &survey.live[survey.live.size() - 2] : nullptr;
  question.proof_seq = proof_seq(survey, options.expect_seq);
  question.proof_seq = std::max(question.proof_seq, view.last_seq);
  auto decided = decide_tail(*host.disk, question);
  if (!decided) return decided.error();
  TailDecision& decision = decided.value();
  if (decision.refusal && !options.skip_corruption) return *decision.refusal;

  auto segment = std::make_shared<Segment>();
  segment->path = last.path;
  segment->header = last.headers.header;
  segment->stream_end = decision.stream.end;
  segment->last_seq = decision.stream.next_seq - 1;
  segment->file_bytes = decision.file_bytes;
  segment->index = decision.index;
  format::Watermark shown{decision.stream.end, decision.stream.next_seq - 1};
  Reach reach;
  if (decision.refusal && !decision.refused_for_previous) {
    reach = behind_damage(last, decision);
    shown = reach.end;
  }
  if (report != nullptr) {
    report->path = decision.stream.closed && decision.tail == format::TailWord::clean
                       ? OpenPath::clean
                       : OpenPath::recovered;
    report->read_from_device = decision.from_device;
    report->tail = decision.tail;
    report->row = decision.row;
    report->cut = decision.cut;
    report->bytes_read = decision.bytes_read;
    if (decision.refusal) {
      const Failure& refusal = *decision.refusal;
      SkippedRange skipped{last.id,
                           decision.stream.end,
                           decision.evidence.residue_bytes,
                           decision.stream.next_seq,
                           std::max(shown.seq, decision.stream.next_seq),
                           refusal.message};
      if (reach.next) {
        // Damage further behind is told by the read that meets it.
        skipped.bytes = reach.next->offset - decision.stream.end;
        skipped.to_seq = std::max(reach.next->seq - 1, decision.stream.next_seq);
      }
      if (refusal.segment.value_or(last.id) != last.id) skipped = skipped_for(refusal);
      report->skipped.push_back(std::move(skipped));
      // A seal behind the damage names a segment that is gone.
      if (reach.seal && decision.stop != format::Stop::seal)
        report->skipped.push_back(skipped_for(missing_successor(last, *reach.seal)));
    }
  }
  return open_growing(std::move(segment), shown);
}

// The end of the last valid frame of all: where a reader that steps over damage can get to.
Observer::State::Reach Observer::State::behind_damage(const SurveyedFile& file,
                                                      const TailDecision& decision) const {
  Reach reach;
  reach.end = {decision.stream.end, decision.stream.next_seq - 1};
  format::Watermark& end = reach.end;
  auto opened = host.disk->open(file.path, {});
  if (!opened) return reach;
  auto size = opened.value()->size();
  if (!size) return reach;
  FileSource source(*opened.value(), size.value());
  source.tolerate_unreadable();
  for (std::uint64_t from = end.offset; from < size.value();) {
    const format::Found found = format::find_frame(file.headers.header, source, from);
    if (!found.header) break;
    if (found.header->is(format::FrameType::seal)) {
      FrameCursor cursor(file.headers.header);
      if (found.header->first_seq > end.seq &&
          cursor.load(source, found.header->offset, size.value(), true) ==
              FrameCursor::State::good) {
        reach.seal = cursor.seal();
      }
      break;
    }
    from = found.header->offset + format::frame_alignment;
    // The frame that does not continue the stream is the damage.
    if (found.header->offset == decision.stream.end &&
        found.header->first_seq != decision.stream.next_seq) {
      continue;
    }
    if (found.header->first_seq <= end.seq || found.header->end() > size.value()) continue;
    if (!reach.next && found.header->offset > decision.stream.end) {
      reach.next = {found.header->offset, found.header->first_seq};
    }
    end = {found.header->end(), found.header->last_seq()};
    from = end.offset;
  }
  return reach;
}

}  // namespace tidemark::journal
