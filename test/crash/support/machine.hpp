// A computer with one journal: a simulated disk, at most one process that has the journal open, and
// the ledger of what it was told. Every open and every reader is judged by the oracle at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/fault_disk.hpp"
#include "io/scheduler.hpp"
#include "io/seeded_random.hpp"
#include "io/simulated_disk.hpp"
#include "journal/journal.hpp"
#include "journal/observer.hpp"
#include "ledger.hpp"
#include "payload.hpp"

namespace tidemark::test {

using CallHook = std::function<void(const io::CallRecord&)>;

inline const std::string journal_directory = "/data/journal";
inline constexpr io::Nanoseconds milliseconds = 1'000'000;
inline constexpr io::Nanoseconds never_marks = 3'600'000 * milliseconds;

inline constexpr journal::Durability to_disk{};
inline constexpr journal::Durability to_system{journal::DurabilityKind::os, 0};
constexpr journal::Durability within(io::Nanoseconds interval) {
  return {journal::DurabilityKind::interval, interval};
}

class Machine {
 public:
  Machine(std::shared_ptr<io::SimulatedDisk> disk, journal::Options options, std::uint64_t seed,
          Ledger ledger = {}, Death last = Death::process);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // ---- the process
  // False: refused, and `refusal` says why. A sound journal is refused for want of room only.
  bool open();
  bool close();  // false: it was not closed cleanly
  void kill();
  void cut_power(const io::Fate& fate);
  void reopen() {
    close();
    open();
  }

  // ---- records; the sizes are those of the payloads
  void append(std::size_t bytes, journal::Durability durability = to_disk);  // waits
  void give(const std::vector<std::size_t>& bytes, journal::Durability durability = to_disk);
  void batch(const std::vector<std::size_t>& bytes);          // atomic; waits
  void append_if(std::uint64_t last_seq, std::size_t bytes);  // waits
  void append_with_dictionary(std::uint64_t name, std::size_t bytes);
  void settle();                        // waits for the promise of everything handed over
  void sync();                          // waits until all of it is durable, or rejected
  void pass(io::Nanoseconds duration);  // time goes on, and syncs that are due come

  // ---- marks
  void truncate(std::uint64_t seq);
  void open_cursor(const std::string& name);
  void advance(const std::string& name, std::uint64_t seq);
  void reset(const std::string& name, std::uint64_t seq);
  void delete_cursor(const std::string& name);

  // ---- readers, copies
  void observe();  // another process opens it read-only, reads everything, ends
  void watch();    // the same, and stays; from then on refresh() reads again
  void refresh();
  void check_records();  // of the open journal: what its own readers see
  void snapshot(const std::string& out);
  void salvage(const std::string& out);
  void verify();  // every problem that it names is one

  // ---- faults
  void use_faults();  // before the open; refuse_writes() needs it
  // `effect`: how much of such a write is there all the same. `once`: only of the next one.
  void refuse_writes(io::Errc code, io::Effect effect = io::Effect::part, bool once = false);
  void heal();
  void fail_next_sync() { disk_->fail_next_sync(); }

  // From the next open on the process has an event loop, which begins the writes of small commits,
  // and comes to end them sooner or later, or too late.
  void begin_writes() { begins_ = true; }

  // ---- looking on
  // Before each call of every disk that this machine has from now on.
  void on_call(CallHook hook);
  // The ledger with what the open journal says at this moment, in whatever thread or step.
  [[nodiscard]] Ledger knowledge() const;
  [[nodiscard]] const std::shared_ptr<io::SimulatedDisk>& disk() const noexcept { return disk_; }
  [[nodiscard]] bool is_open() const noexcept { return client_ != nullptr; }
  [[nodiscard]] const journal::Journal& journal() const { return *client_->journal(); }
  [[nodiscard]] Death last_death() const noexcept { return last_; }

  Ledger ledger;
  journal::Options options;
  std::optional<journal::Failure> refusal;
  journal::RecoveryReport report;  // of the last open
  Shown shown;                     // by the last open
  std::vector<std::string> violations;
  bool damaged = false;  // a refusal is no violation

 private:
  [[nodiscard]] io::Host host();
  void start_process();
  void end_process();
  void complain(const std::string& where, const std::vector<std::string>& problems);
  std::string make_payload(std::size_t bytes) { return payload_of(ledger.next_number(), bytes); }
  void hand_over(const std::vector<std::string>& payloads, journal::Durability durability,
                 bool atomic, std::uint8_t attributes = 0,
                 std::optional<std::uint64_t> if_last_seq = std::nullopt);
  void turn();  // of the event loop
  void take_progress();
  void note_view();
  void look(journal::Observer& observer, const std::string& who);
  void promise_copy(const std::string& out, std::uint64_t last_seq);
  void copied(const std::string& out, const journal::Result<journal::CopyReport>& copied);

  struct Handed {
    enum class State : std::uint8_t { pending, written, durable, rejected };
    Ledger::Index index = 0;
    bool weak = false;        // acknowledged when the system has it
    io::Nanoseconds due = 0;  // of a weak one: by then it is synced, unless a call fails
    State state = State::pending;
  };

  std::shared_ptr<io::SimulatedDisk> disk_;
  std::uint64_t seed_;
  Death last_;
  bool with_faults_ = false;
  CallHook hook_;
  std::unique_ptr<io::SimulatedHost> host_;
  std::shared_ptr<io::FaultDisk> faults_;
  std::shared_ptr<journal::Client> client_;
  std::unique_ptr<io::SimulatedHost> watcher_host_;  // another process
  std::shared_ptr<journal::Observer> watcher_;
  std::vector<Handed> handed_;  // by ordinal of the client
  bool begins_ = false;
  io::SeededRandom turns_;
};

// Everything that a view shows.
journal::Result<Shown> read_view(const std::shared_ptr<io::Disk>& disk, const journal::View& view,
                                 const format::SegmentHeader& header);

}  // namespace tidemark::test
