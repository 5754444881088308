// CRC32C (Castagnoli polynomial, RFC 3720 appendix B.4): the only checksum of the log's bytes.
//
// One function for callers, extend(). Behind it stand several kernels that give the same result at
// different speeds; the fastest one that the processor and the operating system support is chosen
// once. The environment variable TIDEMARK_CRC32C=<name> (a name() below, read when the program or
// addon is loaded) overrides that choice; an unknown or unsupported name is ignored, and active()
// tells what is really in use.
//
// This room imports nothing: no I/O, no clock, no allocation, no exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemark::crc32c {

enum class Kernel : std::uint8_t {
  table,           // any processor: slicing-by-8 tables
  sse42,           // x86-64 crc32 instruction, three interleaved streams
  sse42_pclmul,    // x86-64 crc32 instruction and 128-bit carry-less multiplication
  avx512_vpclmul,  // x86-64 512-bit carry-less multiplication
  armv8_pmull,     // AArch64 crc32c instruction and 128-bit polynomial multiplication
};

// The CRC32C of what `crc` stands for followed by `size` bytes at `data`. `crc` is the result for
// the preceding bytes, 0 to start: extend(extend(0, a), b) is the value of a || b. `data` may be
// null when `size` is 0. Reads no byte outside [data, data + size).
std::uint32_t extend(std::uint32_t crc, const void* data, std::size_t size) noexcept;

// extend() by one given kernel, which must be supported() here.
std::uint32_t extend_with(Kernel kernel, std::uint32_t crc, const void* data,
                          std::size_t size) noexcept;

// The CRC32C of a || b from the values of a and of b and the size of b in bytes.
std::uint32_t combine(std::uint32_t crc_a, std::uint32_t crc_b, std::uint64_t size_b) noexcept;

// Whether this build, processor and operating system can run the kernel.
bool supported(Kernel kernel) noexcept;

// The kernel that extend() uses now.
Kernel active() noexcept;

// The name that reports show and TIDEMARK_CRC32C takes: the enumerator's spelling.
const char* name(Kernel kernel) noexcept;
std::optional<Kernel> from_name(std::string_view name) noexcept;

// For tests and benches: pins the kernel of extend() in the whole process; nullopt returns to the
// choice made at load (TIDEMARK_CRC32C included). False, and no change, when it is not supported.
bool force(std::optional<Kernel> kernel) noexcept;

}  // namespace tidemark::crc32c
