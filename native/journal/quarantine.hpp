// Copies of damaged bytes, kept beside what salvage could read, each synced before it counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/tasks.hpp"
#include "journal/failure.hpp"
#include "journal/file_source.hpp"
#include "journal/report.hpp"

namespace tidemark::journal {

class Quarantine {
 public:
  static constexpr std::string_view directory_name = "quarantine";  // of the directory

  Quarantine(io::Disk& disk, const std::string& out, std::uint32_t mode)
      : disk_(disk), directory_(io::join(out, directory_name)), mode_(mode) {}
  ~Quarantine();  // removes the copies, unless the salvage is complete
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;

  // [offset, offset + bytes) of a segment's file. What cannot be read is zeros in the copy.
  Status keep(FileSource& source, std::uint64_t segment, std::uint64_t offset, std::uint64_t bytes);
  // A small file as a whole: a head mark or a cursor.
  Status keep_file(const std::string& path);
  // Makes the copies' entries durable.
  Status sync();
  // The salvage was successful: the copies stay.
  void complete() noexcept { made_files_.clear(); }
  [[nodiscard]] const std::vector<CopyReport::Quarantined>& kept() const noexcept { return kept_; }

 private:
  Result<std::unique_ptr<io::File>> create(const std::string& path);

  io::Disk& disk_;
  std::string directory_;
  std::uint32_t mode_;
  bool made_ = false;
  std::vector<std::string> made_files_;  // that are removed if this is all for nothing
  std::vector<CopyReport::Quarantined> kept_;
};

}  // namespace tidemark::journal
