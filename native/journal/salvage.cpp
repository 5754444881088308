// salvage: copies what is readable of a damaged journal into a new one. Every record keeps its seq,
// what is lost becomes a gap, damaged bytes are kept aside, and the result accounts for every seq.
#include <algorithm>
#include <set>

#include "format/bytes.hpp"
#include "format/names.hpp"
#include "journal/frame_copy.hpp"
#include "journal/options.hpp"
#include "journal/process_text.hpp"
#include "journal/quarantine.hpp"
#include "journal/tail.hpp"
#include "journal/tools.hpp"
#include "journal/writer_lock.hpp"

namespace tidemark::journal {
namespace {

constexpr std::size_t salvage_window = std::size_t{1} << 20U;

// A file with a segment's name.
struct Candidate {
  std::uint64_t named_id = 0;
  std::string path;
  std::uint64_t bytes = 0;
  format::HeaderPair headers;
  [[nodiscard]] bool usable() const noexcept { return headers.state == format::HeaderState::valid; }
  [[nodiscard]] std::uint64_t id() const noexcept { return usable() ? headers.header.segment_id : named_id; }
};

class Salvage {
 public:
  Salvage(const io::Host& host, const std::string& directory, const std::string& out, const CopyOptions& options)
      : host_(host),
        disk_(*host.disk),
        directory_(directory),
        out_(out),
        options_(options),
        quarantine_(disk_, out, options.mode) {}

  Result<CopyReport> run() {
    auto lock = exclude_writer();
    if (!lock) return lock.error();
    if (Status status = collect(); !status) return status.error();
    if (!choose_facts()) return nothing_left();
    auto writer = CopyWriter::create(host_, out_, options_, facts_, first_seq());
    if (!writer) return writer.error();
    writer_ = std::move(writer).value();
    if (Status status = keep_bad_marks(); !status) return status.error();
    for (std::size_t number = 0; number < candidates_.size(); ++number) {
      if (Status status = take(number); !status) return status.error();
    }
    // What is known to have been durable and was found nowhere.
    if (Status status = writer_->add_gap(known_last_seq_, format::GapReason::lost); !status) return status.error();
    if (Status status = quarantine_.sync(); !status) return status.error();
    if (Status status = writer_->finish(cursors_); !status) return status.error();
    writer_->fill(report_);
    report_.quarantined = quarantine_.kept();
    return account();
  }

 private:
  // No lock file: nobody writes, and none is made, since nothing in the source may change.
  Result<std::unique_ptr<io::Lock>> exclude_writer() {
    const std::string path = io::join(directory_, format::lock_name);
    auto status = disk_.status(path);
    if (!status) return std::unique_ptr<io::Lock>();
    auto lock = disk_.lock(path, holder_text(*host_.clock), options_.mode);
    if (lock) return std::move(lock).value();
    // Media that cannot be written have no writer.
    auto held = disk_.locked(path);
    if (lock.error().code == io::Errc::locked || (held && held.value())) return locked_failure(disk_, directory_);
    return std::unique_ptr<io::Lock>();
  }

  Failure nothing_left() const {
    Failure failure;
    failure.code = Code::corrupt;
    failure.path = directory_;
    failure.message = "no segment in this directory has a sound header, so that nothing in it can be read";
    return failure;
  }

  Status collect() {
    auto listed = disk_.list(directory_);
    if (!listed) return from_io(listed.error(), "the directory of the journal cannot be listed");
    for (const io::Entry& entry : listed.value()) {
      const format::ParsedName parsed = format::parse_name(entry.name);
      const std::string path = io::join(directory_, entry.name);
      if (parsed.kind == format::NameKind::segment) {
        collect_segment(parsed.segment_id, path);
      } else if (parsed.kind == format::NameKind::head) {
        collect_head(path);
      } else if (parsed.kind == format::NameKind::cursor) {
        collect_cursor(path);
      }
    }
    // By id; of two files of one segment the one that bears its name comes first.
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
      const auto key = [](const Candidate& candidate) {
        return std::tuple(candidate.id(), candidate.named_id != candidate.id(), candidate.named_id);
      };
      return key(a) < key(b);
    });
    return done();
  }

  void collect_segment(std::uint64_t id, const std::string& path) {
    Candidate candidate;
    candidate.named_id = id;
    candidate.path = path;
    auto file = disk_.open(path, {});
    auto size = file ? file.value()->size() : io::Result<std::uint64_t>(file.error());
    if (!size) {
      problem(ProblemKind::unreadable, id, 0, 0, 0, "the file cannot be opened: " + size.error().message(), path);
      return;
    }
    candidate.bytes = size.value();
    FileSource source(*file.value(), candidate.bytes);
    source.tolerate_unreadable();
    const auto start = source.view(0, format::header_probe_bytes);
    if (start) candidate.headers = format::decode_header_pair(*start);
    candidates_.push_back(std::move(candidate));
  }

  void collect_head(const std::string& path) {
    auto bytes = io::read_file(disk_, path, format::maximum_mark_bytes);
    format::HeadMark mark;
    if (bytes && format::decode_head_mark(bytes.value(), mark) == format::MarkState::valid) {
      head_ = mark;
      return;
    }
    problem(ProblemKind::head, 0, 0, 0, 0, "the head mark is damaged: the segment headers' copies count", path);
    bad_marks_.push_back(path);
  }

  void collect_cursor(const std::string& path) {
    auto bytes = io::read_file(disk_, path, format::maximum_mark_bytes);
    format::CursorMark mark;
    if (bytes && format::decode_cursor_mark(bytes.value(), mark) == format::MarkState::valid) {
      cursors_.push_back(std::move(mark));
      return;
    }
    problem(ProblemKind::cursor, 0, 0, 0, 0, "the cursor is damaged and is not copied", path);
    bad_marks_.push_back(path);
  }

  // What the journal recorded at its creation: from the head mark's journal, else from the first
  // sound header.
  bool choose_facts() {
    const Candidate* chosen = nullptr;
    for (const Candidate& candidate : candidates_) {
      if (!candidate.usable()) continue;
      const bool preferred = head_ && candidate.headers.header.journal_id == head_->journal_id;
      if (chosen == nullptr || (preferred && !facts_chosen_by_head_)) chosen = &candidate;
      facts_chosen_by_head_ = facts_chosen_by_head_ || preferred;
    }
    if (chosen == nullptr) return false;
    facts_ = chosen->headers.header;
    if (head_ && head_->journal_id != facts_.journal_id) {
      problem(ProblemKind::head, 0, 0, 0, 0, "the head mark belongs to another journal",
              io::join(directory_, format::head_name));
      head_.reset();
    }
    effective_head_ = head_ ? head_->head : facts_.head;
    for (const Candidate& candidate : candidates_) {
      if (!candidate.usable() || candidate.headers.header.journal_id != facts_.journal_id) continue;
      const format::SegmentHeader& header = candidate.headers.header;
      if (header.head.first_seq > effective_head_.first_seq) effective_head_ = header.head;
      known_last_seq_ = std::max({known_last_seq_, header.first_seq - 1, header.predecessor.last_seq});
    }
    std::erase_if(cursors_, [&](const format::CursorMark& cursor) {
      if (cursor.journal_id == facts_.journal_id) return false;
      problem(ProblemKind::cursor, 0, 0, 0, 0, "the cursor '" + cursor.name + "' belongs to another journal",
              io::join(directory_, format::cursor_file_name(cursor.name)));
      return true;
    });
    known_last_seq_ = std::max(known_last_seq_, effective_head_.first_seq - 1);
    for (const format::CursorMark& cursor : cursors_) known_last_seq_ = std::max(known_last_seq_, cursor.seq);
    return true;
  }

  [[nodiscard]] std::uint64_t first_seq() const noexcept { return effective_head_.first_seq; }

  Status keep_bad_marks() {
    for (const std::string& path : bad_marks_) {
      if (Status status = quarantine_.keep_file(path); !status) return status;
    }
    return done();
  }

  Status take(std::size_t number) {
    const Candidate& candidate = candidates_[number];
    if (candidate.id() < effective_head_.segment_id) return done();  // released
    auto opened = disk_.open(candidate.path, {});
    if (!opened) {
      problem(ProblemKind::unreadable, candidate.named_id, 0, 0, 0, opened.error().message(), candidate.path);
      return done();
    }
    FileSource source(*opened.value(), candidate.bytes, salvage_window);
    source.tolerate_unreadable();
    format::SegmentHeader header = candidate.headers.header;
    if (!candidate.usable()) {
      if (!named_by_seal(candidate)) return set_aside(candidate, source);
      // The seal in front names the salt: all that the checksums are seeded with is known again.
      header = last_header_;
      header.segment_id = last_seal_->successor_id;
      header.salt = last_seal_->successor_salt;
      header.first_seq = last_seal_->last_seq + 1;
      header.capacity = 0;
      problem(ProblemKind::header, candidate.named_id, 0, 0, 0,
              "both copies of the header are damaged; its seeds were taken from the seal in front", candidate.path);
      if (Status status = quarantine_.keep(source, candidate.named_id, 0,
                                           std::min(candidate.bytes, header.data_start()));
          !status) {
        return status;
      }
    } else if (header.journal_id != facts_.journal_id) {
      problem(ProblemKind::link, candidate.named_id, 0, 0, 0, "the file belongs to another journal; it is left out",
              candidate.path);
      return done();
    } else {
      if (Status status = check_names(candidate, source); !status) return status;
    }
    writer_->begin_segment();
    return walk(candidate, header, source, limit_of(number, header));
  }

  [[nodiscard]] bool named_by_seal(const Candidate& candidate) const noexcept {
    return last_seal_ && last_seal_->successor_id == candidate.named_id;
  }

  Status check_names(const Candidate& candidate, FileSource& source) {
    const format::SegmentHeader& header = candidate.headers.header;
    if (header.segment_id != candidate.named_id) {
      problem(ProblemKind::link, candidate.named_id, 0, 0, 0,
              "the file is segment " + std::to_string(header.segment_id) + " by its header", candidate.path);
    }
    if (!taken_ids_.insert(header.segment_id).second) {
      problem(ProblemKind::link, header.segment_id, 0, 0, 0,
              "there is another file of this segment; what the first one holds wins", candidate.path);
    }
    for (std::uint64_t copy = 0; copy < 2; ++copy) {
      if (candidate.headers.copy_valid[copy]) continue;
      const std::uint64_t offset = copy * header.block_bytes;
      problem(ProblemKind::header, header.segment_id, offset, 0, 0, "a copy of the header is damaged", candidate.path);
      if (Status status = quarantine_.keep(source, header.segment_id, offset, format::header_copy_bytes); !status) {
        return status;
      }
    }
    return done();
  }

  // Without seeds nothing in the file can be told from garbage. An empty one is a spare or the
  // beginning of a segment that never was.
  Status set_aside(const Candidate& candidate, FileSource& source) {
    const std::uint64_t used = last_nonzero(source, 0, candidate.bytes);
    const std::uint64_t behind = last_nonzero(source, format::header_copy_bytes + format::minimum_block_bytes,
                                              candidate.bytes);
    if (used == 0 || (behind == 0 && candidate.named_id > candidates_.front().named_id)) return done();
    problem(ProblemKind::header, candidate.named_id, 0, 0, 0,
            "both copies of the header are damaged and no seal names its salt: nothing in the file can be read",
            candidate.path);
    return quarantine_.keep(source, candidate.named_id, 0, used);
  }

  // Behind the last byte in [begin, end) that is not zero; 0 when there is none.
  static std::uint64_t last_nonzero(FileSource& source, std::uint64_t begin, std::uint64_t end) {
    std::uint64_t last = 0;
    for (std::uint64_t at = begin; at < end;) {
      const auto view = source.view(at, source.window());
      if (!view || view->empty()) break;
      const format::Bytes bytes = view->first(
          static_cast<std::size_t>(std::min<std::uint64_t>(view->size(), end - at)));
      if (!format::is_zero(bytes)) {
        std::size_t i = bytes.size();
        while (bytes[i - 1] == std::byte{0}) --i;
        last = at + i;
      }
      at += bytes.size();
    }
    return last;
  }

  struct Limit {
    std::uint64_t offset = 0;
    bool growing = false;    // the unsealed segment
    bool sound = false;      // nothing below the limit is damaged
    bool by_successor = false;
  };

  // Where the frames of the segment end: where its successor says, or for the last one where
  // recovery would. Behind it are commits that were taken back.
  Limit limit_of(std::size_t number, const format::SegmentHeader& header) {
    const Candidate& candidate = candidates_[number];
    bool last = true;
    for (std::size_t i = number + 1; i < candidates_.size(); ++i) {
      const Candidate& next = candidates_[i];
      if (!next.usable() || next.headers.header.journal_id != facts_.journal_id) continue;
      if (next.id() > header.segment_id) last = false;
      const format::Predecessor& predecessor = next.headers.header.predecessor;
      if (predecessor.id != header.segment_id) continue;
      if (predecessor.end >= header.data_start()) return {predecessor.end, false, false, true};
    }
    if (!last) return {candidate.bytes, false, false, false};
    SurveyedFile file;
    file.id = header.segment_id;
    file.path = candidate.path;
    file.bytes = candidate.bytes;
    file.headers = candidate.headers;
    file.headers.state = format::HeaderState::valid;
    file.headers.header = header;
    TailQuestion question;
    question.last = &file;
    question.proof_seq = known_last_seq_;
    question.from_device = false;
    auto decision = decide_tail(disk_, question);
    if (!decision || decision.value().refusal) return {candidate.bytes, true, false, false};
    return {decision.value().stream.end, true, true, false};
  }

  Status walk(const Candidate& candidate, const format::SegmentHeader& header, FileSource& source, const Limit& limit) {
    const std::uint64_t id = header.segment_id;
    // The seal stands behind the frames: it is looked for in the whole file.
    const std::uint64_t stop = std::min(limit.offset, candidate.bytes);
    // Of a frame that a short file cuts off the records that are there can still be read.
    const std::uint64_t frames_end = limit.by_successor || limit.sound ? limit.offset : UINT64_MAX;
    FrameCursor cursor(header);
    std::uint64_t offset = header.data_start();
    std::uint64_t expected = header.first_seq;
    last_header_ = header;
    last_seal_.reset();
    while (true) {
      const FrameCursor::State state = cursor.load(source, offset, candidate.bytes, true);
      if (state == FrameCursor::State::good && cursor.header().is(format::FrameType::seal)) {
        last_seal_ = cursor.seal();
        if (last_seal_) known_last_seq_ = std::max(known_last_seq_, last_seal_->last_seq);
        return done();
      }
      if (offset >= stop) break;
      if (state == FrameCursor::State::good && cursor.header().end() <= frames_end &&
          cursor.header().first_seq >= expected) {
        if (cursor.header().first_seq > expected) {
          problem(ProblemKind::frame, id, offset, expected, cursor.header().first_seq - 1,
                  "the frames in front of this one are missing", candidate.path);
        }
        if (Status status = copy(cursor, source, candidate, id); !status) return status;
        offset = cursor.header().end();
        expected = cursor.header().next_seq;
        continue;
      }
      const auto next = resynchronize(header, source, offset + format::frame_alignment, expected, stop);
      const std::uint64_t end = next ? next->offset : last_nonzero(source, offset, stop);
      if (next || end > offset) {
        const bool unreadable = source.unreadable_within(offset, std::max<std::uint64_t>(end, offset + 1) - offset);
        const std::uint64_t to = next ? next->first_seq - 1 : 0;
        problem(unreadable ? ProblemKind::unreadable : ProblemKind::frame, id, offset, expected, to,
                unreadable ? "bytes that cannot be read" : "bytes that are no valid frame", candidate.path);
        if (Status status = quarantine_.keep(source, id, offset, end - offset); !status) return status;
      } else if (limit.by_successor && limit.offset > offset) {
        problem(ProblemKind::frame, id, offset, expected, 0, "the frames end too early", candidate.path);
      }
      if (!next) {
        // A seal may stand where the successor says that the frames end.
        if (!limit.by_successor || offset >= limit.offset || limit.offset >= candidate.bytes) break;
        offset = limit.offset;
        continue;
      }
      offset = next->offset;
      expected = next->first_seq;
    }
    return done();
  }

  static std::optional<FrameSpot> resynchronize(const format::SegmentHeader& header, FileSource& source,
                                                std::uint64_t offset, std::uint64_t expected, std::uint64_t stop) {
    while (offset < stop) {
      const format::Found found = format::find_frame(header, source, offset);
      if (!found.header || found.header->offset >= stop) return std::nullopt;
      const format::FrameHeader& frame = *found.header;
      if (frame.first_seq >= expected) return FrameSpot{frame.offset, frame.first_seq, frame.next_seq};
      offset = frame.offset + format::frame_alignment;
    }
    return std::nullopt;
  }

  Status copy(FrameCursor& cursor, FileSource& source, const Candidate& candidate, std::uint64_t id) {
    const format::FrameHeader& header = cursor.header();
    known_last_seq_ = std::max(known_last_seq_, header.last_seq());
    if (const auto dirty = cursor.dirty_padding(source)) {
      problem(ProblemKind::padding, id, *dirty, 0, 0, "padding behind a frame that is not zero", candidate.path);
      if (Status status = quarantine_.keep(source, id, *dirty, header.end() - *dirty); !status) return status;
    }
    if (header.is(format::FrameType::gap)) {
      const auto gap = cursor.gap();
      if (!gap) return done();
      if (gap->first_seq > writer_->next_seq()) {
        if (Status status = writer_->add_gap(gap->first_seq - 1, format::GapReason::lost); !status) return status;
      }
      return writer_->add_gap(gap->last_seq, gap->reason);
    }
    if (!header.known() && !header.skippable()) {
      problem(ProblemKind::frame, id, header.offset, 0, 0, "a frame of a newer tidemark; it is kept aside",
              candidate.path);
      return quarantine_.keep(source, id, header.offset, header.frame_bytes);
    }
    if (!header.is(format::FrameType::commit)) return done();
    std::vector<Damage> damaged;
    if (Status status = copy_frame(cursor, source, UINT64_MAX, *writer_, damaged); !status) return status;
    for (const Damage& damage : damaged) {
      problem(damage.unreadable ? ProblemKind::unreadable : ProblemKind::record, id, damage.offset, damage.from_seq,
              damage.to_seq, damage.reason, candidate.path);
      if (Status status = quarantine_.keep(source, id, damage.offset, damage.bytes); !status) return status;
    }
    return done();
  }

  void problem(ProblemKind kind, std::uint64_t segment, std::uint64_t offset, std::uint64_t from, std::uint64_t to,
               std::string detail, const std::string& path) {
    Problem found;
    found.kind = kind;
    found.segment = segment;
    found.offset = offset;
    found.from_seq = from;
    found.to_seq = to;
    found.detail = std::move(detail);
    found.path = path;
    report_.problems.push_back(std::move(found));
  }

  // Every seq is a record, lost, or absent for another reason that its gap names.
  Result<CopyReport> account() {
    const std::uint64_t total = report_.last_seq + 1 - report_.first_seq;
    if (report_.records + report_.lost_records + writer_->absent_records() == total) return std::move(report_);
    Failure failure;
    failure.code = Code::corrupt;
    failure.path = out_;
    failure.message = "the salvaged journal does not account for every seq: " + std::to_string(report_.records) +
                      " records and " + std::to_string(report_.lost_records) + " lost of " + std::to_string(total) +
                      "; do not use it, and report this";
    return failure;
  }

  const io::Host& host_;
  io::Disk& disk_;
  const std::string& directory_;
  const std::string& out_;
  const CopyOptions& options_;
  Quarantine quarantine_;
  std::vector<Candidate> candidates_;
  std::optional<format::HeadMark> head_;
  format::Head effective_head_;
  std::vector<format::CursorMark> cursors_;
  std::vector<std::string> bad_marks_;
  bool facts_chosen_by_head_ = false;
  format::SegmentHeader facts_;
  std::uint64_t known_last_seq_ = 0;
  std::set<std::uint64_t> taken_ids_;
  format::SegmentHeader last_header_;
  std::optional<format::Seal> last_seal_;
  std::unique_ptr<CopyWriter> writer_;
  CopyReport report_;
};

}  // namespace

Result<CopyReport> salvage(const io::Host& host, const std::string& directory, const std::string& out,
                           const CopyOptions& options) {
  return Salvage(host, directory, out, options).run();
}

}  // namespace tidemark::journal
