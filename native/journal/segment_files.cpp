#include "journal/segment_files.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "format/names.hpp"
#include "io/aligned_buffer.hpp"

namespace tidemark::journal {

io::Status write_zeros(io::File& file, std::uint64_t from, std::uint64_t to) {
  // Leaked: a filler may still run while the statics of an exiting process are destroyed.
  static const io::AlignedBuffer& zeros = *[] {
    auto buffer = std::make_unique<io::AlignedBuffer>(format::maximum_block_bytes);
    if (buffer->reserve(zero_slice_bytes, 0)) std::memset(buffer->data(), 0, zero_slice_bytes);
    return buffer.release();
  }();
  if (zeros.capacity() < zero_slice_bytes)
    return io::Error{io::Errc::no_memory, io::Call::write, 0, {}};
  for (std::uint64_t offset = from; offset < to;) {
    const auto bytes = static_cast<std::size_t>(std::min(zero_slice_bytes, to - offset));
    if (io::Status status = file.write_at(offset, io::Bytes(zeros.data(), bytes)); !status)
      return status;
    offset += bytes;
  }
  return io::done();
}

io::Status write_header(io::File& file, const format::SegmentHeader& header) {
  // One write over both blocks: they are adjacent, and the file may be a direct one.
  io::AlignedBuffer blocks(std::max<std::size_t>(file.alignment(), header.block_bytes));
  const std::size_t bytes = 2 * std::size_t{header.block_bytes};
  if (!blocks.reserve(bytes, 0)) return io::Error{io::Errc::no_memory, io::Call::write, 0, {}};
  std::memset(blocks.data(), 0, bytes);
  for (std::uint8_t copy = 0; copy < 2; ++copy) {
    format::encode_segment_header(
        header, copy,
        format::MutableBytes(blocks.data() + copy * std::size_t{header.block_bytes},
                             format::header_copy_bytes));
  }
  return file.write_at(0, io::Bytes(blocks.data(), bytes));
}

io::Result<std::unique_ptr<io::File>> create_segment(io::Disk& disk, const std::string& directory,
                                                     const format::SegmentHeader& header,
                                                     const SegmentFileRules& rules) {
  const std::string temporary =
      io::join(directory, format::segment_temporary_name(header.segment_id));
  const std::string path = io::join(directory, format::segment_name(header.segment_id));
  if (io::Status status = disk.unlink(temporary);
      !status && status.error().code != io::Errc::not_found) {
    return status.error();
  }
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.create = io::Create::exclusive;
  options.mode = rules.mode;
  auto opened = disk.open(temporary, options);
  if (!opened) return opened.error();
  std::unique_ptr<io::File> file = std::move(opened).value();
  const auto give_up = [&](const io::Error& error) {
    file.reset();
    static_cast<void>(disk.unlink(temporary));  // debris in any case
    return error;
  };
  if (io::Status status = write_zeros(*file, 0, header.capacity); !status)
    return give_up(status.error());
  if (io::Status status = write_header(*file, header); !status) return give_up(status.error());
  if (io::Status status = file->sync(); !status) return give_up(status.error());
  if (io::Status status = disk.rename(temporary, path); !status) return give_up(status.error());
  if (io::Status status = disk.sync_directory(directory); !status) return status.error();
  if (!rules.direct) return io::Result<std::unique_ptr<io::File>>(std::move(file));
  file.reset();
  return open_segment(disk, path, true);
}

io::Result<std::unique_ptr<io::File>> open_segment(io::Disk& disk, const std::string& path,
                                                   bool direct) {
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.direct = direct;
  return disk.open(path, options);
}

}  // namespace tidemark::journal
