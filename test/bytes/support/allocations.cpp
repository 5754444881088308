// Takes the place of the allocation functions that the core uses: operator new, and posix_memalign
// for aligned buffers.
#include "allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TIDEMARK_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TIDEMARK_SANITIZED
#endif

namespace tidemark::test::allocations {
namespace {

thread_local std::size_t largest_seen = 0;

#if !defined(TIDEMARK_SANITIZED)
void note(std::size_t size) noexcept {
  if (size > largest_seen) largest_seen = size;
}
#endif

}  // namespace

void forget() noexcept { largest_seen = 0; }
std::size_t largest() noexcept { return largest_seen; }

#if !defined(TIDEMARK_SANITIZED)
namespace {

void* allocate(std::size_t size) {
  note(size);
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* allocate_aligned(std::size_t size, std::size_t alignment) noexcept {
  note(size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

}  // namespace
#endif

}  // namespace tidemark::test::allocations

#if !defined(TIDEMARK_SANITIZED)
using namespace tidemark::test::allocations;

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

extern "C" int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  *memory = allocate_aligned(size, alignment);
  return *memory == nullptr ? ENOMEM : 0;
}
#endif
