// What an Observer keeps; for the observer's own files only.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "journal/frame_cursor.hpp"
#include "journal/observer.hpp"
#include "journal/survey.hpp"
#include "journal/tail.hpp"

namespace tidemark::journal {

// Who writes the directory, as far as the lock file tells. The line of a dead writer stays in the
// file, so that one that came and went between two looks is noticed.
struct WriterTrace {
  bool alive = false;
  std::string holder;
  friend bool operator==(const WriterTrace&, const WriterTrace&) = default;
};

// The unsealed segment, open for looking at headers.
struct Growing {
  std::shared_ptr<const Segment> segment;
  std::unique_ptr<io::File> file;
  std::optional<FileSource> source;
  std::optional<FrameCursor> cursor;
  // How far its records are shown: a frame boundary, and the last seq in front of it.
  format::Watermark shown;
};

struct Observer::State {
  State(const io::Host& for_host, std::string for_directory, const Options& for_options)
      : host(for_host), directory(std::move(for_directory)), options(for_options) {}

  const io::Host host;
  const std::string directory;
  const Options options;
  RecoveryReport recovery;  // fixed once open

  mutable std::mutex mutex;  // guards view, header and revision
  View view;
  format::SegmentHeader header;
  std::uint64_t revision = 0;

  std::mutex refresh_mutex;  // guards everything below
  bool released = false;
  WriterTrace writer;
  std::vector<std::byte> head_bytes;
  std::vector<std::shared_ptr<const Segment>> complete;  // in front of the growing one
  Growing growing;
  std::uint64_t first_seq = 1;

  [[nodiscard]] Result<WriterTrace> trace_writer() const;
  [[nodiscard]] io::Result<std::vector<std::byte>> read_head() const;

  // Looks at the whole directory anew. `report`: also fills in the recovery report.
  Status look(RecoveryReport* report);
  Status take(Survey& survey, RecoveryReport* report);
  Status refuse_or_skip(const Survey& survey, RecoveryReport* report) const;
  void describe(Survey& survey, RecoveryReport& report) const;
  std::shared_ptr<const Segment> segment_of(const SurveyedFile& file, const SurveyedFile* next);
  Status open_growing(std::shared_ptr<const Segment> segment, format::Watermark shown);
  // Without a writer: makes what is there durable, and decides like recovery.
  Status settle(const Survey& survey, RecoveryReport* report);
  void sync_medium(const SurveyedFile& file, std::optional<Failure>& failure) const;
  struct Reach {
    format::Watermark end;
    std::optional<format::Watermark> next;  // the first valid frame, and its first seq
    std::optional<format::Seal> seal;       // where it ends at one
  };
  Reach behind_damage(const SurveyedFile& file, const TailDecision& decision) const;

  // Beside a writer: learns from the headers behind what is shown. `again`: the directory must be
  // looked at anew.
  Status follow(bool& again);
  bool step_to_successor(const format::Seal& seal);
  Status apply_head(const std::vector<std::byte>& bytes, bool& again);
  // Publishes; true when other records or segments are to be seen.
  bool publish();
};

}  // namespace tidemark::journal
