#include "report_check.hpp"

#include <algorithm>

#include "format/layout.hpp"
#include "format/names.hpp"
#include "io/aligned_buffer.hpp"

namespace tidemark::test {
namespace {

std::vector<std::byte> device_bytes(io::Disk& disk, const std::string& path) {
  io::OpenOptions options;
  options.direct = true;
  auto file = disk.open(path, options);
  if (!file) file = disk.open(path, {});
  if (!file) return {};
  const auto size = file.value()->size();
  if (!size) return {};
  const std::size_t alignment = std::max(file.value()->alignment(), format::minimum_block_bytes);
  io::AlignedBuffer buffer(alignment);
  const std::uint64_t whole = format::align_up(size.value(), alignment);
  if (!buffer.reserve(static_cast<std::size_t>(whole), 0)) return {};
  const auto read =
      file.value()->read_at(0, io::MutableBytes(buffer.data(), static_cast<std::size_t>(whole)));
  if (!read) return {};
  return {buffer.data(), buffer.data() + read.value()};
}

// The last segment was begun by the open: what was handed out behind the end of the one in front
// and is lost would else share (id, epoch, seq) with what comes now.
void judge_epochs(const journal::View& view, std::vector<std::string>& problems) {
  const std::uint64_t epoch = view.segments.back()->header.epoch;
  for (const auto& segment : view.segments) {
    if (segment != view.segments.back() && segment->header.epoch == epoch) {
      problems.push_back(
          "a segment that was begun behind an unclean end has the epoch of segment " +
          std::to_string(segment->header.segment_id));
    }
  }
}

std::string of_cut(const journal::Cut& cut) {
  return std::to_string(cut.bytes) + " bytes at " + std::to_string(cut.offset) + " of segment " +
         std::to_string(cut.segment);
}

}  // namespace

Before look_before(io::Disk& disk, const std::string& directory) {
  Before before;
  const auto entries = disk.list(directory);
  if (!entries) return before;
  for (const io::Entry& entry : entries.value()) {
    const format::ParsedName name = format::parse_name(entry.name);
    if (name.kind != format::NameKind::segment) continue;
    const auto bytes = device_bytes(disk, io::join(directory, entry.name));
    SegmentBytes segment;
    segment.size = segment.used = bytes.size();
    while (segment.used > 0 && bytes[segment.used - 1] == std::byte{0}) --segment.used;
    before.emplace(name.segment_id, segment);
  }
  return before;
}

std::vector<std::string> judge_report(const Before& before, const journal::View& view,
                                      const journal::RecoveryReport& report) {
  std::vector<std::string> problems;
  if (report.path == journal::OpenPath::created) {
    if (report.cut) problems.push_back("a new journal reports a cut of " + of_cut(*report.cut));
    return problems;
  }
  // The segment whose end was the question: the newest of those that were there. Where the open
  // goes on in it, what it wrote itself lies in front of the limit.
  const auto known =
      std::find_if(view.segments.rbegin(), view.segments.rend(),
                   [&](const auto& one) { return before.contains(one->header.segment_id); });
  if (known == view.segments.rend()) {
    problems.emplace_back("no segment is left of those that were there");
    return problems;
  }
  const journal::Segment& segment = **known;
  const SegmentBytes& bytes = before.at(segment.header.segment_id);
  const bool goes_on = known == view.segments.rbegin();
  if (!goes_on) judge_epochs(view, problems);
  const std::uint64_t end = goes_on ? view.limit : segment.stream_end;
  const std::uint64_t residue = bytes.used > end ? bytes.used - end : 0;
  const bool shortened = bytes.size < segment.header.capacity;
  if (report.path == journal::OpenPath::clean && !goes_on) {
    problems.emplace_back("a clean open began a new segment");
  }
  if (!report.cut) {
    if (residue != 0) {
      problems.push_back(std::to_string(residue) + " bytes were cut at " + std::to_string(end) +
                         " of segment " + std::to_string(segment.header.segment_id) +
                         ", and not reported");
    }
    if (report.tail != format::TailWord::clean) problems.emplace_back("a tail without a cut");
    return problems;
  }
  const journal::Cut& cut = *report.cut;
  const bool same_place = cut.segment == segment.header.segment_id && cut.offset == end;
  if (!same_place || cut.bytes != residue || (residue == 0 && !shortened)) {
    problems.push_back("it reports a cut of " + of_cut(cut) + ", but it cut " +
                       std::to_string(residue) + " bytes at " + std::to_string(end) +
                       " of segment " + std::to_string(segment.header.segment_id));
  }
  if (report.tail == format::TailWord::clean) problems.emplace_back("a cut of a clean tail");
  const bool named = cut.from_seq != 0 || cut.to_seq != 0;
  if (named && (cut.from_seq != report.last_seq + 1 || cut.to_seq < cut.from_seq)) {
    problems.push_back("a cut of seqs " + std::to_string(cut.from_seq) + " to " +
                       std::to_string(cut.to_seq) + " behind seq " +
                       std::to_string(report.last_seq));
  }
  return problems;
}

}  // namespace tidemark::test
