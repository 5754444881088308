// The fuzz targets under libFuzzer; scripts/fuzz.mjs builds and runs it.
//   --target=NAME      one of the targets
//   --seeds=DIRECTORY  writes the seeds of the target there, and ends
// and what libFuzzer takes. At its end it says how often the decoder took an input, and how much
// processor time the process used.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "support/target.hpp"

using namespace tidemark::test::fuzz;

namespace {

const Target* chosen = nullptr;
std::uint64_t executions = 0;
std::uint64_t taken = 0;

void report() {
  std::fprintf(stderr, "taken %llu of %llu, %.2f CPU seconds\n",
               static_cast<unsigned long long>(taken), static_cast<unsigned long long>(executions),
               static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
}

void write_seeds(const std::string& directory) {
  int number = 0;
  for (const File& seed : chosen->seeds()) {
    std::ofstream file(directory + "/seed-" + std::to_string(number++), std::ios::binary);
    for (const std::byte byte : seed) file.put(static_cast<char>(byte));
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" int LLVMFuzzerInitialize(const int* count, char*** arguments) {
  constexpr std::string_view target = "--target=";
  constexpr std::string_view seeds = "--seeds=";
  std::string directory;
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument = (*arguments)[i];
    if (argument.starts_with(target)) chosen = find_target(argument.substr(target.size()));
    if (argument.starts_with(seeds)) directory = argument.substr(seeds.size());
  }
  if (chosen == nullptr) {
    std::cerr << "--target= must be one of:";
    for (const Target& each : targets()) std::cerr << ' ' << each.name;
    std::cerr << '\n';
    std::exit(64);
  }
  if (!directory.empty()) {
    write_seeds(directory);
    std::exit(0);
  }
  std::atexit(report);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ++executions;
  if (chosen->examine(std::as_bytes(std::span(data, size)))) ++taken;
  return 0;
}

// Every mutation but one of eight gets checksums that fit.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  constexpr unsigned choices = 3;  // bits
  if ((seed & ((1U << choices) - 1)) != 0) {
    chosen->repair(std::as_writable_bytes(std::span(data, size)), seed >> choices);
  }
  return size;
}
