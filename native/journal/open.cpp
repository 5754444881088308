// Opens a directory for writing: lock, survey, decision, witness, and only then the first result.
// The order is that of architecture rule 7; every step up to the witness changes nothing, so a
// crash anywhere in it leaves the same question for the next open.
#include <algorithm>
#include <set>
#include <utility>

#include "format/names.hpp"
#include "journal/core.hpp"
#include "journal/damage.hpp"
#include "journal/last_rotation.hpp"
#include "journal/on_device.hpp"
#include "journal/segment_files.hpp"
#include "journal/segment_writer.hpp"
#include "journal/survey.hpp"
#include "journal/tail.hpp"
#include "journal/transfers.hpp"
#include "journal/writer.hpp"
#include "journal/writer_lock.hpp"

namespace tidemark::journal {
namespace {

// Ids go up by one, so nobody ever needs the upper half of them; a name up there is no writer's.
constexpr std::uint64_t highest_id_to_go_on_from = format::maximum_segment_id / 2;

class Opener {
 public:
  Opener(const io::Host& host, const std::string& directory, const Options& options)
      : host_(host),
        disk_(*host.disk),
        core_(std::make_shared<Journal::Core>(host, directory, options)),
        started_(host.clock->monotonic()) {}

  Result<std::shared_ptr<Journal::Core>> run() {
    if (Status status = look_at_file_system(); !status) return status.error();
    if (Status status = take_lock(); !status) return status.error();
    if (io::Status status =
            io::make_directories(disk_, core_->directory, directory_mode(core_->options.mode));
        !status) {
      return from_io(status.error(), "the directory of the journal cannot be made durable");
    }
    if (io::Status status = disk_.sync_directory(core_->directory); !status) {
      return from_io(status.error(), "the directory of the journal cannot be synced");
    }
    Result<Survey> surveyed = survey(disk_, core_->directory);
    if (!surveyed) return surveyed.error();
    survey_ = std::move(surveyed).value();
    if (!survey_.damage.empty()) return survey_.damage.front();
    core_->recovery.foreign = survey_.foreign;
    core_->recovery.bad_header_copies = survey_.bad_header_copies;
    if (survey_.highest_id > highest_id_to_go_on_from) return no_ids_left();
    core_->next_segment_id = survey_.highest_id + 1;
    if (Status status = survey_.live.empty() ? create() : recover(); !status) return status.error();
    remove_debris();
    publish();
    return Result<std::shared_ptr<Journal::Core>>(core_);
  }

 private:
  Failure no_ids_left() const {
    return damaged(io::join(core_->directory, format::segment_name(survey_.highest_id)),
                   survey_.highest_id, 0,
                   "a file is named segment " + std::to_string(survey_.highest_id) +
                       ", which leaves no ids for further segments",
                   0);
  }

  Status look_at_file_system() {
    auto info = usable_file_system(disk_, core_->directory, core_->options.allow_network);
    if (!info) return info.error();
    core_->zero_fill = !info.value().copy_on_write;
    file_system_ = std::move(info).value();
    return done();
  }

  // Behind every refusal, since direct transfers are tried with a temporary file.
  Status choose_mode() {
    auto chosen = choose_transfers(disk_, core_->directory, core_->options.direct, file_system_);
    if (!chosen) return chosen.error();
    core_->transfers = std::move(chosen).value();
    return done();
  }

  Status take_lock() {
    auto lock = lock_directory(host_, core_->directory, core_->options.mode);
    if (!lock) return lock.error();
    core_->directory_lock = std::move(lock).value();
    return done();
  }

  // ---- a directory without a journal

  Status create() {
    const Options& options = core_->options;
    const std::uint64_t start_seq = options.recorded.start_seq.value_or(1);
    if (auto failure = expected_but_absent(options, core_->directory)) return *failure;
    if (Status status = choose_mode(); !status) return status;
    const Recorded& recorded = options.recorded;
    format::SegmentHeader header;
    header.block_bytes = static_cast<std::uint32_t>(
        std::max(core_->transfers.alignment, format::minimum_block_bytes));
    host_.clock->random(header.journal_id);
    header.segment_id = core_->next_segment_id++;
    header.start_seq = start_seq;
    header.first_seq = header.start_seq;
    header.head = {header.segment_id, header.start_seq};
    header.codec_name = recorded.codec_name.value_or(options.default_codec_name);
    header.codec_version =
        recorded.codec_version.value_or(recorded.codec_name ? 1 : options.default_codec_version);
    header.hash_name = recorded.hash_name.value_or("");
    header.hash_bytes = header.hash_name.empty() ? std::uint8_t{0} : recorded.hash_bytes;
    header.application = recorded.application.value_or("");
    head_ = header.head;
    core_->recovery.path = OpenPath::created;
    return start_segment(std::move(header), std::min(first_segment_bytes, options.segment_bytes));
  }

  // Makes a segment durable, header and name, and continues the log in it.
  Status start_segment(format::SegmentHeader header, std::uint64_t capacity) {
    host_.clock->random(std::as_writable_bytes(std::span(&header.salt, 1)));
    host_.clock->random(std::as_writable_bytes(std::span(&header.epoch, 1)));
    header.created_at = host_.clock->wall_milliseconds();
    header.capacity = core_->zero_fill ? capacity : 0;
    auto created = create_segment(disk_, core_->directory, header,
                                  {core_->options.mode, core_->transfers.direct});
    if (!created) return Status(from_io(created.error(), "a segment cannot be created"));
    format::Stream stream;
    stream.end = header.data_start();
    stream.next_seq = header.first_seq;
    auto index = std::make_shared<SharedIndex>();
    index->mark_loaded();
    writer_ = std::make_unique<SegmentWriter>(
        std::move(created).value(),
        io::join(core_->directory, format::segment_name(header.segment_id)), header, stream,
        std::move(index), capacity);
    return done();
  }

  // ---- a directory with one

  Status recover() {
    if (Status status = check_recorded(); !status) return status;
    if (Status status = believe_the_device(disk_, survey_); !status) return status;
    const SurveyedFile& last = survey_.live.back();
    const SurveyedFile* previous =
        survey_.live.size() > 1 ? &survey_.live[survey_.live.size() - 2] : nullptr;
    TailQuestion question;
    question.tasks = host_.tasks.get();
    question.last = &last;
    question.previous = previous;
    question.proof_seq = proof_seq(survey_, core_->options.expect_seq);
    Result<TailDecision> decided = decide_tail(disk_, question);
    if (!decided) return decided.error();
    const TailDecision& decision = decided.value();
    if (decision.refusal) return *decision.refusal;
    if (Status status = choose_mode(); !status) return status;

    head_ = survey_.effective_head;
    for (const NamedCursor& cursor : survey_.cursors)
      core_->cursors.emplace(cursor.mark.name, cursor.mark.seq);
    RecoveryReport& report = core_->recovery;
    report.read_from_device = decision.from_device;
    report.tail = decision.tail;
    report.row = decision.row;
    report.cut = decision.cut;
    report.bytes_read = decision.bytes_read;
    report.path =
        decision.outcome == format::Outcome::clean ? OpenPath::clean : OpenPath::recovered;
    for (std::size_t i = 0; i + 1 < survey_.live.size(); ++i) add_sealed(survey_.live[i]);

    if (previous != nullptr && !previous->seal) {
      if (Status status = complete_seal(*previous, last.headers.header); !status) return status;
    } else if (previous != nullptr && decision.stream.frames == 0) {
      if (Status status = mend_index(disk_, *previous, last.headers.header); !status) return status;
    }
    // A frame beyond the limits of its segment is no frame to any reader.
    if (!last.headers.header.takes_all_frames()) return leave(last, decision);
    // What only the page cache holds, of a sync that failed, would be written back behind what this
    // writer writes. Where the journal was closed it was looked at from end to end, or only little
    // of it is: an open reads the segment once.
    if (decision.closed_on_device) return continue_in(last, decision);
    if (decision.outcome == format::Outcome::clean) {
      Result<bool> forgotten = forget_cached(disk_, last, decision.stream.end);
      if (!forgotten) return forgotten.error();
      return forgotten.value() ? continue_in(last, decision) : leave(last, decision);
    }
    const bool unused = decision.stream.records == 0 &&
                        decision.stream.next_seq == last.headers.header.first_seq &&
                        !decision.cut && decision.evidence.residue == format::Residue::none;
    if (!unused) return leave(last, decision);
    Result<bool> nothing_cached = zero_in_cache(disk_, last, decision.stream.end);
    if (!nothing_cached) return nothing_cached.error();
    return nothing_cached.value() ? use_again(last, decision) : leave(last, decision);
  }

  Status check_recorded() {
    const format::SegmentHeader& header = survey_.live.back().headers.header;
    if (auto failure = recorded_mismatch(core_->options.recorded, header)) {
      failure->path = core_->directory;
      return Status(std::move(*failure));
    }
    for (const SurveyedFile& file : survey_.live) {
      if (file.headers.header.read_only_compatible_features != 0) {
        Failure failure;
        failure.code = Code::version;
        failure.path = file.path;
        failure.segment = file.id;
        failure.message =
            "the journal uses features of a newer tidemark that this version can read but not "
            "write: open with "
            "readOnly, or use that version";
        return Status(std::move(failure));
      }
    }
    return done();
  }

  Result<std::unique_ptr<SegmentWriter>> writer_for(const SurveyedFile& file,
                                                    const format::Stream& stream,
                                                    std::shared_ptr<SharedIndex> index) {
    const format::SegmentHeader& header = file.headers.header;
    const bool direct = core_->transfers.direct && core_->transfers.alignment <= header.block_bytes;
    auto opened = open_segment(disk_, file.path, direct);
    if (!opened) return from_io(opened.error(), "a segment cannot be opened for writing");
    const std::uint64_t capacity =
        header.capacity != 0 ? header.capacity : core_->options.segment_bytes;
    return std::make_unique<SegmentWriter>(std::move(opened).value(), file.path, header, stream,
                                           std::move(index),
                                           std::min(capacity, core_->options.segment_bytes));
  }

  Status continue_in(const SurveyedFile& last, const TailDecision& decision) {
    auto writer = writer_for(last, decision.stream, decision.index);
    if (!writer) return writer.error();
    writer_ = std::move(writer).value();
    clean_ = true;
    return done();
  }

  // Nothing was ever written behind the header: a mark is witness enough.
  Status use_again(const SurveyedFile& last, const TailDecision& decision) {
    auto writer = writer_for(last, decision.stream, decision.index);
    if (!writer) return writer.error();
    writer_ = std::move(writer).value();
    if (io::Status status = writer_->append_mark(false, core_->options.block_padding); !status) {
      return Status(from_io(status.error(), "the witness of the recovery cannot be written"));
    }
    if (io::Status status = writer_->sync(); !status) {
      return Status(from_io(status.error(), "the witness of the recovery cannot be synced"));
    }
    return done();
  }

  // Goes on in a new segment, whose header is the witness of where the old one ends; only then is
  // the residue cut and the seal put in its place.
  Status leave(const SurveyedFile& last, const TailDecision& decision) {
    core_->recovery.path = OpenPath::recovered;
    auto old = writer_for(last, decision.stream, decision.index);
    if (!old) return old.error();
    format::SegmentHeader header = format::continuation_of(last.headers.header);
    header.segment_id = core_->next_segment_id++;
    header.first_seq = decision.stream.next_seq;
    header.predecessor = old.value()->as_predecessor();
    header.head = head_;
    const std::uint64_t capacity = std::min(
        core_->options.segment_bytes, std::max(first_segment_bytes, last.headers.header.capacity));
    if (Status status = start_segment(header, capacity); !status) return status;
    return seal(*old.value(), writer_->header(), last, decision.cut.has_value());
  }

  Status seal(SegmentWriter& old, const format::SegmentHeader& successor, const SurveyedFile& file,
              bool residue) {
    format::Seal written;
    io::Status status = old.cut_residue(residue);
    if (status) {
      status = old.write_seal(successor.segment_id, successor.salt,
                              host_.clock->wall_milliseconds(), written);
    }
    if (status) status = old.sync();
    if (!status) return Status(from_io(status.error(), "the segment that ended cannot be sealed"));
    old.trim(written);
    SurveyedFile sealed = file;
    sealed.seal = written;
    sealed.stream_end = old.end();
    add_sealed(sealed);
    segments_.back()->index->assign(old.index()->copy());
    return done();
  }

  // A crash came between the successor's header and this seal.
  Status complete_seal(const SurveyedFile& file, const format::SegmentHeader& successor) {
    auto walked = walk_unsealed(disk_, file, successor);
    if (!walked) return walked.error();
    auto writer = writer_for(file, walked.value().stream, walked.value().index);
    if (!writer) return writer.error();
    segments_.pop_back();  // it was added without its seal
    return seal(*writer.value(), successor, file, true);
  }

  // ---- the end of every path

  void add_sealed(const SurveyedFile& file) {
    auto segment = std::make_shared<Segment>();
    segment->path = file.path;
    segment->header = file.headers.header;
    segment->seal = file.seal;
    segment->stream_end = file.stream_end;
    segment->last_seq = file.seal ? file.seal->last_seq : 0;
    segment->file_bytes = file.bytes;
    segments_.push_back(std::move(segment));
  }

  // What never held a promised byte, or was released: its removal may fail, be partial, be
  // repeated.
  void remove_debris() {
    for (const SurveyedFile& file : survey_.debris) static_cast<void>(disk_.unlink(file.path));
    for (const std::string& name : survey_.temporaries) {
      static_cast<void>(disk_.unlink(io::join(core_->directory, name)));
    }
  }

  void publish() {
    Journal::Core& core = *core_;
    auto current = std::make_shared<Segment>();
    current->path = writer_->path();
    current->header = writer_->header();
    current->last_seq = writer_->header().first_seq - 1;
    current->index = writer_->index();
    for (const auto& segment : segments_) core.view.segments.push_back(segment);
    core.view.segments.push_back(std::move(current));
    core.view.first_seq = head_.first_seq;
    core.view.last_seq = writer_->next_seq() - 1;
    core.view.limit = writer_->end();
    core.header = writer_->header();
    core.head = head_;
    core.current_end = writer_->end();
    core.current_digest = writer_->stream().digest.value();
    core.next_seq = writer_->next_seq();
    core.last_seq = core.next_seq - 1;
    core.durable_seq = core.next_seq - 1;
    core.recovery.segments = core.view.segments.size();
    core.recovery.last_seq = core.next_seq - 1;
    core.recovery.duration = host_.clock->monotonic() - started_;
    core.writer = std::make_unique<Writer>(core, std::move(writer_), clean_);
    // The task owns the core until the writer has ended.
    core.task =
        host_.tasks->start("tidemark-writer", [self = core_] { return self->writer->step(); });
  }

  const io::Host& host_;
  io::Disk& disk_;
  std::shared_ptr<Journal::Core> core_;
  io::Nanoseconds started_;
  Survey survey_;
  format::Head head_;
  std::vector<std::shared_ptr<Segment>> segments_;
  std::unique_ptr<SegmentWriter> writer_;
  bool clean_ = false;
  io::FileSystemInfo file_system_;
};

}  // namespace

Result<std::shared_ptr<Journal::Core>> open_core(const io::Host& host, const std::string& directory,
                                                 const Options& options) {
  return Opener(host, directory, options).run();
}

}  // namespace tidemark::journal
