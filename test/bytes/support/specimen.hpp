// The journals that are damaged: written by the real writer on a disk in memory, with everything
// that a journal can hold, together with what they must give back and a map of their bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "format/frame.hpp"
#include "image.hpp"
#include "io/tasks.hpp"

namespace tidemark::test {

inline const std::string place = "/journal";

struct Value {
  std::string payload;
  std::uint8_t attributes = 0;
  std::string hash;
  friend bool operator==(const Value&, const Value&) = default;
};

struct EntryMap {
  std::uint8_t kind = 0;
  std::uint64_t seq = 0;  // of a user's record
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
};
struct FrameMap {
  std::uint64_t offset = 0;
  std::uint64_t body = 0;  // behind header and table
  std::uint64_t end = 0;
  std::uint8_t type = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t next_seq = 0;
  format::Watermark watermark;
  std::vector<EntryMap> entries;
};
struct SegmentMap {
  std::uint64_t id = 0;
  std::string file;
  std::uint64_t bytes = 0;
  std::uint64_t block = 0;  // of its headers
  std::uint64_t first_seq = 0;
  std::uint64_t stream_end = 0;
  std::uint64_t used = 0;  // with seal and index
  bool sealed = false;
  std::vector<FrameMap> frames;  // the seal is none of them
};

struct Specimen {
  std::string name;
  Image image;
  bool closed = false;  // by a close that resolved: nothing was in flight
  std::uint64_t first_seq = 1;
  std::uint64_t last_seq = 0;
  std::uint8_t hash_bytes = 0;
  std::map<std::uint64_t, Value> records;  // that the journal holds
  std::map<std::uint64_t, Value> ever;     // that were appended, lost and released ones too
  std::set<std::uint64_t> lost;            // seqs in gaps that a salvage left
  std::map<std::string, std::uint64_t> cursors;
  std::vector<SegmentMap> segments;
  std::vector<Image> history;  // the directory after each step of its making, oldest first

  [[nodiscard]] const SegmentMap* segment_of(const std::string& file) const;
};

io::Host host_of(std::shared_ptr<io::Disk> disk);

// The dictionary of a hash; its bytes are the same in every specimen.
std::string dictionary_of(std::uint64_t hash);

// Several segments with seals and an index of two entries, dictionaries, a batch, records of no
// bytes, gaps that a salvage left, block padding, marks, epochs of unclean opens, a truncated head,
// cursors; `closed` or killed with a spare beside it.
// Another flavour is another journal of the same shape with other values.
Specimen everything(bool closed, std::uint64_t flavour = 0);
// Content hashes; killed between the header of a successor and the seal in front of it.
Specimen hashed(std::uint64_t flavour = 0);
// Killed behind the first commit that follows a mark.
Specimen marked();
// One closed segment with a few records.
Specimen small(std::uint64_t flavour = 0);

}  // namespace tidemark::test
