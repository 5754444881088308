// Asks the processor and the operating system once which kernels can run.
//
// Sources: Intel SDM volume 2A (CPUID) and volume 1 section 15.2 (detection of AVX-512: CPUID alone
// is not enough, XGETBV must show that the operating system saves the registers); Linux
// Documentation/arch/arm64/elf_hwcaps.rst.
#include "crc32c/cpu.hpp"

#include <cstddef>
#include <cstdint>

#include "crc32c/kernels.hpp"

#if TIDEMARK_CRC32C_X86_64
#if defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#elif TIDEMARK_CRC32C_ARMV8
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#endif

namespace tidemark::crc32c {

#if TIDEMARK_CRC32C_X86_64

namespace {

struct CpuidRegisters {
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;
};

constexpr bool has_bit(std::uint32_t value, unsigned bit) noexcept {
  return ((value >> bit) & 1U) != 0;
}

// All zero when the processor does not know the leaf.
CpuidRegisters cpuid(std::uint32_t leaf, std::uint32_t subleaf) noexcept {
  CpuidRegisters result;
#if defined(_MSC_VER)
  int registers[4] = {};
  __cpuid(registers, 0);
  if (static_cast<std::uint32_t>(registers[0]) < leaf) return result;
  __cpuidex(registers, static_cast<int>(leaf), static_cast<int>(subleaf));
  result.eax = static_cast<std::uint32_t>(registers[0]);
  result.ebx = static_cast<std::uint32_t>(registers[1]);
  result.ecx = static_cast<std::uint32_t>(registers[2]);
  result.edx = static_cast<std::uint32_t>(registers[3]);
#else
  (void)__get_cpuid_count(leaf, subleaf, &result.eax, &result.ebx, &result.ecx, &result.edx);
#endif
  return result;
}

// The register states that the operating system saves and restores; only where OSXSAVE is set.
std::uint64_t enabled_states() noexcept {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
#endif
}

constexpr std::uint32_t leaf_features = 1;           // ECX: see the bits below
constexpr unsigned bit_pclmulqdq = 1;                // leaf 1 ECX
constexpr unsigned bit_sse42 = 20;                   // leaf 1 ECX
constexpr unsigned bit_osxsave = 27;                 // leaf 1 ECX
constexpr std::uint32_t leaf_extended_features = 7;  // subleaf 0
constexpr unsigned bit_avx512f = 16;                 // leaf 7 EBX
constexpr unsigned bit_avx512bw = 30;                // leaf 7 EBX
constexpr unsigned bit_avx512vl = 31;                // leaf 7 EBX
constexpr unsigned bit_vpclmulqdq = 10;              // leaf 7 ECX
// XCR0: SSE (1), AVX (2), opmask (5), upper halves of zmm0-15 (6), zmm16-31 (7).
constexpr std::uint64_t avx512_states = 0xE6;

}  // namespace

CpuFeatures detect_cpu() noexcept {
  const CpuidRegisters basic = cpuid(leaf_features, 0);
  const CpuidRegisters extended = cpuid(leaf_extended_features, 0);
  CpuFeatures features;
  features.sse42 = has_bit(basic.ecx, bit_sse42);
  features.pclmul = features.sse42 && has_bit(basic.ecx, bit_pclmulqdq);
  features.avx512_vpclmul =
      features.pclmul && has_bit(extended.ebx, bit_avx512f) &&
      has_bit(extended.ebx, bit_avx512bw) && has_bit(extended.ebx, bit_avx512vl) &&
      has_bit(extended.ecx, bit_vpclmulqdq) && has_bit(basic.ecx, bit_osxsave) &&
      (enabled_states() & avx512_states) == avx512_states;
  return features;
}

#elif TIDEMARK_CRC32C_ARMV8

CpuFeatures detect_cpu() noexcept {
  CpuFeatures features;
#if defined(__linux__)
  constexpr unsigned long hwcap_pmull = 1UL << 4;  // HWCAP_PMULL
  constexpr unsigned long hwcap_crc32 = 1UL << 7;  // HWCAP_CRC32
  constexpr unsigned long both = hwcap_pmull | hwcap_crc32;
  features.armv8_crc_pmull = (getauxval(AT_HWCAP) & both) == both;
#else
  // FEAT_PMULL has a name since macOS 12; the Macs that ran macOS 11 all have it.
  int crc32 = 0;
  std::size_t length = sizeof crc32;
  const bool asked_crc32 =
      sysctlbyname("hw.optional.armv8_crc32", &crc32, &length, nullptr, 0) == 0;
  int pmull = 0;
  length = sizeof pmull;
  const bool asked_pmull =
      sysctlbyname("hw.optional.arm.FEAT_PMULL", &pmull, &length, nullptr, 0) == 0;
  features.armv8_crc_pmull = asked_crc32 && crc32 != 0 && (!asked_pmull || pmull != 0);
#endif
  return features;
}

#else

CpuFeatures detect_cpu() noexcept { return {}; }

#endif

}  // namespace tidemark::crc32c
