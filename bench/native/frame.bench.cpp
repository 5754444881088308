// Frames in memory: encode a commit, verify its header, walk a segment with and without its bodies.
// {records, bytes of each}
#include <benchmark/benchmark.h>

#include "support/allocations.hpp"
#include "support/frames.hpp"

namespace tidemark::bench {
namespace {

using Bodies = format::FrameWalk::Bodies;

constexpr std::int64_t segment_bytes = 64 << 20;

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"records", "bytes"});
  bench->Args({1, 100})->Args({64, 100})->Args({1024, 100})->Args({16, 65536});
}

std::uint32_t records_of(const benchmark::State& state) {
  return static_cast<std::uint32_t>(state.range(0));
}
std::uint32_t bytes_of(const benchmark::State& state) {
  return static_cast<std::uint32_t>(state.range(1));
}

void count_records(benchmark::State& state, std::int64_t frames, std::uint64_t allocated) {
  const std::int64_t records = frames * state.range(0);
  state.SetItemsProcessed(records);
  state.SetBytesProcessed(records * state.range(1));
  state.counters["allocations"] = benchmark::Counter(
      static_cast<double>(allocated) / static_cast<double>(std::max<std::int64_t>(1, frames)));
}

void encode(benchmark::State& state) {
  Encoder encoder(records_of(state), bytes_of(state));
  const std::uint64_t offset = encoder.segment().data_start();
  std::uint64_t seq = 1;
  const std::uint64_t before = allocations();
  for (auto _ : state) {
    benchmark::DoNotOptimize(encoder.encode(offset, seq).data());
    seq += records_of(state);
  }
  count_records(state, state.iterations(), allocations() - before);
}
BENCHMARK(encode)->Apply(shapes);

void decode_header(benchmark::State& state) {
  Encoder encoder(records_of(state), bytes_of(state));
  const std::uint64_t offset = encoder.segment().data_start();
  const format::Bytes prefix = encoder.encode(offset, 1);
  const format::Place place(encoder.segment().seed());
  const std::uint64_t before = allocations();
  for (auto _ : state) {
    auto header = format::decode_frame_header(encoder.segment(), place, offset, prefix);
    benchmark::DoNotOptimize(header);
  }
  count_records(state, state.iterations(), allocations() - before);
}
BENCHMARK(decode_header)->Apply(shapes);

void scan(benchmark::State& state, Bodies bodies) {
  const std::int64_t commits =
      std::max<std::int64_t>(1, segment_bytes / (state.range(0) * state.range(1)));
  Segment segment(records_of(state), bytes_of(state), static_cast<std::uint64_t>(commits));
  const std::uint64_t before = allocations();
  std::int64_t frames = 0;
  for (auto _ : state) frames += static_cast<std::int64_t>(walk(segment, bodies));
  if (frames != commits * state.iterations()) state.SkipWithError("the walk ended early");
  count_records(state, frames, allocations() - before);
}
BENCHMARK_CAPTURE(scan, headers, Bodies::skip)->Apply(shapes)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scan, verified, Bodies::verify)->Apply(shapes)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tidemark::bench
