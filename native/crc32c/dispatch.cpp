// Chooses the kernel of extend() once and lets tests and benches change it.
#include <array>
#include <atomic>
#include <cstdlib>

#include "crc32c/cpu.hpp"
#include "crc32c/crc32c.hpp"
#include "crc32c/kernels.hpp"

namespace tidemark::crc32c {

namespace {

struct Entry {
  Kernel kernel;
  const char* name;
  Extend extend;  // null: not in this build
};

// In the order of the enumerators; of those that are supported, the last is the fastest.
constexpr std::array<Entry, 5> entries{{
    {Kernel::table, "table", extend_table},
#if TIDEMARK_CRC32C_X86_64
    {Kernel::sse42, "sse42", extend_sse42},
    {Kernel::sse42_pclmul, "sse42_pclmul", extend_sse42_pclmul},
#else
    {Kernel::sse42, "sse42", nullptr},
    {Kernel::sse42_pclmul, "sse42_pclmul", nullptr},
#endif
#if TIDEMARK_CRC32C_AVX512
    {Kernel::avx512_vpclmul, "avx512_vpclmul", extend_avx512_vpclmul},
#else
    {Kernel::avx512_vpclmul, "avx512_vpclmul", nullptr},
#endif
#if TIDEMARK_CRC32C_ARMV8
    {Kernel::armv8_pmull, "armv8_pmull", extend_armv8_pmull},
#else
    {Kernel::armv8_pmull, "armv8_pmull", nullptr},
#endif
}};

constexpr bool entries_are_in_order() noexcept {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (static_cast<std::size_t>(entries[i].kernel) != i) return false;
  }
  return true;
}
static_assert(entries_are_in_order());

const Entry& entry(Kernel kernel) noexcept { return entries[static_cast<std::size_t>(kernel)]; }

bool cpu_can_run(Kernel kernel) noexcept {
  static const CpuFeatures features = detect_cpu();
  switch (kernel) {
    case Kernel::table:
      return true;
    case Kernel::sse42:
      return features.sse42;
    case Kernel::sse42_pclmul:
      return features.pclmul;
    case Kernel::avx512_vpclmul:
      return features.avx512_vpclmul;
    case Kernel::armv8_pmull:
      return features.armv8_crc_pmull;
  }
  return false;
}

Kernel choose() noexcept {
  if (const char* wanted = std::getenv("TIDEMARK_CRC32C"); wanted != nullptr) {
    const std::optional<Kernel> kernel = from_name(wanted);
    if (kernel && supported(*kernel)) return *kernel;
  }
  Kernel fastest = Kernel::table;
  for (const Entry& candidate : entries) {
    if (supported(candidate.kernel)) fastest = candidate.kernel;
  }
  return fastest;
}

Kernel automatic() noexcept {
  static const Kernel chosen = choose();
  return chosen;
}

std::uint32_t choose_and_extend(std::uint32_t crc, const void* data, std::size_t size) noexcept;

// What extend() jumps to. It publishes nothing but a code address, so relaxed order is enough: a
// thread that still sees the first value chooses again and gets the same kernel.
constinit std::atomic<Extend> current{choose_and_extend};

// Only the first value may be replaced, so that a force() in between wins.
Extend resolve() noexcept {
  Extend seen = choose_and_extend;
  const Extend chosen = entry(automatic()).extend;
  return current.compare_exchange_strong(seen, chosen, std::memory_order_relaxed) ? chosen : seen;
}

std::uint32_t choose_and_extend(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  return resolve()(crc, data, size);
}

// At load, before other threads can change the environment that choose() reads. Other static
// initializers may call extend() before this runs: then the first call has chosen already.
[[maybe_unused]] const Extend chosen_at_load = resolve();

}  // namespace

std::uint32_t extend(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  return current.load(std::memory_order_relaxed)(crc, data, size);
}

std::uint32_t extend_with(Kernel kernel, std::uint32_t crc, const void* data,
                          std::size_t size) noexcept {
  return entry(kernel).extend(crc, data, size);
}

bool supported(Kernel kernel) noexcept {
  return static_cast<std::size_t>(kernel) < entries.size() && entry(kernel).extend != nullptr &&
         cpu_can_run(kernel);
}

Kernel active() noexcept {
  const Extend used = resolve();
  for (const Entry& candidate : entries) {
    if (candidate.extend == used) return candidate.kernel;
  }
  return Kernel::table;
}

const char* name(Kernel kernel) noexcept { return entry(kernel).name; }

std::optional<Kernel> from_name(std::string_view name) noexcept {
  for (const Entry& candidate : entries) {
    if (name == candidate.name) return candidate.kernel;
  }
  return std::nullopt;
}

bool force(std::optional<Kernel> kernel) noexcept {
  const Kernel wanted = kernel.value_or(automatic());
  if (!supported(wanted)) return false;
  current.store(entry(wanted).extend, std::memory_order_relaxed);
  return true;
}

}  // namespace tidemark::crc32c
