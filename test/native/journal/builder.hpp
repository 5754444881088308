// Builds journals frame by frame in a memory disk, with exactly the shape that a test needs.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/frame.hpp"
#include "format/marks.hpp"
#include "format/names.hpp"
#include "io/memory_disk.hpp"
#include "io/tasks.hpp"
#include "journal/observer.hpp"
#include "journal/reader.hpp"
#include "journal/segment_files.hpp"
#include "journal/segment_writer.hpp"

namespace tidemark::journal::testing {

using namespace std::string_literals;
using namespace std::string_view_literals;

inline io::Host memory_host() {
  return {io::make_memory_disk({}), io::system_host().clock, io::system_host().tasks};
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

// What record `seq` holds, where a test does not say otherwise.
inline std::string value_of(std::uint64_t seq) {
  const std::string name = "record " + std::to_string(seq) + ' ';
  return name +
         std::string(static_cast<std::size_t>(seq * 7 % 40), static_cast<char>('a' + seq % 26));
}

struct Entry {
  std::string payload;
  std::uint8_t attributes = 0;
};

class Builder {
 public:
  explicit Builder(io::Host for_host = memory_host(), std::string in = "/journal",
                   std::uint8_t hash_bytes = 0)
      : host(std::move(for_host)), directory(std::move(in)) {
    REQUIRE(io::make_directories(*host.disk, directory, 0700).ok());
    header.journal_id[0] = std::byte{7};
    header.codec_name = "binary";
    header.codec_version = 1;
    header.epoch = 11;
    header.hash_bytes = hash_bytes;
    if (hash_bytes != 0) header.hash_name = "test";
    header.capacity = capacity;
    auto made = host.disk->lock(io::join(directory, format::lock_name), "{\"pid\":1}\n", 0600);
    REQUIRE(made.ok());
  }

  // The first segment, beginning at this seq.
  void begin(std::uint64_t first_seq = 1) {
    header.first_seq = first_seq;
    header.start_seq = first_seq;
    header.head = {1, first_seq};
    open_next();
  }

  void append(const std::vector<Entry>& entries, std::string_view hashes = {}) {
    std::vector<std::byte> payload;
    std::vector<std::uint32_t> lengths;
    std::vector<std::uint8_t> attributes;
    bool any = false;
    for (const Entry& entry : entries) {
      const auto bytes = bytes_of(entry.payload);
      payload.insert(payload.end(), bytes.begin(), bytes.end());
      lengths.push_back(static_cast<std::uint32_t>(bytes.size()));
      attributes.push_back(entry.attributes);
      any = any || entry.attributes != 0;
    }
    const auto hash_bytes = bytes_of(hashes);
    CommitContents contents;
    contents.first_seq = writer->next_seq();
    contents.payload = payload;
    contents.lengths = lengths;
    if (any) contents.attributes = attributes;
    contents.hashes = hash_bytes;
    REQUIRE(writer->append_commit(contents, watermark, false).ok());
  }
  // `count` records of value_of in one frame.
  void append_values(std::uint64_t count) {
    std::vector<Entry> entries;
    for (std::uint64_t i = 0; i < count; ++i) entries.push_back({value_of(writer->next_seq() + i)});
    append(entries);
  }
  // What is written so far is durable, as far as the frames behind say.
  void make_durable() { watermark = {writer->end(), writer->next_seq() - 1}; }
  void mark(bool closing = false) {
    REQUIRE(writer->append_mark(closing, false).ok());
    make_durable();
  }
  void gap(std::uint64_t last_seq, format::GapReason reason) {
    make_durable();
    REQUIRE(writer->append_gap({writer->next_seq(), last_seq, reason}, watermark).ok());
  }
  // Header of the successor, seal of the old, as a writer does it.
  void rotate() {
    prepare_successor();
    seal_current();
    adopt_successor();
  }
  void prepare_successor() {
    make_durable();
    old = std::move(writer);
    header.predecessor = old->as_predecessor();
    header.segment_id = old->header().segment_id;
    header.first_seq = old->next_seq();
    old_index = index;
    open_next();
    next = std::move(writer);
    writer = std::move(old);
  }
  void seal_current() {
    format::Seal seal;
    REQUIRE(writer->write_seal(next->header().segment_id, next->header().salt, 0, seal).ok());
    writer->trim(seal);
    seals.push_back(seal);
  }
  void adopt_successor() {
    writer = std::move(next);
    watermark = {writer->end(), writer->next_seq() - 1};
  }
  void write_head(std::uint64_t segment_id, std::uint64_t first_seq) {
    format::HeadMark mark_to_write;
    mark_to_write.journal_id = header.journal_id;
    mark_to_write.head = {segment_id, first_seq};
    REQUIRE(io::replace_file(*host.disk, io::join(directory, "head"),
                             format::encode_head_mark(mark_to_write), 0600, "head.tmp-1-1")
                .ok());
    header.head = mark_to_write.head;
  }
  void write_cursor(const std::string& name, std::uint64_t seq) {
    format::CursorMark cursor;
    cursor.journal_id = header.journal_id;
    cursor.name = name;
    cursor.seq = seq;
    cursor.epoch = header.epoch;
    const std::string file = format::cursor_file_name(name);
    REQUIRE(io::replace_file(*host.disk, io::join(directory, file),
                             format::encode_cursor_mark(cursor), 0600,
                             format::temporary_name(file, "1"))
                .ok());
  }
  [[nodiscard]] std::string path(std::uint64_t id) const {
    return io::join(directory, format::segment_name(id));
  }

  // Holds the lock as a living writer does.
  void live(const std::string& holder = "{\"pid\":2}\n") {
    auto taken = host.disk->lock(io::join(directory, format::lock_name), holder, 0600);
    REQUIRE(taken.ok());
    lock = std::move(taken).value();
  }
  void die() { lock.reset(); }

  std::vector<std::byte> read(const std::string& file) const {
    auto bytes = io::read_file(*host.disk, file, UINT64_C(1) << 40U);
    REQUIRE(bytes.ok());
    return std::move(bytes).value();
  }
  void write(const std::string& file, const std::vector<std::byte>& bytes) const {
    io::OpenOptions options;
    options.access = io::Access::read_write;
    options.create = io::Create::if_missing;
    auto opened = host.disk->open(file, options);
    REQUIRE(opened.ok());
    REQUIRE(opened.value()->truncate(0).ok());
    REQUIRE(opened.value()->write_at(0, io::Bytes(bytes)).ok());
  }
  void flip(const std::string& file, std::uint64_t offset, unsigned bit = 0) const {
    io::OpenOptions options;
    options.access = io::Access::read_write;
    auto opened = host.disk->open(file, options);
    REQUIRE(opened.ok());
    std::byte byte{};
    auto read_back = opened.value()->read_at(offset, io::MutableBytes(&byte, 1));
    REQUIRE(read_back.ok());
    byte ^= static_cast<std::byte>(1U << bit);
    REQUIRE(opened.value()->write_at(offset, io::Bytes(&byte, 1)).ok());
  }
  void fill(const std::string& file, std::uint64_t offset, std::uint64_t count,
            std::byte value) const {
    io::OpenOptions options;
    options.access = io::Access::read_write;
    auto opened = host.disk->open(file, options);
    REQUIRE(opened.ok());
    const std::vector<std::byte> bytes(static_cast<std::size_t>(count), value);
    REQUIRE(opened.value()->write_at(offset, io::Bytes(bytes)).ok());
  }

  static constexpr std::uint64_t capacity = 65536;

  io::Host host;
  std::string directory;
  format::SegmentHeader header;
  std::unique_ptr<SegmentWriter> writer;
  format::Watermark watermark;
  std::unique_ptr<io::Lock> lock;
  std::vector<format::Seal> seals;

 private:
  void open_next() {
    header.segment_id += 1;
    header.salt = 1000 + header.segment_id;
    auto file = create_segment(*host.disk, directory, header, {});
    REQUIRE(file.ok());
    format::Stream stream;
    stream.end = header.data_start();
    stream.next_seq = header.first_seq;
    index = std::make_shared<SharedIndex>();
    writer = std::make_unique<SegmentWriter>(std::move(file).value(), path(header.segment_id),
                                             header, stream, index, UINT64_C(1) << 40U);
    if (!old) watermark = {writer->end(), writer->next_seq() - 1};
  }

  std::shared_ptr<SharedIndex> index;
  std::shared_ptr<SharedIndex> old_index;
  std::unique_ptr<SegmentWriter> old;
  std::unique_ptr<SegmentWriter> next;
};

inline std::shared_ptr<Observer> observe(const Builder& journal, const Options& options = {}) {
  auto observer = Observer::open(journal.host, journal.directory, options);
  if (!observer) FAIL(observer.error().message);
  return std::move(observer).value();
}

inline std::string record(const RecordBatch& batch, std::size_t number) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < number; ++i) at += batch.lengths[i];
  std::string text(batch.lengths[number], '\0');
  if (!text.empty()) std::memcpy(text.data(), batch.payload.data() + at, text.size());
  return text;
}

// All records of a range through batches, as (seq, payload).
using Records = std::vector<std::pair<std::uint64_t, std::string>>;
inline Result<Records> read_all(Reader& reader, const View& view, ReadRequest request,
                                std::vector<SkippedRange>* skipped = nullptr) {
  Records records;
  while (true) {
    auto batch = reader.read(view, request);
    if (!batch) return batch.error();
    if (skipped != nullptr) {
      skipped->insert(skipped->end(), batch.value().skipped.begin(), batch.value().skipped.end());
    }
    const RecordBatch& got = batch.value();
    if (got.lengths.empty()) return records;
    for (std::size_t i = 0; i < got.lengths.size(); ++i)
      records.emplace_back(got.first_seq + i, record(got, i));
    if (request.reverse) {
      if (got.first_seq == request.from) return records;
      request.to = got.first_seq - 1;
    } else {
      request.from = got.first_seq + got.lengths.size();
    }
  }
}

inline ReadRequest range(std::uint64_t from, std::uint64_t to, bool reverse = false) {
  ReadRequest request;
  request.from = from;
  request.to = to;
  request.reverse = reverse;
  return request;
}

}  // namespace tidemark::journal::testing
