#include "journal/closing_mark.hpp"

#include <algorithm>
#include <iterator>

#include "format/bytes.hpp"
#include "format/frame.hpp"
#include "journal/file_source.hpp"
#include "journal/tail.hpp"

namespace tidemark::journal {
namespace {

class Search {
 public:
  Search(io::File& device, const SurveyedFile& file)
      : segment_(file.headers.header),
        block_(std::max<std::uint64_t>(device.alignment(), format::minimum_block_bytes)),
        bytes_(file.bytes),
        source_(device, file.bytes, static_cast<std::size_t>(block_)) {}

  std::optional<ClosingMark> run() {
    const auto last = last_block();
    if (!last) return std::nullopt;
    // A mark may begin in the block in front of the one that it ends in.
    const std::uint64_t data_start = segment_.data_start();
    const std::uint64_t from = std::max(data_start, *last >= block_ ? *last - block_ : 0);
    const std::uint64_t until = std::min(*last + block_, bytes_);
    const auto view = source_.view(from, static_cast<std::size_t>(until - from));
    if (!view || view->size() < until - from) return std::nullopt;
    const auto nonzero =
        std::find_if(view->rbegin(), view->rend(), [](std::byte b) { return b != std::byte{0}; });
    if (nonzero == view->rend()) return std::nullopt;
    // From where its last bytes are that are not zero to where all of its bytes would be in front.
    const std::uint64_t used =
        from + static_cast<std::uint64_t>(std::distance(nonzero, view->rend()));
    std::uint64_t at = (used - 1) / format::frame_alignment * format::frame_alignment;
    for (; at >= from && at + format::mark_bytes >= used; at -= format::frame_alignment) {
      if (const auto end = closing_mark_at(at, view->subspan(at - from))) {
        return ClosingMark{*end, source_.bytes_read()};
      }
    }
    return std::nullopt;
  }

 private:
  // The offset of the last block that is not zero, where the zeros are all behind the rest. The end
  // is asked first: a file that grew by its commits has no zeros.
  std::optional<std::uint64_t> last_block() {
    std::uint64_t low = segment_.data_start() / block_;
    std::uint64_t high = (bytes_ + block_ - 1) / block_;  // zero from here on
    for (std::uint64_t asked = high - 1; low < high; asked = low + (high - low) / 2) {
      const auto view = source_.view(asked * block_, static_cast<std::size_t>(block_));
      if (!view || view->empty()) return std::nullopt;
      if (format::is_zero(*view)) {
        high = asked;
      } else {
        low = asked + 1;
      }
    }
    if (low == 0) return std::nullopt;
    return (low - 1) * block_;
  }

  // Where the closing mark with these bytes ends, its padding included.
  std::optional<std::uint64_t> closing_mark_at(std::uint64_t offset, format::Bytes bytes) const {
    if (bytes.size() < format::mark_bytes) return std::nullopt;
    const auto frame = format::decode_frame_header(segment_, format::Place(segment_.seed()), offset,
                                                   bytes.first(format::mark_bytes));
    if (!frame || !frame->is(format::FrameType::mark)) return std::nullopt;
    if ((frame->flags & format::frame_flag::closing) == 0) return std::nullopt;
    return frame->end();
  }

  const format::SegmentHeader& segment_;
  std::uint64_t block_;
  std::uint64_t bytes_;
  FileSource source_;
};

}  // namespace

std::optional<ClosingMark> closing_mark_on_device(io::Disk& disk, const SurveyedFile& file) {
  bool from_device = false;
  auto opened = open_from_device(disk, file.path, from_device);
  if (!opened || !from_device) return std::nullopt;
  return Search(*opened.value(), file).run();
}

}  // namespace tidemark::journal
