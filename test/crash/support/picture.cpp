#include "picture.hpp"

#include <array>

#include "io/scheduler.hpp"
#include "journal/tools.hpp"
#include "report_check.hpp"

namespace tidemark::test {
namespace {

const char* frame_name(std::uint8_t type) {
  constexpr std::array names{"?", "commit", "mark", "seal", "gap"};
  return type < names.size() ? names[type] : "?";
}

std::string files_of(io::Disk& disk, const std::string& directory) {
  std::string text;
  const auto entries = disk.list(directory);
  if (!entries) return directory + " is not there\n";
  for (const io::Entry& entry : entries.value()) {
    text += "  " + entry.name;
    if (const auto status = disk.status(io::join(directory, entry.name))) {
      text += ' ' + std::to_string(status.value().size) + " bytes";
    }
    text += '\n';
  }
  for (const auto& [id, bytes] : look_before(disk, directory)) {
    text +=
        "  segment " + std::to_string(id) + ": zeros from " + std::to_string(bytes.used) + " on\n";
  }
  return text;
}

}  // namespace

std::string picture_of(const io::SimulatedDisk& disk, const std::string& directory) {
  // Verification reads only; what is pending stays as it is in a copy.
  io::SimulatedHost host(disk.copy(), 1);
  std::string text = directory + ":\n" + files_of(*host.disk, directory);
  for (const io::PendingChange& change : disk.pending()) {
    text += "  pending " + change.describe() + '\n';
  }
  journal::VerifyOptions options;
  options.frames = true;
  const auto verified = journal::verify(host.host(), directory, options);
  if (!verified) return text + "  verify refuses: " + verified.error().message + '\n';
  for (const journal::SegmentLayout& segment : verified.value().segments) {
    text += "  segment " + std::to_string(segment.id) + " epoch " + std::to_string(segment.epoch) +
            (segment.sealed ? " sealed" : " open") + ", seqs " + std::to_string(segment.first_seq) +
            " to " + std::to_string(segment.last_seq) + ", frames end at " +
            std::to_string(segment.stream_end) + '\n';
    for (const journal::FrameLayout& frame : segment.frames) {
      text += "    " + std::to_string(frame.offset) + ' ' + frame_name(frame.type) + ", " +
              std::to_string(frame.bytes) + " bytes, seq " + std::to_string(frame.first_seq) +
              " x" + std::to_string(frame.records) + ", watermark " +
              std::to_string(frame.watermark_offset) + " seq " +
              std::to_string(frame.watermark_seq) + '\n';
    }
  }
  if (verified.value().row != 0) {
    text += "  tail: row " + std::string(1, verified.value().row) + '\n';
  }
  for (const journal::Problem& problem : verified.value().problems) {
    text += "  " + std::string(name(problem.kind)) + " in segment " +
            std::to_string(problem.segment) + " at " + std::to_string(problem.offset) + ": " +
            problem.detail + '\n';
  }
  return text;
}

}  // namespace tidemark::test
