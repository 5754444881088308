// The oracle itself: each rule that it holds a log to is broken once.
#include <doctest/doctest.h>

#include <string>

#include "support/ledger.hpp"

using namespace tidemark::test;

namespace {

// Records a, b, c were handed over, a was acknowledged.
struct Story {
  Ledger ledger;
  Story() {
    ledger.submit({"a"}, false);
    ledger.submit({"b"}, false);
    ledger.submit({"c"}, false);
    ledger.acknowledged(0);
  }
};

Shown showing(const std::vector<std::string>& records, std::uint64_t first_seq = 1) {
  Shown shown;
  shown.first_seq = first_seq;
  shown.last_seq = first_seq + records.size() - 1;
  shown.records = records;
  return shown;
}

bool sound(const Ledger& ledger, const Shown& shown, Death death = Death::power) {
  return ledger.judge(shown, death).empty();
}

}  // namespace

TEST_CASE("acknowledged is in recovered, recovered is in submitted, in order") {
  const Story story;
  CHECK(sound(story.ledger, showing({"a"})));
  CHECK(sound(story.ledger, showing({"a", "b", "c"})));
  CHECK_FALSE(sound(story.ledger, showing({})));
  CHECK_FALSE(sound(story.ledger, showing({"a", "c"})));
  CHECK_FALSE(sound(story.ledger, showing({"a", "x"})));
  CHECK_FALSE(sound(story.ledger, showing({"a", "b", "c", "d"})));
}

TEST_CASE("what was written survives the process, not the power") {
  Story story;
  story.ledger.written(1);
  CHECK(sound(story.ledger, showing({"a"}), Death::power));
  CHECK_FALSE(sound(story.ledger, showing({"a"}), Death::process));
  CHECK(sound(story.ledger, showing({"a", "b"}), Death::process));
}

TEST_CASE("what was rejected as not written never comes back; an unknown one may, alone") {
  Story story;
  story.ledger.rejected(1, false);
  story.ledger.rejected(2, true);
  CHECK(sound(story.ledger, showing({"a", "b"})));
  CHECK_FALSE(sound(story.ledger, showing({"a", "b", "c"})));
  story.ledger.submit({"d"}, false);  // with the seq of b
  CHECK(sound(story.ledger, showing({"a", "d"})));
  story.ledger.submit({"e"}, false);
  CHECK_FALSE(sound(story.ledger, showing({"a", "b", "e"})));
}

TEST_CASE("what was shown stays shown, and what was not shown stays away") {
  Story story;
  story.ledger.adopt(showing({"a", "b"}));
  CHECK(sound(story.ledger, showing({"a", "b"})));
  CHECK_FALSE(sound(story.ledger, showing({"a"})));
  CHECK_FALSE(sound(story.ledger, showing({"a", "b", "c"})));
  Shown created = showing({});
  created.created = true;
  CHECK_FALSE(sound(story.ledger, created));
}

TEST_CASE("a batch is there as a whole or not at all") {
  Ledger ledger;
  ledger.submit({"a", "b", "c"}, true);
  CHECK(sound(ledger, showing({})));
  CHECK(sound(ledger, showing({"a", "b", "c"})));
  CHECK_FALSE(sound(ledger, showing({"a"})));
  CHECK_FALSE(sound(ledger, showing({"a", "b"})));
}

TEST_CASE("the first seq goes forward only, and no further than it was asked") {
  Story story;
  story.ledger.durable_up_to(3);
  story.ledger.asked_first(3);
  CHECK(sound(story.ledger, showing({"a", "b", "c"})));
  CHECK(sound(story.ledger, showing({"c"}, 3)));
  CHECK_FALSE(sound(story.ledger, showing({}, 4)));
  story.ledger.promised_first(3);
  CHECK_FALSE(sound(story.ledger, showing({"a", "b", "c"})));
  CHECK(sound(story.ledger, showing({"c"}, 3)));
}

TEST_CASE("a cursor is where it was promised, or where it was asked to go since") {
  Story story;
  Shown shown = showing({"a", "b", "c"});
  story.ledger.asked_cursor("x", 1);
  CHECK(sound(story.ledger, shown));
  shown.cursors["x"] = 1;
  CHECK(sound(story.ledger, shown));
  story.ledger.promised_cursor("x");
  shown.cursors["x"] = 2;
  CHECK_FALSE(sound(story.ledger, shown));
  story.ledger.asked_cursor("x", 2);
  CHECK(sound(story.ledger, shown));
  Shown truncated = showing({}, 4);
  truncated.cursors["x"] = 2;
  story.ledger.durable_up_to(3);
  story.ledger.asked_first(4);
  CHECK_FALSE(sound(story.ledger, truncated));  // it holds 3
  truncated.cursors["x"] = 3;
  story.ledger.asked_cursor("x", 3);
  CHECK(sound(story.ledger, truncated));
  shown.cursors.clear();
  CHECK_FALSE(sound(story.ledger, shown));
  shown.cursors["y"] = 0;
  CHECK_FALSE(sound(story.ledger, shown));
}
