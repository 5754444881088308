// The checksum kernels by length.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "crc32c/crc32c.hpp"

namespace tidemark::bench {
namespace {

using crc32c::Kernel;

constexpr std::int64_t lengths[] = {16, 64, 256, 1024, 4096, 65536, 1 << 20, 16 << 20};

void checksum(benchmark::State& state, Kernel kernel) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x5A});
  std::uint32_t crc = 0;
  for (auto _ : state) {
    crc = crc32c::extend_with(kernel, crc, bytes.data(), bytes.size());
    benchmark::DoNotOptimize(crc);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

const bool registered = [] {
  for (const Kernel kernel : {Kernel::table, Kernel::sse42, Kernel::sse42_pclmul,
                              Kernel::avx512_vpclmul, Kernel::armv8_pmull}) {
    if (!crc32c::supported(kernel)) continue;
    auto* bench = benchmark::RegisterBenchmark(
        (std::string("crc32c/") + crc32c::name(kernel)).c_str(), checksum, kernel);
    for (const std::int64_t length : lengths) bench->Arg(length);
  }
  return true;
}();

}  // namespace
}  // namespace tidemark::bench
