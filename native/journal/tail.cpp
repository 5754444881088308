#include "journal/tail.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "journal/closed_walk.hpp"
#include "journal/closing_mark.hpp"
#include "journal/file_source.hpp"

namespace tidemark::journal {
namespace {

constexpr std::size_t walk_window = std::size_t{1} << 20U;

Result<std::unique_ptr<io::File>> open_through_cache(io::Disk& disk, const std::string& path) {
  auto opened = disk.open(path, {});
  if (!opened) return from_io(opened.error(), "a segment cannot be opened");
  return std::move(opened).value();
}

Failure refusal_of(const TailDecision& decision, const SurveyedFile& file,
                   const std::string& what) {
  Failure failure;
  failure.code =
      decision.outcome == format::Outcome::refuse_version ? Code::version : Code::corrupt;
  failure.path = file.path;
  failure.segment = file.id;
  failure.offset = decision.stream.end;
  failure.from_seq = decision.stream.next_seq;
  failure.row = decision.row;
  failure.message = "segment " + std::to_string(file.id) + " is damaged at byte " +
                    std::to_string(decision.stream.end) + ", from seq " +
                    std::to_string(decision.stream.next_seq) + " on (case " + decision.row +
                    "): " + what;
  if (failure.code == Code::corrupt) {
    failure.message +=
        "; nothing was changed: run `tidemark verify` for the extent and `tidemark salvage` to "
        "copy out what "
        "is sound";
  }
  return failure;
}

// The table's sentence as a part of a longer one.
std::string without_stop(std::string_view sentence) {
  if (sentence.ends_with('.')) sentence.remove_suffix(1);
  return std::string(sentence);
}

// What the segment in front of the last one says against it, when its seal is not there.
Result<std::optional<Failure>> judge_previous(io::Disk& disk, const SurveyedFile& previous,
                                              const SurveyedFile& last, std::uint64_t frames) {
  // The successor's header is durable, then the seal, then the first frame: frames behind a missing
  // seal mean that a durable seal was damaged.
  if (frames > 0) {
    Failure failure;
    failure.code = Code::corrupt;
    failure.path = previous.path;
    failure.segment = previous.id;
    failure.offset = previous.stream_end;
    failure.message =
        "the seal of segment " + std::to_string(previous.id) +
        " is damaged although its successor holds records; nothing was changed: run `tidemark "
        "verify` for the extent and `tidemark salvage` to copy out what is sound";
    return std::optional<Failure>(std::move(failure));
  }
  auto walked = walk_unsealed(disk, previous, last.headers.header);
  if (walked) return std::optional<Failure>();
  if (walked.error().code != Code::corrupt) return walked.error();
  return std::optional<Failure>(walked.error());
}

}  // namespace

Failure missing_successor(const SurveyedFile& file, const format::Seal& seal) {
  const std::uint64_t successor = seal.successor_id;
  const std::uint64_t last_seq = seal.last_seq;
  format::FileSituation situation;
  situation.header = format::HeaderState::truncated;
  situation.missing = true;
  situation.link = format::Link::named;
  const format::FileRow& row = format::decide(format::file_table(), situation);
  Failure failure;
  failure.code = Code::corrupt;
  failure.row = row.letter;
  failure.segment = successor;
  failure.offset = 0;
  failure.from_seq = last_seq + 1;
  failure.path = io::join(io::parent(file.path), format::segment_name(successor));
  failure.message =
      "segment " + std::to_string(successor) + ", which the seal of segment " +
      std::to_string(file.id) + " names, is not there: records from seq " +
      std::to_string(last_seq + 1) +
      " on are missing; nothing was changed: bring the file back, or run `tidemark salvage`";
  return failure;
}

Result<UnsealedFrames> walk_unsealed(io::Disk& disk, const SurveyedFile& file,
                                     const format::SegmentHeader& successor) {
  auto opened = open_through_cache(disk, file.path);
  if (!opened) return opened.error();
  FileSource source(*opened.value(), file.bytes);
  const format::SegmentHeader& header = file.headers.header;
  format::FrameWalk walk(header, source, header.data_start(), header.first_seq,
                         format::FrameWalk::Bodies::skip);
  walk.set_limit(successor.predecessor.end);
  UnsealedFrames frames;
  while (const auto frame = walk.next()) frames.index->add(frame->offset, frame->first_seq);
  frames.index->mark_loaded();
  frames.stream = walk.stream();
  if (frames.stream.end == successor.predecessor.end &&
      frames.stream.digest.value() == successor.predecessor.digest &&
      frames.stream.next_seq == successor.first_seq) {
    return Result<UnsealedFrames>(std::move(frames));
  }
  Failure failure;
  if (walk.stop() == format::Stop::unreadable) {
    format::TailSituation situation;
    situation.stop = walk.stop();
    failure =
        from_io(source.error().value_or(io::Error{io::Errc::io, io::Call::read, 0, file.path}),
                "a segment cannot be read, so it cannot be known whether it is sound up to where "
                "its successor says that it ends");
    failure.segment = file.id;
    failure.offset = frames.stream.end;
    failure.row = format::decide(format::tail_table(), situation).letter;
    return failure;
  }
  failure.code = Code::corrupt;
  failure.path = file.path;
  failure.segment = file.id;
  failure.offset = frames.stream.end;
  failure.from_seq = frames.stream.next_seq;
  failure.to_seq = successor.predecessor.last_seq;
  failure.message =
      "segment " + std::to_string(file.id) + " is damaged at byte " +
      std::to_string(frames.stream.end) +
      ", in front of where its successor says that it ends; nothing was changed: run `tidemark "
      "verify` for the extent and `tidemark salvage` to copy out what is sound";
  return failure;
}

std::uint64_t proof_seq(const Survey& survey, std::optional<std::uint64_t> expect_seq) {
  std::uint64_t proof = std::max(expect_seq.value_or(0), survey.half_made_proof);
  if (survey.head) proof = std::max(proof, survey.head->head.first_seq - 1);
  for (const NamedCursor& cursor : survey.cursors) {
    if (cursor.state == format::MarkState::valid) proof = std::max(proof, cursor.mark.seq);
  }
  return proof;
}

Result<std::unique_ptr<io::File>> open_from_device(io::Disk& disk, const std::string& path,
                                                   bool& from_device) {
  io::OpenOptions options;
  options.direct = true;
  auto direct = disk.open(path, options);
  if (direct) {
    // Refusals may come only with the first transfer.
    io::AlignedBuffer probe(
        std::max<std::size_t>(direct.value()->alignment(), format::minimum_block_bytes));
    if (!probe.reserve(probe.alignment(), 0))
      return from_io(io::Error{io::Errc::no_memory, io::Call::read, 0, path}, "open");
    auto read = direct.value()->read_at(0, io::MutableBytes(probe.data(), probe.alignment()));
    if (read) {
      from_device = true;
      return std::move(direct).value();
    }
  }
  from_device = false;
  auto buffered = open_through_cache(disk, path);
  if (!buffered) return buffered.error();
  static_cast<void>(
      buffered.value()->drop_cache());  // the report says that the device was not asked
  return std::move(buffered).value();
}

namespace {

// What a walk left to be judged: where it met the seal, and what the disk refused to give it.
struct Met {
  std::optional<format::Seal> seal;
  std::optional<io::Error> error;
};

// What the table says of what was walked, and the report of it.
Result<TailDecision> judge(io::Disk& disk, const TailQuestion& question, TailDecision decision,
                           const Met& met) {
  const SurveyedFile& last = *question.last;
  const format::SegmentHeader& header = last.headers.header;
  const format::Stream& stream = decision.stream;
  format::TailSituation situation;
  situation.stop = decision.stop;
  situation.residue = decision.evidence.residue;
  situation.unreadable = decision.evidence.unreadable || decision.stop == format::Stop::unreadable;
  situation.closed = stream.closed;
  situation.short_file = decision.file_bytes < header.capacity;
  situation.proven = decision.evidence.later_watermark.offset > stream.end ||
                     question.proof_seq >= stream.next_seq;
  const format::TailRow& row = format::decide(format::tail_table(), situation);
  decision.row = row.letter;
  decision.outcome = row.outcome;
  decision.tail = row.tail;

  switch (row.outcome) {
    case format::Outcome::refuse_io:
      decision.refusal =
          from_io(met.error.value_or(io::Error{io::Errc::io, io::Call::read, 0, last.path}),
                  "segment " + std::to_string(last.id) +
                      " cannot be read, so what follows could hold proof of more records; nothing "
                      "was changed: mend the disk, or copy the file elsewhere, and open again");
      decision.refusal->code = Code::io;
      decision.refusal->segment = last.id;
      decision.refusal->offset = decision.stream.end;
      decision.refusal->row = row.letter;
      break;
    case format::Outcome::corrupt:
    case format::Outcome::refuse_version: {
      decision.refusal = refusal_of(decision, last, without_stop(row.cause));
      const std::uint64_t proven_seq =
          std::max(question.proof_seq, decision.evidence.later_watermark.seq);
      const std::uint64_t to = std::max(proven_seq, decision.evidence.stated_last_seq);
      if (to >= decision.stream.next_seq) decision.refusal->to_seq = to;
      break;
    }
    case format::Outcome::cut: {
      Cut cut;
      cut.segment = last.id;
      cut.offset = decision.stream.end;
      cut.bytes = decision.evidence.residue_bytes;
      // A mark holds no record, and without a header nobody knows how many there were.
      if (decision.evidence.stated_last_seq >= decision.stream.next_seq) {
        cut.from_seq = decision.stream.next_seq;
        cut.to_seq = decision.evidence.stated_last_seq;
      }
      decision.cut = cut;
      break;
    }
    default:
      // The frames are sound, and go on in a file that is gone.
      if (met.seal) decision.refusal = missing_successor(last, *met.seal);
      break;
  }
  const bool unsealed = question.previous != nullptr && !question.previous->seal &&
                        header.predecessor.id == question.previous->id;
  if (!decision.refusal && unsealed) {
    auto judged = judge_previous(disk, *question.previous, last, decision.stream.frames);
    if (!judged) return judged.error();
    if (judged.value()) {
      decision.outcome = format::Outcome::corrupt;
      decision.refusal = std::move(judged).value();
      decision.refused_for_previous = true;
    }
  }
  return Result<TailDecision>(std::move(decision));
}

Result<TailDecision> decide_in(io::Disk& disk, const TailQuestion& question) {
  const SurveyedFile& last = *question.last;
  const format::SegmentHeader& header = last.headers.header;
  TailDecision decision;
  auto opened = question.from_device ? open_from_device(disk, last.path, decision.from_device)
                                     : open_through_cache(disk, last.path);
  if (!opened) return opened.error();
  const std::unique_ptr<io::File> file = std::move(opened).value();
  auto size = file->size();
  if (!size) return from_io(size.error(), "the length of a segment is unknown");
  decision.file_bytes = size.value();

  FileSource source(*file, size.value(), walk_window);
  format::FrameWalk walk(header, source, header.data_start(), header.first_seq,
                         format::FrameWalk::Bodies::verify);
  while (const auto frame = walk.next()) decision.index->add(frame->offset, frame->first_seq);
  decision.index->mark_loaded();
  decision.stream = walk.stream();
  decision.stop = walk.stop();
  // A seal leaves no question that evidence could answer.
  if (!walk.seal()) decision.evidence = format::gather_evidence(header, source, walk);
  decision.bytes_read = source.bytes_read();
  return judge(disk, question, std::move(decision), {walk.seal(), source.error()});
}

// Where the device has the closing mark. nullopt: anything else than this very end, and nothing
// behind it, is a question for the device.
std::optional<TailDecision> decide_closed(io::Disk& disk, const TailQuestion& question) {
  const SurveyedFile& last = *question.last;
  const format::SegmentHeader& header = last.headers.header;
  const auto mark = closing_mark_on_device(disk, last);
  if (!mark) return std::nullopt;
  auto file = open_through_cache(disk, last.path);
  if (!file) return std::nullopt;
  const auto size = file.value()->size();
  if (!size) return std::nullopt;
  auto closed = walk_closed(*file.value(), size.value(), header, mark->end, *question.tasks);
  if (!closed) return std::nullopt;
  TailDecision decision;
  decision.closed_on_device = true;
  decision.file_bytes = size.value();
  decision.stream = closed->stream;
  decision.index = std::move(closed->index);
  decision.bytes_read = mark->bytes_read + closed->bytes_read;
  const bool room = size.value() - mark->end >= format::fixed_frame_header_bytes;
  decision.stop = room ? format::Stop::zeros : format::Stop::end;
  auto judged = judge(disk, question, std::move(decision), {});
  const bool clean =
      judged && !judged.value().refusal && judged.value().outcome == format::Outcome::clean;
  return clean ? std::optional(std::move(judged).value()) : std::nullopt;
}

}  // namespace

Result<TailDecision> decide_tail(io::Disk& disk, const TailQuestion& question) {
  if (question.from_device && question.tasks != nullptr) {
    if (auto closed = decide_closed(disk, question)) return std::move(*closed);
  }
  return decide_in(disk, question);
}

}  // namespace tidemark::journal
