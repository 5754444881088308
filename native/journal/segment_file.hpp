// A segment that is open for reading, and the search for the frame that holds a seq: through the
// index, over the frames, and past damage to what stands behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/failure.hpp"
#include "journal/frame_cursor.hpp"
#include "journal/segment.hpp"

namespace tidemark::journal {

// A stretch of a segment that does not validate, and the seqs that it held.
struct Damage {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t from_seq = 0;
  std::uint64_t to_seq = 0;
  std::string reason;
  bool unreadable = false;
};

// How far the segment may be read in a view, and its last seq.
struct Bounds {
  std::uint64_t limit = 0;
  std::uint64_t last_seq = 0;
  bool growing = false;
};
Bounds bounds_of(const View& view, std::size_t number) noexcept;

// Where a seq was found.
struct Located {
  enum class Kind : std::uint8_t { commit, gap, damaged, version };
  Kind kind = Kind::damaged;
  Damage damage;
};

// A frame that takes seqs, in the order of the file.
struct FrameSpot {
  std::uint64_t offset = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t next_seq = 0;
};

class SegmentFile {
 public:
  static io::Result<std::unique_ptr<SegmentFile>> open(io::Disk& disk,
                                                       std::shared_ptr<const Segment> segment);
  SegmentFile(std::unique_ptr<io::File> file, std::shared_ptr<const Segment> segment);

  // Newer facts of the same segment: it was sealed meanwhile.
  void adopt(std::shared_ptr<const Segment> segment) noexcept { segment_ = std::move(segment); }

  // How far frames may be read, and the last seq in front of it. `growing`: the unsealed segment,
  // whose index its writer or observer keeps.
  void set_bounds(const Bounds& bounds) noexcept;

  // Leaves the frame that holds `seq` in cursor(). With `spots`, it begins at an index entry and
  // lists the frames passed behind the last damage, the found one included.
  Located locate(std::uint64_t seq, std::vector<FrameSpot>* spots);
  // Loads the frame that a spot names; false when it no longer validates.
  bool load(const FrameSpot& spot);

  [[nodiscard]] const Segment& segment() const noexcept { return *segment_; }
  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }
  [[nodiscard]] FrameCursor& cursor() noexcept { return cursor_; }
  [[nodiscard]] FileSource& source() noexcept { return source_; }
  [[nodiscard]] io::File& file() noexcept { return *file_; }
  // The first valid frame behind `offset` whose seqs continue or follow `expected`.
  std::optional<FrameSpot> resynchronize(std::uint64_t offset, std::uint64_t expected);
  // Of a segment that is complete: reads the index behind the seal, or rebuilds it when it is
  // damaged.
  void load_index();

 private:
  void rebuild_index();
  bool read_index();

  std::unique_ptr<io::File> file_;
  const std::shared_ptr<const Segment> origin_;  // whose header the cursor refers to
  std::shared_ptr<const Segment> segment_;
  FileSource source_;
  FrameCursor cursor_;
  std::uint64_t limit_ = 0;
  std::uint64_t last_seq_ = 0;
  bool growing_ = false;
  // A frame boundary that is known, so that reading on needs no index.
  std::uint64_t next_offset_ = 0;
  std::uint64_t next_seq_ = 0;
};

}  // namespace tidemark::journal
