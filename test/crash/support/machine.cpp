#include "machine.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "journal/dictionaries.hpp"
#include "report_check.hpp"
#include "unheard.hpp"

namespace tidemark::test {
Machine::Machine(std::shared_ptr<io::SimulatedDisk> disk, journal::Options with, std::uint64_t seed,
                 Ledger known, Death last)
    : ledger(std::move(known)),
      options(std::move(with)),
      disk_(std::move(disk)),
      seed_(seed),
      last_(last),
      turns_(seed) {
  if (options.recorded.start_seq && !ledger.exists()) ledger.start_at(*options.recorded.start_seq);
  if (options.retain.max_records != 0) ledger.retains(options.retain.max_records);
}

Machine::~Machine() {
  if (host_) host_->kill();
  if (hook_) disk_->on_call(nullptr);
}

// ---- the process

io::Host Machine::host() { return host_->host(faults_); }

void Machine::start_process() {
  seed_ = io::mixed(seed_ + 1);
  host_ = std::make_unique<io::SimulatedHost>(disk_, seed_);
  if (with_faults_) faults_ = std::make_shared<io::FaultDisk>(disk_);
}

void Machine::end_process() {
  if (!host_) return;
  disk_ = host_->kill();
  client_.reset();
  faults_.reset();
  host_.reset();
  handed_.clear();
}

bool Machine::open() {
  end_process();
  disk_->on_call(nullptr);
  Before before = look_before(*disk_->another_process(), journal_directory);
  start_process();
  if (hook_) disk_->on_call(hook_);
  auto opened = journal::Journal::open(host(), journal_directory, options, nullptr);
  // A sync fails where a test asked for it: an open refuses then, and the next one decides.
  const bool sync_failed =
      !opened && opened.error().cause && opened.error().cause->call == io::Call::sync;
  if (sync_failed) {
    ledger.sync_failed();
    disk_->on_call(nullptr);
    before = look_before(*disk_->another_process(), journal_directory);
    if (hook_) disk_->on_call(hook_);
    opened = journal::Journal::open(host(), journal_directory, options, nullptr);
  }
  if (!opened) {
    refusal = opened.error();
    if (!damaged && refusal->code != journal::Code::no_space) {
      complain("open", {"refused (" + std::string(name(refusal->code)) + "): " + refusal->message});
    }
    end_process();
    return false;
  }
  refusal.reset();
  // What is looked at from here on is no call that a cut could meet.
  disk_->on_call(nullptr);
  client_ = std::move(opened).value();
  if (begins_) client_->begin_writes(std::make_shared<Unheard>());
  report = journal().recovery();
  auto read = read_view(host().disk, journal().view(), journal().header());
  if (!read) {
    complain("open", {"what it shows cannot be read: " + read.error().message});
    return true;
  }
  shown = std::move(read).value();
  shown.created = report.path == journal::OpenPath::created;
  for (const journal::CursorInfo& cursor : journal().cursors()) {
    shown.cursors.emplace(cursor.name, cursor.seq);
  }
  complain("open", ledger.judge(shown, last_));
  complain("report", judge_report(before, journal().view(), report));
  ledger.adopt(shown);
  last_ = Death::process;
  if (hook_) disk_->on_call(hook_);
  return true;
}

bool Machine::close() {
  if (!client_) return false;
  std::optional<journal::Status> closed;
  client_->close([&closed](const journal::Status& status) { closed = status; });
  host_->scheduler->run_until([&closed] { return closed.has_value(); });
  take_progress();
  end_process();
  return closed->ok();
}

void Machine::kill() {
  note_view();
  end_process();
}

void Machine::cut_power(const io::Fate& fate) {
  note_view();
  auto after = disk_->cut(fate);
  watcher_.reset();
  end_process();
  disk_->on_call(nullptr);
  disk_ = std::move(after);
  if (hook_) disk_->on_call(hook_);
  last_ = Death::power;
}

void Machine::complain(const std::string& where, const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) violations.push_back(where + ": " + problem);
}

// ---- records

void Machine::hand_over(const std::vector<std::string>& payloads, journal::Durability durability,
                        bool atomic, std::uint8_t attributes,
                        std::optional<std::uint64_t> if_last_seq) {
  // A write is begun where the writer's task has come to rest.
  if (begins_ && !turns_.one_in(4)) host_->scheduler->run_until_idle();
  take_progress();
  std::string all;
  std::vector<std::uint32_t> lengths;
  for (const std::string& payload : payloads) {
    all += payload;
    lengths.push_back(static_cast<std::uint32_t>(payload.size()));
  }
  const std::vector<std::uint8_t> flags(attributes != 0 ? payloads.size() : 0, attributes);
  const std::vector<std::byte> hashes(journal().header().hash_bytes * payloads.size());
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(all));
  batch.lengths = lengths;
  batch.attributes = flags;
  batch.hashes = hashes;
  batch.atomic = atomic;
  batch.durability = durability;
  batch.if_last_seq = if_last_seq;
  const auto first = client_->hand_over(batch);
  const bool conflict = !first && first.error().code == journal::Code::conflict;
  const bool expected = if_last_seq && *if_last_seq + 1 != ledger.next_seq();
  // A journal that takes nothing more says so first.
  if (conflict != expected && !(expected && !first && journal().failure())) {
    complain("hand-over", {conflict ? "a conflict where there is none" : "no conflict"});
  }
  if (!first) return;  // refused at once: these payloads must never be seen
  if (first.value() != ledger.next_seq()) {
    complain("hand-over", {"it gave seq " + std::to_string(first.value()) + " instead of " +
                           std::to_string(ledger.next_seq())});
  }
  const Ledger::Index index = ledger.submit(payloads, atomic);
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    Handed handed;
    handed.index = index + i;
    handed.weak = durability.kind != journal::DurabilityKind::commit;
    handed.due = host_->clock->monotonic() + (durability.kind == journal::DurabilityKind::interval
                                                  ? durability.interval
                                                  : journal::os_sync_interval);
    handed_.push_back(handed);
  }
}

void Machine::turn() {
  if (begins_ && client_ && turns_.one_in(2)) static_cast<void>(client_->end_write());
}

void Machine::take_progress() {
  turn();
  if (!client_) return;
  const journal::Progress progress = client_->take_progress();
  for (const journal::Rejection& rejection : progress.rejections) {
    for (std::uint64_t ordinal = rejection.from; ordinal <= rejection.to; ++ordinal) {
      Handed& handed = handed_.at(static_cast<std::size_t>(ordinal - 1));
      handed.state = Handed::State::rejected;
      if (rejection.failure.outcome == journal::WriteOutcome::none) {
        complain("rejection", {"it says nothing about the outcome"});
      }
      ledger.rejected(handed.index,
                      rejection.failure.outcome == journal::WriteOutcome::not_written);
    }
  }
  const std::uint64_t durable_seq = journal().durable_seq();
  for (std::size_t i = 0; i < handed_.size(); ++i) {
    Handed& handed = handed_[i];
    if (handed.state == Handed::State::rejected || handed.state == Handed::State::durable) continue;
    if (i < progress.durable) {
      handed.state = Handed::State::durable;
      ledger.acknowledged(handed.index);
      if (ledger.record(handed.index).seq > durable_seq) {
        complain("progress", {"a record above durableSeq was acknowledged as durable"});
      }
    } else if (i < progress.written) {
      handed.state = Handed::State::written;
      ledger.written(handed.index);
    }
  }
}

void Machine::note_view() { ledger = knowledge(); }

Ledger Machine::knowledge() const {
  Ledger known = ledger;
  if (!client_) return known;
  if (journal().failure()) known.sync_failed();
  known.durable_up_to(journal().durable_seq());
  known.promised_first(journal().first_seq());
  return known;
}

void Machine::append(std::size_t bytes, journal::Durability durability) {
  give({bytes}, durability);
  settle();
}

void Machine::give(const std::vector<std::size_t>& bytes, journal::Durability durability) {
  if (!client_) return;
  for (const std::size_t one : bytes) hand_over({make_payload(one)}, durability, false);
}

void Machine::batch(const std::vector<std::size_t>& bytes) {
  if (!client_) return;
  std::vector<std::string> payloads;
  for (const std::size_t one : bytes) payloads.push_back(make_payload(one));
  hand_over(payloads, to_disk, true);
  settle();
}

void Machine::append_if(std::uint64_t last_seq, std::size_t bytes) {
  if (!client_) return;
  hand_over({make_payload(bytes)}, to_disk, false, 0, last_seq);
  settle();
}

void Machine::append_with_dictionary(std::uint64_t name, std::size_t bytes) {
  if (!client_) return;
  const std::string dictionary = dictionary_of(name);
  if (!client_->register_dictionary(std::as_bytes(std::span(dictionary)))) return;
  const std::string prefix = dictionary.substr(0, journal::dictionary_name_bytes);
  hand_over({prefix + make_payload(bytes)}, to_disk, false, format::record_flag::has_dictionary);
  settle();
}

void Machine::settle() {
  if (!client_) return;
  host_->scheduler->run_until([this] {
    take_progress();
    return std::all_of(handed_.begin(), handed_.end(), [](const Handed& handed) {
      return handed.state >= (handed.weak ? Handed::State::written : Handed::State::durable);
    });
  });
}

void Machine::sync() {
  if (!client_) return;
  client_->request_sync();
  host_->scheduler->run_until([this] {
    take_progress();
    return std::all_of(handed_.begin(), handed_.end(),
                       [](const Handed& handed) { return handed.state >= Handed::State::durable; });
  });
}

void Machine::pass(io::Nanoseconds duration) {
  if (!host_) return;
  host_->scheduler->run_for(duration);
  take_progress();
  const io::Nanoseconds now = host_->clock->monotonic();
  for (const Handed& handed : handed_) {
    if (handed.state < Handed::State::durable && handed.due < now) {
      complain("sync", {"seq " + std::to_string(ledger.record(handed.index).seq) +
                        " is not durable although its interval is over"});
    }
  }
}

// ---- marks

void Machine::truncate(std::uint64_t seq) {
  if (!client_) return;
  ledger.asked_first(seq);
  const auto result = client_->journal()->truncate_before(seq);
  take_progress();
  if (result) ledger.promised_first(result.value().first_seq);
}

void Machine::open_cursor(const std::string& name) {
  if (!client_) return;
  const auto known = ledger.cursor(name);
  const std::uint64_t expected = known.value_or(journal().first_seq() - 1);
  ledger.asked_cursor(name, expected);
  const auto cursor = client_->journal()->open_cursor(name);
  if (!cursor) return;
  ledger.promised_cursor(name);
  if (cursor.value().seq != expected) {
    complain("cursor", {"it is at " + std::to_string(cursor.value().seq) + " instead of " +
                        std::to_string(expected)});
  }
}

void Machine::advance(const std::string& name, std::uint64_t seq) {
  if (!client_) return;
  ledger.asked_cursor(name, seq);
  if (client_->journal()->advance_cursor(name, ledger.cursor(name).value_or(0), seq)) {
    ledger.promised_cursor(name);
  }
}

void Machine::reset(const std::string& name, std::uint64_t seq) {
  if (!client_) return;
  ledger.asked_cursor(name, seq);
  if (client_->journal()->reset_cursor(name, seq)) ledger.promised_cursor(name);
}

void Machine::delete_cursor(const std::string& name) {
  if (!client_) return;
  ledger.asked_cursor(name, std::nullopt);
  if (client_->journal()->delete_cursor(name)) ledger.promised_cursor(name);
}

// ---- faults, looking on

void Machine::use_faults() { with_faults_ = true; }

void Machine::refuse_writes(io::Errc code, io::Effect effect, bool once) {
  faults_->intercept([code, effect, once,
                      over = false](const io::DiskCall& call) mutable -> std::optional<io::Fault> {
    const bool of_segment = call.path.find("segment") != std::string::npos;
    if (call.call != io::Call::write || !of_segment || over) return std::nullopt;
    over = once;
    return io::Fault{code, effect, {}};
  });
}

void Machine::heal() { faults_->heal(); }

void Machine::on_call(CallHook hook) {
  hook_ = std::move(hook);
  disk_->on_call(hook_);
}

}  // namespace tidemark::test
