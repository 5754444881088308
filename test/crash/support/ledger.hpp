// What a journal was given, what it promised for it, and what it has shown: the knowledge of the
// oracle. Histories branch: after a rejection or a loss the seqs are given out again, so every
// record names the one in front of it, and what a log shows must be one path through that tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format/segment_header.hpp"

namespace tidemark::test {

// What an open, or a reader, shows of a journal.
struct Shown {
  bool created = false;  // there was no journal before
  format::JournalId journal_id{};
  std::uint64_t first_seq = 1;
  std::uint64_t last_seq = 0;
  std::vector<std::string> records;              // of first_seq, first_seq + 1, …
  std::map<std::string, std::uint64_t> cursors;  // of a reader: none
  bool with_cursors = true;

  [[nodiscard]] bool same_log(const Shown& other) const;
};

// How the process ended that wrote last: with the power goes what was only written.
enum class Death : std::uint8_t { process, power };

// A copy of the journal (snapshot, salvage): what it must hold once it is whole.
struct CopyPromise {
  bool done = false;  // acknowledged
  Shown holds;
};

class Ledger {
 public:
  using Index = std::size_t;
  static constexpr Index none = SIZE_MAX;

  struct Record {
    std::uint64_t seq = 0;
    Index parent = none;  // the record in front of it when it was handed over
    Index group = none;   // the first record of its atomic batch
    std::shared_ptr<const std::string> payload;
    bool written = false;  // acknowledged as with the system: survives the end of the process
    bool final = false;    // acknowledged as durable, or shown: survives everything
    bool never = false;    // rejected as not written, or absent when the log was shown
  };

  // ---- the journal as a whole
  void start_at(std::uint64_t start_seq);  // of a journal that is not there yet
  [[nodiscard]] bool exists() const noexcept { return exists_; }

  // ---- records
  // Of the records in `payloads`, handed over together, with the seqs from next_seq() on. The
  // result is the index of the first one.
  Index submit(const std::vector<std::string>& payloads, bool atomic);
  [[nodiscard]] std::uint64_t next_seq() const noexcept { return base_seq_ + path_.size(); }
  [[nodiscard]] std::uint64_t first_seq() const noexcept { return first_promised_; }
  [[nodiscard]] const Record& record(Index index) const { return records_[index]; }
  [[nodiscard]] std::size_t records() const noexcept { return records_.size(); }
  // The payload of the history in force at this seq; null: it is not in it.
  [[nodiscard]] const std::string* at(std::uint64_t seq) const;
  void written(Index index) { records_[index].written = true; }
  void acknowledged(Index index) { records_[index].final = true; }
  // The record, and with it everything behind it, is no part of the history any more.
  void rejected(Index index, bool not_written);
  // A sync failed: what was only written may be gone with the process, too.
  void sync_failed();
  // Everything up to here was promised or shown.
  void durable_up_to(std::uint64_t seq);

  // ---- truncation: the first seq only goes forward
  void asked_first(std::uint64_t seq);
  void promised_first(std::uint64_t seq);
  // The journal may release records by itself, but keeps at least so many.
  void retains(std::uint64_t records) { retained_ = records; }

  // ---- cursors; nullopt: none of that name
  void asked_cursor(const std::string& name, std::optional<std::uint64_t> seq);
  void promised_cursor(const std::string& name);
  [[nodiscard]] std::optional<std::uint64_t> cursor(const std::string& name) const;

  // ---- copies, by their directory
  std::map<std::string, CopyPromise> copies;

  // For the next payload, which no other has had, accepted or not.
  std::uint64_t next_number() { return ++numbers_; }

  // What the history in force holds up to this seq.
  [[nodiscard]] Shown holds(std::uint64_t last_seq) const;

  // ---- the oracle
  // What is wrong with what is shown; empty when all is well.
  [[nodiscard]] std::vector<std::string> judge(const Shown& shown, Death death) const;
  // It was shown, and nobody was writing: it is the history from now on, and all of it is final.
  void adopt(const Shown& shown);
  // A number that differs where the knowledge differs.
  [[nodiscard]] std::uint64_t digest() const;
  [[nodiscard]] std::string describe() const;

 private:
  struct Cursor {
    std::optional<std::uint64_t> promised;
    std::vector<std::optional<std::uint64_t>> asked;  // since then, not acknowledged
  };
  struct Path {
    std::vector<Index> records;  // none where nothing matches
    std::vector<std::string> problems;
  };
  [[nodiscard]] Path match(const Shown& shown) const;
  void judge_bounds(const Shown& shown, std::vector<std::string>& problems) const;
  void judge_promises(const Shown& shown, const Path& path, Death death,
                      std::vector<std::string>& problems) const;
  void judge_cursors(const Shown& shown, std::vector<std::string>& problems) const;

  std::vector<Record> records_;
  std::vector<Index> path_;  // the history in force, from base_seq_ on
  std::uint64_t base_seq_ = 1;
  std::uint64_t numbers_ = 0;
  bool exists_ = false;  // an open has returned
  format::JournalId journal_id_{};
  std::uint64_t first_promised_ = 1;
  std::uint64_t first_asked_ = 1;
  std::optional<std::uint64_t> retained_;
  std::map<std::string, Cursor> cursors_;
};

}  // namespace tidemark::test
