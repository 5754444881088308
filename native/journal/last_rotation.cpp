#include "journal/last_rotation.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "format/bytes.hpp"
#include "journal/file_source.hpp"
#include "journal/segment_files.hpp"
#include "journal/tail.hpp"

namespace tidemark::journal {
namespace {

struct Behind {
  bool index = false;  // it is what the seal says
  bool zeros = false;  // behind it, to the end of the block
};

Behind look_behind(FileSource& source, const SurveyedFile& file) {
  const format::SegmentHeader& header = file.headers.header;
  const std::uint64_t start = file.stream_end + format::seal_bytes;
  const std::uint64_t end = start + file.seal->index_bytes;
  const std::uint64_t block_end = format::align_up(end, header.block_bytes);
  Behind behind;
  const auto view = source.view(start, static_cast<std::size_t>(block_end - start));
  if (!view || view->size() < file.seal->index_bytes) return behind;
  behind.index =
      format::SparseIndex::decode(format::Place(header.seed()), view->first(file.seal->index_bytes),
                                  *file.seal, header.data_start(), file.stream_end)
          .has_value();
  behind.zeros = format::is_zero(view->subspan(file.seal->index_bytes));
  return behind;
}

Status failed(const io::Error& error) {
  return from_io(error, "the index of the segment in front cannot be written again");
}

}  // namespace

Status mend_index(io::Disk& disk, const SurveyedFile& file,
                  const format::SegmentHeader& successor) {
  Behind behind;
  {
    auto opened = disk.open(file.path, {});
    if (!opened) return from_io(opened.error(), "a segment cannot be opened");
    FileSource source(*opened.value(), file.bytes);
    behind = look_behind(source, file);
  }
  if (behind.index && behind.zeros) return done();
  auto walked = walk_unsealed(disk, file, successor);
  if (!walked) return done();
  const format::SparseIndex index = walked.value().index->copy();
  std::vector<std::byte> bytes(index.encoded_bytes());
  const std::uint32_t checksum = index.encode(format::Place(file.headers.header.seed()), bytes);
  if (bytes.size() != file.seal->index_bytes || checksum != file.seal->index_checksum) {
    return done();
  }
  auto opened = open_segment(disk, file.path, false);
  if (!opened) return failed(opened.error());
  const std::uint64_t start = file.stream_end + format::seal_bytes;
  io::Status status = opened.value()->truncate(start);
  if (status) status = opened.value()->write_at(start, io::Bytes(bytes));
  if (status) status = opened.value()->sync();
  return status ? done() : failed(status.error());
}

}  // namespace tidemark::journal
