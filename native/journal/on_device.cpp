#include "journal/on_device.hpp"

#include <algorithm>

#include "format/bytes.hpp"
#include "format/frame.hpp"
#include "journal/file_source.hpp"
#include "journal/tail.hpp"

namespace tidemark::journal {
namespace {

constexpr std::size_t scan_window = std::size_t{1} << 20U;
constexpr std::uint64_t look_bytes = 2 * format::minimum_block_bytes;

Failure unreadable(const FileSource& source, const SurveyedFile& file) {
  Failure failure =
      from_io(source.error().value_or(io::Error{io::Errc::io, io::Call::read, 0, file.path}),
              "a segment cannot be read from the device, so it cannot be known what it proves");
  failure.segment = file.id;
  return failure;
}

Result<std::unique_ptr<io::File>> device_file(io::Disk& disk, const SurveyedFile& file) {
  bool from_device = false;
  return open_from_device(disk, file.path, from_device);
}

Result<bool> zero_within(std::uint64_t offset, std::uint64_t end, io::File& opened,
                         const SurveyedFile& file) {
  FileSource source(opened, end, scan_window);
  while (offset < end) {
    const auto view = source.view(offset, scan_window);
    if (!view) return unreadable(source, file);
    if (view->empty()) break;
    if (!format::is_zero(*view)) return false;
    offset += view->size();
  }
  return true;
}

Result<bool> zero_from(std::uint64_t offset, io::File& opened, const SurveyedFile& file) {
  return zero_within(offset, file.bytes, opened, file);
}

}  // namespace

Result<HeaderOnDevice> header_on_device(io::Disk& disk, const SurveyedFile& file) {
  auto opened = device_file(disk, file);
  if (!opened) return opened.error();
  const auto bytes = static_cast<std::size_t>(file.headers.header.data_start());
  FileSource source(*opened.value(), file.bytes, bytes);
  const auto view = source.view(0, bytes);
  if (!view) return unreadable(source, file);
  const format::HeaderPair pair = format::decode_header_pair(*view);
  if (pair.state != format::HeaderState::valid || pair.contradictory ||
      pair.header != file.headers.header) {
    return HeaderOnDevice::none;
  }
  for (const int copy : {0, 1}) {
    if (file.headers.copy_valid[copy] && !pair.copy_valid[copy]) return HeaderOnDevice::part;
  }
  return HeaderOnDevice::whole;
}

Result<bool> seal_on_device(io::Disk& disk, const SurveyedFile& file) {
  auto opened = device_file(disk, file);
  if (!opened) return opened.error();
  FileSource source(*opened.value(), file.bytes, format::minimum_block_bytes);
  const auto view = source.view(file.stream_end, format::seal_bytes);
  if (!view) return unreadable(source, file);
  const format::SegmentHeader& header = file.headers.header;
  const auto prefix = format::frame_prefix_bytes(header, file.stream_end, *view, file.bytes);
  if (!prefix || *prefix > view->size()) return false;
  const auto bytes = view->first(*prefix);
  const auto frame =
      format::decode_frame_header(header, format::Place(header.seed()), file.stream_end, bytes);
  if (!frame || !frame->is(format::FrameType::seal)) return false;
  const auto seal = format::decode_seal(*frame, bytes);
  return seal && seal->successor_id == file.seal->successor_id &&
         seal->successor_salt == file.seal->successor_salt;
}

Result<bool> unused_on_device(io::Disk& disk, const SurveyedFile& file) {
  auto opened = device_file(disk, file);
  if (!opened) return opened.error();
  return zero_from(file.headers.header.data_start(), *opened.value(), file);
}

Result<bool> zero_in_cache(io::Disk& disk, const SurveyedFile& file, std::uint64_t from) {
  auto opened = disk.open(file.path, {});
  if (!opened) return from_io(opened.error(), "a segment cannot be opened");
  return zero_from(from, *opened.value(), file);
}

Result<bool> forget_cached(io::Disk& disk, const SurveyedFile& file, std::uint64_t from) {
  auto opened = disk.open(file.path, {});
  if (!opened) return from_io(opened.error(), "a segment cannot be opened");
  // Where there is no such call, the look has to do.
  static_cast<void>(opened.value()->drop_cache());
  const std::uint64_t end = std::min<std::uint64_t>(file.bytes, from + look_bytes);
  return zero_within(from, end, *opened.value(), file);
}

}  // namespace tidemark::journal
