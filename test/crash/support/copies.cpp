#include "copies.hpp"

#include "journal/tools.hpp"

namespace tidemark::test {
namespace {

// A copy that was not finished is no journal, or one that says that it is not whole.
bool recognisable(const journal::Failure& failure) {
  const bool absent = failure.cause && failure.cause->code == io::Errc::not_found;
  return absent || failure.code == journal::Code::corrupt;
}

void judge_copy(Machine& machine, const std::string& directory, const CopyPromise& promise) {
  const auto complain = [&](const std::string& problem) {
    machine.violations.push_back("copy " + directory + ": " + problem);
  };
  io::SimulatedHost reader(machine.disk()->another_process(), 1);
  journal::Options options;
  auto observer = journal::Observer::open(reader.host(), directory, options);
  if (!observer) {
    const journal::Failure& failure = observer.error();
    if (promise.done) complain("it was promised, and is refused: " + failure.message);
    if (!recognisable(failure)) complain("what is left of it is refused as " + failure.message);
    return;
  }
  auto read = read_view(machine.disk()->another_process(), observer.value()->view(),
                        observer.value()->header());
  if (!read) return complain("it cannot be read: " + read.error().message);
  read.value().with_cursors = false;
  if (!read.value().same_log(promise.holds)) {
    complain("it shows seqs " + std::to_string(read.value().first_seq) + " to " +
             std::to_string(read.value().last_seq) + " instead of " +
             std::to_string(promise.holds.first_seq) + " to " +
             std::to_string(promise.holds.last_seq) + ", or other bytes");
  }
  auto verified = journal::verify(reader.host(), directory, {});
  if (!verified) return complain("it cannot be verified: " + verified.error().message);
  for (const journal::Problem& problem : verified.value().problems) complain(problem.detail);
}

}  // namespace

void judge_copies(Machine& machine) {
  for (const auto& [directory, promise] : machine.ledger.copies) {
    judge_copy(machine, directory, promise);
  }
}

}  // namespace tidemark::test
