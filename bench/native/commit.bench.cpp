// One commit at a time beside what the disk itself needs for the same bytes, on zero-filled files
// in one directory (TIDEMARK_BENCH_DIR, or the current one): the raw loops write and make durable,
// and do nothing else. Latencies in microseconds are counters beside the mean. {bytes of a record}
#include <benchmark/benchmark.h>

#if defined(__linux__)
#include <poll.h>
#endif

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/aligned_buffer.hpp"
#include "io/tasks.hpp"
#include "journal/journal.hpp"
#include "support/allocations.hpp"

namespace tidemark::bench {
namespace {

constexpr std::uint64_t raw_file_bytes = std::uint64_t{64} << 20U;
constexpr std::size_t warm_up = 200;  // iterations that count for no quantile

std::string fresh_directory(const char* name) {
  static int number = 0;
  const char* given = std::getenv("TIDEMARK_BENCH_DIR");
  return io::join(given == nullptr ? "." : given,
                  std::string("tidemark-bench-") + name + "-" + std::to_string(++number));
}

void remove_directory(const std::string& directory) {
  io::Disk& disk = *io::system_host().disk;
  auto entries = disk.list(directory);
  if (entries) {
    for (const io::Entry& entry : entries.value())
      static_cast<void>(disk.unlink(io::join(directory, entry.name)));
  }
  std::error_code ignored;
  std::filesystem::remove(directory, ignored);
}

class Latencies {
 public:
  template <class Action>
  void time(const Action& action) {
    const auto begin = std::chrono::steady_clock::now();
    action();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    samples_.push_back(took.count());
  }
  void report(benchmark::State& state) {
    const std::size_t skip = samples_.size() > 2 * warm_up ? warm_up : 0;
    std::sort(samples_.begin() + static_cast<std::ptrdiff_t>(skip), samples_.end());
    const auto at = [&](double part) {
      const auto count = static_cast<double>(samples_.size() - skip);
      return samples_[skip + static_cast<std::size_t>(part * (count - 1))];
    };
    if (samples_.empty()) return;
    state.counters["p50_us"] = at(0.5);
    state.counters["p99_us"] = at(0.99);
    state.counters["p999_us"] = at(0.999);
  }

 private:
  std::vector<double> samples_;
};

struct RawFile {
  bool direct = false;
  bool sync_writes = false;
  bool another_thread = false;  // writes, while the one that measures waits for it
};

// What it costs alone that another thread does the work, and that one is waited for: two threads
// are woken.
class AnotherThread {
 public:
  explicit AnotherThread(std::function<void()> action)
      : action_(std::move(action)), thread_([this] { run(); }) {}
  ~AnotherThread() {
    {
      const std::scoped_lock lock(mutex_);
      turn_ = Turn::end;
    }
    asked_.notify_one();
    thread_.join();
  }
  AnotherThread(const AnotherThread&) = delete;
  AnotherThread& operator=(const AnotherThread&) = delete;

  void act_and_wait() {
    std::unique_lock lock(mutex_);
    turn_ = Turn::its;
    asked_.notify_one();
    answered_.wait(lock, [this] { return turn_ == Turn::ours; });
  }

 private:
  enum class Turn { ours, its, end };

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      asked_.wait(lock, [this] { return turn_ != Turn::ours; });
      if (turn_ == Turn::end) return;
      lock.unlock();
      action_();
      lock.lock();
      turn_ = Turn::ours;
      answered_.notify_one();
    }
  }

  std::function<void()> action_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable answered_;
  Turn turn_ = Turn::ours;
  std::thread thread_;
};

// Fills the file with zeros and makes that durable, then opens it for the loop.
io::Result<std::unique_ptr<io::File>> zero_filled(const std::string& path, const RawFile& how) {
  io::Disk& disk = *io::system_host().disk;
  io::OpenOptions create;
  create.access = io::Access::read_write;
  create.create = io::Create::exclusive;
  auto file = disk.open(path, create);
  if (!file) return file;
  const std::vector<std::byte> zeros(std::size_t{1} << 20U);
  for (std::uint64_t at = 0; at < raw_file_bytes; at += zeros.size()) {
    if (auto status = file.value()->write_at(at, io::Bytes(zeros)); !status) return status.error();
  }
  if (auto status = file.value()->sync(); !status) return status.error();
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.direct = how.direct;
  options.sync_writes = how.sync_writes;
  return disk.open(path, options);
}

void raw(benchmark::State& state, RawFile how) {
  const std::string directory = fresh_directory("raw");
  io::Disk& disk = *io::system_host().disk;
  if (auto made = disk.make_directory(directory, 0700); !made) {
    state.SkipWithError("the directory cannot be made");
    return;
  }
  auto file = zero_filled(io::join(directory, "file"), how);
  if (!file) {
    state.SkipWithError("the file cannot be opened so");
    remove_directory(directory);
    return;
  }
  // What a direct file takes is whole blocks.
  const std::size_t block = std::max<std::size_t>(4096, file.value()->alignment());
  const auto wanted = static_cast<std::size_t>(state.range(0));
  const std::size_t bytes = how.direct ? (wanted + block - 1) / block * block : wanted;
  io::AlignedBuffer buffer(block);
  if (!buffer.reserve(bytes, 0)) {
    state.SkipWithError("no memory");
    return;
  }
  std::fill_n(buffer.data(), bytes, std::byte{0x61});
  const io::Bytes content(buffer.data(), bytes);
  std::uint64_t at = 0;
  Latencies latencies;
  bool failed = false;
  const auto write = [&] {
    failed = failed || !file.value()->write_at(at, content).ok();
    if (!how.sync_writes) failed = failed || !file.value()->sync().ok();
  };
  std::optional<AnotherThread> thread;
  if (how.another_thread) thread.emplace(write);
  for (auto _ : state) {
    latencies.time([&] { thread ? thread->act_and_wait() : write(); });
    at += bytes;
    if (at + bytes > raw_file_bytes) at = 0;
  }
  thread.reset();
  if (failed) state.SkipWithError("a write or sync failed");
  latencies.report(state);
  remove_directory(directory);
}

struct Way {
  journal::DirectChoice direct = journal::DirectChoice::automatic;
  bool event_loop = false;  // hands over, and waits as an event loop does: for a descriptor
};

#if defined(__linux__)
// One record, begun and ended by this thread where it is small enough.
bool append_in_loop(journal::Client& client, const journal::Batch& batch, io::Notice& notice,
                    std::uint64_t ordinal) {
  if (!client.hand_over(batch)) return false;
  while (client.take_progress().durable < ordinal) {
    pollfd watched{notice.descriptor(), POLLIN, 0};
    if (::poll(&watched, 1, -1) < 0) return false;
    notice.clear();
    static_cast<void>(client.end_write());
  }
  return true;
}
#endif

void commit(benchmark::State& state, Way way) {
  const std::string directory = fresh_directory("journal");
  journal::Options options;
  options.direct = way.direct;
  options.recorded.codec_name = "binary";
  const std::shared_ptr<io::Notice> notice = way.event_loop ? io::make_notice() : nullptr;
  if (way.event_loop && !notice) {
    state.SkipWithError("no write is begun on this system");
    return;
  }
  // What this thread ends by itself it need not be told.
  const auto told = [notice, self = std::this_thread::get_id()] {
    if (notice && std::this_thread::get_id() != self) notice->signal();
  };
  auto opened = journal::Journal::open(io::system_host(), directory, options, told);
  if (!opened) {
    state.SkipWithError(opened.error().message.c_str());
    return;
  }
  const std::shared_ptr<journal::Client> client = std::move(opened).value();
  const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)), std::byte{0x61});
  const std::uint32_t length = static_cast<std::uint32_t>(payload.size());
  journal::Batch batch;
  batch.payload = payload;
  batch.lengths = std::span(&length, 1);
  Latencies latencies;
  bool failed = false;
  const std::uint64_t before = allocations();
  std::function<bool()> append = [&] { return client->hand_over_and_wait(batch).ok(); };
#if defined(__linux__)
  std::uint64_t ordinal = 0;
  if (notice) {
    client->begin_writes(notice);
    append = [&] { return append_in_loop(*client, batch, *notice, ++ordinal); };
  }
#endif
  for (auto _ : state) {
    latencies.time([&] { failed = failed || !append(); });
  }
  const std::uint64_t after = allocations();
  if (failed) state.SkipWithError("a record was rejected");
  state.counters["allocations"] =
      static_cast<double>(after - before) / static_cast<double>(state.iterations());
  latencies.report(state);
  client->close(nullptr);
  client->wait_closed(60'000'000'000);
  remove_directory(directory);
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("bytes")->Arg(100)->Arg(4000)->Arg(65000)->UseRealTime();
  bench->Unit(benchmark::kMicrosecond);
}
BENCHMARK_CAPTURE(raw, direct_dsync, RawFile{true, true})->Apply(sizes);
BENCHMARK_CAPTURE(raw, direct_dsync_thread, RawFile{true, true, true})->Apply(sizes);
BENCHMARK_CAPTURE(raw, direct_fdatasync, RawFile{true, false})->Apply(sizes);
BENCHMARK_CAPTURE(raw, buffered_fdatasync, RawFile{false, false})->Apply(sizes);
BENCHMARK_CAPTURE(commit, automatic, Way{})->Apply(sizes);
#if defined(__linux__)
BENCHMARK_CAPTURE(commit, event_loop, Way{journal::DirectChoice::automatic, true})->Apply(sizes);
#endif
BENCHMARK_CAPTURE(commit, buffered, Way{journal::DirectChoice::off})->Apply(sizes);

}  // namespace
}  // namespace tidemark::bench
