// Prepares segments ahead of the writers: zero-filled, synced, named, its name synced, its header
// still zero (a spare). One task per process does it for every journal, in slices, off the commit
// path.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "io/tasks.hpp"
#include "journal/segment_files.hpp"

namespace tidemark::journal {

struct FillOrder {
  std::shared_ptr<io::Disk> disk;
  std::string directory;
  std::uint64_t segment_id = 0;
  std::uint64_t capacity = 0;  // length to make
  bool zero_fill = true;       // false where it gains nothing (copy-on-write)
  bool direct = false;
  std::uint32_t mode = 0600;
  // How much the next slice writes, asked in front of each: a power of two, from a block to
  // zero_slice_bytes.
  std::function<std::uint64_t()> slice_bytes = [] { return zero_slice_bytes; };
  // From the filler's task, exactly once.
  std::function<void(io::Result<std::unique_ptr<io::File>>)> done;
};

class Filler : public std::enable_shared_from_this<Filler> {
 public:
  // The one of this host's tasks; it lives as long as somebody holds it or it has work.
  static std::shared_ptr<Filler> of(const io::Host& host);
  explicit Filler(const io::Host& host) : host_(host) {}
  ~Filler();
  Filler(const Filler&) = delete;
  Filler& operator=(const Filler&) = delete;
  void order(FillOrder order);

 private:
  io::Next step();
  io::Status advance();
  void finish(io::Result<std::unique_ptr<io::File>> result);

  io::Host host_;
  std::mutex mutex_;  // guards orders_
  std::deque<FillOrder> orders_;
  std::shared_ptr<io::Task> task_;
  // Of the order in hand; touched by the step only.
  std::optional<FillOrder> order_;
  std::unique_ptr<io::File> file_;
  std::uint64_t filled_ = 0;
};

}  // namespace tidemark::journal
