// What the processor offers and the operating system lets us use. Internal to the crc32c room.
#pragma once

namespace tidemark::crc32c {

struct CpuFeatures {
  bool sse42 = false;
  bool pclmul = false;          // x86-64: sse42 and PCLMULQDQ
  bool avx512_vpclmul = false;  // x86-64: pclmul, AVX-512 F, VL, BW, VPCLMULQDQ and their OS state
  bool armv8_crc_pmull = false;
};

CpuFeatures detect_cpu() noexcept;

}  // namespace tidemark::crc32c
