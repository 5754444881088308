// Says what was going on when the program ends by an assertion.
#pragma once

#include <string>

namespace tidemark::test {

class LastWords {
 public:
  explicit LastWords(const std::string& route);
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;
  ~LastWords();

 private:
  std::string before_;
};

}  // namespace tidemark::test
