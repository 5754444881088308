// The disks that the conformance tests run on, each with an empty directory to work in.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/disk.hpp"
#include "io/fault_disk.hpp"
#include "io/memory_disk.hpp"
#include "io/simulated_disk.hpp"
#include "io/tasks.hpp"

namespace tidemark::io::test {

inline std::string random_name() {
  std::uint64_t number = 0;
  system_host().clock->random(std::as_writable_bytes(std::span(&number, 1)));
  return "tidemark-" + std::to_string(number);
}

// A directory of the system, removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_((std::filesystem::temp_directory_path() / random_name()).string()) {
    std::filesystem::create_directory(path_);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string at(std::string_view name) const { return join(path_, name); }

 private:
  std::string path_;
};

struct SystemFixture {
  TemporaryDirectory directory;
  std::shared_ptr<Disk> disk = system_host().disk;
  [[nodiscard]] std::string root() const { return directory.path(); }
};

struct MemoryFixture {
  std::shared_ptr<Disk> disk = make_memory_disk();
  MemoryFixture() { REQUIRE(disk->make_directory("/place", 0700)); }
  [[nodiscard]] std::string root() const { return "/place"; }
};

struct DirectMemoryFixture {
  std::shared_ptr<Disk> disk = make_memory_disk(MemoryDiskOptions{512});
  DirectMemoryFixture() { REQUIRE(disk->make_directory("/place", 0700)); }
  [[nodiscard]] std::string root() const { return "/place"; }
};

// A fault layer that lets everything pass.
struct FaultFixture {
  std::shared_ptr<Disk> disk = std::make_shared<FaultDisk>(make_memory_disk());
  FaultFixture() { REQUIRE(disk->make_directory("/place", 0700)); }
  [[nodiscard]] std::string root() const { return "/place"; }
};

struct SimulatedFixture {
  std::shared_ptr<Disk> disk = std::make_shared<SimulatedDisk>();
  SimulatedFixture() { REQUIRE(disk->make_directory("/place", 0700)); }
  [[nodiscard]] std::string root() const { return "/place"; }
};

inline Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline OpenOptions writing(Create create) {
  OpenOptions options;
  options.access = Access::read_write;
  options.create = create;
  return options;
}

// doctest cannot print a Result: what it failed with is the message.
template <class T>
T need(Result<T> result) {
  const std::string message = result ? std::string() : result.error().message();
  REQUIRE_MESSAGE(result.ok(), message);
  return std::move(result).value();
}

template <class T>
Errc failure(const Result<T>& result) {
  REQUIRE_FALSE(result.ok());
  return result.error().code;
}

inline std::string read_text(Disk& disk, const std::string& path) {
  const std::vector<std::byte> bytes = need(read_file(disk, path, 1 << 20));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void write_text(Disk& disk, const std::string& path, std::string_view text) {
  auto file = need(disk.open(path, writing(Create::exclusive)));
  need(file->write_at(0, bytes_of(text)));
}

inline std::vector<std::string> names_in(Disk& disk, const std::string& path) {
  std::vector<std::string> names;
  for (const Entry& entry : need(disk.list(path))) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tidemark::io::test
