#include "ledger.hpp"

#include <algorithm>

#include "io/seeded_random.hpp"

namespace tidemark::test {
namespace {

std::string of_seq(std::uint64_t seq) { return "seq " + std::to_string(seq); }

std::string text_of(const std::optional<std::uint64_t>& seq) {
  return seq ? std::to_string(*seq) : "absent";
}

// Enough of a payload to tell it from others.
std::string excerpt(const std::string& payload) {
  constexpr std::size_t most = 24;
  std::string text;
  for (const char c : payload.substr(0, most)) text += c >= ' ' && c <= '~' ? c : '?';
  return "'" + text + "' (" + std::to_string(payload.size()) + " bytes)";
}

}  // namespace

bool Shown::same_log(const Shown& other) const {
  return first_seq == other.first_seq && last_seq == other.last_seq && records == other.records &&
         (!with_cursors || !other.with_cursors || cursors == other.cursors);
}

void Ledger::start_at(std::uint64_t start_seq) {
  base_seq_ = first_promised_ = first_asked_ = start_seq;
}

Ledger::Index Ledger::submit(const std::vector<std::string>& payloads, bool atomic) {
  const Index first = records_.size();
  for (const std::string& payload : payloads) {
    Record record;
    record.seq = next_seq();
    record.parent = path_.empty() ? none : path_.back();
    if (atomic) record.group = first;
    record.payload = std::make_shared<const std::string>(payload);
    path_.push_back(records_.size());
    records_.push_back(std::move(record));
  }
  return first;
}

const std::string* Ledger::at(std::uint64_t seq) const {
  if (seq < base_seq_ || seq >= next_seq()) return nullptr;
  return records_[path_[static_cast<std::size_t>(seq - base_seq_)]].payload.get();
}

void Ledger::rejected(Index index, bool not_written) {
  Record& record = records_[index];
  record.written = false;
  if (not_written) record.never = true;
  const auto at = std::find(path_.begin(), path_.end(), index);
  if (at != path_.end()) path_.erase(at, path_.end());
}

void Ledger::sync_failed() {
  for (Record& record : records_) record.written = false;
}

void Ledger::durable_up_to(std::uint64_t seq) {
  for (std::size_t i = 0; i < path_.size() && base_seq_ + i <= seq; ++i) {
    records_[path_[i]].final = true;
  }
}

void Ledger::asked_first(std::uint64_t seq) { first_asked_ = std::max(first_asked_, seq); }

void Ledger::promised_first(std::uint64_t seq) {
  first_promised_ = std::max(first_promised_, seq);
  asked_first(seq);
}

void Ledger::asked_cursor(const std::string& name, std::optional<std::uint64_t> seq) {
  cursors_[name].asked.push_back(seq);
}

void Ledger::promised_cursor(const std::string& name) {
  Cursor& cursor = cursors_[name];
  cursor.promised = cursor.asked.back();
  cursor.asked.clear();
}

std::optional<std::uint64_t> Ledger::cursor(const std::string& name) const {
  const auto found = cursors_.find(name);
  return found == cursors_.end() ? std::nullopt : found->second.promised;
}

Shown Ledger::holds(std::uint64_t last_seq) const {
  Shown shown;
  shown.journal_id = journal_id_;
  shown.first_seq = first_promised_;
  shown.last_seq = last_seq;
  for (std::uint64_t seq = shown.first_seq; seq <= last_seq; ++seq) {
    const std::string* payload = at(seq);
    shown.records.push_back(payload != nullptr ? *payload : std::string());
  }
  for (const auto& [name, cursor] : cursors_) {
    if (cursor.promised) shown.cursors.emplace(name, *cursor.promised);
  }
  return shown;
}

// Finds each record that is shown among those that were submitted with its seq. Each must have been
// handed over when the one in front of it was the last: so what is shown is one history.
Ledger::Path Ledger::match(const Shown& shown) const {
  Path path;
  Index before = none;
  for (std::size_t i = 0; i < shown.records.size(); ++i) {
    const std::uint64_t seq = shown.first_seq + i;
    const std::string& payload = shown.records[i];
    Index found = none;
    const Index from = before == none ? 0 : before + 1;
    for (Index index = from; index < records_.size() && found == none; ++index) {
      if (records_[index].seq == seq && *records_[index].payload == payload) found = index;
    }
    if (found == none) {
      path.problems.push_back(of_seq(seq) + " is " + excerpt(payload) +
                              ", which was never handed over with that seq");
    } else {
      const Record& record = records_[found];
      if (record.never) {
        path.problems.push_back(of_seq(seq) + " is " + excerpt(payload) +
                                ", which was rejected as not written, or taken back before");
      }
      if (i > 0 && before != none && record.parent != before) {
        path.problems.push_back(of_seq(seq) + " is of another history than the record in front");
      }
    }
    path.records.push_back(found);
    before = found;
  }
  return path;
}

void Ledger::judge_bounds(const Shown& shown, std::vector<std::string>& problems) const {
  if (exists_ && (shown.created || shown.journal_id != journal_id_)) {
    problems.emplace_back("the journal was created anew, although it was there");
  }
  if (shown.first_seq < first_promised_) {
    problems.push_back("the first seq went back from " + std::to_string(first_promised_) + " to " +
                       std::to_string(shown.first_seq));
  }
  if (shown.first_seq > first_asked_ && !retained_) {
    problems.push_back("the first seq is " + std::to_string(shown.first_seq) +
                       ", but nobody asked for more than " + std::to_string(first_asked_));
  }
  if (shown.first_seq > shown.last_seq + 1) {
    problems.push_back("the log ends at " + std::to_string(shown.last_seq) +
                       ", in front of its first " + of_seq(shown.first_seq));
  }
  if (retained_ && shown.first_seq > first_asked_ &&
      shown.last_seq + 1 - shown.first_seq < *retained_) {
    problems.push_back("retention left " + std::to_string(shown.last_seq + 1 - shown.first_seq) +
                       " records of " + std::to_string(*retained_));
  }
  if (shown.records.size() != shown.last_seq + 1 - shown.first_seq) {
    problems.push_back(std::to_string(shown.records.size()) + " records can be read of " +
                       std::to_string(shown.first_seq) + " to " + std::to_string(shown.last_seq));
  }
}

void Ledger::judge_promises(const Shown& shown, const Path& path, Death death,
                            std::vector<std::string>& problems) const {
  const auto there = [&](Index index) {
    const Record& record = records_[index];
    const std::uint64_t at = record.seq - shown.first_seq;
    return at < path.records.size() && path.records[static_cast<std::size_t>(at)] == index;
  };
  for (Index index = 0; index < records_.size(); ++index) {
    const Record& record = records_[index];
    if (record.seq < shown.first_seq) continue;
    if (record.final && !there(index)) {
      problems.push_back(of_seq(record.seq) +
                         " was acknowledged or shown, and is lost: " + excerpt(*record.payload));
    } else if (record.written && !record.never && death == Death::process && !there(index)) {
      problems.push_back(of_seq(record.seq) +
                         " was acknowledged as written, and did not survive the process: " +
                         excerpt(*record.payload));
    }
    // Of a batch that begins in front of the first seq the rest counts.
    const bool parts_group =
        record.group != none && index > record.group && records_[index - 1].seq >= shown.first_seq;
    if (parts_group && there(index) != there(index - 1)) {
      problems.push_back("of the batch at " + of_seq(records_[record.group].seq) +
                         " only a part is there");
    }
  }
}

void Ledger::judge_cursors(const Shown& shown, std::vector<std::string>& problems) const {
  if (!shown.with_cursors) return;
  for (const auto& [name, cursor] : cursors_) {
    std::optional<std::uint64_t> found;
    if (const auto at = shown.cursors.find(name); at != shown.cursors.end()) found = at->second;
    const bool asked =
        std::find(cursor.asked.begin(), cursor.asked.end(), found) != cursor.asked.end();
    if (found != cursor.promised && !asked) {
      problems.push_back("cursor '" + name + "' is " + text_of(found) + ", promised was " +
                         text_of(cursor.promised));
    }
  }
  for (const auto& [name, seq] : shown.cursors) {
    if (!cursors_.contains(name)) problems.push_back("nobody made a cursor '" + name + "'");
    if (seq > shown.last_seq) problems.push_back("cursor '" + name + "' is behind the last seq");
    if (seq + 1 < shown.first_seq) {
      problems.push_back("cursor '" + name + "' at " + std::to_string(seq) +
                         " does not hold what it has not processed: the first is " +
                         of_seq(shown.first_seq));
    }
  }
}

std::vector<std::string> Ledger::judge(const Shown& shown, Death death) const {
  std::vector<std::string> problems;
  judge_bounds(shown, problems);
  Path path = match(shown);
  std::move(path.problems.begin(), path.problems.end(), std::back_inserter(problems));
  judge_promises(shown, path, death, problems);
  judge_cursors(shown, problems);
  return problems;
}

void Ledger::adopt(const Shown& shown) {
  const Path path = match(shown);
  std::vector<Index> history;
  for (const Index index : path.records) {
    if (index == none) break;  // judged already
    history.push_back(index);
    records_[index].final = true;
  }
  // What was not there cannot come back: its place is the next record's.
  for (Index index = 0; index < records_.size(); ++index) {
    Record& record = records_[index];
    if (!record.final && record.seq >= shown.first_seq) record.never = true;
  }
  path_ = std::move(history);
  base_seq_ = shown.first_seq;
  promised_first(shown.first_seq);
  exists_ = true;
  journal_id_ = shown.journal_id;
  if (!shown.with_cursors) return;
  for (auto& [name, cursor] : cursors_) {
    const auto at = shown.cursors.find(name);
    cursor.promised =
        at == shown.cursors.end() ? std::nullopt : std::optional<std::uint64_t>(at->second);
    cursor.asked.clear();
  }
}

std::uint64_t Ledger::digest() const {
  std::uint64_t value = 0;
  const auto add = [&value](std::uint64_t number) { value = io::mixed(value ^ number) + number; };
  const auto add_seq = [&add](const std::optional<std::uint64_t>& seq) { add(seq ? *seq + 1 : 0); };
  for (const Record& record : records_) {
    add(record.seq);
    add(record.parent);
    add((record.written ? 1U : 0U) | (record.final ? 2U : 0U) | (record.never ? 4U : 0U));
  }
  for (const Index index : path_) add(index);
  add(base_seq_);
  add(exists_ ? 1 : 0);
  add(first_promised_);
  add(first_asked_);
  for (const auto& [name, cursor] : cursors_) {
    add(std::hash<std::string>()(name));
    add_seq(cursor.promised);
    for (const auto& asked : cursor.asked) add_seq(asked);
  }
  for (const auto& [directory, copy] : copies) {
    add(std::hash<std::string>()(directory));
    add(copy.done ? 1 : 0);
  }
  return value;
}

std::string Ledger::describe() const {
  std::string text = exists_ ? "the journal exists" : "no open has returned";
  text += ", first seq " + std::to_string(first_promised_);
  if (first_asked_ != first_promised_) text += " (asked: " + std::to_string(first_asked_) + ")";
  text += '\n';
  for (const Record& record : records_) {
    text += "  " + of_seq(record.seq) + ' ' + excerpt(*record.payload);
    if (record.group != none) text += " batch of " + of_seq(records_[record.group].seq);
    if (record.written) text += " written";
    if (record.final) text += " final";
    if (record.never) text += " never";
    text += '\n';
  }
  for (const auto& [name, cursor] : cursors_) {
    text += "  cursor '" + name + "' promised " + text_of(cursor.promised);
    for (const auto& asked : cursor.asked) text += ", asked " + text_of(asked);
    text += '\n';
  }
  for (const auto& [directory, copy] : copies) {
    text += "  copy " + directory + (copy.done ? " promised" : " asked") + " up to seq " +
            std::to_string(copy.holds.last_seq) + '\n';
  }
  return text;
}

}  // namespace tidemark::test
