// Opens, reads, follows, verifies and salvages a damaged journal in every way there is, and says
// what is wrong with the answers. What must hold:
//   - a refusal is typed, names the place, and has changed nothing;
//   - a journal that opens shows a prefix, of which nothing that was proven is missing; less than
//     everything is shown only with a report, and after a clean close not for a flipped bit;
//   - no value is ever wrong, and a record whose bytes are sound can be read;
//   - verify names what is damaged; salvage accounts for every seq, keeps every sound record, and
//     what it makes opens;
//   - nothing costs more than the size of the files allows, whatever numbers stand in them.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "damage.hpp"
#include "image_disk.hpp"
#include "journal/observer.hpp"
#include "journal/reader.hpp"
#include "journal/report.hpp"

namespace tidemark::test {

// What is tried.
namespace attempt {
inline constexpr unsigned read_only =
    1;                               // open, get, read and read backwards, a copy of what it shows
inline constexpr unsigned skip = 2;  // the same with onCorruption 'skip'
inline constexpr unsigned verify = 4;
inline constexpr unsigned live = 8;    // beside a writer
inline constexpr unsigned write = 16;  // open for writing, append, close, open again
inline constexpr unsigned salvage = 32;
inline constexpr unsigned under_reader = 64;  // damage that comes while a reader has the files open
inline constexpr unsigned snapshot = 128;     // of what a read-only open shows
inline constexpr unsigned all = 255;
}  // namespace attempt

class Examiner {
 public:
  // Counted by outcome, and by the row of the recovery table that decided about a read-only open,
  // for reports. That every row is met is asserted by rows.test.cpp.
  std::map<std::string, std::uint64_t> tally;

  // What is wrong, one line each; nothing when all is well.
  std::vector<std::string> examine(const Damage& damage, unsigned attempts);

 private:
  struct Shown {  // by an open
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
    bool clean = false;
  };
  struct Opening {
    std::shared_ptr<ImageDisk> disk;
    io::Host host;
  };
  Opening disk_of(const Damage& damage);
  // Nothing in the journal's directory differs from the damaged image; the lock file may come.
  void unchanged(const Opening& opening, const std::string& by, bool lock_file);
  void bounded(const Opening& opening, const std::string& by);

  void read_only();
  void decided_by(char row);
  void expecting();
  void skip();
  void live();
  void under_reader();
  void write();
  void verify();
  void salvage();

  void typed(const journal::Failure& failure, const std::string& by, bool nothing_left = true);
  void prefix(const Shown& shown, const journal::RecoveryReport& report, const std::string& by);
  void proven(const journal::RecoveryReport& report, const Shown& shown, const std::string& by);
  bool value(const journal::RecordBatch& batch, std::size_t number, std::uint64_t seq,
             std::size_t at, const std::string& by);
  std::set<std::uint64_t> gets(journal::Reader& reader, const journal::View& view,
                               const std::string& by);
  std::set<std::uint64_t> range(journal::Reader& reader, const journal::View& view,
                                const journal::ReadRequest& how, const std::string& by);
  void dictionary(journal::Reader& reader, const journal::View& view, std::uint64_t segment,
                  const std::string& payload, const std::string& by);
  void all_readable(const std::set<std::uint64_t>& got, std::uint64_t last, const std::string& by);
  void snapshot(const Opening& opening, const journal::View& view);
  // Of another directory that was made of it: sound, and only right values.
  void copy(const Opening& opening, const std::string& directory,
            const std::set<std::uint64_t>& must_hold, const std::string& by);

  void complain(const std::string& by, const std::string& text);

  const Damage* damage_ = nullptr;
  unsigned attempts_ = 0;
  std::vector<std::string> complaints_;
  std::optional<Shown> shown_;  // by the read-only open, when it opened
  bool refused_ = false;        // the read-only open
};

}  // namespace tidemark::test
