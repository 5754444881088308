// One kernel is chosen at load; tests, benches and TIDEMARK_CRC32C can change it.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

// Elsewhere the program may be emulated, and then cannot start itself.
#if defined(__linux__) && defined(__x86_64__)
#define CAN_START_ITSELF
#include <spawn.h>
#include <sys/wait.h>
#endif

#include "reference.hpp"

namespace crc32c = tidemark::crc32c;
using reference::Kernel;

namespace {

constexpr std::size_t thread_count = 8;
constexpr const char* check_digits = "123456789";
constexpr std::uint32_t value_of_digits = 0xE3069283;

// Runs while the program is loaded, before or while the kernel is chosen there: the first use of
// all comes from several threads at once.
const std::array<std::uint32_t, thread_count> results_of_first_use = [] {
  std::array<std::uint32_t, thread_count> results{};
  std::atomic<std::size_t> ready{0};
  std::array<std::thread, thread_count> threads;
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads[i] = std::thread{[&ready, &result = results[i]] {
      ++ready;
      while (ready.load() != thread_count) std::this_thread::yield();
      result = crc32c::extend(0, check_digits, 9);
    }};
  }
  for (std::thread& thread : threads) thread.join();
  return results;
}();

const Kernel chosen_at_load = crc32c::active();

// What a test has forced does not outlive it.
struct ForceNothingAfterwards {
  ForceNothingAfterwards() = default;
  ForceNothingAfterwards(const ForceNothingAfterwards&) = delete;
  ForceNothingAfterwards& operator=(const ForceNothingAfterwards&) = delete;
  ~ForceNothingAfterwards() { crc32c::force(std::nullopt); }
};

// The order of the enumerators is the order of speed.
Kernel fastest() { return reference::supported_kernels().back(); }

constexpr const char* environment_test = "TIDEMARK_CRC32C names the kernel that is chosen at load";

}  // namespace

TEST_CASE("the first use by several threads at once gives the right value in each") {
  for (const std::uint32_t result : results_of_first_use) CHECK(result == value_of_digits);
}

TEST_CASE("names and kernels belong together") {
  CHECK(std::string{crc32c::name(Kernel::table)} == "table");
  CHECK(std::string{crc32c::name(Kernel::sse42)} == "sse42");
  CHECK(std::string{crc32c::name(Kernel::sse42_pclmul)} == "sse42_pclmul");
  CHECK(std::string{crc32c::name(Kernel::avx512_vpclmul)} == "avx512_vpclmul");
  CHECK(std::string{crc32c::name(Kernel::armv8_pmull)} == "armv8_pmull");
  for (const Kernel kernel : reference::all_kernels) {
    CHECK(crc32c::from_name(crc32c::name(kernel)) == kernel);
  }
  CHECK_FALSE(crc32c::from_name("").has_value());
  CHECK_FALSE(crc32c::from_name("SSE42").has_value());
  CHECK_FALSE(crc32c::from_name("sse42 ").has_value());
}

TEST_CASE("the table kernel runs everywhere, and no machine has all kernels") {
  CHECK(crc32c::supported(Kernel::table));
  CHECK(reference::supported_kernels().size() < reference::all_kernels.size());
  CHECK(crc32c::supported(crc32c::active()));
  CHECK_FALSE(crc32c::supported(static_cast<Kernel>(reference::all_kernels.size())));
}

TEST_CASE("a forced kernel is the active one until it is given back") {
  const ForceNothingAfterwards guard;
  for (const Kernel kernel : reference::supported_kernels()) {
    CHECK(crc32c::force(kernel));
    CHECK(crc32c::active() == kernel);
    CHECK(crc32c::extend(0, check_digits, 9) == value_of_digits);
  }
  CHECK(crc32c::force(std::nullopt));
  CHECK(crc32c::active() == chosen_at_load);
}

TEST_CASE("forcing an unsupported kernel is refused and changes nothing") {
  const ForceNothingAfterwards guard;
  REQUIRE(crc32c::force(Kernel::table));
  for (const Kernel kernel : reference::all_kernels) {
    if (crc32c::supported(kernel)) continue;
    CHECK_FALSE(crc32c::force(kernel));
    CHECK(crc32c::active() == Kernel::table);
  }
}

TEST_CASE("values stay right while another thread changes the kernel") {
  const ForceNothingAfterwards guard;
  const std::vector<std::uint8_t> bytes = reference::random_bytes(1000, 7);
  const std::uint32_t expected = reference::values_of_prefixes(bytes).back();
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  std::atomic<int> wrong{0};
  const auto compute = [&] {
    ++started;
    do {
      if (crc32c::extend(0, bytes.data(), bytes.size()) != expected) ++wrong;
    } while (!stop.load());
  };
  std::thread one{compute};
  std::thread two{compute};
  while (started.load() != 2) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) {
    for (const Kernel kernel : reference::supported_kernels()) crc32c::force(kernel);
    crc32c::force(std::nullopt);
  }
  stop = true;
  one.join();
  two.join();
  CHECK(wrong.load() == 0);
}

TEST_CASE(environment_test) {
  // This process: with the variable as it happens to be set.
  const char* wanted = std::getenv("TIDEMARK_CRC32C");
  const Kernel kernel =
      wanted == nullptr ? fastest() : crc32c::from_name(wanted).value_or(fastest());
  CHECK(chosen_at_load == (crc32c::supported(kernel) ? kernel : fastest()));

  // And with every name, and with one that is none: this very test in processes of its own.
  if (std::getenv("TIDEMARK_TEST_CHILD") != nullptr) return;
#if defined(CAN_START_ITSELF)
  std::vector<std::string> values{"no such kernel", ""};
  for (const Kernel each : reference::all_kernels) values.emplace_back(crc32c::name(each));
  for (const std::string& value : values) {
    CAPTURE(value);
    std::string program = "/proc/self/exe";
    std::string filter = std::string{"--test-case="} + environment_test;
    std::string variable = "TIDEMARK_CRC32C=" + value;
    std::string child = "TIDEMARK_TEST_CHILD=1";
    std::string quiet = "--minimal";
    std::array<char*, 4> arguments{program.data(), filter.data(), quiet.data(), nullptr};
    std::array<char*, 3> environment{variable.data(), child.data(), nullptr};
    pid_t pid = 0;
    REQUIRE(posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments.data(),
                        environment.data()) == 0);
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
#else
  MESSAGE("skipped: the program may not be able to start itself");
#endif
}
