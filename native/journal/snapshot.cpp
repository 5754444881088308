// copy_view: a consistent copy of a journal while its writer goes on. Damage ends it: a backup that
// silently lacks records would be worse than none.
#include <algorithm>

#include "format/names.hpp"
#include "journal/frame_copy.hpp"
#include "journal/reader_state.hpp"
#include "journal/survey.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal {
namespace {

// The cursors as they stand now; one that moved on since the view was taken is clipped by the
// writer.
Result<std::vector<format::CursorMark>> read_cursors(io::Disk& disk, const std::string& directory,
                                                     const format::JournalId& journal_id) {
  std::vector<format::CursorMark> cursors;
  auto entries = disk.list(directory);
  if (!entries) return from_io(entries.error(), "the directory of the journal cannot be listed");
  for (const io::Entry& entry : entries.value()) {
    if (format::parse_name(entry.name).kind != format::NameKind::cursor) continue;
    const std::string path = io::join(directory, entry.name);
    auto bytes = io::read_file(disk, path, format::maximum_mark_bytes);
    if (!bytes && bytes.error().code == io::Errc::not_found) continue;  // deleted meanwhile
    if (!bytes) return from_io(bytes.error(), "a cursor cannot be read");
    format::CursorMark mark;
    if (format::decode_cursor_mark(bytes.value(), mark) != format::MarkState::valid ||
        mark.journal_id != journal_id) {
      Failure failure;
      failure.code = Code::corrupt;
      failure.message =
          "a cursor is damaged: delete it and create it anew, then take the snapshot again";
      failure.path = path;
      return failure;
    }
    cursors.push_back(std::move(mark));
  }
  return cursors;
}

}  // namespace

Result<CopyReport> copy_view(const io::Host& host, const View& view, const std::string& directory,
                             const std::string& out, const CopyOptions& options) {
  if (view.segments.empty()) {
    Failure failure;
    failure.code = Code::corrupt;
    failure.message = "there is no segment to copy";
    failure.path = directory;
    return failure;
  }
  const format::SegmentHeader& facts = view.segments.back()->header;
  auto cursors = read_cursors(*host.disk, directory, facts.journal_id);
  if (!cursors) return cursors.error();
  auto created = CopyWriter::create(host, out, options, facts, view.first_seq);
  if (!created) return created.error();
  CopyWriter& writer = *created.value();

  for (std::size_t number = 0; number < view.segments.size(); ++number) {
    const Segment& segment = *view.segments[number];
    auto opened = SegmentFile::open(*host.disk, view.segments[number]);
    if (!opened) return failure_of_open(*host.disk, segment, opened.error());
    SegmentFile& file = *opened.value();
    const Bounds bounds = bounds_of(view, number);
    file.set_bounds(bounds);
    writer.begin_segment();
    std::uint64_t offset = segment.header.data_start();
    std::uint64_t expected = segment.header.first_seq;
    while (offset < file.limit()) {
      FrameCursor& cursor = file.cursor();
      const FrameCursor::State state = cursor.load(file.source(), offset, file.limit());
      const bool good = state == FrameCursor::State::good && cursor.header().first_seq == expected;
      if (!good || (!cursor.header().known() && !cursor.header().skippable())) {
        Located located;
        located.kind = good ? Located::Kind::version : Located::Kind::damaged;
        located.damage = {
            offset,
            file.limit() - offset,
            expected,
            std::max(expected, bounds.last_seq),
            "a frame header that does not match its checksum",
            state == FrameCursor::State::unreadable ||
                file.source().unreadable_within(offset, format::fixed_frame_header_bytes)};
        return failure_of(*host.disk, segment, &file, located);
      }
      const format::FrameHeader& header = cursor.header();
      if (const auto dirty = cursor.dirty_padding(file.source())) {
        Located located;
        located.damage = {*dirty,
                          1,
                          expected,
                          std::max(expected, header.last_seq()),
                          "padding behind a frame that is not zero",
                          false};
        return failure_of(*host.disk, segment, &file, located);
      }
      offset = header.end();
      expected = header.next_seq;
      if (header.is(format::FrameType::gap)) {
        const auto gap = cursor.gap();
        if (gap) {
          if (Status status = writer.add_gap(gap->last_seq, gap->reason); !status)
            return status.error();
        }
      } else if (header.is(format::FrameType::commit)) {
        std::vector<Damage> damaged;
        if (Status status = copy_frame(cursor, file.source(), view.last_seq, writer, damaged);
            !status) {
          return status.error();
        }
        if (!damaged.empty()) {
          return failure_of(*host.disk, segment, &file, {Located::Kind::damaged, damaged.front()});
        }
      }
    }
  }
  if (writer.next_seq() != view.last_seq + 1) {
    Located early;
    early.damage = {
        view.limit, 0, writer.next_seq(), view.last_seq, "the end of the frames came too early",
        false};
    return failure_of(*host.disk, *view.segments.back(), nullptr, early);
  }
  if (Status status = writer.finish(cursors.value()); !status) return status.error();
  CopyReport report;
  writer.fill(report);
  return report;
}

}  // namespace tidemark::journal
