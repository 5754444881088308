// The log of events: every listener gets all, whatever the others take.
#include "journal/event_log.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "journal/core.hpp"

using namespace tidemark::journal;

namespace {

using State = std::shared_ptr<Client::State>;

// A handle that counts how often it is called back.
State handle(int& pokes) {
  auto state = std::make_shared<Client::State>();
  state->notify = [&pokes] { pokes += 1; };
  return state;
}

Event commit(std::uint64_t seq) {
  Event event;
  event.first_seq = event.last_seq = seq;
  event.records = 1;
  return event;
}

std::vector<std::uint64_t> seqs(const std::vector<Event>& events) {
  std::vector<std::uint64_t> all;
  for (const Event& event : events) all.push_back(event.first_seq);
  return all;
}

using Seqs = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("events of a journal come to every listener, each once, however many handles it has") {
  EventLog log;
  int pokes = 0;
  const State one = handle(pokes);
  const State other = handle(pokes);
  const State second = handle(pokes);
  log.join(1, one);
  log.join(2, other);
  log.join(2, second);
  log.add(commit(1));
  CHECK(pokes == 3);
  CHECK(seqs(log.take(1)) == Seqs{1});
  CHECK(seqs(log.take(1)).empty());
  log.add(commit(2));
  CHECK(seqs(log.take(2)) == Seqs{1, 2});
  CHECK(seqs(log.take(2)).empty());
  CHECK(seqs(log.take(1)) == Seqs{2});
}

TEST_CASE("a listener begins with what comes, and ends with its last handle") {
  EventLog log;
  int pokes = 0;
  const State one = handle(pokes);
  const State other = handle(pokes);
  const State second = handle(pokes);
  log.add(commit(1));
  log.join(1, one);
  log.add(commit(2));
  log.join(2, other);
  log.join(2, second);
  log.add(commit(3));
  log.leave(other);
  log.add(commit(4));
  CHECK(seqs(log.take(2)) == Seqs{3, 4});
  log.leave(second);
  log.add(commit(5));
  CHECK(seqs(log.take(2)).empty());
  CHECK(seqs(log.take(1)) == Seqs{2, 3, 4, 5});
  log.join(2, second);
  CHECK(seqs(log.take(2)).empty());
}

TEST_CASE("of a listener that takes nothing the oldest events go, and nobody else's") {
  EventLog log;
  int pokes = 0;
  const State idle = handle(pokes);
  const State busy = handle(pokes);
  log.join(1, idle);
  log.join(2, busy);
  constexpr std::uint64_t events = 10'000;
  Seqs seen;
  for (std::uint64_t seq = 1; seq <= events; ++seq) {
    log.add(commit(seq));
    for (const std::uint64_t one : seqs(log.take(2))) seen.push_back(one);
  }
  CHECK(seen.size() == events);
  const Seqs kept = seqs(log.take(1));
  REQUIRE(kept.size() < events);
  CHECK(kept.front() == events - kept.size() + 1);
  CHECK(kept.back() == events);
}
