// One run of a workload on a simulated disk behind the fault layer: a process that opens journals,
// hands over records, and notes in the ledger what it was promised. Every failure that a call
// reports is held against the plan that was injected.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/fault_disk.hpp"
#include "io/scheduler.hpp"
#include "io/simulated_disk.hpp"
#include "journal/journal.hpp"
#include "ledger.hpp"

namespace tidemark::test {

inline const std::string place = "/journal";

// A disk without a process, and what the journal on it promised.
struct Image {
  std::shared_ptr<io::SimulatedDisk> disk;
  Ledger ledger;
};

// Small segments, so that a few records rotate.
journal::Options small_options();

// The visible files of a directory, by name.
struct Content {
  std::uint64_t bytes = 0;
  std::uint32_t checksum = 0;
  bool blank = true;  // as a spare is
  friend bool operator==(const Content&, const Content&) = default;
};
using Files = std::map<std::string, Content>;
Files files_of(io::Disk& disk, const std::string& directory = place);

class Run {
 public:
  // Without a plan nothing fails. The seed is that of the scheduler and of choice().
  explicit Run(const Image& image, std::uint64_t seed = 0,
               const std::optional<io::FaultPlan>& plan = std::nullopt);

  [[nodiscard]] const io::Host& host() const { return host_; }
  [[nodiscard]] io::FaultDisk& faults() { return *faults_; }
  [[nodiscard]] io::Scheduler& scheduler() { return *process_->scheduler; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }
  // The files as they are, past the faults: another process of the same system.
  [[nodiscard]] const std::shared_ptr<io::SimulatedDisk>& truth() const { return truth_; }
  // What the run does where it may do one thing or another.
  [[nodiscard]] std::uint64_t choice(std::uint64_t of) const { return seed_ % of; }

  // From here on calls fail as the plan says, until the disk is healed.
  void arm();
  void heal();
  [[nodiscard]] bool armed() const { return armed_ && plan_.has_value(); }
  [[nodiscard]] bool strikes_once() const { return plan_ && plan_->lasting == io::Lasting::once; }
  // The calls that could be hit: between arm() and heal().
  [[nodiscard]] std::uint64_t calls(io::Call kind) const;
  [[nodiscard]] bool hit() const { return faults_->hits() > 0; }
  // The failure has the code and the cause that the plan asks for.
  void expect(const journal::Failure& failure);
  [[nodiscard]] std::uint64_t felt() const { return felt_; }
  // True for a success; a failure is expected.
  template <class T>
  bool fine(const journal::Result<T>& result) {
    if (!result) expect(result.error());
    return result.ok();
  }

  // A text that no other record has.
  std::string next_text(std::size_t bytes);

  // The process dies; what it leaves.
  Image kill();

 private:
  friend class Pen;

  const std::uint64_t seed_;
  const std::optional<io::FaultPlan> plan_;
  std::shared_ptr<io::SimulatedDisk> truth_;
  std::unique_ptr<io::SimulatedHost> process_;
  std::shared_ptr<io::FaultDisk> faults_;
  io::Host host_;
  Ledger ledger_;
  bool armed_ = false;
  bool healed_ = false;
  std::array<std::uint64_t, io::call_kinds> calls_{};
  bool direct_ = false;  // of the last open for writing
  std::uint64_t felt_ = 0;
  std::uint64_t texts_ = 0;
};

// A handle of the run's process.
class Pen {
 public:
  // Refused: nullptr, the failure is as the plan says, no handle is left open, and no file changed
  // that an open may not change before its witness is durable (`finishes`: those that it may).
  static std::unique_ptr<Pen> open(Run& run, const journal::Options& options = small_options(),
                                   const std::vector<std::string>& finishes = {});
  Pen(Run& run, std::shared_ptr<journal::Client> handle);

  [[nodiscard]] journal::Journal& journal() const { return *handle_->journal(); }
  [[nodiscard]] bool poisoned() const { return journal().failure().has_value(); }

  // Hands over and does not wait. False when it was refused.
  bool give(std::size_t count, std::size_t bytes, bool atomic = false,
            journal::Durability durability = {});
  // Waits until it is durable or rejected; true: durable.
  bool append(std::size_t bytes);
  bool append_blocking(std::size_t bytes);  // by hand_over_and_wait
  // From here on there is an event loop: it begins the writes of small commits, and ends them where
  // the run settles, or leaves them to the writer's task (choice).
  void begin_writes();
  [[nodiscard]] bool writing() const { return handle_->writing(); }
  // Waits until everything that was handed over is durable or rejected.
  void drain();
  void request_sync() { handle_->request_sync(); }
  // Takes what became of the records into the ledger.
  void settle();
  // Waits for the end; with an ok everything that was accepted is durable. No file stays open.
  bool close();

 private:
  bool note(const std::vector<std::string>& texts, const journal::Batch& batch);

  Run& run_;
  std::shared_ptr<journal::Client> handle_;
  std::vector<std::size_t> numbers_;  // in the ledger, by ordinal
  std::size_t settled_ = 0;           // ordinals whose promise is final
  std::set<std::uint64_t> rejected_;
  bool begins_ = false;
  bool comes_ = false;  // to end what was begun
};

}  // namespace tidemark::test
