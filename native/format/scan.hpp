// Walks the frames of one segment and describes where and why it stops. It does no I/O: the bytes
// come from a Source that the caller fills from a file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "format/frame.hpp"

namespace tidemark::format {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;  // the file's length
  // Bytes [offset, offset + size), fewer only at the end of the file; valid until the next call.
  // nullopt when they cannot be read (the Source remembers the error). Implementations cache a
  // window, so small calls in ascending order are cheap.
  virtual std::optional<Bytes> view(std::uint64_t offset, std::size_t size) = 0;
};

// Why a walk stopped.
enum class Stop : std::uint8_t {
  end,          // the end of the file, or less room than a frame header needs, all zero
  zeros,        // zeros from here to the end of the file (or to the limit)
  no_header,    // bytes, but no valid frame header
  wrong_seq,    // a valid header that does not continue the stream: another first seq, or a seal
                // that counted other frames
  beyond_file,  // a valid header whose frame reaches behind the end of the file
  bad_body,     // a valid header, a record that does not match its checksum, or padding not zero
  unknown,  // a valid frame of a type or with flags that this build does not know and may not skip
  seal,     // a valid seal: the stream ends here for good
  limit,    // the limit that the caller gave
  unreadable,  // the Source could not read
};

struct Stream {           // what is known of the frames walked so far
  std::uint64_t end = 0;  // offset behind the last good frame
  std::uint64_t next_seq = 0;
  std::uint64_t frames = 0;
  std::uint64_t records = 0;
  Digest digest;
  Watermark watermark;  // highest seen in a valid frame
  bool closed = false;  // the last good frame is a closing mark
};

class FrameWalk {
 public:
  enum class Bodies : std::uint8_t { verify, skip };
  // Starts at `from` (data_start, or a frame boundary from an index with its seq).
  FrameWalk(const SegmentHeader& segment, Source& source, std::uint64_t from,
            std::uint64_t first_seq, Bodies bodies);
  // Frames at or behind `limit` are not looked at.
  void set_limit(std::uint64_t limit) noexcept { limit_ = limit; }

  // The next good frame; nullopt when the walk stopped. Frames that may be skipped are stepped over
  // (and counted in stream()). A frame without a body is verified whole under Bodies::skip too.
  std::optional<FrameHeader> next();
  [[nodiscard]] Stop stop() const noexcept { return stop_; }
  [[nodiscard]] const Stream& stream() const noexcept { return stream_; }
  // The valid header at which a walk stopped with wrong_seq, beyond_file, bad_body, unknown or
  // seal, or whose body was unreadable.
  [[nodiscard]] const std::optional<FrameHeader>& stopped_at() const noexcept {
    return stopped_at_;
  }
  [[nodiscard]] const std::optional<Seal>& seal() const noexcept { return seal_; }
  // Header and table of the frame that next() returned last; valid until the next call of next().
  [[nodiscard]] std::optional<Bytes> prefix();

 private:
  std::optional<FrameHeader> look();
  std::optional<Stop> check(const FrameHeader& header);
  void take(const FrameHeader& header);

  const SegmentHeader& segment_;
  Source& source_;
  Place place_;
  Bodies bodies_;
  std::uint64_t limit_;
  bool from_start_;
  Stream stream_;
  Stop stop_ = Stop::limit;
  bool stopped_ = false;
  std::optional<FrameHeader> current_;
  std::optional<FrameHeader> stopped_at_;
  std::optional<Seal> seal_;
};

// Verifies one record's payload. nullopt: unreadable.
std::optional<bool> verify_record(Source& source, const Place& place, const FrameHeader& frame,
                                  std::uint64_t payload_offset, std::uint32_t length,
                                  std::uint32_t checksum, std::uint64_t seq);

// The byte of the file in which one flipped bit explains why a record does not match its checksum.
// Records of up to 1 MiB are searched: other damage looks like one flipped bit with probability
// 2^-9 at that length, and in proportion below it. For reports only; nothing is decided by it.
inline constexpr std::uint32_t flip_searched_record_bytes = std::uint32_t{1} << 20U;
std::optional<std::uint64_t> flipped_record_byte(Source& source, const Place& place,
                                                 std::uint64_t payload_offset, std::uint32_t length,
                                                 std::uint32_t checksum, std::uint64_t seq);

// Verifies all records and the padding of a frame with a valid header. nullopt: unreadable.
std::optional<bool> verify_body(Source& source, const SegmentHeader& segment,
                                const FrameHeader& frame);

// The first valid frame header at or behind `from`, at any multiple of 8: what stands behind
// damage.
struct Found {
  std::optional<FrameHeader> header;
  bool unreadable = false;
  bool exhausted = false;  // see Residue::imitations
};
Found find_frame(const SegmentHeader& segment, Source& source, std::uint64_t from);

// What lies at the place where a walk stopped: the evidence that the recovery table asks for.
enum class Residue : std::uint8_t {
  none,        // only zeros, or the end
  headerless,  // no valid header, and not one flipped bit away from one
  one_bit,  // one flipped bit makes a valid header of it, or the padding behind sound records zero
  incomplete,  // a valid header, and a sector inside the stated length is still zero or missing
  complete,    // a valid header, all sectors written, wrong
  imitations,  // more bytes that imitate frame headers than the search for proof can test
};
struct Evidence {
  Residue residue = Residue::none;
  bool unreadable = false;
  // Highest watermark of any valid frame behind the damage; 0 when there is none.
  Watermark later_watermark;
  std::uint64_t stated_last_seq = 0;  // of the damaged frame where its header is valid, else 0
  std::uint64_t residue_bytes = 0;    // to the last byte that is not zero, from where it stopped
  std::optional<std::uint64_t>
      flipped_bit_offset;  // byte offset in the file of the one flipped bit
};
// A sector of 512 bytes counts as still zero only where it overlaps a record that does not verify
// and lies wholly inside the stated frame: records of zeros are legitimate. The search for a
// flipped bit covers the 288 bits of the fixed header and, for tables of at most 1,024 entries,
// everything else under the header checksum.
Evidence gather_evidence(const SegmentHeader& segment, Source& source, const FrameWalk& walk);

}  // namespace tidemark::format
