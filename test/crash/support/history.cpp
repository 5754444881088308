#include "history.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "copies.hpp"
#include "io/seeded_random.hpp"
#include "machine.hpp"
#include "workload.hpp"

namespace tidemark::test {
namespace {

constexpr std::array<std::string_view, 3> cursor_texts{"slow", "fast", "A/b"};
constexpr std::size_t most_given = 6;

// Mostly small; some over several blocks; now and then more than a quarter of a segment.
std::size_t size_of(std::uint64_t number) {
  io::SeededRandom random(number);
  if (random.one_in(24)) return 9'000 + random.below(16'000);
  if (random.one_in(6)) return 600 + random.below(4'000);
  return 17 + random.below(180);
}

std::vector<std::size_t> sizes_of(std::uint64_t number) {
  io::SeededRandom random(number);
  std::vector<std::size_t> sizes(1 + random.below(most_given));
  for (std::size_t& size : sizes) size = size_of(random.next());
  return sizes;
}

journal::Durability durability_of(std::uint64_t number) {
  if (number % 4 == 0) return to_system;
  if (number % 4 == 1) return within((1 + number % 17) * milliseconds);
  return to_disk;
}

// A seq of the journal as it is, or the one behind it.
std::uint64_t seq_in(const Machine& machine, std::uint64_t number) {
  const std::uint64_t first = machine.ledger.first_seq();
  return first + number % (machine.ledger.next_seq() - first + 1);
}

const std::string& cursor_of(std::uint64_t number) {
  static const std::array<std::string, cursor_texts.size()> names{
      std::string(cursor_texts[0]), std::string(cursor_texts[1]), std::string(cursor_texts[2])};
  return names[static_cast<std::size_t>(number % names.size())];
}

void fail_writes(Machine& machine, const Action& action) {
  if (!machine.is_open()) return;
  machine.refuse_writes(action.first % 2 == 0 ? io::Errc::no_space : io::Errc::quota);
  machine.give(sizes_of(action.second));
  machine.settle();
  machine.heal();
  machine.append(size_of(action.first));
}

// The journal takes nothing more; the next open decides.
void fail_sync(Machine& machine, const Action& action) {
  if (!machine.is_open()) return;
  machine.fail_next_sync();
  machine.append(size_of(action.first));
  machine.reopen();
}

void copy(Machine& machine, const Action& /*action*/) {
  const std::string out = "/data/copy-" + std::to_string(machine.ledger.copies.size());
  machine.snapshot(out);
}

// Of a journal that was closed.
void salvage(Machine& machine, const Action& /*action*/) {
  if (!machine.close()) return;
  const std::string out = "/data/copy-" + std::to_string(machine.ledger.copies.size());
  machine.salvage(out);
}

struct Kind {
  std::string_view name;
  std::uint64_t weight;
  void (*run)(Machine&, const Action&);
};

constexpr std::array kinds{
    Kind{"append", 24,
         [](Machine& machine, const Action& action) {
           machine.append(size_of(action.first), durability_of(action.second));
         }},
    Kind{"give", 14,
         [](Machine& machine, const Action& action) {
           machine.give(sizes_of(action.first), durability_of(action.second));
         }},
    Kind{"settle", 6, [](Machine& machine, const Action&) { machine.settle(); }},
    Kind{"sync", 4, [](Machine& machine, const Action&) { machine.sync(); }},
    Kind{"batch", 8,
         [](Machine& machine, const Action& action) { machine.batch(sizes_of(action.first)); }},
    Kind{"append if", 5,
         [](Machine& machine, const Action& action) {
           const std::uint64_t last = machine.ledger.next_seq() - 1;
           machine.append_if(action.second % 2 == 0 ? last : last + action.second % 3,
                             size_of(action.first));
         }},
    Kind{"with dictionary", 3,
         [](Machine& machine, const Action& action) {
           machine.append_with_dictionary(1 + action.second % 3, size_of(action.first));
         }},
    Kind{"pass", 6,
         [](Machine& machine, const Action& action) {
           machine.pass((action.first % 40) * milliseconds);
         }},
    Kind{"truncate", 4,
         [](Machine& machine, const Action& action) {
           machine.truncate(seq_in(machine, action.first));
         }},
    Kind{"open cursor", 3,
         [](Machine& machine, const Action& action) {
           machine.open_cursor(cursor_of(action.first));
         }},
    Kind{"advance", 4,
         [](Machine& machine, const Action& action) {
           machine.advance(cursor_of(action.first), seq_in(machine, action.second) - 1);
         }},
    Kind{"reset", 1,
         [](Machine& machine, const Action& action) {
           machine.reset(cursor_of(action.first), seq_in(machine, action.second) - 1);
         }},
    Kind{"delete cursor", 1,
         [](Machine& machine, const Action& action) {
           machine.delete_cursor(cursor_of(action.first));
         }},
    Kind{"read", 4, [](Machine& machine, const Action&) { machine.check_records(); }},
    Kind{"observe", 3, [](Machine& machine, const Action&) { machine.observe(); }},
    Kind{"snapshot", 1, copy},
    Kind{"salvage", 1, salvage},
    Kind{"reopen", 5, [](Machine& machine, const Action&) { machine.reopen(); }},
    Kind{"kill", 5,
         [](Machine& machine, const Action&) {
           machine.kill();
           machine.open();
         }},
    Kind{"cut", 7,
         [](Machine& machine, const Action& action) {
           machine.cut_power(machine.disk()->random_fate(action.first));
           if (action.second % 4 == 0) machine.observe();
           machine.open();
         }},
    Kind{"full disk", 1, fail_writes},
    Kind{"failed sync", 1, fail_sync},
};

constexpr std::uint64_t total_weight() {
  std::uint64_t sum = 0;
  for (const Kind& kind : kinds) sum += kind.weight;
  return sum;
}

// No history that is drawn has it: the disk says that a record is durable and forgets it.
constexpr Kind lie{"lie", 0, [](Machine& machine, const Action&) {
                     machine.disk()->lie(true);
                     machine.append(100);
                     machine.cut_power(machine.disk()->all_dropped());
                     machine.open();
                   }};

const Kind& kind_of(std::string_view name) {
  if (name == lie.name) return lie;
  return *std::find_if(kinds.begin(), kinds.end(),
                       [name](const Kind& kind) { return kind.name == name; });
}

std::unique_ptr<Machine> machine_for(std::uint64_t seed) {
  io::SeededRandom random(seed);
  io::SimulatedDiskOptions disk;
  disk.seed = seed;
  journal::Options options = small_options();
  if (random.one_in(2)) options.idle_mark = 5 * milliseconds;
  if (random.one_in(4)) {
    disk.powersafe_overwrite = false;
    options.block_padding = true;
  }
  if (random.one_in(4)) options.direct = journal::DirectChoice::on;
  disk.copy_on_write = random.one_in(5);
  if (random.one_in(4)) options.recorded.start_seq = 1 + random.below(5'000);
  const bool begins = options.direct == journal::DirectChoice::on && random.one_in(2);
  auto machine = std::make_unique<Machine>(std::make_shared<io::SimulatedDisk>(disk),
                                           std::move(options), seed);
  machine->use_faults();
  if (begins) machine->begin_writes();
  return machine;
}

}  // namespace

std::vector<std::string_view> action_names() {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  return names;
}

History make_history(std::uint64_t seed, std::size_t actions) {
  io::SeededRandom random(io::mixed(seed));
  History history{seed, {}};
  while (history.actions.size() < actions) {
    std::uint64_t number = random.below(total_weight());
    const auto* kind = kinds.begin();
    while (number >= kind->weight) number -= (kind++)->weight;
    history.actions.push_back({kind->name, random.next(), random.next()});
  }
  return history;
}

std::vector<std::string> run_history(const History& history,
                                     std::map<std::string_view, std::uint64_t>* counts) {
  const auto machine = machine_for(history.seed);
  machine->open();
  for (const Action& action : history.actions) {
    if (!machine->violations.empty()) return machine->violations;
    if (!machine->is_open()) machine->open();
    kind_of(action.name).run(*machine, action);
    if (counts != nullptr) ++(*counts)[action.name];
  }
  if (!machine->is_open()) machine->open();
  machine->reopen();
  machine->close();
  machine->verify();
  judge_copies(*machine);
  return machine->violations;
}

History shortened(const History& history) {
  History shortest = history;
  for (std::size_t part = std::max<std::size_t>(1, history.actions.size() / 2); part > 0;
       part /= 2) {
    for (std::size_t at = 0; at < shortest.actions.size();) {
      History shorter = shortest;
      const auto from = shorter.actions.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t count = std::min(part, shorter.actions.size() - at);
      shorter.actions.erase(from, from + static_cast<std::ptrdiff_t>(count));
      if (run_history(shorter).empty()) {
        at += count;
      } else {
        shortest = std::move(shorter);
      }
    }
  }
  return shortest;
}

std::string text_of(const History& history) {
  std::string text = "seed " + std::to_string(history.seed) + ":\n";
  for (const Action& action : history.actions) {
    text += "  " + std::string(action.name) + ' ' + std::to_string(action.first) + ' ' +
            std::to_string(action.second) + '\n';
  }
  return text;
}

}  // namespace tidemark::test
