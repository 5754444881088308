// What a journal was given and what it promised for each record, and the judgement of what is found
// in it later: acknowledged ⊆ recovered ⊆ submitted, a prefix in order, byte-identical.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tidemark::test {

enum class Promise : std::uint8_t {
  none,         // accepted, nothing said yet
  written,      // acknowledged as with the system: survives the end of the process
  durable,      // acknowledged
  not_written,  // rejected: no open may find it
  unknown,      // rejected: either
};

// What a journal shows when it is opened.
struct Found {
  std::uint64_t first_seq = 1;
  std::vector<std::string> records;              // from first_seq on
  std::map<std::string, std::uint64_t> cursors;  // by name
  friend bool operator==(const Found&, const Found&) = default;
};

// Whether what was only written may be gone.
enum class Loss : std::uint8_t { process, power };

class Ledger {
 public:
  // Notes a record whose text no other record has; the result is its number.
  std::size_t submit(std::string text, std::uint64_t seq, Promise promise = Promise::none);
  void promise(std::size_t number, Promise promise) { entries_[number].promise = promise; }
  [[nodiscard]] Promise promise(std::size_t number) const { return entries_[number].promise; }
  [[nodiscard]] std::size_t count(Promise promise) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  // A truncation was asked for; `done` says that it was acknowledged. Retention asks on its own: a
  // range of first seqs.
  void truncating(std::uint64_t first_seq, bool done);
  void retaining(std::uint64_t from, std::uint64_t to);
  // A cursor was to be moved (nullopt: removed); `done`: acknowledged.
  void moving(const std::string& cursor, std::optional<std::uint64_t> seq, bool done);

  // What is wrong with it; nullopt when all is well.
  [[nodiscard]] std::optional<std::string> judge(const Found& found, Loss loss) const;
  // Of the records alone: a reader shows no cursors, and who copies may do so at any time.
  [[nodiscard]] std::optional<std::string> judge_records(const Found& found, Loss loss) const;
  // What was acknowledged under this seq.
  [[nodiscard]] std::optional<std::string> durable_text(std::uint64_t seq) const;
  // The ledger of whoever goes on from what was found: all of it is durable now.
  [[nodiscard]] static Ledger after(const Found& found);

 private:
  struct Entry {
    std::string text;
    std::uint64_t seq = 0;
    Promise promise = Promise::none;
  };
  [[nodiscard]] std::optional<std::string> judge_first(const Found& found) const;
  [[nodiscard]] std::optional<std::string> judge_cursors(const Found& found) const;

  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> by_text_;
  std::uint64_t least_first_ = 1;  // the first seqs that may be found: these two and what is asked
  std::uint64_t most_first_ = 1;
  std::set<std::uint64_t> asked_firsts_{1};
  std::map<std::string, std::set<std::optional<std::uint64_t>>> cursors_;
};

}  // namespace tidemark::test
