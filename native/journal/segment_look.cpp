#include "journal/segment_look.hpp"

#include "format/scan.hpp"
#include "journal/damage.hpp"
#include "journal/file_source.hpp"

namespace tidemark::journal {
Result<std::optional<format::Seal>> find_seal(io::Disk& disk, const SurveyedFile& file) {
  auto opened = disk.open(file.path, {});
  if (!opened) return unreadable(file.id, opened.error());
  FileSource source(*opened.value(), file.bytes);
  const format::SegmentHeader& header = file.headers.header;
  format::FrameWalk walk(header, source, header.data_start(), header.first_seq,
                         format::FrameWalk::Bodies::skip);
  while (walk.next()) {
  }
  if (walk.stop() == format::Stop::unreadable) {
    return unreadable(file.id, source.error().value_or(io::Error{}));
  }
  return walk.stop() == format::Stop::seal ? walk.seal() : std::optional<format::Seal>();
}

Result<SeqRange> seqs_between(io::Disk& disk, const SurveyedFile* before,
                              const SurveyedFile* behind, std::uint64_t first_seq) {
  SeqRange range;
  range.from = first_seq;
  if (behind != nullptr) range.to = behind->headers.header.predecessor.last_seq;
  if (before == nullptr) return range;
  auto seal = find_seal(disk, *before);
  if (!seal) return seal.error();
  range.from = seal.value() ? seal.value()->last_seq + 1 : 0;
  return range;
}

}  // namespace tidemark::journal
