// An open file of the simulated disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "io/simulated_disk.hpp"
#include "io/simulated_system.hpp"

namespace tidemark::io {

class SimulatedDisk::OpenFile final : public File {
 public:
  // The system's mutex is held.
  OpenFile(std::shared_ptr<System> system, std::shared_ptr<Process> process, InodePointer inode,
           const std::string& path, const OpenOptions& options, std::size_t alignment);
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() override;

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override;
  Status write_at(std::uint64_t offset, std::span<const Bytes> parts) override;
  bool begin_write(std::uint64_t offset, Bytes bytes, Notice& notice) override;
  Result<Ended> end_write(bool wait) override;
  [[nodiscard]] bool begins_writes() const noexcept override;
  Status sync() override;
  Status truncate(std::uint64_t size) override;
  Result<std::uint64_t> size() override;
  Result<FileIdentity> identity() override;
  Status drop_cache() override;
  [[nodiscard]] std::size_t alignment() const noexcept override { return alignment_; }

 private:
  // What write_at checks, and refuses.
  [[nodiscard]] Status admit_write(std::uint64_t offset, std::span<const Bytes> parts) const;
  bool begin(Call call, std::uint64_t offset = 0, std::uint64_t length = 0) const;
  [[nodiscard]] Error fail(Errc code, Call call) const { return {code, call, 0, *path_}; }
  [[nodiscard]] bool fits(std::uint64_t offset, Bytes bytes) const;

  const std::shared_ptr<System> system_;
  const std::shared_ptr<Process> process_;
  const InodePointer inode_;
  const std::shared_ptr<const std::string> path_;
  const OpenOptions options_;
  const std::size_t alignment_;
  std::uint64_t begun_at_ = 0;  // where the last write that was begun stands
  Bytes begun_;
  Status begun_status_ = done();
};

}  // namespace tidemark::io
