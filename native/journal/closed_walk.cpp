#include "journal/closed_walk.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "format/frame_probe.hpp"
#include "journal/file_source.hpp"
#include "journal/pieces.hpp"

namespace tidemark::journal {
namespace {

constexpr std::size_t window_bytes = std::size_t{256} << 10U;

struct Frame {
  std::uint64_t offset = 0;
  std::uint64_t first_seq = 0;
  std::uint32_t checksum = 0;
};

// What begins in one piece of the file. A frame that begins in it may end behind it.
struct Piece {
  bool sound = false;
  std::uint64_t begin = 0;  // of its first frame; `first_seq` is that frame's
  std::uint64_t first_seq = 0;
  format::Stream stream;      // of its frames; `frames` is 0 where none begins in it
  std::vector<Frame> frames;  // those that a reader knows
};

// The sources of the threads that walk: one for each, with a buffer that all of its pieces share.
// The pages of a new one cost as much as reading them does.
class Sources {
 public:
  Sources(io::File& file, std::uint64_t bytes) : file_(file), bytes_(bytes) {}

  std::unique_ptr<FileSource> take() {
    const std::scoped_lock lock(mutex_);
    if (free_.empty()) return std::make_unique<FileSource>(file_, bytes_, window_bytes);
    auto source = std::move(free_.back());
    free_.pop_back();
    return source;
  }

  void give_back(std::unique_ptr<FileSource> source) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(source));
  }

  // When none is taken.
  std::uint64_t bytes_read() const {
    std::uint64_t sum = 0;
    for (const auto& source : free_) sum += source->bytes_read();
    return sum;
  }

 private:
  io::File& file_;
  std::uint64_t bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<FileSource>> free_;
};

class Walk {
 public:
  Walk(io::File& file, std::uint64_t bytes, const format::SegmentHeader& header, std::uint64_t end,
       std::uint64_t piece_bytes)
      : sources_(file, bytes),
        bytes_(bytes),
        header_(header),
        end_(end),
        piece_bytes_(piece_bytes) {}

  std::optional<ClosedSegment> run(io::Tasks& tasks) {
    if (end_ > bytes_ || end_ <= header_.data_start()) return std::nullopt;
    divide(bytes_ - header_.data_start());
    do_pieces(tasks, pieces_.size(), [this](std::size_t number) {
      const std::uint64_t from = header_.data_start() + number * piece_bytes_;
      look_at(pieces_[number], from, std::min(bytes_, from + piece_bytes_));
    });
    return joined();
  }

 private:
  // Two threads share the pieces: as many for one as for the other, and of one size.
  void divide(std::uint64_t data) {
    const auto share = [data](std::uint64_t of) { return (data + of - 1) / of; };
    std::uint64_t count = share(piece_bytes_);
    if (count > 1) count += count % 2;
    piece_bytes_ = share(count);
    pieces_.resize(static_cast<std::size_t>(share(piece_bytes_)));
  }

  void look_at(Piece& piece, std::uint64_t from, std::uint64_t to) {
    auto source = sources_.take();
    piece.sound = look_at_frames(piece, *source, from, std::min(to, end_)) &&
                  look_at_zeros(*source, std::max(from, end_), to);
    sources_.give_back(std::move(source));
  }

  bool look_at_frames(Piece& piece, FileSource& source, std::uint64_t from, std::uint64_t to) {
    if (from >= to) return true;
    piece.begin = from;
    piece.first_seq = header_.first_seq;
    if (from != header_.data_start()) {
      // A frame that spans the piece has no end in it: no longer looked for than the piece is.
      source.set_size(std::min(bytes_, to + piece_bytes_));
      const format::Found found = format::find_frame(header_, source, from);
      source.set_size(bytes_);
      if (found.unreadable || found.exhausted) return false;
      if (!found.header || found.header->offset >= to) return true;
      piece.begin = found.header->offset;
      piece.first_seq = found.header->first_seq;
    }
    format::FrameWalk walk(header_, source, piece.begin, piece.first_seq,
                           format::FrameWalk::Bodies::verify);
    walk.set_limit(to);
    while (const auto frame = walk.next())
      piece.frames.push_back({frame->offset, frame->first_seq, frame->checksum});
    piece.stream = walk.stream();
    return walk.stop() == format::Stop::limit;
  }

  static bool look_at_zeros(FileSource& source, std::uint64_t from, std::uint64_t to) {
    return from >= to || format::first_nonzero(source, from, to) == to;
  }

  // The pieces fit each other: each begins with the frame, and the seq, in front of which the one
  // before it ended.
  std::optional<ClosedSegment> joined() const {
    ClosedSegment closed;
    closed.index = std::make_shared<SharedIndex>();
    closed.bytes_read = sources_.bytes_read();
    format::Stream& all = closed.stream;
    all.end = header_.data_start();
    all.next_seq = header_.first_seq;
    for (const Piece& piece : pieces_) {
      if (!piece.sound) return std::nullopt;
      const format::Stream& one = piece.stream;
      if (one.frames == 0) continue;
      // The digest is of all frames in their order, also of those that a reader steps over.
      if (piece.begin != all.end || piece.first_seq != all.next_seq ||
          one.frames != piece.frames.size()) {
        return std::nullopt;
      }
      for (const Frame& frame : piece.frames) {
        closed.index->add(frame.offset, frame.first_seq);
        all.digest.add(frame.checksum);
      }
      all.end = one.end;
      all.next_seq = one.next_seq;
      all.frames += one.frames;
      all.records += one.records;
      all.closed = one.closed;
      if (one.watermark.offset >= all.watermark.offset) all.watermark = one.watermark;
    }
    if (all.end != end_ || !all.closed) return std::nullopt;
    closed.index->mark_loaded();
    return closed;
  }

  Sources sources_;
  std::uint64_t bytes_;
  const format::SegmentHeader& header_;
  std::uint64_t end_;
  std::uint64_t piece_bytes_;
  std::vector<Piece> pieces_;
};

}  // namespace

std::optional<ClosedSegment> walk_closed(io::File& file, std::uint64_t bytes,
                                         const format::SegmentHeader& header, std::uint64_t end,
                                         io::Tasks& tasks, std::uint64_t piece_bytes) {
  return Walk(file, bytes, header, end, piece_bytes).run(tasks);
}

}  // namespace tidemark::journal
