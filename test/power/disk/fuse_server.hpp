// Serves a VolatileDisk as the file `disk` of a mounted FUSE file system, over /dev/fuse and
// without a library: the protocol is that of <linux/fuse.h>, described in
// Documentation/filesystems/fuse.rst of the Linux kernel. One request at a time, in the order in
// which the kernel sends them.
#pragma once

#include <linux/fuse.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "disk/descriptor.hpp"
#include "disk/volatile_disk.hpp"

namespace tidemark::test::power {

// What changed or could have changed the disk so far.
struct DiskCounts {
  std::uint64_t writes = 0;
  std::uint64_t flushes = 0;
  std::uint64_t discards = 0;

  std::uint64_t all() const noexcept { return writes + flushes + discards; }
};

class FuseServer {
 public:
  // Mounts at `directory`. Throws std::system_error.
  FuseServer(VolatileDisk& disk, std::string directory);
  // The kernel fails what is under way and whatever comes once /dev/fuse is closed.
  ~FuseServer();
  FuseServer(const FuseServer&) = delete;
  FuseServer& operator=(const FuseServer&) = delete;

  int descriptor() const noexcept { return device_.get(); }
  const DiskCounts& counts() const noexcept { return counts_; }

  // From now on flushes are answered and not done, as by a disk that lies.
  void lie(bool lies) noexcept { lies_ = lies; }

  // Takes one request. What it changed is in force; send_reply() tells the kernel.
  // False when the file system was unmounted.
  bool take_request();
  void send_reply();

 private:
  std::span<const std::byte> argument_bytes() const noexcept;
  template <typename Argument>
  const Argument& argument() const;

  void dispatch(const fuse_in_header& header);
  void init();
  void lookup(std::uint64_t parent);
  void attributes(std::uint64_t node);
  void open(bool directory);
  void read();
  void write();
  void discard();
  void flush();
  void statistics();
  fuse_attr attributes_of(std::uint64_t node) const noexcept;

  template <typename Out>
  void answer(const Out& out);
  void answer_empty();
  void answer_error(int error);

  VolatileDisk& disk_;
  std::string directory_;
  Descriptor device_;
  std::vector<std::byte> request_;
  std::size_t request_bytes_ = 0;
  bool lies_ = false;
  DiskCounts counts_;

  // The reply to the request at hand; no reply for FORGET and INTERRUPT.
  bool has_reply_ = false;
  fuse_out_header reply_{};
  std::vector<std::byte> reply_body_;
  std::span<const std::byte> reply_data_;
};

}  // namespace tidemark::test::power
