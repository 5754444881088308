// The search for the one flipped bit in a damaged frame header.
//
// The fixed header is tried bit by bit, because a flip there can change how many bytes the checksum
// covers. Behind it a flip changes nothing but the checksum: one_flip.hpp says where it is.
//
// Random bytes pass with probability (bits tried) / 2^32. The table is searched only up to 1,024
// entries of 8 bytes, 65,536 bits, which keeps a torn write from being called rot below 2^-16; the
// bounds that a header must also keep and the seq that it must continue make it smaller still.
#include "format/flipped_bit.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/frame_fields.hpp"
#include "format/frame_probe.hpp"
#include "format/one_flip.hpp"

namespace tidemark::format {
namespace {

namespace at = frame_field;

using FixedHeader = std::array<std::byte, fixed_frame_header_bytes>;

constexpr std::size_t searched_table_bytes = 1024 * 8;

// The file with one byte replaced.
class MendedSource final : public Source {
 public:
  MendedSource(Source& source, std::uint64_t offset, std::byte byte)
      : source_(source), offset_(offset), byte_(byte) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return source_.size(); }
  std::optional<Bytes> view(std::uint64_t offset, std::size_t size) override {
    const auto view = source_.view(offset, size);
    if (!view || offset_ < offset || offset_ - offset >= view->size()) return view;
    mended_.assign(view->begin(), view->end());
    mended_[static_cast<std::size_t>(offset_ - offset)] = byte_;
    return Bytes(mended_);
  }

 private:
  Source& source_;
  std::uint64_t offset_;
  std::byte byte_;
  std::vector<std::byte> mended_;
};

class Search {
 public:
  Search(const SegmentHeader& segment, Source& source, std::uint64_t offset,
         std::uint64_t first_seq)
      : segment_(segment),
        source_(source),
        place_(segment.seed()),
        offset_(offset),
        first_seq_(first_seq) {}

  FlipSearch run() {
    const auto start = source_.view(offset_, fixed_frame_header_bytes);
    if (!start) return {std::nullopt, true};
    if (start->size() < fixed_frame_header_bytes) return {};
    std::copy_n(start->begin(), fixed_frame_header_bytes, fixed_.begin());
    FlipSearch search;
    search.found = in_fixed_header();
    if (!search.found && !unreadable_) search.found = behind_fixed_header();
    search.unreadable = unreadable_;
    return search;
  }

 private:
  // CRC32C, started with 0, of the bytes between the fixed header and the end of the prefix. The
  // candidates share few lengths, so each length is read once.
  std::optional<std::uint32_t> rest_checksum(std::size_t prefix_bytes) {
    for (const auto& [bytes, checksum] : rests_) {
      if (bytes == prefix_bytes) return checksum;
    }
    const auto checksum =
        checksum_range(source_, 0, offset_ + fixed_frame_header_bytes, offset_ + prefix_bytes);
    if (!checksum) {
      unreadable_ = true;
      return std::nullopt;
    }
    rests_.emplace_back(prefix_bytes, *checksum);
    return checksum;
  }

  std::optional<std::uint32_t> computed(const FixedHeader& fixed, std::size_t prefix_bytes) {
    const auto rest = rest_checksum(prefix_bytes);
    if (!rest) return std::nullopt;
    const std::uint32_t front =
        crc32c::extend(place_.header_seed(offset_), fixed.data() + at::checksummed,
                       fixed.size() - at::checksummed);
    return crc32c::combine(front, *rest, prefix_bytes - fixed_frame_header_bytes);
  }

  std::optional<FlippedBit> in_fixed_header() {
    for (std::size_t bit = 0; bit < fixed_frame_header_bytes * 8 && !unreadable_; ++bit) {
      FixedHeader fixed = fixed_;
      fixed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      const auto prefix_bytes = frame_prefix_bytes(segment_, offset_, fixed, source_.size());
      if (!prefix_bytes) continue;
      if (computed(fixed, *prefix_bytes) != load<std::uint32_t>(fixed, at::checksum)) continue;
      if (auto found = accept(*prefix_bytes, bit)) return found;
    }
    return std::nullopt;
  }

  std::optional<FlippedBit> behind_fixed_header() {
    const auto prefix_bytes = frame_prefix_bytes(segment_, offset_, fixed_, source_.size());
    if (!prefix_bytes || *prefix_bytes > at::maximum_header_bytes + searched_table_bytes) {
      return std::nullopt;
    }
    const auto actual = computed(fixed_, *prefix_bytes);
    if (!actual) return std::nullopt;
    const auto flip = find_one_flip(*actual ^ load<std::uint32_t>(fixed_, at::checksum),
                                    *prefix_bytes - fixed_frame_header_bytes);
    if (!flip) return std::nullopt;
    const std::size_t byte = fixed_frame_header_bytes + static_cast<std::size_t>(flip->byte);
    return accept(*prefix_bytes, byte * 8 + flip->bit);
  }

  // The header with the bit flipped back, if it is valid and continues the stream. The checksum
  // fits already, so the number of bytes is not an invention.
  std::optional<FlippedBit> accept(std::size_t prefix_bytes, std::size_t bit) {
    const auto view = source_.view(offset_, prefix_bytes);
    if (!view) {
      unreadable_ = true;
      return std::nullopt;
    }
    std::vector<std::byte> prefix(view->begin(), view->end());
    if (bit / 8 >= prefix.size()) return std::nullopt;
    prefix[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto header = decode_frame_header(segment_, place_, offset_, prefix);
    if (!header || header->first_seq != first_seq_) return std::nullopt;
    const bool missing =
        (prefix[bit / 8] & static_cast<std::byte>(1U << (bit % 8))) != std::byte{0};
    if (missing && torn(*header, offset_ + bit / 8, prefix[bit / 8])) return std::nullopt;
    return FlippedBit{offset_ + bit / 8, *header};
  }

  // Whether a set bit is missing because the bytes around it never reached the disk, and it
  // happened to be the only one among them: its whole sector is zero, or everything from its byte
  // to the end of the frame is, though its records are not all zeros. A mark has no records that
  // could tell: a short write leaves the same of it, and to cut it costs no record.
  bool torn(const FrameHeader& header, std::uint64_t byte_offset, std::byte mended) {
    const std::uint64_t sector = byte_offset / sector_bytes * sector_bytes;
    if (sector > offset_ && zero(sector, sector + sector_bytes)) return true;
    if (!zero(byte_offset, header.end())) return false;
    if (header.is(FrameType::mark)) return true;
    MendedSource whole(source_, byte_offset, mended);
    return verify_body(whole, segment_, header) == std::optional<bool>(false);
  }

  bool zero(std::uint64_t begin, std::uint64_t end) {
    end = std::min(end, source_.size());
    const auto nonzero = first_nonzero(source_, begin, end);
    if (!nonzero) unreadable_ = true;
    return nonzero && *nonzero == end;
  }

  const SegmentHeader& segment_;
  Source& source_;
  Place place_;
  std::uint64_t offset_;
  std::uint64_t first_seq_;
  FixedHeader fixed_{};
  std::vector<std::pair<std::size_t, std::uint32_t>> rests_;
  bool unreadable_ = false;
};

}  // namespace

FlipSearch find_flipped_bit(const SegmentHeader& segment, Source& source, std::uint64_t offset,
                            std::uint64_t first_seq) {
  return Search(segment, source, offset, first_seq).run();
}

}  // namespace tidemark::format
