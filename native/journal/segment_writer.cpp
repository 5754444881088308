#include "journal/segment_writer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

namespace tidemark::journal {
namespace {

constexpr std::array<std::byte, format::maximum_block_bytes> zeros{};

io::Error out_of_memory(const std::string& path) {
  return io::Error{io::Errc::no_memory, io::Call::write, 0, path};
}

}  // namespace

SegmentWriter::SegmentWriter(std::unique_ptr<io::File> file, std::string path,
                             format::SegmentHeader header, const format::Stream& stream,
                             std::shared_ptr<SharedIndex> index, std::uint64_t target_bytes)
    : file_(std::move(file)),
      path_(std::move(path)),
      header_(std::move(header)),
      place_(header_.seed()),
      stream_(stream),
      index_(std::move(index)),
      target_bytes_(target_bytes),
      direct_(std::max<std::size_t>(file_->alignment(), format::minimum_block_bytes)) {}

bool SegmentWriter::can_write_through() {
  if (unsynced_ || through_disk_ == nullptr) return false;
  if (through_file_) return true;
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.direct = true;
  options.sync_writes = true;
  // Only now: a journal that is open and idle needs no second descriptor.
  auto opened = through_disk_->open(path_, options);
  if (!opened || opened.value()->alignment() != file_->alignment()) {
    through_disk_ = nullptr;  // a sync does as well
    return false;
  }
  through_file_ = std::move(opened).value();
  return true;
}

io::Status SegmentWriter::sync() {
  io::Status status = file_->sync();
  if (status) unsynced_ = false;
  return named(std::move(status));
}

bool SegmentWriter::fits(const CommitContents& contents, bool block_padded) const noexcept {
  if (stream_.frames == 0) return true;
  const std::size_t prefix =
      format::commit_prefix_bytes(contents.lengths.size(), !contents.attributes.empty(),
                                  contents.hashes.empty() ? 0 : header_.hash_bytes, false);
  const std::uint64_t frame =
      format::commit_frame_bytes(prefix, static_cast<std::uint32_t>(contents.payload.size()),
                                 stream_.end, block_padded, header_.block_bytes);
  // One entry for each stride that the stream will have passed, and one for the frame itself.
  const std::uint64_t entries = (stream_.end + frame) / format::index_stride_bytes + 1;
  const std::uint64_t behind = format::seal_bytes + entries * format::index_entry_bytes;
  return stream_.end + frame + behind <= target_bytes_;
}

SegmentWriter::Frame SegmentWriter::encode(const CommitContents& contents,
                                           const format::Watermark& watermark, bool block_padded) {
  const std::size_t count = contents.lengths.size();
  assert(contents.first_seq == stream_.next_seq);
  assert(contents.payload.size() <= format::maximum_body_bytes &&
         count <= format::maximum_frame_entries);
  checksums_.resize(count);
  std::uint64_t seq = contents.first_seq;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t length = contents.lengths[i];
    checksums_[i] = format::record_checksum(place_, seq, contents.payload.subspan(at, length));
    at += length;
    const bool user =
        contents.attributes.empty() ||
        (contents.attributes[i] & format::record_kind::mask) == format::record_kind::user;
    if (user) ++seq;
  }
  const std::size_t hash_bytes = contents.hashes.empty() ? 0 : header_.hash_bytes;
  prefix_.resize(
      format::commit_prefix_bytes(count, !contents.attributes.empty(), hash_bytes, false));
  format::CommitHeader header;
  header.offset = stream_.end;
  header.first_seq = contents.first_seq;
  header.watermark = watermark;
  header.body_bytes = static_cast<std::uint32_t>(contents.payload.size());
  header.block_padded = block_padded;
  Frame frame;
  frame.checksum = format::encode_commit_prefix(place_, header, contents.lengths, checksums_,
                                                contents.attributes, contents.hashes, prefix_);
  frame.bytes = format::commit_frame_bytes(prefix_.size(), header.body_bytes, stream_.end,
                                           block_padded, header_.block_bytes);
  const std::uint64_t padding = frame.bytes - prefix_.size() - contents.payload.size();
  frame.parts = {io::Bytes(prefix_), contents.payload,
                 io::Bytes(zeros).first(static_cast<std::size_t>(padding))};
  frame.first_seq = contents.first_seq;
  frame.next_seq = seq;
  frame.watermark = watermark;
  return frame;
}

void SegmentWriter::appended(const Frame& frame) {
  index_->add(stream_.end, frame.first_seq);
  advance(frame.bytes, frame.checksum, frame.next_seq, frame.next_seq - frame.first_seq);
  stream_.watermark = frame.watermark;
  stream_.closed = false;
}

io::Status SegmentWriter::append_commit(const CommitContents& contents,
                                        const format::Watermark& watermark, bool block_padded,
                                        bool through) {
  const Frame frame = encode(contents, watermark, block_padded);
  if (io::Status status = write_frame(frame.parts, frame.bytes, through); !status) return status;
  appended(frame);
  return io::done();
}

bool SegmentWriter::can_begin() const noexcept {
  return !unsynced_ && direct_primed_ && through_file_ && through_file_->begins_writes();
}

bool SegmentWriter::begin_commit(const CommitContents& contents, const format::Watermark& watermark,
                                 bool block_padded, io::Notice& notice) {
  assert(can_begin());
  begun_ = encode(contents, watermark, block_padded);
  if (!lay_out(stream_.end, begun_.parts, begun_blocks_)) return false;
  begun_.parts = {};  // the frame stands in direct_
  return through_file_->begin_write(begun_blocks_.start,
                                    io::Bytes(direct_.data(), begun_blocks_.whole), notice);
}

io::Result<io::Ended> SegmentWriter::end_commit(bool wait) {
  io::Result<io::Ended> ended = through_file_->end_write(wait);
  if (!ended) {
    direct_primed_ = false;
    unsynced_ = true;  // as after a write that failed
    return named(std::move(ended).error()).error();
  }
  if (ended.value() == io::Ended::written) {
    keep_last_block(begun_blocks_);
    bytes_written_ += begun_.bytes;
    appended(begun_);
  }
  return ended;
}

io::Status SegmentWriter::append_mark(bool closing, bool block_padded, bool through) {
  std::array<std::byte, format::mark_bytes> bytes{};
  const std::uint32_t checksum =
      format::encode_mark(place_, {stream_.end, stream_.next_seq, closing, block_padded}, bytes);
  const std::uint64_t whole =
      block_padded ? format::align_up(stream_.end + bytes.size(), header_.block_bytes) - stream_.end
                   : bytes.size();
  const std::array<io::Bytes, 2> parts{
      io::Bytes(bytes), io::Bytes(zeros).first(static_cast<std::size_t>(whole - bytes.size()))};
  if (io::Status status = write_frame(parts, whole, through); !status) return status;
  stream_.watermark = {stream_.end, stream_.next_seq - 1};
  index_->add(stream_.end, stream_.next_seq);
  advance(whole, checksum, stream_.next_seq, 0);
  stream_.closed = closing;
  return io::done();
}

io::Status SegmentWriter::append_gap(const format::Gap& gap, const format::Watermark& watermark) {
  assert(gap.first_seq == stream_.next_seq && gap.last_seq >= gap.first_seq);
  std::array<std::byte, format::gap_bytes> bytes{};
  const std::uint32_t checksum = format::encode_gap(place_, stream_.end, gap, watermark, bytes);
  const io::Bytes part(bytes);
  if (io::Status status = write_frame({&part, 1}, bytes.size()); !status) return status;
  index_->add(stream_.end, gap.first_seq);
  advance(bytes.size(), checksum, gap.last_seq + 1, 0);
  stream_.watermark = watermark;
  stream_.closed = false;
  return io::done();
}

io::Status SegmentWriter::write_seal(std::uint64_t successor_id, std::uint64_t successor_salt,
                                     std::int64_t now, format::Seal& written) {
  const format::SparseIndex index = index_->copy();
  std::vector<std::byte> bytes(format::seal_bytes + index.encoded_bytes());
  format::Seal seal;
  seal.successor_id = successor_id;
  seal.successor_salt = successor_salt;
  seal.last_seq = stream_.next_seq - 1;
  seal.records = stream_.records;
  seal.frames = stream_.frames;
  seal.digest = stream_.digest.value();
  seal.index_bytes = static_cast<std::uint32_t>(index.encoded_bytes());
  seal.index_entries = static_cast<std::uint32_t>(index.entries().size());
  seal.index_checksum =
      index.encode(place_, format::MutableBytes(bytes).subspan(format::seal_bytes));
  seal.sealed_at = now;
  format::encode_seal(place_, stream_.end, seal,
                      format::MutableBytes(bytes).first(format::seal_bytes));
  const io::Bytes part(bytes);
  io::Status status = write_frame({&part, 1}, bytes.size());
  if (status) written = seal;
  return status;
}

io::Status SegmentWriter::cut_residue(bool on_device) {
  // A failure to cut changes nothing that is promised: the seal overwrites what matters of it.
  if (!file_->truncate(stream_.end)) return io::done();
  return on_device ? sync() : io::done();
}

void SegmentWriter::trim(const format::Seal& seal) {
  const std::uint64_t used = stream_.end + format::seal_bytes + seal.index_bytes;
  // A direct writer may have padded its last block: those zeros go too.
  auto size = file_->size();
  if (size && size.value() > used) static_cast<void>(file_->truncate(used));
}

format::Predecessor SegmentWriter::as_predecessor() const noexcept {
  return {header_.segment_id, stream_.end, stream_.next_seq - 1, stream_.digest.value()};
}

io::Status SegmentWriter::write_frame(std::span<const io::Bytes> parts, std::uint64_t bytes,
                                      bool through) {
  assert(!through || (through_file_ && !unsynced_));
  io::File& file = through ? *through_file_ : *file_;
  if (!through) unsynced_ = true;
  io::Status status = file.alignment() > 1 ? write_direct(file, stream_.end, parts)
                                           : file.write_at(stream_.end, parts);
  if (status) {
    bytes_written_ += bytes;
  } else {
    unsynced_ = true;  // a part of it may be there, and behind it nothing is written through
  }
  return named(std::move(status));
}

io::Status SegmentWriter::named(io::Status status) const {
  if (status) return status;
  io::Error error = std::move(status).error();
  error.path = path_;
  return error;
}

// A direct file takes whole blocks only: the write begins with what the last block already holds
// (the powersafe-overwrite assumption; padding 'block' leaves nothing to repeat) and ends with
// zeros.
io::Status SegmentWriter::write_direct(io::File& file, std::uint64_t offset,
                                       std::span<const io::Bytes> parts) {
  if (io::Status status = prime_direct(); !status) return status;
  Blocks blocks;
  if (!lay_out(offset, parts, blocks)) return out_of_memory(path_);
  io::Status status = file.write_at(blocks.start, io::Bytes(direct_.data(), blocks.whole));
  if (status) {
    keep_last_block(blocks);
  } else {
    direct_primed_ = false;
  }
  return status;
}

bool SegmentWriter::lay_out(std::uint64_t offset, std::span<const io::Bytes> parts,
                            Blocks& blocks) {
  const std::size_t block = direct_.alignment();
  blocks.start = offset / block * block;
  const auto head = static_cast<std::size_t>(offset - blocks.start);
  blocks.bytes = head;
  for (const io::Bytes part : parts) blocks.bytes += part.size();
  blocks.whole = static_cast<std::size_t>(format::align_up(blocks.bytes, block));
  if (!direct_.reserve(blocks.whole, head)) return false;
  std::size_t at = head;
  for (const io::Bytes part : parts) {
    if (!part.empty()) std::memcpy(direct_.data() + at, part.data(), part.size());
    at += part.size();
  }
  std::memset(direct_.data() + at, 0, blocks.whole - at);
  return true;
}

// In front, where the next write begins.
void SegmentWriter::keep_last_block(const Blocks& blocks) {
  const std::size_t block = direct_.alignment();
  const std::size_t last = blocks.bytes / block * block;
  if (last > 0) std::memmove(direct_.data(), direct_.data() + last, blocks.bytes - last);
}

io::Status SegmentWriter::prime_direct() {
  if (direct_primed_) return io::done();
  const std::size_t block = direct_.alignment();
  if (!direct_.reserve(block, 0)) return out_of_memory(path_);
  const std::uint64_t start = stream_.end / block * block;
  std::memset(direct_.data(), 0, block);
  if (start != stream_.end) {
    auto read = file_->read_at(start, io::MutableBytes(direct_.data(), block));
    if (!read) return read.error();
    // Zeros in the place of records that are there would be written over them.
    if (read.value() < stream_.end - start)
      return io::Error{io::Errc::io, io::Call::read, 0, path_};
  }
  direct_primed_ = true;
  return io::done();
}

void SegmentWriter::advance(std::uint64_t bytes, std::uint32_t checksum, std::uint64_t next_seq,
                            std::uint64_t records) {
  stream_.end += bytes;
  stream_.next_seq = next_seq;
  stream_.frames += 1;
  stream_.records += records;
  stream_.digest.add(checksum);
}

}  // namespace tidemark::journal
