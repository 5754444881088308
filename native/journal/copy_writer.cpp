#include "journal/copy_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "format/bytes.hpp"
#include "format/names.hpp"
#include "journal/options.hpp"
#include "journal/quarantine.hpp"
#include "journal/segment_files.hpp"
#include "journal/writer_lock.hpp"

namespace tidemark::journal {
namespace {

constexpr std::string_view mark_token = "copy";

// Beside what a copy that failed cannot remove: the lock file, and a quarantine without anything in
// it.
io::Result<bool> holds_nothing(io::Disk& disk, const std::string& directory) {
  auto listed = disk.list(directory);
  if (!listed && listed.error().code == io::Errc::not_found) return true;
  if (!listed) return listed.error();
  for (const io::Entry& entry : listed.value()) {
    if (entry.kind == io::EntryKind::file && entry.name == format::lock_name) continue;
    if (entry.kind != io::EntryKind::directory || entry.name != Quarantine::directory_name) {
      return false;
    }
    auto kept = disk.list(io::join(directory, entry.name));
    if (!kept) return kept.error();
    if (!kept.value().empty()) return false;
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<CopyWriter>> CopyWriter::create(const io::Host& host, const std::string& out,
                                                       const CopyOptions& options,
                                                       const format::SegmentHeader& facts,
                                                       std::uint64_t first_seq) {
  auto empty = holds_nothing(*host.disk, out);
  if (!empty) return from_io(empty.error(), "the output directory cannot be listed");
  if (!empty.value()) {
    Failure failure;
    failure.code = Code::exists;
    failure.message = "the output directory is not empty: name one that is empty or does not exist";
    failure.path = out;
    return failure;
  }
  if (io::Status made = io::make_directories(*host.disk, out, 0700); !made) {
    return from_io(made.error(), "the output directory cannot be created");
  }
  auto system = host.disk->file_system(out);
  if (system && system.value().network && !options.allow_network) {
    Failure failure;
    failure.code = Code::unsupported;
    failure.message =
        "the output directory is on a network file system (" + system.value().name +
        "), where locks and syncs promise less: copy to a local disk, or set allowNetwork";
    failure.path = out;
    return failure;
  }
  auto writer = std::make_unique<CopyWriter>(host, out, options, facts, first_seq);
  auto lock = lock_directory(host, out, options.mode);
  if (!lock) return lock.error();
  writer->lock_ = std::move(lock).value();
  if (Status status = writer->start_file(); !status) return status.error();
  return Result<std::unique_ptr<CopyWriter>>(std::move(writer));
}

CopyWriter::CopyWriter(const io::Host& host, std::string directory, const CopyOptions& options,
                       const format::SegmentHeader& facts, std::uint64_t first_seq)
    : host_(host),
      directory_(std::move(directory)),
      options_(options),
      header_(format::continuation_of(facts)),
      first_seq_(first_seq),
      next_seq_(first_seq) {
  header_.epoch = random_number();
  header_.head = {1, first_seq};
  // Of a damaged journal the facts may contradict the head.
  header_.start_seq = std::min(header_.start_seq, first_seq);
}

CopyWriter::~CopyWriter() {
  if (finished_) return;
  current_.reset();
  // Nothing of ours stands in the way of another try. Ours to remove: the directory was empty. The
  // first segment, which makes a journal of the others, goes first; what stays is debris.
  const auto remove = [this](const std::string& path) {
    static_cast<void>(host_.disk->unlink(path));
  };
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    remove(io::join(directory_, format::segment_name(i + 1)));
    remove(paths_[i]);
  }
  std::ranges::for_each(marks_, remove);
  if (lock_) remove(io::join(directory_, format::lock_name));
}

std::uint64_t CopyWriter::random_number() {
  std::array<std::byte, 8> bytes{};
  host_.clock->random(bytes);
  return format::load<std::uint64_t>(bytes, 0);
}

Status CopyWriter::start_file() {
  format::SegmentHeader next = header_;
  next.segment_id = header_.segment_id + 1;
  next.salt = random_number();
  next.first_seq = next_seq_;
  next.created_at = host_.clock->wall_milliseconds();
  if (current_) {
    next.predecessor = current_->as_predecessor();
    if (Status status = seal_current(next); !status) return status;
  }
  const std::string path = io::join(directory_, format::segment_temporary_name(next.segment_id));
  io::OpenOptions open;
  open.access = io::Access::read_write;
  open.create = io::Create::exclusive;
  open.mode = options_.mode;
  paths_.push_back(path);
  auto file = host_.disk->open(path, open);
  if (!file) return from_io(file.error(), "a segment of the copy cannot be created");
  if (io::Status written = write_header(*file.value(), next); !written) {
    return from_io(written.error(), "a segment of the copy cannot be written");
  }
  format::Stream stream;
  stream.end = next.data_start();
  stream.next_seq = next.first_seq;
  header_ = next;
  current_ =
      std::make_unique<SegmentWriter>(std::move(file).value(), path, header_, stream,
                                      std::make_shared<SharedIndex>(), maximum_segment_bytes);
  segment_wanted_ = false;
  return done();
}

Status CopyWriter::seal_current(const format::SegmentHeader& successor) {
  format::Seal seal;
  io::Status status = current_->write_seal(successor.segment_id, successor.salt,
                                           host_.clock->wall_milliseconds(), seal);
  if (status) status = current_->sync();
  if (!status) return from_io(status.error(), "a segment of the copy cannot be sealed");
  bytes_ += current_->end() + format::seal_bytes + seal.index_bytes;
  return done();
}

// Called before anything is written: a new segment where one is wanted and the current one is in
// use.
Status CopyWriter::ready() {
  if (!segment_wanted_) return done();
  if (current_->stream().frames == 0) {
    segment_wanted_ = false;
    return done();
  }
  return start_file();
}

Status CopyWriter::add(const CopyEntry& entry) {
  const bool user = (entry.attributes & format::record_kind::mask) == format::record_kind::user;
  if (user && entry.seq < next_seq_) return done();
  if (user && entry.seq > next_seq_) {
    if (Status status = add_gap(entry.seq - 1, format::GapReason::lost); !status) return status;
  }
  if (payload_.size() + entry.payload.size() > format::maximum_body_bytes) {
    if (Status status = flush(); !status) return status;
  }
  if (lengths_.empty()) frame_first_seq_ = next_seq_;
  payload_.insert(payload_.end(), entry.payload.begin(), entry.payload.end());
  lengths_.push_back(static_cast<std::uint32_t>(entry.payload.size()));
  attributes_.push_back(entry.attributes);
  any_attributes_ = any_attributes_ || entry.attributes != 0;
  if (header_.hash_bytes != 0) {
    hashes_.insert(hashes_.end(), entry.hash.begin(), entry.hash.end());
    hashes_.resize(lengths_.size() * header_.hash_bytes);
  }
  if (user) {
    ++next_seq_;
    ++records_;
  }
  return done();
}

Status CopyWriter::end_frame() { return flush(); }

Status CopyWriter::flush() {
  if (lengths_.empty()) return done();
  // Where a new segment begins, its header names the seq that the frame begins with.
  const std::uint64_t behind = std::exchange(next_seq_, frame_first_seq_);
  Status prepared = ready();
  next_seq_ = behind;
  if (!prepared) return prepared;
  CommitContents contents;
  contents.first_seq = frame_first_seq_;
  contents.payload = payload_;
  contents.lengths = lengths_;
  if (any_attributes_) contents.attributes = attributes_;
  contents.hashes = hashes_;
  const format::Watermark watermark{current_->end(), frame_first_seq_ - 1};
  io::Status written = current_->append_commit(contents, watermark, false);
  if (!written) return from_io(written.error(), "the copy cannot be written");
  payload_.clear();
  lengths_.clear();
  attributes_.clear();
  hashes_.clear();
  any_attributes_ = false;
  return done();
}

Status CopyWriter::add_gap(std::uint64_t last_seq, format::GapReason reason) {
  if (last_seq < next_seq_) return done();
  if (Status status = flush(); !status) return status;
  if (Status status = ready(); !status) return status;
  const format::Gap gap{next_seq_, last_seq, reason};
  io::Status written = current_->append_gap(gap, {current_->end(), next_seq_ - 1});
  if (!written) return from_io(written.error(), "the copy cannot be written");
  const std::uint64_t count = last_seq - next_seq_ + 1;
  if (reason == format::GapReason::lost) {
    lost_records_ += count;
    if (!lost_.empty() && lost_.back().to + 1 == next_seq_) {
      lost_.back().to = last_seq;
    } else {
      lost_.push_back({next_seq_, last_seq});
    }
  } else {
    absent_records_ += count;
  }
  next_seq_ = last_seq + 1;
  return done();
}

Status CopyWriter::finish(const std::vector<format::CursorMark>& cursors) {
  if (Status status = flush(); !status) return status;
  io::Status status = current_->append_mark(true, false);
  // Zeros ahead, so that a writer that opens the copy goes on in this segment.
  if (status && current_->end() < first_segment_bytes) {
    status = write_zeros(current_->file(), current_->end(), first_segment_bytes);
  }
  if (status) status = current_->sync();
  if (!status) return from_io(status.error(), "the copy cannot be written");
  bytes_ += current_->end();
  current_.reset();

  format::HeadMark head;
  head.journal_id = header_.journal_id;
  head.head = header_.head;
  const auto replace = [&](const std::string& name, const std::vector<std::byte>& bytes) {
    marks_.push_back(io::join(directory_, name));
    return io::replace_file(*host_.disk, marks_.back(), bytes, options_.mode,
                            format::temporary_name(name, mark_token));
  };
  status = replace(std::string(format::head_name), format::encode_head_mark(head));
  for (format::CursorMark cursor : cursors) {
    if (!status) break;
    cursor.journal_id = header_.journal_id;
    cursor.epoch = header_.epoch;
    cursor.seq = std::min(cursor.seq, next_seq_ - 1);
    status = replace(format::cursor_file_name(cursor.name), format::encode_cursor_mark(cursor));
  }
  if (!status) return from_io(status.error(), "the marks of the copy cannot be written");
  return name_everything();
}

Status CopyWriter::name_everything() {
  for (std::size_t i = paths_.size(); i > 0; --i) {
    io::Status status = io::done();
    // The first segment makes a journal of the others, so it comes when they are durable.
    if (i == 1 && paths_.size() > 1) status = host_.disk->sync_directory(directory_);
    if (status)
      status = host_.disk->rename(paths_[i - 1], io::join(directory_, format::segment_name(i)));
    if (!status) return from_io(status.error(), "the segments of the copy cannot be named");
  }
  if (io::Status status = host_.disk->sync_directory(directory_); !status) {
    return from_io(status.error(), "the directory of the copy cannot be made durable");
  }
  finished_ = true;
  return done();
}

void CopyWriter::fill(CopyReport& report) const {
  report.records = records_;
  report.first_seq = first_seq_;
  report.last_seq = next_seq_ - 1;
  report.bytes = bytes_;
  report.segments = paths_.size();
  report.lost_records = lost_records_;
  report.lost = lost_;
}

}  // namespace tidemark::journal
