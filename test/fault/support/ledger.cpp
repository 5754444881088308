#include "ledger.hpp"

#include <algorithm>
#include <utility>

namespace tidemark::test {
namespace {

std::string shortened(const std::string& text) { return "'" + text.substr(0, 24) + "'"; }

}  // namespace

std::size_t Ledger::submit(std::string text, std::uint64_t seq, Promise promise) {
  by_text_.emplace(text, entries_.size());
  entries_.push_back({std::move(text), seq, promise});
  return entries_.size() - 1;
}

std::size_t Ledger::count(Promise promise) const {
  return static_cast<std::size_t>(std::ranges::count(entries_, promise, &Entry::promise));
}

void Ledger::truncating(std::uint64_t first_seq, bool done) {
  if (done) {
    asked_firsts_ = {first_seq};
    least_first_ = most_first_ = first_seq;
  } else {
    asked_firsts_.insert(first_seq);
  }
}

void Ledger::retaining(std::uint64_t from, std::uint64_t to) {
  asked_firsts_.clear();
  least_first_ = from;
  most_first_ = to;
}

void Ledger::moving(const std::string& cursor, std::optional<std::uint64_t> seq, bool done) {
  auto [known, fresh] = cursors_.try_emplace(cursor);
  if (fresh) known->second.insert(std::nullopt);
  if (done) known->second.clear();
  known->second.insert(seq);
}

std::optional<std::string> Ledger::judge(const Found& found, Loss loss) const {
  if (auto wrong = judge_cursors(found)) return wrong;
  return judge_records(found, loss);
}

std::optional<std::string> Ledger::durable_text(std::uint64_t seq) const {
  const auto entry = std::ranges::find_if(entries_, [seq](const Entry& one) {
    return one.seq == seq && one.promise == Promise::durable;
  });
  return entry == entries_.end() ? std::nullopt : std::optional(entry->text);
}

std::optional<std::string> Ledger::judge_first(const Found& found) const {
  const bool between = least_first_ <= found.first_seq && found.first_seq <= most_first_;
  if (!between && !asked_firsts_.contains(found.first_seq)) {
    return "the journal begins at seq " + std::to_string(found.first_seq) +
           ", which nobody asked for";
  }
  return std::nullopt;
}

std::optional<std::string> Ledger::judge_cursors(const Found& found) const {
  for (const auto& [name, seq] : found.cursors) {
    const auto known = cursors_.find(name);
    if (known == cursors_.end()) return "cursor " + name + " was never made";
    if (!known->second.contains(seq)) {
      return "cursor " + name + " is at " + std::to_string(seq) + ", where nobody put it";
    }
  }
  for (const auto& [name, seqs] : cursors_) {
    if (!found.cursors.contains(name) && !seqs.contains(std::nullopt)) {
      return "cursor " + name + " is gone";
    }
  }
  return std::nullopt;
}

std::optional<std::string> Ledger::judge_records(const Found& found, Loss loss) const {
  const auto complaint = [](std::uint64_t seq, const std::string& text, const char* what) {
    return "seq " + std::to_string(seq) + " " + shortened(text) + " " + what;
  };
  if (auto wrong = judge_first(found)) return wrong;
  std::optional<std::size_t> before;
  for (std::size_t i = 0; i < found.records.size(); ++i) {
    const std::uint64_t seq = found.first_seq + i;
    const std::string& text = found.records[i];
    const auto known = by_text_.find(text);
    if (known == by_text_.end()) return complaint(seq, text, "was never submitted");
    const Entry& entry = entries_[known->second];
    if (entry.promise == Promise::not_written) {
      return complaint(seq, text, "was rejected as not written");
    }
    if (entry.seq != seq) {
      return complaint(seq, text, "was given another seq: ") + std::to_string(entry.seq);
    }
    // The record in front must be the one that stood there when this one was accepted.
    if (before) {
      std::size_t in_force = known->second;
      while (in_force > 0 && entries_[--in_force].seq + 1 != seq) continue;
      if (in_force != *before) return complaint(seq, text, "follows a record of another history");
    }
    before = known->second;
  }
  const std::uint64_t behind = found.first_seq + found.records.size();
  for (const Entry& entry : entries_) {
    const bool promised = entry.promise == Promise::durable ||
                          (entry.promise == Promise::written && loss == Loss::process);
    if (!promised || entry.seq < found.first_seq) continue;
    if (entry.seq >= behind || found.records[entry.seq - found.first_seq] != entry.text) {
      return complaint(entry.seq, entry.text, "was acknowledged and is not there");
    }
  }
  return std::nullopt;
}

Ledger Ledger::after(const Found& found) {
  Ledger ledger;
  ledger.truncating(found.first_seq, true);
  std::uint64_t seq = found.first_seq;
  for (const std::string& text : found.records) ledger.submit(text, seq++, Promise::durable);
  for (const auto& [name, at] : found.cursors) ledger.moving(name, at, true);
  return ledger;
}

}  // namespace tidemark::test
