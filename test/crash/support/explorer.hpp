// The crash explorer: runs a workload, cuts the machine at every call that changes something, in
// every legal way where they are few, and hands each state that is new to the oracle: recovery with
// further cuts inside, going on, recovery again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "choice.hpp"
#include "figures.hpp"
#include "machine.hpp"
#include "workload.hpp"

namespace tidemark::test {

struct Effort {
  std::uint64_t enumerate = 250;       // fates of a cut point: all of them, up to so many
  std::uint64_t samples = 40;          // else the regular ones and so many that are drawn
  std::uint64_t recovery_one_in = 6;   // of the cut points of a recovery
  std::uint64_t recovery_choices = 2;  // at each of those
};

using Narrator = std::function<void(const std::string&)>;

class Explorer {
 public:
  // `enough` is asked between states.
  Explorer(Seen& seen, const Effort& effort, std::function<bool()> enough);

  // One life of the workload, and everything that can become of it.
  Figures explore(const Workload& workload, std::uint64_t seed);
  // One state again, told call by call.
  Figures replay(const Workload& workload, const Replay& replay, Narrator narrator);
  [[nodiscard]] const std::vector<Violation>& violations() const noexcept { return violations_; }

 private:
  // A machine that was cut.
  struct Case {
    std::shared_ptr<io::SimulatedDisk> disk;
    io::Digest digest;
    Ledger ledger;
    Death death = Death::power;
    Route route;
  };
  void run(const Workload& workload);
  void cut(const Machine& machine, std::uint64_t call);
  void cut_recovery(const Machine& machine, std::uint64_t call, const Case& outer,
                    std::vector<Case>& inner);
  [[nodiscard]] Case case_of(const Machine& machine, const Route& before, const Step& step) const;
  [[nodiscard]] bool is_new(const Case& one);
  void examine(const Case& one, const Shown* expected);
  void recover(Machine& machine, const Case& one, const Shown* expected, std::vector<Case>& inner);
  void go_on(Machine& machine, std::uint64_t draw);
  void report(const Case& one, const std::vector<std::string>& problems);
  void tell(const std::string& line) const {
    if (narrator_) narrator_(line);
  }
  void tell_call(std::uint64_t number, const io::CallRecord& record) const;
  [[nodiscard]] bool replaying() const noexcept { return replayed_ != nullptr; }

  Seen& seen_;
  const Effort effort_;
  const std::function<bool()> enough_;
  const Workload* workload_ = nullptr;
  journal::Options options_;  // of the workload
  const Replay* replayed_ = nullptr;
  Narrator narrator_;
  std::uint64_t seed_ = 0;
  Figures figures_;
  std::vector<Violation> violations_;
};

}  // namespace tidemark::test
