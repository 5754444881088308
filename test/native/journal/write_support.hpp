// Opens journals on a disk in memory for the tests of the write side, appends, waits, copies the
// directory as a crash would leave it.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/fault_disk.hpp"
#include "io/tasks.hpp"
#include "journal/file_source.hpp"
#include "journal/journal.hpp"
#include "journal/reader.hpp"

namespace tidemark::test {

inline const std::string directory = "/journal";

struct World {
  std::shared_ptr<io::Disk> memory = io::make_memory_disk();
  std::shared_ptr<io::FaultDisk> disk = std::make_shared<io::FaultDisk>(memory);
  io::Host host{disk, io::system_host().clock, io::system_host().tasks};
};

inline bool writes_segment(const io::DiskCall& call) {
  return call.call == io::Call::write && call.path.find("segment") != std::string::npos;
}

// Writes into segments fail and leave half of their bytes, as a short one does.
inline io::Interceptor refuse_writes(io::Errc code) {
  return [code](const io::DiskCall& call) -> std::optional<io::Fault> {
    if (!writes_segment(call)) return std::nullopt;
    return io::Fault{code, io::Effect::part, {}};
  };
}

// The same for the next one only; `effect`: how much of it is there all the same.
inline io::Interceptor refuse_one_write(io::Errc code, io::Effect effect = io::Effect::part) {
  return [code, effect, once = true](const io::DiskCall& call) mutable -> std::optional<io::Fault> {
    if (!writes_segment(call) || !std::exchange(once, false)) return std::nullopt;
    return io::Fault{code, effect, {}};
  };
}

inline journal::Options quiet_options() {
  journal::Options options;
  options.idle_mark = 3'600'000'000'000;  // never, unless a test wants marks
  return options;
}

using Handle = std::shared_ptr<journal::Client>;

inline Handle open(World& world, const journal::Options& options = quiet_options(),
                   const std::string& path = directory) {
  auto opened = journal::Journal::open(world.host, path, options, nullptr);
  INFO((opened ? std::string() : opened.error().message));
  REQUIRE(opened.ok());
  return std::move(opened).value();
}

inline journal::Failure refused(World& world, const journal::Options& options = quiet_options(),
                                const std::string& path = directory) {
  auto opened = journal::Journal::open(world.host, path, options, nullptr);
  REQUIRE_FALSE(opened.ok());
  return opened.error();
}

inline journal::Result<std::uint64_t> append(const Handle& handle, const std::string& text,
                                             journal::Durability durability = {}) {
  const auto length = static_cast<std::uint32_t>(text.size());
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(text));
  batch.lengths = {&length, 1};
  batch.durability = durability;
  return handle->hand_over_and_wait(batch);
}

// Hands over without waiting.
inline journal::Result<std::uint64_t> give(const Handle& handle,
                                           const std::vector<std::string>& texts,
                                           bool atomic = false,
                                           journal::Durability durability = {}) {
  std::string payload;
  std::vector<std::uint32_t> lengths;
  for (const std::string& text : texts) {
    payload += text;
    lengths.push_back(static_cast<std::uint32_t>(text.size()));
  }
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(payload));
  batch.lengths = lengths;
  batch.atomic = atomic;
  batch.durability = durability;
  return handle->hand_over(batch);
}

inline journal::Status close(const Handle& handle) {
  std::promise<journal::Status> promise;
  auto future = promise.get_future();
  handle->close([&promise](journal::Status status) { promise.set_value(std::move(status)); });
  return future.get();
}

inline std::vector<std::byte> contents(io::Disk& disk, const std::string& path) {
  auto bytes = io::read_file(disk, path, 1ULL << 32U);
  REQUIRE(bytes.ok());
  return std::move(bytes).value();
}

inline void put(io::Disk& disk, const std::string& path, io::Bytes bytes) {
  static_cast<void>(disk.unlink(path));
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.create = io::Create::exclusive;
  auto file = disk.open(path, options);
  REQUIRE(file.ok());
  REQUIRE(file.value()->write_at(0, bytes).ok());
}

inline std::vector<std::string> names(io::Disk& disk, const std::string& path = directory) {
  auto listed = disk.list(path);
  REQUIRE(listed.ok());
  std::vector<std::string> out;
  for (const io::Entry& entry : listed.value()) out.push_back(entry.name);
  std::sort(out.begin(), out.end());
  return out;
}

// What a process that is killed now leaves: every file as it is, without the lock.
inline World killed(World& world) {
  // A file may be renamed between the list and the look: then look at everything again.
  while (true) {
    World copy;
    REQUIRE(copy.memory->make_directory(directory, 0700).ok());
    bool whole = true;
    for (const std::string& name : names(*world.memory)) {
      if (name == "journal.lock") continue;
      auto bytes = io::read_file(*world.memory, io::join(directory, name), 1ULL << 32U);
      whole = whole && bytes.ok();
      if (bytes) put(*copy.memory, io::join(directory, name), bytes.value());
    }
    if (whole) return copy;
  }
}

inline std::vector<std::string> read_all(World& world, const journal::View& view) {
  std::vector<std::string> out;
  journal::Reader reader(world.host.disk);
  journal::ReadRequest request;
  request.from = view.first_seq;
  request.to = view.last_seq;
  while (request.from <= request.to) {
    auto batch = reader.read(view, request);
    INFO((batch ? std::string() : batch.error().message));
    REQUIRE(batch.ok());
    if (batch.value().lengths.empty()) break;
    REQUIRE(batch.value().first_seq == request.from);
    std::size_t at = 0;
    for (const std::uint32_t length : batch.value().lengths) {
      out.emplace_back(reinterpret_cast<const char*>(batch.value().payload.data() + at), length);
      at += length;
    }
    request.from += batch.value().lengths.size();
  }
  return out;
}

inline std::vector<std::string> read_all(World& world, const Handle& handle) {
  return read_all(world, handle->journal()->view());
}

}  // namespace tidemark::test
