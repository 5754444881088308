// Which sanitizer a test is built with. What goes through very many cases one by one looks at a
// part of them then: a sanitizer is many times slower, and what it sees does not need every case.
#pragma once

#include <cstdint>

namespace tidemark::test {

#if defined(__has_feature)
inline constexpr bool under_address_sanitizer = __has_feature(address_sanitizer);
inline constexpr bool under_thread_sanitizer = __has_feature(thread_sanitizer);
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_address_sanitizer = true;
inline constexpr bool under_thread_sanitizer = false;
#elif defined(__SANITIZE_THREAD__)
inline constexpr bool under_address_sanitizer = false;
inline constexpr bool under_thread_sanitizer = true;
#else
inline constexpr bool under_address_sanitizer = false;
inline constexpr bool under_thread_sanitizer = false;
#endif
inline constexpr bool sanitized = under_address_sanitizer || under_thread_sanitizer;

// One of so many cases is looked at: of all without a sanitizer.
template <class Number>
constexpr Number one_in(Number with_address_sanitizer, Number with_thread_sanitizer) {
  if (under_thread_sanitizer) return with_thread_sanitizer;
  return under_address_sanitizer ? with_address_sanitizer : Number{1};
}

}  // namespace tidemark::test
