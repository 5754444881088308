#include "damage.hpp"

#include <algorithm>
#include <utility>

#include "format/bytes.hpp"

namespace tidemark::test {
namespace {

constexpr std::uint64_t header_bytes = format::header_copy_bytes;

}  // namespace

Damage::Damage(const Specimen& specimen, Image image, std::string what)
    : specimen_(&specimen), image_(std::move(image)), what_(std::move(what)) {
  for (const auto& [name, before] : specimen.image) {
    const auto now = image_.find(name);
    if (now == image_.end()) {
      same_files_ = false;
      changed_[name] = {{0, before.size()}};
      continue;
    }
    auto ranges = Content::difference(before, now->second);
    if (!ranges.empty()) changed_[name] = std::move(ranges);
  }
  for (const auto& [name, content] : image_) {
    if (!specimen.image.contains(name)) same_files_ = false;
  }
}

Damage Damage::flip(const Specimen& specimen, const std::string& file, std::uint64_t offset,
                    unsigned bit) {
  Image image = specimen.image;
  image.at(file).flip(offset, bit);
  Damage damage(
      specimen, std::move(image),
      "bit " + std::to_string(bit) + " of byte " + std::to_string(offset) + " of " + file);
  damage.flipped_ = FlippedBit{file, offset};
  return damage;
}

bool Damage::intact(const std::string& file, std::uint64_t begin, std::uint64_t end) const {
  const auto found = changed_.find(file);
  if (found == changed_.end()) return true;
  return std::ranges::none_of(found->second, [&](const Content::Range& range) {
    return range.begin < end && begin < range.end;
  });
}

bool Damage::header_copy(const SegmentMap& segment, int copy) const {
  const std::uint64_t begin = static_cast<std::uint64_t>(copy) * segment.block;
  return intact(segment.file, begin, begin + header_bytes);
}

bool Damage::seal(const SegmentMap& segment) const {
  return intact(segment.file, segment.stream_end, segment.stream_end + format::seal_bytes);
}

bool Damage::record(std::uint64_t seq) const {
  for (const SegmentMap& segment : specimen_->segments) {
    for (const FrameMap& frame : segment.frames) {
      if (seq < frame.first_seq || seq >= frame.next_seq) continue;
      for (const EntryMap& entry : frame.entries) {
        if (entry.kind != 0 || entry.seq != seq) continue;
        return frame_header(segment, frame) &&
               intact(segment.file, entry.offset, entry.offset + entry.length);
      }
    }
  }
  return false;
}

bool Damage::dictionary(const SegmentMap& segment, std::uint64_t hash) const {
  for (const FrameMap& frame : segment.frames) {
    if (!frame_header(segment, frame)) continue;
    for (const EntryMap& entry : frame.entries) {
      if (entry.kind != format::record_kind::dictionary) continue;
      if (!intact(segment.file, entry.offset, entry.offset + entry.length)) continue;
      const auto name = specimen_->image.at(segment.file).bytes(entry.offset, sizeof(hash));
      if (format::load<std::uint64_t>(name, 0) == hash) return true;
    }
  }
  return false;
}

bool Damage::structure() const {
  return same_files_ && std::ranges::all_of(changed_, [this](const auto& changed) {
           const SegmentMap* segment = specimen_->segment_of(changed.first);
           return segment == nullptr || header(*segment);
         });
}

bool Damage::contradictory() const {
  return std::ranges::any_of(specimen_->segments, [this](const SegmentMap& segment) {
    if (header_copy(segment, 0) && header_copy(segment, 1)) return false;
    const auto file = image_.find(segment.file);
    return file != image_.end() &&
           format::decode_header_pair(file->second.bytes(0, format::header_probe_bytes))
               .contradictory;
  });
}

}  // namespace tidemark::test
