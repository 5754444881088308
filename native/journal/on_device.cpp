#include "journal/on_device.hpp"

#include <algorithm>

#include "format/bytes.hpp"
#include "format/frame.hpp"
#include "journal/file_source.hpp"
#include "journal/segment_files.hpp"
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

// What the device holds of the header that the survey saw.
enum class HeaderOnDevice : std::uint8_t {
  none,
  part,  // one copy, where the cache shows two
  whole,
};
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

// Whether it holds the seal that the survey saw.
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

// Whether it holds nothing but zeros behind the header.
Result<bool> unused_on_device(io::Disk& disk, const SurveyedFile& file) {
  auto opened = device_file(disk, file);
  if (!opened) return opened.error();
  return zero_from(file.headers.header.data_start(), *opened.value(), file);
}

Status sync_file(io::Disk& disk, const SurveyedFile& file) {
  auto opened = open_segment(disk, file.path, false);
  if (!opened) return Status(from_io(opened.error(), "a segment cannot be opened for writing"));
  if (io::Status status = opened.value()->sync(); !status) {
    return Status(from_io(status.error(), "a segment cannot be synced before it is read"));
  }
  return done();
}

}  // namespace

Status believe_the_device(io::Disk& disk, Survey& survey) {
  while (true) {
    SurveyedFile& last = survey.live.back();
    if (Status status = sync_file(disk, last); !status) return status;
    // The header of the first segment was durable before the file had its name.
    if (survey.live.size() == 1) return done();
    SurveyedFile& previous = survey.live[survey.live.size() - 2];
    if (Status status = sync_file(disk, previous); !status) return status;
    if (previous.seal) {
      Result<bool> sealed = seal_on_device(disk, previous);
      if (!sealed) return sealed.error();
      if (!sealed.value()) previous.seal.reset();
    }
    Result<HeaderOnDevice> there = header_on_device(disk, last);
    if (!there) return there.error();
    if (there.value() == HeaderOnDevice::whole) return done();
    Result<bool> unused = unused_on_device(disk, last);
    if (!unused) return unused.error();
    const bool half_made = !previous.seal && unused.value();
    if (there.value() == HeaderOnDevice::part) {
      if (!half_made) return done();
      survey.half_made_proof =
          std::max(survey.half_made_proof, last.headers.header.predecessor.last_seq);
    }
    if (!half_made) {
      Failure failure;
      failure.code = Code::corrupt;
      failure.path = last.path;
      failure.segment = last.id;
      failure.offset = 0;
      failure.from_seq = last.headers.header.first_seq;
      failure.message = "segment " + std::to_string(last.id) +
                        " has no sound header on the device; nothing was changed: run `tidemark "
                        "verify` for the extent and `tidemark salvage` to copy out what is sound";
      return Status(std::move(failure));
    }
    previous.stream_end = 0;
    survey.debris.push_back(last);
    survey.live.pop_back();
  }
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
