// The entry of every native test executable. With TIDEMARK_TEST_REPORT=<file> it also writes down
// what became of each test case, one JSON object a line: what the page of scenarios is made of.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

class Report final : public doctest::IReporter {
 public:
  explicit Report(const doctest::ContextOptions&) {
    const char* path = std::getenv("TIDEMARK_TEST_REPORT");
    if (path != nullptr && *path != '\0') file_.open(path, std::ios::trunc);
  }
  void test_case_start(const doctest::TestCaseData& test) override { test_ = &test; }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    write(*test_, stats.failure_flags == 0 ? "passed" : "failed", stats.seconds);
  }
  void test_case_skipped(const doctest::TestCaseData& test) override { write(test, "skipped", 0); }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}

 private:
  void write(const doctest::TestCaseData& test, const char* status, double seconds) {
    if (!file_.is_open()) return;
    file_ << "{\"file\":" << quoted(test.m_file.c_str()) << ",\"name\":" << quoted(test.m_name)
          << ",\"status\":\"" << status << "\",\"seconds\":" << seconds << "}" << std::endl;
  }

  std::ofstream file_;
  const doctest::TestCaseData* test_ = nullptr;
};

}  // namespace

DOCTEST_REGISTER_LISTENER("report", 1, Report);
