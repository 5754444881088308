#include "run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "crc32c/crc32c.hpp"
#include "format/names.hpp"
#include "unheard.hpp"

namespace tidemark::test {
namespace {

bool takes_room(io::Call call) {
  switch (call) {
    case io::Call::open:
    case io::Call::write:
    case io::Call::sync:
    case io::Call::truncate:
    case io::Call::make_directory:
    case io::Call::rename:
    case io::Call::unlink:
    case io::Call::sync_directory:
    case io::Call::lock:
      return true;
    default:
      return false;
  }
}

bool means_full(io::Errc code) {
  return code == io::Errc::no_space || code == io::Errc::quota || code == io::Errc::file_too_large;
}

Promise promise_of(journal::WriteOutcome outcome) {
  REQUIRE(outcome != journal::WriteOutcome::none);
  return outcome == journal::WriteOutcome::not_written ? Promise::not_written : Promise::unknown;
}

bool is_segment(const std::string& name) {
  return format::parse_name(name).kind == format::NameKind::segment;
}

// What an open may leave before its witness is durable: its lock, temporaries, a new segment, and
// behind that one's header, which says where it ends, the last segment cut and sealed.
void only_allowed_changes(const Files& before, const Files& after,
                          const std::vector<std::string>& finishes) {
  const auto passing = [](const std::string& name) {
    const format::NameKind kind = format::parse_name(name).kind;
    return kind == format::NameKind::lock || kind == format::NameKind::temporary;
  };
  std::string last;    // with a header
  std::string newest;  // by its name
  for (const auto& [name, content] : before) {
    if (!is_segment(name)) continue;
    newest = name;
    if (!content.blank) last = name;
  }
  bool successor = false;
  for (const auto& file : after) {
    const std::string& name = file.first;  // a capture cannot take a structured binding (clang 14)
    if (before.contains(name) || passing(name)) continue;
    CAPTURE(name);
    REQUIRE(is_segment(name));
    REQUIRE(name > newest);
    successor = true;
  }
  for (const auto& file : before) {
    const std::string& name = file.first;
    if (passing(name) || (successor && name == last)) continue;
    if (std::ranges::find(finishes, name) != finishes.end()) continue;
    CAPTURE(name);
    const auto found = after.find(name);
    REQUIRE(found != after.end());
    REQUIRE(found->second == file.second);
  }
}

}  // namespace

journal::Options small_options() {
  journal::Options options;
  options.segment_bytes = journal::minimum_segment_bytes;
  options.direct = journal::DirectChoice::off;  // both ways of writing are named by the workloads
  return options;
}

Files files_of(io::Disk& disk, const std::string& directory) {
  Files files;
  auto entries = disk.list(directory);
  if (!entries) return files;
  for (const io::Entry& entry : entries.value()) {
    if (entry.kind != io::EntryKind::file) continue;
    auto bytes = io::read_file(disk, io::join(directory, entry.name), 1U << 30U);
    REQUIRE(bytes.ok());
    const std::vector<std::byte>& content = bytes.value();
    files[entry.name] = {content.size(), crc32c::extend(0, content.data(), content.size()),
                         content.empty() || content.front() == std::byte{0}};
  }
  return files;
}

Run::Run(const Image& image, std::uint64_t seed, const std::optional<io::FaultPlan>& plan)
    : seed_(seed), plan_(plan), ledger_(image.ledger) {
  auto disk = image.disk->copy();
  truth_ = disk->another_process();
  process_ = std::make_unique<io::SimulatedHost>(disk, seed);
  faults_ = std::make_shared<io::FaultDisk>(disk);
  host_ = process_->host(faults_);
}

void Run::arm() {
  armed_ = true;
  healed_ = false;
  if (!plan_) {
    faults_->forget();
    return;
  }
  // A sync that fails without effect is the worst there is: its pages are marked clean, and a later
  // one that succeeds has not written them.
  faults_->intercept([plan = io::planned(*plan_),
                      disk = process_->disk](const io::DiskCall& call) -> std::optional<io::Fault> {
    std::optional<io::Fault> fault = plan(call);
    if (fault && call.call == io::Call::sync && fault->effect == io::Effect::none) {
      disk->fail_next_sync();
      fault->effect = io::Effect::whole;
    }
    return fault;
  });
}

void Run::heal() {
  if (armed_ && !healed_) {
    for (std::size_t kind = 0; kind < io::call_kinds; ++kind) {
      calls_[kind] = faults_->calls(static_cast<io::Call>(kind));
    }
    healed_ = true;
  }
  faults_->heal();
}

std::uint64_t Run::calls(io::Call kind) const {
  return healed_ ? calls_.at(static_cast<std::size_t>(kind)) : faults_->calls(kind);
}

void Run::expect(const journal::Failure& failure) {
  INFO("failure: ", failure.message);
  REQUIRE(hit());
  felt_ += 1;
  CHECK_FALSE(failure.message.empty());
  // A call that fails is no damage, no conflict, no newer version.
  const bool typed = failure.code == journal::Code::io || failure.code == journal::Code::no_space ||
                     failure.code == journal::Code::poisoned;
  REQUIRE(typed);
  REQUIRE(failure.cause.has_value());
  if (plan_) REQUIRE(failure.cause->code == plan_->fault.code);
  if (failure.code == journal::Code::poisoned) {
    const io::Call call = failure.cause->call;
    const bool sync = call == io::Call::sync || call == io::Call::sync_directory;
    // A write that is durable itself fails as its sync, unless the error says that it was not made.
    const bool through = direct_ && call == io::Call::write && !means_full(failure.cause->code) &&
                         failure.cause->code != io::Errc::read_only &&
                         failure.cause->code != io::Errc::no_memory &&
                         failure.cause->code != io::Errc::short_write;
    const bool ends_the_writer = sync || through;
    REQUIRE(ends_the_writer);
    return;
  }
  const bool full = means_full(failure.cause->code);
  if (full && takes_room(failure.cause->call)) REQUIRE(failure.code == journal::Code::no_space);
  if (!full) REQUIRE(failure.code == journal::Code::io);
}

std::string Run::next_text(std::size_t bytes) {
  std::string text =
      "record " + std::to_string(ledger_.size()) + "." + std::to_string(++texts_) + " ";
  while (text.size() < bytes) text.push_back(static_cast<char>('a' + text.size() % 26));
  return text;
}

Image Run::kill() {
  heal();
  return {process_->kill(), ledger_};
}

std::unique_ptr<Pen> Pen::open(Run& run, const journal::Options& options,
                               const std::vector<std::string>& finishes) {
  run.direct_ = options.direct == journal::DirectChoice::on;
  const Files before = run.armed() ? files_of(*run.truth()) : Files{};
  const std::vector<std::string> handles = run.faults().open_handles();
  auto opened = journal::Journal::open(run.host(), place, options, nullptr);
  if (opened) return std::make_unique<Pen>(run, std::move(opened).value());
  run.expect(opened.error());
  REQUIRE(opened.error().code != journal::Code::poisoned);
  REQUIRE(run.faults().open_handles() == handles);
  only_allowed_changes(before, files_of(*run.truth()), finishes);
  return nullptr;
}

Pen::Pen(Run& run, std::shared_ptr<journal::Client> handle)
    : run_(run), handle_(std::move(handle)) {}

bool Pen::note(const std::vector<std::string>& texts, const journal::Batch& batch) {
  auto first = handle_->hand_over(batch);
  if (!first) {
    run_.expect(first.error());
    REQUIRE(first.error().outcome == journal::WriteOutcome::not_written);
    for (const std::string& text : texts) run_.ledger().submit(text, 0, Promise::not_written);
    return false;
  }
  std::uint64_t seq = first.value();
  for (const std::string& text : texts) numbers_.push_back(run_.ledger().submit(text, seq++));
  return true;
}

bool Pen::give(std::size_t count, std::size_t bytes, bool atomic, journal::Durability durability) {
  // A write is begun where the writer's task has come to rest.
  if (begins_) run_.scheduler().run_until_idle();
  std::vector<std::string> texts;
  std::vector<std::uint32_t> lengths;
  std::string payload;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(run_.next_text(bytes));
    lengths.push_back(static_cast<std::uint32_t>(texts.back().size()));
    payload += texts.back();
  }
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(payload));
  batch.lengths = lengths;
  batch.atomic = atomic;
  batch.durability = durability;
  return note(texts, batch);
}

bool Pen::append(std::size_t bytes) {
  if (!give(1, bytes)) return false;
  drain();
  return run_.ledger().promise(numbers_.back()) == Promise::durable;
}

bool Pen::append_blocking(std::size_t bytes) {
  const std::string text = run_.next_text(bytes);
  const auto length = static_cast<std::uint32_t>(text.size());
  journal::Batch batch;
  batch.payload = std::as_bytes(std::span(text));
  batch.lengths = {&length, 1};
  const std::uint64_t seq = journal().last_seq() + 1;
  const bool refused = poisoned();
  auto result = handle_->hand_over_and_wait(batch);
  if (refused) {
    REQUIRE_FALSE(result.ok());
    run_.ledger().submit(text, 0, Promise::not_written);
  } else {
    numbers_.push_back(run_.ledger().submit(text, seq));
  }
  if (result) {
    REQUIRE(result.value() == seq);
  } else {
    run_.expect(result.error());
    REQUIRE(result.error().outcome != journal::WriteOutcome::none);
  }
  settle();
  if (refused) return false;
  REQUIRE((run_.ledger().promise(numbers_.back()) == Promise::durable) == result.ok());
  return result.ok();
}

void Pen::begin_writes() {
  begins_ = true;
  comes_ = run_.choice(2) == 0;
  handle_->begin_writes(std::make_shared<Unheard>());
}

void Pen::drain() {
  run_.scheduler().run_until([this] {
    settle();
    return settled_ == numbers_.size();
  });
}

void Pen::settle() {
  if (comes_) static_cast<void>(handle_->end_write());
  journal::Progress progress = handle_->take_progress();
  for (const journal::Rejection& rejection : progress.rejections) {
    run_.expect(rejection.failure);
    for (std::uint64_t ordinal = rejection.from; ordinal <= rejection.to; ++ordinal) {
      REQUIRE(ordinal > 0);
      REQUIRE(ordinal <= numbers_.size());
      const std::size_t number = numbers_[ordinal - 1];
      REQUIRE(run_.ledger().promise(number) != Promise::durable);
      run_.ledger().promise(number, promise_of(rejection.failure.outcome));
      rejected_.insert(ordinal);
    }
  }
  for (std::uint64_t ordinal = settled_ + 1; ordinal <= numbers_.size(); ++ordinal) {
    const bool durable = ordinal <= progress.durable;
    if (!durable && ordinal > progress.written && !rejected_.contains(ordinal)) break;
    if (!rejected_.contains(ordinal)) {
      run_.ledger().promise(numbers_[ordinal - 1], durable ? Promise::durable : Promise::written);
    }
    if ((durable || rejected_.contains(ordinal)) && settled_ + 1 == ordinal) settled_ = ordinal;
  }
}

bool Pen::close() {
  std::optional<journal::Status> ended;
  handle_->close([&ended](journal::Status status) { ended = std::move(status); });
  run_.scheduler().run_until([&ended] { return ended.has_value(); });
  settle();
  REQUIRE(settled_ == numbers_.size());
  // Also while somebody still holds the handle: a collector may come late.
  CHECK(run_.faults().open_handles().empty());
  if (ended->ok()) {
    REQUIRE(rejected_.empty());
  } else {
    run_.expect(ended->error());
  }
  handle_.reset();
  REQUIRE(run_.faults().open_handles().empty());
  return ended->ok();
}

}  // namespace tidemark::test
