// Random histories of a journal: whole operations, deaths and cuts drawn from a seed, run on a
// machine that judges every one of them, and made shorter when one of them is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::test {

// One operation; what its numbers mean is the operation's matter, and they are taken modulo what
// the machine has at that moment, so that a history stays one when some of it is left out.
struct Action {
  std::string_view name;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

struct History {
  std::uint64_t seed = 0;  // of the disk, its options and those of the journal
  std::vector<Action> actions;
};

History make_history(std::uint64_t seed, std::size_t actions);
// The names that make_history draws from.
std::vector<std::string_view> action_names();

// What is wrong, and nothing when all is well. `counts`, where given, counts the actions that ran,
// by name.
std::vector<std::string> run_history(const History& history,
                                     std::map<std::string_view, std::uint64_t>* counts = nullptr);

// A history with as few of its actions as still go wrong.
History shortened(const History& history);
std::string text_of(const History& history);

}  // namespace tidemark::test
