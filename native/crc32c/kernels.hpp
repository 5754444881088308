// The kernels behind crc32c.hpp, one file each, and which of them this build contains. Internal.
//
// Kernels are compiled without special compiler flags: each function names the instructions it uses
// in a target attribute and must only be called where cpu.hpp has found them. MSVC needs no such
// attribute.
#pragma once

#include <cstddef>
#include <cstdint>

#include "crc32c/crc32c.hpp"

#if defined(__GNUC__) || defined(__clang__)
#define TIDEMARK_CRC32C_TARGET(instructions) __attribute__((target(instructions)))
#define TIDEMARK_CRC32C_INLINE inline __attribute__((always_inline))
#define TIDEMARK_CRC32C_NOINLINE __attribute__((noinline))
#else
#define TIDEMARK_CRC32C_TARGET(instructions)
#define TIDEMARK_CRC32C_INLINE __forceinline
#define TIDEMARK_CRC32C_NOINLINE __declspec(noinline)
#endif

#if defined(__x86_64__) || (defined(_M_X64) && !defined(_M_ARM64EC))
#define TIDEMARK_CRC32C_X86_64 1
#else
#define TIDEMARK_CRC32C_X86_64 0
#endif

// MinGW's GCC spills 512-bit registers with aligned moves to a stack that Windows aligns to 16
// bytes only (GCC bug 54412), so the kernel is left out there.
#if TIDEMARK_CRC32C_X86_64 && !(defined(__MINGW32__) && !defined(__clang__))
#define TIDEMARK_CRC32C_AVX512 1
#else
#define TIDEMARK_CRC32C_AVX512 0
#endif

// Little-endian AArch64 on the systems that cpu.cpp knows how to ask; Windows on ARM uses the
// table. GCC, and clang from version 16 on, offer the intrinsics under a target attribute; older
// clang only where the whole build has the instructions, as it has for macOS by default.
#if defined(__aarch64__) && defined(__AARCH64EL__) && (defined(__linux__) || defined(__APPLE__))
#if defined(__ARM_FEATURE_CRC32) && (defined(__ARM_FEATURE_AES) || defined(__ARM_FEATURE_CRYPTO))
#define TIDEMARK_CRC32C_ARMV8 1
#define TIDEMARK_CRC32C_ARMV8_TARGET
#elif !defined(__clang__) || (!defined(__apple_build_version__) && __clang_major__ >= 16)
#define TIDEMARK_CRC32C_ARMV8 1
#define TIDEMARK_CRC32C_ARMV8_TARGET TIDEMARK_CRC32C_TARGET("+crc+crypto")
#else
#define TIDEMARK_CRC32C_ARMV8 0
#endif
#else
#define TIDEMARK_CRC32C_ARMV8 0
#endif

namespace tidemark::crc32c {

// All kernels take and return finished values, like extend().
using Extend = std::uint32_t (*)(std::uint32_t crc, const void* data, std::size_t size) noexcept;

std::uint32_t extend_table(std::uint32_t crc, const void* data, std::size_t size) noexcept;
#if TIDEMARK_CRC32C_X86_64
std::uint32_t extend_sse42(std::uint32_t crc, const void* data, std::size_t size) noexcept;
std::uint32_t extend_sse42_pclmul(std::uint32_t crc, const void* data, std::size_t size) noexcept;
#endif
#if TIDEMARK_CRC32C_AVX512
std::uint32_t extend_avx512_vpclmul(std::uint32_t crc, const void* data, std::size_t size) noexcept;
#endif
#if TIDEMARK_CRC32C_ARMV8
std::uint32_t extend_armv8_pmull(std::uint32_t crc, const void* data, std::size_t size) noexcept;
#endif

}  // namespace tidemark::crc32c
