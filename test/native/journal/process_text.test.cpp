// What is said of the holder of a lock.
#include "journal/process_text.hpp"

#include <doctest/doctest.h>

#include "io/tasks.hpp"

using namespace tidemark;

TEST_CASE("the line in a lock file names its process and its host") {
  const std::string text = journal::describe_holder(R"({"pid":12,"startTime":"3","host":"h"})");
  CHECK(text == " (process 12 on h)");
  CHECK(journal::describe_holder(journal::holder_text(*io::system_host().clock))
            .find(" (process " + std::to_string(io::this_process().pid)) == 0);
}

TEST_CASE("a lock file that somebody else has written puts nothing into a message") {
  for (const char* text : {"", "{}", R"({"pid":"12 and more"})", R"({"pid":-1})", R"({"pid":})",
                           R"({"pid":")", "{\"pid\":\x1b[31m1}", R"({"pid":"host":"x"})"}) {
    CAPTURE(text);
    CHECK(journal::describe_holder(text).empty());
  }
  CHECK(journal::describe_holder("{\"pid\":12,\"host\":\"a\x1b[2Jb\"}") == " (process 12)");
  CHECK(journal::describe_holder("{\"pid\":12,\"host\":\"a\nb\"}") == " (process 12)");
}
