#include "last_words.hpp"

#include <csignal>
#include <cstdio>
#include <utility>

namespace tidemark::test {
namespace {

thread_local std::string route;

// Not what a handler of signals may do in general; but after an assertion nothing is held, and the
// program ends anyhow.
void say(int) {
  std::fprintf(stderr, "aborted in the state --replay '%s'\n", route.c_str());
  std::fflush(stderr);
}

}  // namespace

LastWords::LastWords(const std::string& now) : before_(std::exchange(route, now)) {
  static const auto installed = std::signal(SIGABRT, say);
  static_cast<void>(installed);
}

LastWords::~LastWords() { route = std::move(before_); }

}  // namespace tidemark::test
