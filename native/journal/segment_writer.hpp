// Writes the frames of one segment: knows where the next frame stands, what the digest and the
// index are, and which bytes of the last block a direct write has to repeat. It never decides
// when to sync, to rotate or to give up; the writer does. Used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "format/frame.hpp"
#include "format/scan.hpp"
#include "io/aligned_buffer.hpp"
#include "io/disk.hpp"
#include "journal/segment.hpp"

namespace tidemark::journal {

struct CommitContents {
  std::uint64_t first_seq = 0;
  format::Bytes payload;
  std::span<const std::uint32_t> lengths;
  std::span<const std::uint8_t> attributes;  // empty when all are zero
  format::Bytes hashes;
};

class SegmentWriter {
 public:
  // Continues behind `stream` in a file whose header is durable. `target_bytes` is the length at
  // which it should end; a single frame may pass it.
  SegmentWriter(std::unique_ptr<io::File> file, std::string path, format::SegmentHeader header,
                const format::Stream& stream, std::shared_ptr<SharedIndex> index,
                std::uint64_t target_bytes);

  // Lets frames be written through: the file is direct, and this disk's durable writes are.
  void allow_write_through(io::Disk& disk) noexcept { through_disk_ = &disk; }
  // Whether the next frame can be made durable by its own write. It cannot behind anything that
  // waits for a sync: such a write makes its own range durable, and nothing in front of it.
  [[nodiscard]] bool can_write_through();

  // Whether the frame fits with the seal and the index still behind it. An empty segment takes any.
  [[nodiscard]] bool fits(const CommitContents& contents, bool block_padded) const noexcept;

  // Writes the frame at the end of the stream and moves the end behind it. `through`, only where
  // can_write_through(): it is durable when this returns. On an error nothing of the state moves,
  // and what the disk holds from end() on is unknown.
  io::Status append_commit(const CommitContents& contents, const format::Watermark& watermark,
                           bool block_padded, bool through = false);
  // Whether a commit can be begun with what is at hand: for a block that has to be read first, or a
  // file to be opened, is waited, and so append_commit's writer does.
  [[nodiscard]] bool can_begin() const noexcept;
  // Begins append_commit(…, through) without waiting for anything, where can_begin(). False: the
  // system takes no write now, and nothing has happened. The contents may go; the frame is laid
  // out.
  bool begin_commit(const CommitContents& contents, const format::Watermark& watermark,
                    bool block_padded, io::Notice& notice);
  // What it came to; with `wait` never `not_yet`. Written: as append_commit leaves it. Refused: as
  // if it had not been begun, and append_commit is to write the same. An error is append_commit's.
  io::Result<io::Ended> end_commit(bool wait);
  io::Status append_mark(bool closing, bool block_padded, bool through = false);
  io::Status append_gap(const format::Gap& gap, const format::Watermark& watermark);
  // Seal and index at the end of the stream. The stream does not move: the seal is not part of what
  // the successor's header describes.
  io::Status write_seal(std::uint64_t successor_id, std::uint64_t successor_salt, std::int64_t now,
                        format::Seal& written);
  io::Status sync();
  // Cuts off what a write that failed or was cut left behind the stream, once a durable successor
  // says that it ends here. `on_device`: durable when it returns, so that no seal ever has residue
  // behind it. Otherwise only the page cache can hold some, of a sync that failed, and would write
  // it back together with the seal.
  io::Status cut_residue(bool on_device);
  // Gives back what lies behind the seal; of no consequence when it fails.
  void trim(const format::Seal& seal);

  [[nodiscard]] std::uint64_t end() const noexcept { return stream_.end; }
  [[nodiscard]] std::uint64_t next_seq() const noexcept { return stream_.next_seq; }
  [[nodiscard]] const format::Stream& stream() const noexcept { return stream_; }
  [[nodiscard]] const format::SegmentHeader& header() const noexcept { return header_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const std::shared_ptr<SharedIndex>& index() const noexcept { return index_; }
  [[nodiscard]] std::uint64_t target_bytes() const noexcept { return target_bytes_; }
  [[nodiscard]] io::File& file() noexcept { return *file_; }
  // Closes the file; only the facts about the segment remain.
  void release_file() noexcept {
    file_.reset();
    through_file_.reset();
  }
  [[nodiscard]] std::uint64_t bytes_written() const noexcept { return bytes_written_; }
  // What a successor says of this segment.
  [[nodiscard]] format::Predecessor as_predecessor() const noexcept;

 private:
  // A frame of records that is encoded for the end of the stream.
  struct Frame {
    std::array<io::Bytes, 3> parts;  // of prefix_, the payload and the padding
    std::uint64_t bytes = 0;
    std::uint32_t checksum = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t next_seq = 0;
    format::Watermark watermark;
  };
  // A run of whole blocks in direct_.
  struct Blocks {
    std::uint64_t start = 0;  // in the file
    std::size_t bytes = 0;    // that mean something; zeros behind
    std::size_t whole = 0;
  };

  Frame encode(const CommitContents& contents, const format::Watermark& watermark,
               bool block_padded);
  void appended(const Frame& frame);
  // A file keeps the name under which it was opened; errors name the segment as it is called now.
  [[nodiscard]] io::Status named(io::Status status) const;
  io::Status write_frame(std::span<const io::Bytes> parts, std::uint64_t bytes,
                         bool through = false);
  io::Status write_direct(io::File& file, std::uint64_t offset, std::span<const io::Bytes> parts);
  // direct_ is primed; false: memory is exhausted.
  bool lay_out(std::uint64_t offset, std::span<const io::Bytes> parts, Blocks& blocks);
  void keep_last_block(const Blocks& blocks);  // of what was written
  io::Status prime_direct();
  void advance(std::uint64_t bytes, std::uint32_t checksum, std::uint64_t next_seq,
               std::uint64_t records);

  std::unique_ptr<io::File> file_;
  std::unique_ptr<io::File> through_file_;  // the same file, whose writes are durable ones
  io::Disk* through_disk_ = nullptr;        // null: none was allowed, or it could not be opened
  bool unsynced_ = false;                   // something was written and not synced
  std::string path_;
  format::SegmentHeader header_;
  format::Place place_;
  format::Stream stream_;
  std::shared_ptr<SharedIndex> index_;
  std::uint64_t target_bytes_;
  std::uint64_t bytes_written_ = 0;
  std::vector<std::byte> prefix_;
  std::vector<std::uint32_t> checksums_;
  io::AlignedBuffer direct_;  // of a direct file: begins with the bytes of the last, partial block
  bool direct_primed_ = false;
  Frame begun_;  // without its parts
  Blocks begun_blocks_;
};

}  // namespace tidemark::journal
