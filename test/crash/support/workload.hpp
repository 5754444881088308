// The workloads of the explorer: short lives of a journal, each made of whole operations.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "io/simulated_disk.hpp"
#include "journal/options.hpp"
#include "machine.hpp"

namespace tidemark::test {

struct Workload {
  std::string_view name;
  std::string_view about;
  void (*run)(Machine&);
  void (*prepare)(io::SimulatedDiskOptions& disk, journal::Options& options) = nullptr;
  // Whether the disk keeps its promises; where it lies losses must be seen.
  bool honest = true;
  bool begins = false;  // Machine::begin_writes
};

// Of honest disks.
std::span<const Workload> workloads();
// With a sync that lies: what the explorer must find.
const Workload& lying_workload();
const Workload* find_workload(std::string_view name);

// Small segments, no idle marks; the rest as documented.
journal::Options small_options();
std::unique_ptr<Machine> make_machine(const Workload& workload, std::uint64_t seed);

}  // namespace tidemark::test
