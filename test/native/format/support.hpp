// What the tests of the format share: bytes as a Source, a writer of whole segments, and a reader
// that puts the pieces together as recovery does.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/frame.hpp"
#include "format/index.hpp"
#include "format/recovery_table.hpp"
#include "format/scan.hpp"
#include "format/segment_header.hpp"

namespace tidemark::format::test {

using File = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string text_of(Bytes bytes) {
  std::string text(bytes.size(), '\0');
  std::transform(bytes.begin(), bytes.end(), text.begin(),
                 [](std::byte b) { return static_cast<char>(b); });
  return text;
}
inline void flip(File& file, std::size_t bit) {
  file[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
}

// Every view is a fresh allocation of exactly its size and the one before is freed: a view that is
// used too long, or read past its end, is seen by the address sanitizer.
class MemorySource final : public Source {
 public:
  explicit MemorySource(const File& file) : file_(file) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return file_.size(); }
  std::optional<Bytes> view(std::uint64_t offset, std::size_t size) override {
    const std::uint64_t begin = std::min<std::uint64_t>(offset, file_.size());
    const std::uint64_t end = begin + std::min<std::uint64_t>(size, file_.size() - begin);
    if (bad_begin < bad_end && begin < bad_end && end > bad_begin) return std::nullopt;
    const auto length = static_cast<std::size_t>(end - begin);
    largest_view = std::max(largest_view, size);
    viewed += length;
    view_.reset();
    view_ = std::make_unique<std::byte[]>(length);
    if (length > 0) std::memcpy(view_.get(), file_.data() + begin, length);
    return Bytes(view_.get(), length);
  }

  std::uint64_t bad_begin = 0;  // bytes [bad_begin, bad_end) cannot be read
  std::uint64_t bad_end = 0;
  std::size_t largest_view = 0;
  std::uint64_t viewed = 0;

 private:
  const File& file_;
  std::unique_ptr<std::byte[]> view_;
};

inline SegmentHeader sample_header() {
  SegmentHeader header;
  for (std::size_t i = 0; i < header.journal_id.size(); ++i) {
    header.journal_id[i] = static_cast<std::byte>(0xA0 + i);
  }
  header.segment_id = 3;
  header.epoch = 0x1122334455667788;
  header.salt = 0x99AABBCCDDEEFF01;
  header.first_seq = 1;
  header.capacity = 16384;
  header.created_at = 1700000000000;
  header.codec_name = "msgpack";
  header.codec_version = 1;
  return header;
}

struct CommitOptions {
  std::vector<std::uint8_t> attributes = {};
  std::string hashes = {};
  std::optional<std::int64_t> commit_time = std::nullopt;
  bool block_padded = false;
};

// Writes a segment frame by frame. `watermark` unset: everything in front of each frame is durable.
class SegmentWriter {
 public:
  explicit SegmentWriter(SegmentHeader segment = sample_header(), std::size_t file_bytes = 16384)
      : header(std::move(segment)),
        file(file_bytes),
        place(header.seed()),
        end(header.data_start()),
        next_seq(header.first_seq) {
    write_header();
  }

  void write_header() {
    const MutableBytes all(file);
    encode_segment_header(header, 0, all.first(header_copy_bytes));
    encode_segment_header(header, 1, all.subspan(header.block_bytes, header_copy_bytes));
  }

  std::uint64_t commit(const std::vector<std::string>& payloads,
                       const CommitOptions& options = {}) {
    CommitHeader commit;
    commit.offset = end;
    commit.first_seq = next_seq;
    commit.watermark = durable();
    commit.block_padded = options.block_padded;
    commit.commit_time = options.commit_time;
    std::vector<std::uint32_t> lengths;
    std::vector<std::uint32_t> checksums;
    std::string body;
    std::uint64_t seq = next_seq;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      lengths.push_back(static_cast<std::uint32_t>(payloads[i].size()));
      checksums.push_back(record_checksum(place, seq, bytes_of(payloads[i])));
      body += payloads[i];
      const bool user =
          options.attributes.empty() || (options.attributes[i] & record_kind::mask) == 0;
      if (user) ++seq;
    }
    commit.body_bytes = static_cast<std::uint32_t>(body.size());
    const std::size_t prefix = commit_prefix_bytes(payloads.size(), !options.attributes.empty(),
                                                   options.hashes.size() / payloads.size(),
                                                   options.commit_time.has_value());
    const std::uint64_t bytes = commit_frame_bytes(prefix, commit.body_bytes, end,
                                                   options.block_padded, header.block_bytes);
    room(bytes);
    const std::uint32_t checksum =
        encode_commit_prefix(place, commit, lengths, checksums, options.attributes,
                             bytes_of(options.hashes), at(end, prefix));
    std::copy_n(bytes_of(body).begin(), body.size(), at(end + prefix, body.size()).begin());
    records += seq - next_seq;
    next_seq = seq;
    return advance(bytes, checksum);
  }

  std::uint64_t mark(bool closing = false) {
    room(mark_bytes);
    return advance(mark_bytes,
                   encode_mark(place, {end, next_seq, closing, false}, at(end, mark_bytes)));
  }

  std::uint64_t gap(std::uint64_t last_seq, GapReason reason = GapReason::lost) {
    room(gap_bytes);
    const std::uint32_t checksum =
        encode_gap(place, end, {next_seq, last_seq, reason}, durable(), at(end, gap_bytes));
    next_seq = last_seq + 1;
    return advance(gap_bytes, checksum);
  }

  // The seal and, directly behind it, the index.
  std::uint64_t seal(std::uint64_t successor_id = 4, std::uint64_t successor_salt = 5) {
    Seal fields = seal_fields(successor_id, successor_salt);
    std::vector<std::byte> encoded(index.encoded_bytes());
    fields.index_checksum = index.encode(place, encoded);
    room(seal_bytes + encoded.size());
    const std::uint64_t offset = end;
    const std::uint32_t checksum = encode_seal(place, end, fields, at(end, seal_bytes));
    std::copy(encoded.begin(), encoded.end(), at(end + seal_bytes, encoded.size()).begin());
    advance(seal_bytes, checksum);
    return offset;
  }

  Seal seal_fields(std::uint64_t successor_id, std::uint64_t successor_salt) const {
    Seal fields;
    fields.successor_id = successor_id;
    fields.successor_salt = successor_salt;
    fields.last_seq = next_seq - 1;
    fields.records = records;
    fields.frames = frames;
    fields.digest = digest.value();
    fields.index_bytes = static_cast<std::uint32_t>(index.encoded_bytes());
    fields.index_entries = static_cast<std::uint32_t>(index.entries().size());
    fields.sealed_at = 1700000001000;
    return fields;
  }

  Watermark durable() const { return watermark.value_or(Watermark{end, next_seq - 1}); }
  MutableBytes at(std::uint64_t offset, std::size_t size) {
    return MutableBytes(file).subspan(static_cast<std::size_t>(offset), size);
  }
  // Makes the header checksum of a frame fit what stands there, as an adversary would.
  void sign(std::uint64_t offset, std::size_t prefix_bytes) { sign(file, offset, prefix_bytes); }
  void sign(File& bytes, std::uint64_t offset, std::size_t prefix_bytes) const {
    const MutableBytes prefix =
        MutableBytes(bytes).subspan(static_cast<std::size_t>(offset), prefix_bytes);
    store<std::uint32_t>(
        prefix, 4, crc32c::extend(place.header_seed(offset), prefix.data() + 8, prefix_bytes - 8));
  }

  SegmentHeader header;
  File file;
  Place place;
  std::uint64_t end;
  std::uint64_t next_seq;
  std::uint64_t records = 0;
  std::uint64_t frames = 0;
  Digest digest;
  SparseIndex index;
  std::optional<Watermark> watermark;

 private:
  void room(std::uint64_t bytes) {
    if (end + bytes > file.size()) file.resize(static_cast<std::size_t>(end + bytes));
  }
  std::uint64_t advance(std::uint64_t bytes, std::uint32_t checksum) {
    index.add(end, first_seq_of_frame());
    digest.add(checksum);
    ++frames;
    const std::uint64_t offset = end;
    end += bytes;
    return offset;
  }
  std::uint64_t first_seq_of_frame() { return load<std::uint64_t>(at(end, 36), 20); }
};

struct ReadRecord {
  std::uint64_t seq = 0;
  std::string payload;
  std::uint8_t attributes = 0;
  bool operator==(const ReadRecord&) const = default;
};

// Everything that recovery learns from one segment.
struct Reading {
  HeaderPair pair;
  std::vector<ReadRecord> records;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  std::vector<std::uint64_t> offsets;  // of the frames that were returned
  Stream stream;
  Stop stop = Stop::limit;
  std::optional<Seal> seal;
  Evidence evidence;
  TailSituation situation;
  char row = 0;
  Outcome outcome = Outcome::corrupt;
  TailWord tail = TailWord::none;
};

inline void read_frame(MemorySource& source, const SegmentHeader& segment, FrameWalk& walk,
                       const FrameHeader& frame, Reading& reading) {
  const auto prefix = walk.prefix();
  if (!prefix) return;
  const File copy(prefix->begin(), prefix->end());
  if (const auto gap = decode_gap(frame, copy)) {
    reading.gaps.emplace_back(gap->first_seq, gap->last_seq);
  }
  if (!frame.is(FrameType::commit)) return;
  const RecordTable table(frame, copy, segment.hash_bytes);
  std::uint64_t at = frame.body_offset();
  std::uint64_t seq = frame.first_seq;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const auto payload = source.view(at, table.length(i));
    if (!payload) return;
    reading.records.push_back({seq, text_of(*payload), table.attributes(i)});
    at += table.length(i);
    if (table.kind(i) == record_kind::user) ++seq;
  }
}

inline Reading read(const File& file, MemorySource& source, std::uint64_t proven_seq = 0) {
  Reading reading;
  reading.pair = decode_header_pair(Bytes(file).first(std::min(file.size(), header_probe_bytes)));
  if (reading.pair.state != HeaderState::valid || reading.pair.contradictory) return reading;
  const SegmentHeader& segment = reading.pair.header;
  FrameWalk walk(segment, source, segment.data_start(), segment.first_seq,
                 FrameWalk::Bodies::verify);
  while (const auto frame = walk.next()) {
    reading.offsets.push_back(frame->offset);
    read_frame(source, segment, walk, *frame, reading);
  }
  reading.stream = walk.stream();
  reading.stop = walk.stop();
  reading.seal = walk.seal();
  reading.evidence = gather_evidence(segment, source, walk);
  TailSituation& situation = reading.situation;
  situation.stop = walk.stop();
  situation.residue = reading.evidence.residue;
  situation.unreadable = reading.evidence.unreadable;
  situation.closed = walk.stream().closed;
  situation.short_file = file.size() < segment.capacity;
  situation.proven = reading.evidence.later_watermark.offset > walk.stream().end ||
                     proven_seq >= walk.stream().next_seq;
  const TailRow& row = decide(tail_table(), situation);
  reading.row = row.letter;
  reading.outcome = row.outcome;
  reading.tail = row.tail;
  return reading;
}

inline Reading read(const File& file, std::uint64_t proven_seq = 0) {
  MemorySource source(file);
  return read(file, source, proven_seq);
}

}  // namespace tidemark::format::test
