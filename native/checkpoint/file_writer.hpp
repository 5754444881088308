// One checkpoint file in the making: a temporary file that grows by chunks, gets its header last
// and is synced; only then may it be given its name. Gone with the object unless it was.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "format/checkpoint.hpp"
#include "io/tasks.hpp"

namespace tidemark::checkpoint {

class FileWriter {
 public:
  // The salt of the header is drawn here.
  static io::Result<std::unique_ptr<FileWriter>> create(const io::Host& host,
                                                        const std::string& directory,
                                                        std::uint32_t mode);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter();

  // After an error of any of these the file is of no use.
  io::Status append(io::Bytes bytes);
  io::Status flush();  // writes the last, shorter chunk: nothing is appended behind it
  io::Status sync() { return file_->sync(); }
  // Fills salt, length and chunk size into `header`, writes it and, unless told otherwise, syncs.
  // After flush.
  io::Status finish(format::CheckpointHeader& header, bool sync = true);
  // The file has its name now, and stays.
  io::Status rename_to(const std::string& path);

  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }

 private:
  FileWriter(std::shared_ptr<io::Disk> disk, std::string path, std::unique_ptr<io::File> file,
             std::uint64_t salt);
  io::Status write_chunk(io::Bytes chunk);

  const std::shared_ptr<io::Disk> disk_;
  const std::string path_;
  std::unique_ptr<io::File> file_;
  const std::uint64_t salt_;
  std::vector<std::byte> partial_;  // of the chunk that is not full yet
  std::uint64_t chunks_ = 0;
  std::uint64_t body_bytes_ = 0;  // in whole chunks and in `partial_`
  bool named_ = false;
};

}  // namespace tidemark::checkpoint
