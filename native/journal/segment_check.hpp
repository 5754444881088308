// Verifies one segment from its header to what stands behind its frames; see verify.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format/index.hpp"
#include "journal/failure.hpp"
#include "journal/frame_cursor.hpp"
#include "journal/report.hpp"
#include "journal/survey.hpp"

namespace tidemark::journal {

// Of the tail table: what may not be passed over is reported with it wherever it stands.
inline constexpr char newer_frame_row = 'C';

class SegmentCheck {
 public:
  enum class End : std::uint8_t {
    sealed,     // at `limit`, where the successor's header says (0: wherever the seal stands)
    tail,       // at `limit`, where the decision of recovery lies; the rest is its matter
    watermark,  // a writer lives: at the highest watermark of a valid frame
  };
  struct Task {
    const SurveyedFile* file = nullptr;
    End end = End::sealed;
    std::uint64_t limit = 0;
    bool bodies = true;
    bool frames = false;  // list them in the layout
    // What the successor says: without it, or where a crash may have come before the seal, nothing.
    std::uint64_t last_seq = 0;
    bool seal_due = false;
  };
  SegmentCheck(io::Disk& disk, const Task& task);

  // Appends what is wrong. A failure: the file cannot be opened.
  Status run(std::vector<Problem>& problems);
  [[nodiscard]] const SegmentLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] const std::optional<format::Seal>& seal() const noexcept { return seal_; }
  [[nodiscard]] const format::Watermark& watermark() const noexcept { return watermark_; }

 private:
  void check_header_padding();
  void walk();
  bool step();
  void step_over_damage(FrameCursor::State state);
  void check_body();
  void check_entries();
  void check_frame_padding();
  void check_seal();
  void check_found_seal();
  void check_index(const format::Seal& seal, std::uint64_t offset);
  void find_watermark();
  std::optional<std::uint64_t> flipped_bit(std::uint64_t offset, std::uint64_t end,
                                           std::uint64_t expected);
  Problem& add(ProblemKind kind, std::uint64_t offset, std::uint64_t from, std::uint64_t to,
               std::string detail);
  std::optional<std::uint64_t> lone_bit(std::uint64_t nonzero, std::uint64_t end);
  void name_unreadable(std::size_t known);  // `known`: problems of other segments
  bool zeros(std::uint64_t begin, std::uint64_t end, std::uint64_t& first_nonzero);

  io::Disk& disk_;
  Task task_;
  const format::SegmentHeader& header_;
  std::unique_ptr<io::File> file_;
  std::optional<FileSource> source_;
  FrameCursor cursor_;
  std::vector<Problem>* problems_ = nullptr;
  SegmentLayout layout_;
  format::Watermark watermark_;
  format::Digest digest_;
  format::SparseIndex index_;
  std::uint64_t frames_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t expected_ = 0;
  std::uint64_t limit_ = 0;    // frames end here
  bool stepped_over_ = false;  // some frame is missing from the counts
  std::optional<format::Seal> seal_;
};

}  // namespace tidemark::journal
