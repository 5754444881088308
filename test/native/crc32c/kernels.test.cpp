// Every kernel that this machine can run gives CRC32C: the published vectors, and the same as the
// definition for every length, alignment and way of cutting the input.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <sstream>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "reference.hpp"
#include "sanitizer.hpp"

namespace crc32c = tidemark::crc32c;
using reference::Kernel;

namespace {

struct Vector {
  const char* what;
  std::vector<std::uint8_t> bytes;
  std::uint32_t value;
};

std::vector<std::uint8_t> ascending(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

// RFC 3720 appendix B.4, and the check value by which catalogues of CRCs name CRC-32C.
std::vector<Vector> published_vectors() {
  std::vector<std::uint8_t> descending = ascending(32);
  std::reverse(descending.begin(), descending.end());
  std::vector<std::uint8_t> scsi_read(48, 0);
  scsi_read[0] = 0x01;
  scsi_read[1] = 0xC0;
  scsi_read[16] = 0x14;
  scsi_read[22] = 0x04;
  scsi_read[27] = 0x14;
  scsi_read[31] = 0x18;
  scsi_read[32] = 0x28;
  scsi_read[40] = 0x02;
  const std::string digits = "123456789";
  return {{"32 bytes of zeros", std::vector<std::uint8_t>(32, 0x00), 0x8A9136AA},
          {"32 bytes of ones", std::vector<std::uint8_t>(32, 0xFF), 0x62A8AB43},
          {"32 ascending bytes", ascending(32), 0x46DD794E},
          {"32 descending bytes", descending, 0x113FDB5C},
          {"iSCSI read command", scsi_read, 0xD9963A56},
          {"check value", {digits.begin(), digits.end()}, 0xE3069283},
          {"nothing", {}, 0}};
}

std::string mismatch(Kernel kernel, std::size_t size, std::size_t alignment, std::size_t split) {
  std::ostringstream text;
  text << crc32c::name(kernel) << ": size " << size << ", alignment " << alignment << ", split at "
       << split;
  return text.str();
}

}  // namespace

TEST_CASE("every supported kernel gives the published values") {
  for (const Kernel kernel : reference::supported_kernels()) {
    CAPTURE(crc32c::name(kernel));
    for (const Vector& vector : published_vectors()) {
      CAPTURE(vector.what);
      CHECK(crc32c::extend_with(kernel, 0, vector.bytes.data(), vector.bytes.size()) ==
            vector.value);
    }
  }
}

TEST_CASE("no bytes leave the value as it is, with a null pointer too") {
  for (const Kernel kernel : reference::supported_kernels()) {
    CHECK(crc32c::extend_with(kernel, 0xE3069283, nullptr, 0) == 0xE3069283);
  }
  CHECK(crc32c::extend(0xE3069283, nullptr, 0) == 0xE3069283);
}

TEST_CASE("kernels equal the definition for lengths 0 to 4096, 16 alignments and 8 splits") {
  constexpr std::size_t longest = 4096;
  constexpr std::size_t alignments = 16;
  constexpr int splits = 8;
  // ThreadSanitizer watches every load of the table kernel and has nothing to find here.
  constexpr std::size_t alignment_step = tidemark::test::under_thread_sanitizer ? 5 : 1;
  const std::vector<std::uint8_t> storage = reference::random_bytes(longest + 2 * alignments, 1);
  const auto address = reinterpret_cast<std::uintptr_t>(storage.data());
  const std::uint8_t* aligned = storage.data() + (alignments - address % alignments) % alignments;

  for (const Kernel kernel : reference::supported_kernels()) {
    std::mt19937 random{2};
    std::string first_mismatch;
    for (std::size_t alignment = 0; alignment < alignments; alignment += alignment_step) {
      const std::uint8_t* bytes = aligned + alignment;
      const std::vector<std::uint32_t> values = reference::values_of_prefixes({bytes, longest});
      for (std::size_t size = 0; size <= longest && first_mismatch.empty(); ++size) {
        for (int i = 0; i < splits; ++i) {
          const std::size_t split = random() % (size + 1);
          const std::uint32_t front = crc32c::extend_with(kernel, 0, bytes, split);
          const std::uint32_t whole =
              crc32c::extend_with(kernel, front, bytes + split, size - split);
          if (front != values[split] || whole != values[size]) {
            first_mismatch = mismatch(kernel, size, alignment, split);
          }
        }
        if (crc32c::extend_with(kernel, 0, bytes, size) != values[size]) {
          first_mismatch = mismatch(kernel, size, alignment, 0);
        }
      }
    }
    CHECK(first_mismatch == "");
  }
}

TEST_CASE("kernels equal the definition around the sizes at which they cut long inputs") {
  constexpr std::size_t longest = std::size_t{1} << 20;
  constexpr std::size_t around = 70;  // more than the widest vector
  // Where each kernel joins its streams: 3 * 1024 (sse42), then the most that sse42_pclmul,
  // avx512_vpclmul and armv8_pmull take at once; and powers of two.
  std::vector<std::size_t> edges{3072,      6144,      27264, 2 * 27264, 3 * 27264, 51392,
                                 2 * 51392, 3 * 51392, 59968, 2 * 59968, 3 * 59968};
  for (std::size_t power = 8192; power < longest; power *= 2) edges.push_back(power);

  const std::vector<std::uint8_t> bytes = reference::random_bytes(longest, 3);
  const std::vector<std::uint32_t> values = reference::values_of_prefixes(bytes);
  for (const Kernel kernel : reference::supported_kernels()) {
    std::string first_mismatch;
    const auto check = [&](std::size_t size) {
      if (crc32c::extend_with(kernel, 0, bytes.data(), size) != values[size]) {
        if (first_mismatch.empty()) first_mismatch = mismatch(kernel, size, 0, 0);
      }
    };
    for (const std::size_t edge : edges) {
      for (std::size_t size = edge - around; size <= edge + around; ++size) check(size);
    }
    for (std::size_t size = longest - around; size <= longest; ++size) check(size);
    CHECK(first_mismatch == "");
  }
}

#if defined(__unix__) || defined(__APPLE__)
namespace {

// Two pages whose neighbours cannot be touched.
class GuardedPages {
 public:
  GuardedPages()
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        map_(mmap(nullptr, 4 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0)) {
    REQUIRE(map_ != MAP_FAILED);
    REQUIRE(mprotect(begin(), size(), PROT_READ | PROT_WRITE) == 0);
  }
  ~GuardedPages() { munmap(map_, 4 * page_); }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  std::uint8_t* begin() const { return static_cast<std::uint8_t*>(map_) + page_; }
  std::size_t size() const { return 2 * page_; }

 private:
  std::size_t page_;
  void* map_;
};

}  // namespace

TEST_CASE("kernels read no byte in front of or behind the input") {
  const GuardedPages pages;
  const std::vector<std::uint8_t> bytes = reference::random_bytes(pages.size(), 4);
  std::copy(bytes.begin(), bytes.end(), pages.begin());
  const std::vector<std::uint32_t> values = reference::values_of_prefixes(bytes);
  for (const Kernel kernel : reference::supported_kernels()) {
    std::string first_mismatch;
    for (std::size_t size = 0; size <= pages.size(); ++size) {
      const std::uint8_t* end = pages.begin() + pages.size();
      const std::uint32_t front = crc32c::extend_with(kernel, 0, pages.begin(), size);
      const std::uint32_t whole =
          crc32c::extend_with(kernel, values[pages.size() - size], end - size, size);
      if (front != values[size] || whole != values[pages.size()]) {
        if (first_mismatch.empty()) first_mismatch = mismatch(kernel, size, 0, 0);
      }
    }
    CHECK(first_mismatch == "");
  }
}
#endif

TEST_CASE("the kernels that the processor has are the ones that are tested") {
  // A run under an emulator names the kernel that it is there for.
  if (const char* required = std::getenv("TIDEMARK_TEST_KERNEL"); required != nullptr) {
    const std::optional<Kernel> kernel = crc32c::from_name(required);
    REQUIRE(kernel.has_value());
    CHECK(crc32c::supported(*kernel));
  }
#if defined(__linux__) && defined(__x86_64__)
  std::ifstream cpuinfo{"/proc/cpuinfo"};
  std::string line;
  while (std::getline(cpuinfo, line) && line.rfind("flags", 0) != 0) {
  }
  std::istringstream words{line};
  const std::vector<std::string> flags{std::istream_iterator<std::string>{words}, {}};
  const auto has = [&](const char* flag) {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  };
  if (flags.empty()) {
    MESSAGE("skipped: /proc/cpuinfo shows no flags");
    return;
  }
  const bool pclmul = has("sse4_2") && has("pclmulqdq");
  CHECK(crc32c::supported(Kernel::sse42) == has("sse4_2"));
  CHECK(crc32c::supported(Kernel::sse42_pclmul) == pclmul);
  CHECK(crc32c::supported(Kernel::avx512_vpclmul) ==
        (pclmul && has("avx512f") && has("avx512vl") && has("avx512bw") && has("vpclmulqdq")));
#endif
}
