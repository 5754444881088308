// A damaged copy of a specimen, and what follows from where it differs: which records can still be
// read, and what was proven to be durable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "specimen.hpp"

namespace tidemark::test {

struct FlippedBit {
  std::string file;
  std::uint64_t offset = 0;
};

class Damage {
 public:
  Damage(const Specimen& specimen, Image image, std::string what);
  static Damage flip(const Specimen& specimen, const std::string& file, std::uint64_t offset,
                     unsigned bit);
  // Under checksums that fit: nobody but a program makes such bytes.
  Damage& forged() {
    forged_ = true;
    return *this;
  }

  // Bytes that once stood there: what a lost write leaves is a sound, older journal.
  Damage& older() {
    older_ = true;
    return *this;
  }

  [[nodiscard]] const Specimen& specimen() const noexcept { return *specimen_; }
  [[nodiscard]] const Image& image() const noexcept { return image_; }
  [[nodiscard]] const std::string& what() const noexcept { return what_; }
  [[nodiscard]] bool is_forged() const noexcept { return forged_; }
  [[nodiscard]] bool is_older() const noexcept { return older_; }
  [[nodiscard]] const std::optional<FlippedBit>& flipped() const noexcept { return flipped_; }
  [[nodiscard]] bool nothing() const noexcept { return changed_.empty() && same_files_; }

  // The same files are there, with other bytes in them; their lengths may differ.
  [[nodiscard]] bool same_files() const noexcept { return same_files_; }
  [[nodiscard]] bool touched(const std::string& file) const { return changed_.contains(file); }
  [[nodiscard]] const std::map<std::string, std::vector<Content::Range>>& changed() const noexcept {
    return changed_;
  }
  // The bytes [begin, end) of the file are as they were.
  [[nodiscard]] bool intact(const std::string& file, std::uint64_t begin, std::uint64_t end) const;
  // A copy of the header is as it was; `copy` 0 or 1.
  [[nodiscard]] bool header_copy(const SegmentMap& segment, int copy) const;
  [[nodiscard]] bool header(const SegmentMap& segment) const {
    return header_copy(segment, 0) || header_copy(segment, 1);
  }
  [[nodiscard]] bool seal(const SegmentMap& segment) const;
  // What the checksums of frame and record cover is as it was.
  [[nodiscard]] bool frame_header(const SegmentMap& segment, const FrameMap& frame) const {
    return intact(segment.file, frame.offset, frame.body);
  }
  [[nodiscard]] bool record(std::uint64_t seq) const;
  [[nodiscard]] bool dictionary(const SegmentMap& segment, std::uint64_t hash) const;
  // Every file is there, and every segment has a sound header: each sound record can be found.
  [[nodiscard]] bool structure() const;
  // A segment has two sound headers that differ, as a write to a wrong place leaves it.
  [[nodiscard]] bool contradictory() const;

 private:
  const Specimen* specimen_;
  Image image_;
  std::string what_;
  std::map<std::string, std::vector<Content::Range>> changed_;
  std::optional<FlippedBit> flipped_;
  bool same_files_ = true;
  bool forged_ = false;
  bool older_ = false;
};

}  // namespace tidemark::test
