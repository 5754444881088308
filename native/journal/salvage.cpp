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
#include "journal/salvage_sources.hpp"
#include "journal/tail.hpp"
#include "journal/tools.hpp"
#include "journal/writer_lock.hpp"

namespace tidemark::journal {
namespace {

constexpr std::size_t salvage_window = std::size_t{1} << 20U;

class Salvage {
 public:
  Salvage(const io::Host& host, const std::string& directory, const std::string& out,
          const CopyOptions& options)
      : host_(host),
        disk_(*host.disk),
        directory_(directory),
        out_(out),
        options_(options),
        quarantine_(disk_, out, options.mode) {}

  Result<CopyReport> run() {
    auto lock = exclude_writer();
    if (!lock) return lock.error();
    auto collected = collect_sources(disk_, directory_);
    if (!collected) return collected.error();
    sources_ = std::move(collected).value();
    if (!sources_.facts) return nothing_left();
    auto writer =
        CopyWriter::create(host_, out_, options_, *sources_.facts, sources_.head.first_seq);
    if (!writer) return writer.error();
    writer_ = std::move(writer).value();
    if (Status status = keep_bad_marks(); !status) return status.error();
    for (std::size_t number = 0; number < sources_.files.size(); ++number) {
      if (Status status = take(number); !status) return status.error();
    }
    name_missing();
    // What is known to have been durable and was found nowhere.
    if (Status status = writer_->add_gap(sources_.known_last_seq, format::GapReason::lost); !status)
      return status.error();
    if (Status status = quarantine_.sync(); !status) return status.error();
    if (Status status = writer_->finish(sources_.cursors); !status) return status.error();
    quarantine_.complete();
    writer_->fill(report_);
    report_.problems = std::move(sources_.problems);
    report_.quarantined = quarantine_.kept();
    return account();
  }

 private:
  // No lock file: nobody writes, and none is made, since nothing in the source may change.
  Result<std::unique_ptr<io::Lock>> exclude_writer() {
    const std::string path = io::join(directory_, format::lock_name);
    auto status = disk_.status(path);
    if (!status) {
      const io::Errc code = status.error().code;
      const bool none = code == io::Errc::not_found || code == io::Errc::not_directory;
      return none ? Result<std::unique_ptr<io::Lock>>(std::unique_ptr<io::Lock>())
                  : writer_unknown(status.error());
    }
    auto lock = disk_.lock(path, holder_text(*host_.clock), options_.mode);
    if (lock) return std::move(lock).value();
    if (lock.error().code == io::Errc::locked) return locked_failure(disk_, directory_);
    auto lives = writer_lives(disk_, directory_);
    if (!lives) return lives.error();
    if (lives.value()) return locked_failure(disk_, directory_);
    // Media and rights that do not let us write: what nobody writes to needs no lock.
    const io::Errc code = lock.error().code;
    const bool unwritable =
        code == io::Errc::read_only || code == io::Errc::access || code == io::Errc::not_supported;
    return unwritable ? Result<std::unique_ptr<io::Lock>>(std::unique_ptr<io::Lock>())
                      : writer_unknown(lock.error());
  }

  Failure nothing_left() const {
    if (sources_.unreadable) {
      return from_io(*sources_.unreadable,
                     "no segment in this directory that can be read has a sound header");
    }
    Failure failure;
    failure.code = Code::corrupt;
    failure.path = directory_;
    failure.message =
        "no segment in this directory has a sound header, so that nothing in it can be read";
    return failure;
  }

  Status keep_bad_marks() {
    for (const std::string& path : sources_.bad_marks) {
      if (Status status = quarantine_.keep_file(path); !status) return status;
    }
    return done();
  }

  Status take(std::size_t number) {
    const SalvageFile& candidate = sources_.files[number];
    if (candidate.id() < sources_.head.segment_id) return done();  // released
    auto opened = disk_.open(candidate.path, {});
    if (!opened) {
      sources_.problem(ProblemKind::unreadable, candidate.named_id, 0, 0, 0,
                       opened.error().message(), candidate.path);
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
      sources_.problem(
          ProblemKind::header, candidate.named_id, 0, 0, 0,
          "both copies of the header are damaged; its seeds were taken from the seal in front",
          candidate.path);
      if (Status status = quarantine_.keep(source, candidate.named_id, 0,
                                           std::min(candidate.bytes, header.data_start()));
          !status) {
        return status;
      }
    } else if (header.journal_id != sources_.facts->journal_id) {
      sources_.problem(ProblemKind::link, candidate.named_id, 0, 0, 0,
                       "the file belongs to another journal; it is left out", candidate.path);
      return done();
    } else {
      if (Status status = check_names(candidate, source); !status) return status;
    }
    writer_->begin_segment();
    return walk(candidate, header, source, limit_of(number, header));
  }

  // Segments that a header or a seal names, or the head, and of which there is no file.
  void name_missing() {
    for (const SalvageFile& candidate : sources_.files) {
      if (candidate.usable() && candidate.headers.header.journal_id == sources_.facts->journal_id) {
        named_ids_.insert(candidate.headers.header.predecessor.id);
      }
    }
    named_ids_.insert(sources_.head.segment_id);
    for (const std::uint64_t id : named_ids_) {
      const bool renamed = std::ranges::any_of(
          sources_.files, [id](const SalvageFile& candidate) { return candidate.id() == id; });
      if (renamed || id < sources_.head.segment_id) continue;
      const std::string path = io::join(directory_, format::segment_name(id));
      const auto status = disk_.status(path);
      if (status || status.error().code != io::Errc::not_found) continue;
      sources_.problem(ProblemKind::missing, id, 0, 0, 0,
                       "the segment is not there, though its neighbours or the head name it", path);
    }
  }

  [[nodiscard]] bool named_by_seal(const SalvageFile& candidate) const noexcept {
    return last_seal_ && last_seal_->successor_id == candidate.named_id;
  }

  Status check_names(const SalvageFile& candidate, FileSource& source) {
    const format::SegmentHeader& header = candidate.headers.header;
    if (header.segment_id != candidate.named_id) {
      sources_.problem(
          ProblemKind::link, candidate.named_id, 0, 0, 0,
          "the file is segment " + std::to_string(header.segment_id) + " by its header",
          candidate.path);
    }
    if (!format::record_the_same(header, *sources_.facts)) {
      sources_.problem(ProblemKind::link, candidate.named_id, 0, 0, 0,
                       "the file records another startSeq, codec, content hash or application than "
                       "segment " +
                           std::to_string(sources_.facts->segment_id),
                       candidate.path);
    }
    if (!taken_ids_.insert(header.segment_id).second) {
      sources_.problem(ProblemKind::link, header.segment_id, 0, 0, 0,
                       "there is another file of this segment; what the first one holds wins",
                       candidate.path);
    }
    for (std::uint64_t copy = 0; copy < 2; ++copy) {
      if (candidate.headers.copy_valid[copy]) continue;
      const std::uint64_t offset = copy * header.block_bytes;
      sources_.problem(ProblemKind::header, header.segment_id, offset, 0, 0,
                       "a copy of the header is damaged", candidate.path);
      if (Status status =
              quarantine_.keep(source, header.segment_id, offset, format::header_copy_bytes);
          !status) {
        return status;
      }
    }
    return done();
  }

  // Without seeds nothing in the file can be told from garbage. An empty one is a spare or the
  // beginning of a segment that never was.
  Status set_aside(const SalvageFile& candidate, FileSource& source) {
    const std::uint64_t used = last_nonzero(source, 0, candidate.bytes);
    const std::uint64_t behind = last_nonzero(
        source, format::header_copy_bytes + format::minimum_block_bytes, candidate.bytes);
    if (used == 0 || (behind == 0 && candidate.named_id > sources_.files.front().named_id))
      return done();
    sources_.problem(
        ProblemKind::header, candidate.named_id, 0, 0, 0,
        "both copies of the header are damaged and no seal names its salt: nothing in the file "
        "can be read",
        candidate.path);
    return quarantine_.keep(source, candidate.named_id, 0, used);
  }

  // Behind the last byte in [begin, end) that is not zero; 0 when there is none.
  static std::uint64_t last_nonzero(FileSource& source, std::uint64_t begin, std::uint64_t end) {
    std::uint64_t last = 0;
    for (std::uint64_t at = begin; at < end;) {
      const auto view = source.view(at, source.window());
      if (!view || view->empty()) break;
      const format::Bytes bytes =
          view->first(static_cast<std::size_t>(std::min<std::uint64_t>(view->size(), end - at)));
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
    bool growing = false;  // the unsealed segment
    bool sound = false;    // nothing below the limit is damaged
    bool by_successor = false;
  };

  // Where the frames of the segment end: where its successor says, or for the last one where
  // recovery would. Behind it are commits that were taken back.
  Limit limit_of(std::size_t number, const format::SegmentHeader& header) {
    const SalvageFile& candidate = sources_.files[number];
    bool last = true;
    for (std::size_t i = number + 1; i < sources_.files.size(); ++i) {
      const SalvageFile& next = sources_.files[i];
      if (!next.usable() || next.headers.header.journal_id != sources_.facts->journal_id) continue;
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
    question.proof_seq = sources_.known_last_seq;
    question.from_device = false;
    auto decision = decide_tail(disk_, question);
    if (!decision || decision.value().refusal) return {candidate.bytes, true, false, false};
    return {decision.value().stream.end, true, true, false};
  }

  Status walk(const SalvageFile& candidate, const format::SegmentHeader& header, FileSource& source,
              const Limit& limit) {
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
        if (last_seal_) {
          named_ids_.insert(last_seal_->successor_id);
          sources_.known_last_seq = std::max(sources_.known_last_seq, last_seal_->last_seq);
        }
        return done();
      }
      if (offset >= stop) break;
      if (state == FrameCursor::State::good && cursor.header().end() <= frames_end &&
          cursor.header().first_seq >= expected) {
        if (cursor.header().first_seq > expected) {
          sources_.problem(ProblemKind::frame, id, offset, expected, cursor.header().first_seq - 1,
                           "the frames in front of this one are missing", candidate.path);
        }
        if (Status status = copy(cursor, source, candidate, id); !status) return status;
        offset = cursor.header().end();
        expected = cursor.header().next_seq;
        continue;
      }
      const auto next =
          resynchronize(header, source, offset + format::frame_alignment, expected, stop);
      const std::uint64_t end = next ? next->offset : last_nonzero(source, offset, stop);
      const bool unreadable = source.unreadable_within(
          offset, std::max<std::uint64_t>(next ? end : stop, offset + 1) - offset);
      if (next || end > offset || unreadable) {
        const std::uint64_t to = next ? next->first_seq - 1 : 0;
        sources_.problem(unreadable ? ProblemKind::unreadable : ProblemKind::frame, id, offset,
                         expected, to,
                         unreadable ? "bytes that cannot be read" : "bytes that are no valid frame",
                         candidate.path);
        if (Status status = quarantine_.keep(source, id, offset, end - offset); !status)
          return status;
      } else if (limit.by_successor && limit.offset > offset) {
        sources_.problem(ProblemKind::frame, id, offset, expected, 0, "the frames end too early",
                         candidate.path);
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

  static std::optional<FrameSpot> resynchronize(const format::SegmentHeader& header,
                                                FileSource& source, std::uint64_t offset,
                                                std::uint64_t expected, std::uint64_t stop) {
    while (offset < stop) {
      const format::Found found = format::find_frame(header, source, offset);
      if (!found.header || found.header->offset >= stop) return std::nullopt;
      const format::FrameHeader& frame = *found.header;
      if (frame.first_seq >= expected)
        return FrameSpot{frame.offset, frame.first_seq, frame.next_seq};
      offset = frame.offset + format::frame_alignment;
    }
    return std::nullopt;
  }

  Status copy(FrameCursor& cursor, FileSource& source, const SalvageFile& candidate,
              std::uint64_t id) {
    const format::FrameHeader& header = cursor.header();
    sources_.known_last_seq = std::max(sources_.known_last_seq, header.last_seq());
    if (const auto dirty = cursor.dirty_padding(source)) {
      sources_.problem(ProblemKind::padding, id, *dirty, 0, 0,
                       "padding behind a frame that is not zero", candidate.path);
      if (Status status = quarantine_.keep(source, id, *dirty, header.end() - *dirty); !status)
        return status;
    }
    if (header.is(format::FrameType::gap)) {
      const auto gap = cursor.gap();
      if (!gap) return done();
      if (gap->first_seq > writer_->next_seq()) {
        if (Status status = writer_->add_gap(gap->first_seq - 1, format::GapReason::lost); !status)
          return status;
      }
      return writer_->add_gap(gap->last_seq, gap->reason);
    }
    if (!header.known() && !header.skippable()) {
      sources_.problem(ProblemKind::frame, id, header.offset, 0, 0,
                       "a frame of a newer tidemark; it is kept aside", candidate.path);
      return quarantine_.keep(source, id, header.offset, header.frame_bytes);
    }
    if (!header.is(format::FrameType::commit)) return done();
    std::vector<Damage> damaged;
    if (Status status = copy_frame(cursor, source, UINT64_MAX, *writer_, damaged); !status)
      return status;
    for (const Damage& damage : damaged) {
      sources_.problem(damage.unreadable ? ProblemKind::unreadable : ProblemKind::record, id,
                       damage.offset, damage.from_seq, damage.to_seq, damage.reason,
                       candidate.path);
      if (Status status = quarantine_.keep(source, id, damage.offset, damage.bytes); !status)
        return status;
    }
    return done();
  }

  // Every seq is a record, lost, or absent for another reason that its gap names.
  Result<CopyReport> account() {
    const std::uint64_t total = report_.last_seq + 1 - report_.first_seq;
    if (report_.records + report_.lost_records + writer_->absent_records() == total)
      return std::move(report_);
    Failure failure;
    failure.code = Code::corrupt;
    failure.path = out_;
    failure.message =
        "the salvaged journal does not account for every seq: " + std::to_string(report_.records) +
        " records and " + std::to_string(report_.lost_records) + " lost of " +
        std::to_string(total) + "; do not use it, and report this";
    return failure;
  }

  const io::Host& host_;
  io::Disk& disk_;
  const std::string& directory_;
  const std::string& out_;
  const CopyOptions& options_;
  Quarantine quarantine_;
  SalvageSources sources_;
  std::set<std::uint64_t> taken_ids_;
  std::set<std::uint64_t> named_ids_;
  format::SegmentHeader last_header_;
  std::optional<format::Seal> last_seal_;
  std::unique_ptr<CopyWriter> writer_;
  CopyReport report_;
};

}  // namespace

Result<CopyReport> salvage(const io::Host& host, const std::string& directory,
                           const std::string& out, const CopyOptions& options) {
  return Salvage(host, directory, out, options).run();
}

}  // namespace tidemark::journal
