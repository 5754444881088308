#include "explorer.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "copies.hpp"
#include "journal/survey.hpp"
#include "last_words.hpp"
#include "picture.hpp"

namespace tidemark::test {
namespace {

bool changes(io::Call call) {
  switch (call) {
    case io::Call::write:
    case io::Call::sync:
    case io::Call::truncate:
    case io::Call::make_directory:
    case io::Call::rename:
    case io::Call::unlink:
    case io::Call::sync_directory:
      return true;
    default:
      return false;
  }
}

// These may make a file.
bool may_create(io::Call call) { return call == io::Call::open || call == io::Call::lock; }

// Tells the calls in front of which, or behind which, something is different.
class CutPoints {
 public:
  bool at(io::Call call) {
    const bool here = changes(call) || behind_;
    behind_ = changes(call) || may_create(call);
    return here;
  }

 private:
  bool behind_ = false;
};

constexpr std::size_t most_violations = 8;  // that are kept with their pictures

}  // namespace

Explorer::Explorer(Seen& seen, const Effort& effort, std::function<bool()> enough)
    : seen_(seen), effort_(effort), enough_(std::move(enough)) {}

Figures Explorer::explore(const Workload& workload, std::uint64_t seed) {
  seed_ = seed;
  run(workload);
  return figures_;
}

Figures Explorer::replay(const Workload& workload, const Replay& replay, Narrator narrator) {
  seed_ = replay.seed;
  replayed_ = &replay;
  narrator_ = std::move(narrator);
  run(workload);
  replayed_ = nullptr;
  narrator_ = nullptr;
  return figures_;
}

void Explorer::tell_call(std::uint64_t number, const io::CallRecord& record) const {
  if (!narrator_) return;
  std::string line = std::to_string(number) + ' ' + io::name(record.call) + ' ' + record.path;
  if (record.length != 0 || record.offset != 0) {
    line += ' ' + std::to_string(record.offset) + '+' + std::to_string(record.length);
  }
  tell(line);
}

void Explorer::run(const Workload& workload) {
  workload_ = &workload;
  figures_ = {};
  figures_.workload = workload.name;
  Case whole;  // the life itself, uncut
  const auto machine = make_machine(workload, seed_);
  options_ = machine->options;
  std::uint64_t calls = 0;
  CutPoints points;
  try {
    const LastWords words(route_text(figures_.workload, seed_, {}));
    machine->on_call([&](const io::CallRecord& record) {
      tell_call(++calls, record);
      if (points.at(record.call)) cut(*machine, calls);
    });
    workload.run(*machine);
    cut(*machine, calls + 1);
  } catch (const std::exception& error) {
    machine->violations.emplace_back(error.what());
  }
  machine->on_call(nullptr);
  whole.disk = machine->disk();
  whole.ledger = machine->ledger;
  if (workload.honest && !machine->violations.empty()) report(whole, machine->violations);
}

Explorer::Case Explorer::case_of(const Machine& machine, const Route& before,
                                 const Step& step) const {
  Case one;
  one.disk = disk_after(*machine.disk(), step.choice);
  one.digest = digest_after(*one.disk, step.choice);
  one.ledger = machine.knowledge();
  one.death = machine.last_death() == Death::power ? Death::power : step.choice.death();
  one.route = before;
  one.route.push_back(step);
  return one;
}

bool Explorer::is_new(const Case& one) {
  if (replaying()) return true;
  io::Digest state = one.digest;
  const std::uint64_t known =
      io::mixed(one.ledger.digest() + (one.death == Death::power ? 1 : 2)) +
      std::hash<const void*>()(reinterpret_cast<const void*>(workload_->prepare));
  state.high ^= io::mixed(known);
  state.low += known;
  if (!seen_.add_state(state)) {
    ++figures_.seen_before;
    return false;
  }
  ++figures_.states;
  ++figures_.by_cuts.at(one.route.size() - 1);
  if (seen_.add_image(one.digest)) ++figures_.images;
  return true;
}

void Explorer::cut(const Machine& machine, std::uint64_t call) {
  if (enough_()) return;
  ++figures_.cut_points;
  std::vector<Choice> choices;
  if (!replaying()) {
    choices = choices_at(*machine.disk(), effort_.enumerate, effort_.samples,
                         io::mixed(seed_ ^ io::mixed(call)));
  } else if (!replayed_->route.empty() && replayed_->route[0].call == call) {
    choices = {replayed_->route[0].choice};
  }
  for (const Choice& choice : choices) {
    if (enough_()) return;
    const Case one = case_of(machine, {}, {call, choice});
    if (is_new(one)) examine(one, nullptr);
  }
}

void Explorer::cut_recovery(const Machine& machine, std::uint64_t call, const Case& outer,
                            std::vector<Case>& inner) {
  const std::size_t depth = outer.route.size();
  if (replaying()) {
    if (replayed_->route.size() > depth && replayed_->route[depth].call == call) {
      inner.push_back(case_of(machine, outer.route, replayed_->route[depth]));
    }
    return;
  }
  io::SeededRandom random(io::mixed(outer.digest.low ^ call) + outer.digest.high);
  if (!random.one_in(effort_.recovery_one_in)) return;
  ++figures_.recovery_cut_points;
  const auto choices = choices_at(*machine.disk(), 0, effort_.recovery_choices, random.next());
  for (std::uint64_t i = 0; i < effort_.recovery_choices; ++i) {
    const Choice& choice = choices[static_cast<std::size_t>(random.below(choices.size()))];
    Case one = case_of(machine, outer.route, {call, choice});
    if (is_new(one)) inner.push_back(std::move(one));
  }
}

// A machine is found like this. `expected`: what an earlier recovery, which this one repeats, came
// to show.
void Explorer::examine(const Case& one, const Shown* expected) {
  const LastWords words(route_text(figures_.workload, seed_, one.route));
  if (replaying()) {
    tell("== " + route_text(figures_.workload, seed_, one.route));
    tell(picture_of(*one.disk, journal_directory) + one.ledger.describe());
  }
  // The plan and the random numbers of the processes are drawn from the state.
  io::SeededRandom plan(one.digest.high ^ io::mixed(one.route.size()));
  Machine machine(one.disk->copy(), options_, plan.next(), one.ledger, one.death);
  std::vector<Case> inner;
  bool shown = false;
  Shown first;
  try {
    const auto surveyed = journal::survey(*machine.disk()->another_process(), journal_directory);
    if (surveyed) {
      for (const auto& file : surveyed.value().live) figures_.rows.add(file.row);
      for (const auto& file : surveyed.value().debris) figures_.rows.add(file.row);
    }
    judge_copies(machine);
    if (plan.one_in(2)) machine.observe();
    recover(machine, one, expected, inner);
    shown = machine.is_open();
    first = machine.shown;
    if (shown) go_on(machine, plan.next());
  } catch (const std::exception& error) {
    machine.violations.emplace_back(error.what());
  }
  if (!machine.violations.empty()) report(one, machine.violations);
  for (const Case& cut_again : inner) {
    if (enough_()) return;
    // Where the power had gone before, nothing was pending: the recovery decides what it decided.
    const bool repeats =
        shown && (one.death == Death::power || cut_again.route.back().choice.death() == one.death);
    examine(cut_again, repeats ? &first : nullptr);
  }
}

void Explorer::recover(Machine& machine, const Case& one, const Shown* expected,
                       std::vector<Case>& inner) {
  CutPoints points;
  std::uint64_t calls = 0;
  if (one.route.size() < Figures::most_cuts) {
    machine.on_call([&](const io::CallRecord& record) {
      tell_call(++calls, record);
      if (points.at(record.call)) cut_recovery(machine, calls, one, inner);
    });
  }
  const bool opened = machine.open();
  machine.on_call(nullptr);
  if (!opened) {
    figures_.rows.add(machine.refusal->row);
    if (machine.refusal->code == journal::Code::no_space) ++figures_.without_room;
    return;
  }
  figures_.rows.add(machine.report.row);
  tell("-- opened: row " + std::string(1, machine.report.row) + ", seqs " +
       std::to_string(machine.shown.first_seq) + " to " + std::to_string(machine.shown.last_seq));
  if (expected != nullptr && !machine.shown.same_log(*expected)) {
    machine.violations.emplace_back(
        "recovery that was cut and repeated shows seqs " + std::to_string(machine.shown.first_seq) +
        " to " + std::to_string(machine.shown.last_seq) + " instead of " +
        std::to_string(expected->first_seq) + " to " + std::to_string(expected->last_seq));
  }
}

// What was recovered can be gone on from, dies again, and is still there.
void Explorer::go_on(Machine& machine, std::uint64_t draw) {
  constexpr std::size_t small = 33;
  io::SeededRandom random(draw);
  machine.append(small);
  switch (random.below(4)) {
    case 0:
      machine.close();
      break;
    case 1:
      machine.kill();
      break;
    case 2:
      machine.cut_power(machine.disk()->all_dropped());
      break;
    default:
      machine.append(small, to_system);
      machine.cut_power(machine.disk()->random_fate(random.next()));
      break;
  }
  if (!machine.open()) return;
  machine.append(small);
  if (!machine.close() || !machine.open()) return;
  if (machine.report.path != journal::OpenPath::clean) {
    machine.violations.emplace_back("a clean close was not found clean");
  }
  machine.close();
  machine.verify();
}

void Explorer::report(const Case& one, const std::vector<std::string>& problems) {
  Violation violation;
  violation.route = route_text(figures_.workload, seed_, one.route);
  violation.problems = problems;
  if (violations_.size() < most_violations) {
    violation.picture = picture_of(*one.disk, journal_directory) + one.ledger.describe();
  }
  violations_.push_back(std::move(violation));
}

}  // namespace tidemark::test
