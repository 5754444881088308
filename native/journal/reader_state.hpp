// What a Reader keeps between calls; for the reader's own files only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/reader.hpp"
#include "journal/segment_file.hpp"

namespace tidemark::journal {

struct Reader::State {
  State(std::shared_ptr<io::Disk> for_disk, std::uint64_t for_hash_bytes)
      : disk(std::move(for_disk)), hash_bytes(for_hash_bytes) {}

  std::shared_ptr<io::Disk> disk;
  std::uint64_t hash_bytes;
  std::unique_ptr<SegmentFile> file;  // of the segment that was read last

  struct DictionarySpot {
    std::uint64_t hash = 0;
    std::uint64_t offset = 0;  // of the payload
    std::uint32_t length = 0;
    std::uint32_t checksum = 0;
    std::uint64_t seq = 0;  // that seeds the checksum
  };
  struct DictionaryScan {  // of one segment, as far as it was looked at
    std::uint64_t segment_id = 0;
    std::uint64_t offset = 0;
    std::uint64_t next_seq = 0;
    std::vector<DictionarySpot> spots;
  };
  DictionaryScan dictionaries;

  enum class Collected : std::uint8_t { frame, full, bad };

  // The number in view.segments of the segment that should hold `seq`, or the hole in front of the
  // next one.
  struct Target {
    std::size_t number = 0;
    bool hole = false;
    Damage damage;
  };
  static Target target_of(const View& view, std::uint64_t seq);
  // Opens that segment, or keeps it open, and sets how far it may be read.
  Status use(const View& view, std::size_t number);
  // Appends records [seq, to] of the loaded frame.
  Collected collect(std::uint64_t seq, std::uint64_t to, std::size_t max_bytes,
                    std::size_t max_records, RecordBatch& batch, Damage& damage);
  bool append_large(RecordBatch& batch);
  void append_facts(std::uint32_t entry, std::uint32_t count, RecordBatch& batch);

  Result<RecordBatch> forward(const View& view, const ReadRequest& request);
  Result<RecordBatch> backward(const View& view, const ReadRequest& request);
  Result<RecordBatch> take_back(const std::vector<FrameSpot>& spots, std::uint64_t from,
                                std::uint64_t to, const ReadRequest& request, Damage& damage);
};

// What damage is to the caller: TRUNCATED when the segment was released meanwhile, else CORRUPT, IO
// or VERSION. `file` is the segment as it was opened, null when it never was.
Failure failure_of(io::Disk& disk, const Segment& segment, SegmentFile* file,
                   const Located& located);
Failure failure_of_open(io::Disk& disk, const Segment& segment, const io::Error& error);
Failure truncated_failure(const std::string& path, std::uint64_t seq, std::uint64_t first_seq);
SkippedRange skipped_range(const Segment& segment, const Damage& damage);

}  // namespace tidemark::journal
