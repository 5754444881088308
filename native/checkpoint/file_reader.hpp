// Reads one checkpoint file, verified chunk by chunk: what it gives out is what was saved.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "format/checkpoint.hpp"
#include "io/disk.hpp"
#include "journal/failure.hpp"

namespace tidemark::checkpoint {

class FileReader {
 public:
  // Verifies the header and the length. CORRUPT, VERSION, or IO, whose cause is ENOENT where the
  // file is gone.
  static journal::Result<std::unique_ptr<FileReader>> open(io::Disk& disk,
                                                           const std::string& directory,
                                                           std::uint64_t generation);

  [[nodiscard]] const format::CheckpointHeader& header() const noexcept { return header_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // Replaces `into` by the next chunk of the body; false at the end.
  journal::Result<bool> next(std::vector<std::byte>& into);

 private:
  FileReader(std::string path, std::unique_ptr<io::File> file)
      : path_(std::move(path)), file_(std::move(file)) {}
  journal::Status read_header(std::uint64_t generation);

  const std::string path_;
  const std::unique_ptr<io::File> file_;
  format::CheckpointHeader header_;
  std::uint64_t chunk_ = 0;
};

// Reads all of it; what verify does with each file.
journal::Status read_through(FileReader& reader);

}  // namespace tidemark::checkpoint
