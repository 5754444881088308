// verify: reads everything that a journal holds, and names all damage; what a newer version wrote
// and may not be passed over is a failure. It looks at the directory with the survey, at the end of
// the journal with the decision of recovery, and changes nothing.
#include <algorithm>
#include <iterator>
#include <memory>

#include "format/names.hpp"
#include "format/one_flip.hpp"
#include "journal/damage.hpp"
#include "journal/pieces.hpp"
#include "journal/segment_check.hpp"
#include "journal/survey.hpp"
#include "journal/tail.hpp"
#include "journal/tools.hpp"
#include "journal/writer_lock.hpp"

namespace tidemark::journal {
namespace {

// A directory that changes while it is surveyed (a rotation, a truncation) is surveyed again.
constexpr int survey_attempts = 8;

Problem problem_of(const Failure& failure) {
  Problem problem;
  problem.segment = failure.segment.value_or(0);
  problem.offset = failure.offset.value_or(0);
  problem.from_seq = failure.from_seq.value_or(0);
  problem.to_seq = failure.to_seq.value_or(0);
  problem.row = failure.row;
  problem.detail = failure.message;
  problem.path = failure.path;
  return problem;
}

class Verification {
 public:
  Verification(const io::Host& host, const std::string& directory, const VerifyOptions& options)
      : disk_(*host.disk), tasks_(*host.tasks), directory_(directory), options_(options) {}

  Result<VerifyReport> run() {
    if (Status status = look(); !status) return status.error();
    if (!survey_.directory_exists || (!survey_.reference && survey_.damage.empty()))
      return nothing_there();
    for (const Failure& failure : survey_.damage) {
      if (failure.code == Code::version) return failure;
    }
    report_.foreign = survey_.foreign;
    report_.header = survey_.reference;
    add_survey_problems();
    measure();
    check_segments();
    for (const Problem& problem : report_.problems) {
      if (problem.row == newer_frame_row) return newer_frame(problem);
    }
    total();
    report_.ok = report_.problems.empty() && report_.tail == format::TailWord::clean;
    return std::move(report_);
  }

 private:
  Failure nothing_there() const {
    Failure failure;
    failure.code = Code::io;
    failure.path = directory_;
    failure.cause = io::Error{io::Errc::not_found, io::Call::list, 0, directory_};
    failure.message = survey_.directory_exists ? "there is no journal in this directory"
                                               : "there is no such directory";
    return failure;
  }

  Status look() {
    for (int attempt = 1;; ++attempt) {
      // Asked before and behind: a writer that comes or goes meanwhile is a writer.
      auto before = writer_lives(disk_, directory_);
      if (!before) return before.error();
      auto looked = survey(disk_, directory_);
      auto behind = writer_lives(disk_, directory_);
      if (!behind) return behind.error();
      report_.beside_writer = before.value() || behind.value();
      if (!looked && (!report_.beside_writer || attempt == survey_attempts)) return looked.error();
      if (!looked) continue;
      survey_ = std::move(looked).value();
      if (survey_.damage.empty() || !report_.beside_writer || attempt == survey_attempts)
        return done();
    }
  }

  void add_survey_problems() {
    for (const Failure& failure : survey_.damage) {
      Problem problem = problem_of(failure);
      // Where a live segment should end: the look at its frames says more.
      if (problem.offset != 0) continue;
      const format::ParsedName name = format::parse_name(io::base_name(failure.path));
      if (name.kind == format::NameKind::head) {
        problem.kind = ProblemKind::head;
        problem.single_bit_flip = flipped_in(failure.path, 0, format::maximum_mark_bytes, 0);
      } else if (name.kind == format::NameKind::cursor) {
        problem.kind = ProblemKind::cursor;
        problem.single_bit_flip = flipped_in(failure.path, 0, format::maximum_mark_bytes, 0);
      } else {
        auto status = disk_.status(failure.path);
        const bool missing = !status && status.error().code == io::Errc::not_found;
        problem.kind = missing                  ? ProblemKind::missing
                       : headless(failure.path) ? ProblemKind::header
                                                : ProblemKind::link;
      }
      report_.problems.push_back(std::move(problem));
    }
    for (const auto& [id, copy] : survey_.bad_header_copies) {
      Problem problem;
      problem.kind = ProblemKind::header;
      problem.segment = id;
      problem.path = io::join(directory_, format::segment_name(id));
      problem.detail = "a copy of the segment's header is damaged; the other one is sound";
      if (const auto headers = headers_in(problem.path)) {
        problem.offset = static_cast<std::uint64_t>(copy) * headers->header.block_bytes;
        problem.single_bit_flip =
            flipped_in(problem.path, problem.offset, format::header_copy_bytes,
                       static_cast<std::uint32_t>(copy));
      }
      report_.problems.push_back(std::move(problem));
    }
  }

  // The flipped bit in a block that is under a checksum with this seed.
  std::optional<std::uint64_t> flipped_in(const std::string& path, std::uint64_t offset,
                                          std::size_t bytes, std::uint32_t seed) {
    auto file = disk_.open(path, {});
    if (!file) return std::nullopt;
    std::vector<std::byte> block(bytes);
    auto read = file.value()->read_at(offset, block);
    if (!read) return std::nullopt;
    block.resize(read.value());
    const auto flip = format::find_one_flip_in_block(block, seed);
    return flip ? std::optional(offset + flip->byte) : std::nullopt;
  }

  // The file was refused for what it is, not for how it is linked.
  bool headless(const std::string& path) {
    const auto headers = headers_in(path);
    return !headers || headers->state != format::HeaderState::valid;
  }

  std::optional<format::HeaderPair> headers_in(const std::string& path) {
    auto file = disk_.open(path, {});
    if (!file) return std::nullopt;
    std::vector<std::byte> start(format::header_probe_bytes);
    auto read = file.value()->read_at(0, start);
    if (!read) return std::nullopt;
    start.resize(read.value());
    return format::decode_header_pair(start);
  }

  static Failure newer_frame(const Problem& problem) {
    Failure failure = newer(problem.path, "the frame at byte " + std::to_string(problem.offset) +
                                              " of segment " + std::to_string(problem.segment));
    failure.segment = problem.segment;
    failure.offset = problem.offset;
    failure.from_seq = problem.from_seq;
    failure.row = problem.row;
    return failure;
  }

  void measure() {
    auto entries = disk_.list(directory_);
    if (!entries) return;
    for (const io::Entry& entry : entries.value()) {
      if (format::parse_name(entry.name).kind == format::NameKind::foreign) continue;
      auto status = disk_.status(io::join(directory_, entry.name));
      if (status && status.value().kind == io::EntryKind::file)
        report_.bytes_on_disk += status.value().size;
    }
  }

  // What the check of one segment found.
  struct Checked {
    std::vector<Problem> problems;
    std::optional<Failure> failure;  // the file cannot be opened
    std::optional<format::Seal> seal;
    SegmentLayout layout;
    std::uint64_t watermark_seq = 0;
  };

  // Reading takes most of the time, and every segment can be read by itself; what was found is told
  // in their order. Only the last two wait for the decision about the end: whether the segment in
  // front must have its seal depends on what the last one holds.
  void check_segments() {
    const std::size_t count = survey_.live.size();
    const std::size_t early = count - std::min<std::size_t>(count, 2);
    std::vector<Checked> checked(count);
    do_pieces(tasks_, early + 1, [&](std::size_t piece) {
      if (piece > 0) {
        checked[piece - 1] = check_segment(piece - 1);
      } else if (count > 0 && !report_.beside_writer) {
        decided_ = decide(count - 1);
      }
    });
    do_pieces(tasks_, count - early,
              [&](std::size_t piece) { checked[early + piece] = check_segment(early + piece); });
    for (std::size_t number = 0; number < count; ++number) {
      tell(survey_.live[number], tail_decision(number), std::move(checked[number]));
    }
  }

  // About the last segment, where no writer lives and it can be read.
  const TailDecision* tail_decision(std::size_t number) const {
    const bool last = number + 1 == survey_.live.size();
    return last && decided_ && *decided_ ? &decided_->value() : nullptr;
  }

  Checked check_segment(std::size_t number) const {
    const SurveyedFile& file = survey_.live[number];
    const bool last = number + 1 == survey_.live.size();
    Checked checked;
    SegmentCheck::Task task;
    task.file = &file;
    task.frames = options_.frames;
    task.bodies = options_.bodies;
    if (last && report_.beside_writer) {
      task.end = SegmentCheck::End::watermark;
    } else if (last) {
      const TailDecision* decision = tail_decision(number);
      if (!decision) {
        checked.failure = decided_->error();
        return checked;
      }
      task.end = SegmentCheck::End::tail;
      const bool damaged = decision->refusal && !decision->refused_for_previous;
      task.limit = damaged ? decision->file_bytes : decision->stream.end;
      task.bodies = task.bodies && damaged;  // else the decision verified them
    } else {
      task.end = SegmentCheck::End::sealed;
      task.limit = file.stream_end;
      say_successor(number, task);
    }
    SegmentCheck check(disk_, task);
    if (Status status = check.run(checked.problems); !status) {
      checked.failure = status.error();
      return checked;
    }
    checked.seal = check.seal();
    checked.layout = check.layout();
    checked.watermark_seq = check.watermark().seq;
    return checked;
  }

  void tell(const SurveyedFile& file, const TailDecision* decision, Checked checked) {
    const std::size_t before = report_.problems.size();
    std::ranges::move(checked.problems, std::back_inserter(report_.problems));
    if (checked.failure) {
      unreadable(file, *checked.failure);
      return;
    }
    if (decision) judge_tail(file, *decision, before);
    if (decision && checked.seal) miss_successor(file, *checked.seal);
    report_.watermark_seq = std::max(report_.watermark_seq, checked.watermark_seq);
    report_.segments.push_back(std::move(checked.layout));
  }

  void say_successor(std::size_t number, SegmentCheck::Task& task) const {
    const format::Predecessor& named = survey_.live[number + 1].headers.header.predecessor;
    if (named.id != task.file->id) return;
    task.last_seq = named.last_seq;
    // Between the successor's header and its first frame a crash may have kept the seal away.
    const bool unused = number + 2 == survey_.live.size() &&
                        (!decided_ || !*decided_ || is_unused(decided_->value()));
    task.seal_due = !unused;
  }

  static bool is_unused(const TailDecision& decision) {
    const bool damaged = decision.refusal && !decision.refused_for_previous;
    return decision.stream.frames == 0 && !damaged;
  }

  Result<TailDecision> decide(std::size_t number) {
    TailQuestion question;
    question.tasks = &tasks_;
    question.last = &survey_.live[number];
    question.previous = number > 0 ? &survey_.live[number - 1] : nullptr;
    question.proof_seq = proof_seq(survey_, options_.expect_seq);
    return decide_tail(disk_, question);
  }

  void unreadable(const SurveyedFile& file, const Failure& failure) {
    // A segment that the head released while we looked is no problem.
    auto status = disk_.status(file.path);
    if (report_.beside_writer && !status && status.error().code == io::Errc::not_found) return;
    Problem problem = problem_of(failure);
    problem.kind = ProblemKind::unreadable;
    problem.segment = file.id;
    problem.path = file.path;
    report_.problems.push_back(std::move(problem));
  }

  // A seal at the end of the last live segment, behind damage or not, names a file that is no live
  // segment.
  void miss_successor(const SurveyedFile& file, const format::Seal& seal) {
    Problem problem = problem_of(missing_successor(file, seal));
    if (is_named(problem)) return;
    // What stands there has no sound header, or it would be live or named.
    auto status = disk_.status(problem.path);
    const bool missing = !status && status.error().code == io::Errc::not_found;
    problem.kind = missing ? ProblemKind::missing : ProblemKind::header;
    if (!missing) {
      problem.detail = "segment " + std::to_string(problem.segment) +
                       ", which the seal of segment " + std::to_string(file.id) +
                       " names, has no sound header, or half of one and nothing behind it";
    }
    report_.problems.push_back(std::move(problem));
  }

  [[nodiscard]] bool is_named(const Problem& problem) const {
    return std::ranges::any_of(report_.problems, [&](const Problem& other) {
      return other.segment == problem.segment && other.offset >= problem.offset;
    });
  }

  void judge_tail(const SurveyedFile& file, const TailDecision& decision, std::size_t before) {
    report_.tail = decision.tail;
    report_.row = decision.row;
    report_.torn = decision.cut;
    if (!decision.refusal || decision.stop == format::Stop::seal) return;
    // The walk that looks behind damage names its pieces; the decision says which case it is.
    bool named = false;
    for (std::size_t i = before; i < report_.problems.size(); ++i) {
      Problem& problem = report_.problems[i];
      if (problem.offset < decision.stream.end && problem.segment == file.id) continue;
      if (decision.refusal->segment.value_or(0) != problem.segment) continue;
      problem.row = decision.row;
      if (!named && !problem.single_bit_flip)
        problem.single_bit_flip = decision.evidence.flipped_bit_offset;
      named = true;
    }
    if (named) return;
    Problem problem = problem_of(*decision.refusal);
    // The look at the segment in front has named what its missing seal leaves undecided.
    if (is_named(problem)) return;
    problem.kind = decision.outcome == format::Outcome::refuse_io ? ProblemKind::unreadable
                   : decision.refusal->segment != file.id         ? ProblemKind::seal
                                                                  : ProblemKind::frame;
    problem.single_bit_flip = decision.evidence.flipped_bit_offset;
    report_.problems.push_back(std::move(problem));
  }

  void total() {
    report_.first_seq = survey_.effective_head.first_seq;
    report_.last_seq = report_.first_seq - 1;
    for (const SegmentLayout& segment : report_.segments) {
      report_.bytes_used += segment.used_bytes;
      report_.last_seq = std::max(report_.last_seq, segment.last_seq);
      report_.records += segment.records;
    }
    // What the head released inside the first live segment is no record any more.
    if (!report_.segments.empty() && report_.segments.front().first_seq < report_.first_seq) {
      const std::uint64_t released =
          std::min(report_.first_seq, report_.segments.front().last_seq + 1) -
          report_.segments.front().first_seq;
      report_.records -= std::min(report_.records, released);
    }
  }

  io::Disk& disk_;
  io::Tasks& tasks_;
  const std::string& directory_;
  const VerifyOptions& options_;
  Survey survey_;
  std::optional<Result<TailDecision>> decided_;  // about the last segment, where no writer lives
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify(const io::Host& host, const std::string& directory,
                            const VerifyOptions& options) {
  return Verification(host, directory, options).run();
}

}  // namespace tidemark::journal
