#include "specimen.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "format/names.hpp"
#include "format/scan.hpp"
#include "image_disk.hpp"
#include "journal/file_source.hpp"
#include "journal/journal.hpp"
#include "journal/survey.hpp"
#include "journal/tools.hpp"

namespace tidemark::test {
namespace {

constexpr std::uint64_t segment_bytes = journal::minimum_segment_bytes;

std::string text(std::size_t size, std::uint64_t salt) {
  std::string out;
  for (std::uint64_t state = salt * 2654435761U + 1; out.size() < size;) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    out += static_cast<char>('!' + (state >> 33U) % 90);
  }
  return out;
}

// A record that names its dictionary, or the dictionary: both begin with its hash.
std::string with_name(std::uint64_t hash, const std::string& rest) {
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(hash >> (8 * i));
  return out + rest;
}

// Drives a journal through its life and keeps account of what it must hold.
class Story {
 public:
  Specimen specimen;
  journal::Options options;

  Story(std::string name, std::uint64_t flavour) : salt_(flavour) {
    specimen.name = std::move(name);
    options.segment_bytes = segment_bytes;
    options.idle_mark = journal::longest_sync_interval;
    options.recorded.codec_name = "binary";
    options.recorded.application = "bytes";
  }

  void open() {
    auto opened = journal::Journal::open(host_of(disk_), place, options, nullptr);
    if (!opened) FAIL(specimen.name << ": " << opened.error().message);
    handle_ = std::move(opened).value();
    remember();
  }
  void dictionary(std::uint64_t hash) {
    const std::string payload = dictionary_of(hash);
    REQUIRE(handle_->register_dictionary(std::as_bytes(std::span(payload))).ok());
  }
  // One commit.
  void append(const std::vector<Value>& values, journal::Durability durability = {}) {
    std::string payload;
    std::string hashes;
    std::vector<std::uint32_t> lengths;
    std::vector<std::uint8_t> attributes;
    for (const Value& value : values) {
      payload += value.payload;
      hashes += value.hash;
      lengths.push_back(static_cast<std::uint32_t>(value.payload.size()));
      attributes.push_back(value.attributes);
    }
    journal::Batch batch;
    batch.payload = std::as_bytes(std::span(payload));
    batch.lengths = lengths;
    batch.attributes = attributes;
    batch.hashes = std::as_bytes(std::span(hashes));
    batch.atomic = true;
    batch.durability = durability;
    const bool wait = durability.kind == journal::DurabilityKind::commit;
    auto seq = wait ? handle_->hand_over_and_wait(batch) : handle_->hand_over(batch);
    if (!seq) FAIL(seq.error().message);
    handed_ += values.size();
    while (handle_->take_progress().written < handed_) std::this_thread::yield();
    for (std::size_t i = 0; i < values.size(); ++i) {
      specimen.records[seq.value() + i] = values[i];
      specimen.ever[seq.value() + i] = values[i];
    }
    remember();
  }
  void append(std::size_t size) { append({plain(size)}); }
  Value plain(std::size_t size) { return {text(size, ++salt_), 0, {}}; }
  Value named(std::uint64_t hash, std::size_t size) {
    return {with_name(hash, text(size, ++salt_)), format::record_flag::has_dictionary, {}};
  }
  Value summed(std::size_t size) { return {text(size, ++salt_), 0, text(8, salt_ + 1000)}; }
  void cursor(const std::string& name, std::uint64_t seq) {
    auto opened = handle_->journal()->open_cursor(name);
    REQUIRE(opened.ok());
    REQUIRE(handle_->journal()->advance_cursor(name, opened.value().seq, seq).ok());
    specimen.cursors[name] = seq;
    remember();
  }
  void truncate(std::uint64_t seq) {
    REQUIRE(handle_->journal()->truncate_before(seq).ok());
    specimen.records.erase(specimen.records.begin(), specimen.records.lower_bound(seq));
    remember();
  }
  void close() {
    std::promise<journal::Status> promise;
    handle_->close([&promise](journal::Status status) { promise.set_value(std::move(status)); });
    REQUIRE(promise.get_future().get().ok());
    handed_ = 0;
    handle_.reset();
    remember();
  }
  void wait_for_spare() {
    while (true) {
      const Image now = disk_->image(place);
      const bool there = std::ranges::any_of(now, [](const auto& file) {
        return file.first.starts_with("segment-") && file.second.used() == 0 &&
               !file.first.ends_with(".tmp") && file.second.size() > 0;
      });
      if (there) break;
      std::this_thread::yield();
    }
    remember();
  }
  // What the death of the process leaves.
  void kill() { go_on_with(now()); }
  void go_on_with(const Image& image) {
    auto next = ImageDisk::make(place, image);
    handle_.reset();  // on the old disk
    handed_ = 0;
    disk_ = std::move(next);
    remember();
  }
  // Damages the record of a seq, salvages, and goes on with the copy.
  void lose(const std::vector<std::uint64_t>& seqs) {
    Specimen damaged = finish();
    for (const std::uint64_t seq : seqs) {
      for (const SegmentMap& segment : damaged.segments) {
        for (const FrameMap& frame : segment.frames) {
          for (const EntryMap& entry : frame.entries) {
            if (entry.kind == 0 && entry.seq == seq)
              damaged.image.at(segment.file).flip(entry.offset, 0);
          }
        }
      }
      specimen.records.erase(seq);
      specimen.lost.insert(seq);
    }
    const auto disk = ImageDisk::make(place, damaged.image);
    auto copied = journal::salvage(host_of(disk), place, "/out", {});
    if (!copied) FAIL(copied.error().message);
    Image image = disk->image("/out");
    image.erase("journal.lock");
    go_on_with(image);
  }

  // Without the lock, and without temporaries (the writer keeps one, the room for its next mark):
  // whatever is in them, the next open removes them.
  Image now() const {
    Image image = disk_->image(place);
    std::erase_if(image, [](const auto& file) {
      const format::NameKind kind = format::parse_name(file.first).kind;
      return kind == format::NameKind::lock || kind == format::NameKind::temporary;
    });
    return image;
  }
  // The specimen as it is now, with the map of its bytes.
  Specimen finish();

 private:
  void remember() { specimen.history.push_back(now()); }

  std::shared_ptr<ImageDisk> disk_ = ImageDisk::make(place, {});
  std::shared_ptr<journal::Client> handle_;
  std::uint64_t handed_ = 0;
  std::uint64_t salt_ = 0;
};

FrameMap map_frame(const format::FrameHeader& header, format::Bytes prefix,
                   std::uint8_t hash_bytes) {
  FrameMap frame;
  frame.offset = header.offset;
  frame.body = header.body_offset();
  frame.end = header.end();
  frame.type = header.raw_type;
  frame.first_seq = header.first_seq;
  frame.next_seq = header.next_seq;
  frame.watermark = header.watermark;
  const format::RecordTable table(header, prefix, hash_bytes);
  std::uint64_t at = frame.body;
  std::uint64_t seq = header.first_seq;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const bool user = table.kind(i) == format::record_kind::user;
    frame.entries.push_back({table.kind(i), user ? seq : 0, at, table.length(i)});
    at += table.length(i);
    if (user) ++seq;
  }
  return frame;
}

SegmentMap map_segment(io::Disk& disk, const journal::SurveyedFile& file) {
  SegmentMap map;
  const format::SegmentHeader& header = file.headers.header;
  map.id = file.id;
  map.file = format::segment_name(file.id);
  map.bytes = file.bytes;
  map.block = header.block_bytes;
  map.first_seq = header.first_seq;
  auto opened = disk.open(file.path, {});
  REQUIRE(opened.ok());
  journal::FileSource source(*opened.value(), file.bytes);
  format::FrameWalk walk(header, source, header.data_start(), header.first_seq,
                         format::FrameWalk::Bodies::verify);
  while (const auto frame = walk.next())
    map.frames.push_back(map_frame(*frame, *walk.prefix(), header.hash_bytes));
  map.stream_end = walk.stream().end;
  map.used = map.stream_end;
  map.sealed = walk.seal().has_value();
  if (map.sealed) map.used += format::seal_bytes + walk.seal()->index_bytes;
  return map;
}

Specimen Story::finish() {
  Specimen out = specimen;
  out.image = now();
  const auto disk = ImageDisk::make(place, out.image);
  auto surveyed = journal::survey(*disk, place);
  REQUIRE(surveyed.ok());
  REQUIRE(surveyed.value().damage.empty());
  out.first_seq = surveyed.value().effective_head.first_seq;
  for (const journal::SurveyedFile& file : surveyed.value().live)
    out.segments.push_back(map_segment(*disk, file));
  out.last_seq = out.segments.back().first_seq - 1;
  if (!out.segments.back().frames.empty())
    out.last_seq = out.segments.back().frames.back().next_seq - 1;
  std::erase_if(out.lost, [&](std::uint64_t seq) { return seq < out.first_seq; });
  REQUIRE(out.records.size() + out.lost.size() == out.last_seq + 1 - out.first_seq);
  return out;
}

constexpr std::uint64_t words = 0x1122334455667788;
constexpr std::uint64_t shapes = 0x99AABBCCDDEEFF01;
constexpr journal::Durability os{journal::DurabilityKind::os, 0};

}  // namespace

const SegmentMap* Specimen::segment_of(const std::string& file) const {
  const auto found = std::ranges::find(segments, file, &SegmentMap::file);
  return found == segments.end() ? nullptr : &*found;
}

io::Host host_of(std::shared_ptr<io::Disk> disk) {
  return {std::move(disk), io::system_host().clock, io::system_host().tasks};
}

std::string dictionary_of(std::uint64_t hash) { return with_name(hash, text(40, hash)); }

Specimen everything(bool closed, std::uint64_t flavour) {
  Story story(closed ? "everything, closed" : "everything, killed", flavour);
  story.open();
  story.dictionary(words);
  story.append({story.plain(30), story.named(words, 12), story.plain(100)});  // seqs 1 to 3
  story.append(17);
  story.kill();
  story.open();
  story.dictionary(words);
  story.append({story.named(words, 5), story.plain(0), story.plain(55)});  // 5 to 7
  story.append({story.plain(20)}, os);
  story.append({story.named(words, 9), story.plain(0)});  // 9, 10: behind what was not synced
  story.close();
  story.open();
  story.append({story.plain(8), story.plain(9), story.plain(10)});  // 11 to 13
  story.cursor("worker", 9);
  story.kill();
  story.open();
  // A frame longer than the stride of the index, so that the index has two entries.
  story.append({story.plain(40'000), story.plain(17), story.plain(30'000)});  // 14 to 16
  story.append(17);
  story.lose({7, 12, 13});
  story.open();
  story.truncate(7);  // the journal begins in a gap
  story.cursor("\xCE\xA9/size", 11);
  story.options.block_padding = true;
  story.kill();
  story.open();
  story.dictionary(shapes);
  story.append({story.named(shapes, 3), story.plain(40)});  // 18 and 19, padded to a block
  story.append(21);
  story.options.block_padding = false;
  story.kill();
  story.open();
  story.append(33);
  story.close();
  story.open();
  story.append({story.plain(64), story.plain(1)});  // 22 and 23
  story.cursor("worker", 20);
  if (closed) {
    story.append(100);
    story.close();
    story.specimen.closed = true;
  } else {
    story.append(16'500);  // a quarter of the segment: a spare is made
    story.wait_for_spare();
    story.append({story.plain(25)}, os);
    story.append({story.plain(1200), story.plain(26)});
    story.kill();
  }
  return story.finish();
}

Specimen hashed(std::uint64_t flavour) {
  Story story("hashed, killed in a rotation", flavour);
  story.options.recorded.hash_name = "sum";
  story.options.recorded.hash_bytes = 8;
  story.specimen.hash_bytes = 8;
  story.open();
  story.append({story.summed(40), story.summed(0)});
  story.append({story.summed(700)});
  story.kill();
  story.open();
  story.append({story.summed(9), story.summed(90), story.summed(900)});
  story.kill();
  const Image before = story.now();
  story.open();
  Image between = story.now();
  // The successor's header is there, the old segment is as it was.
  for (const auto& [name, content] : before) between[name] = content;
  story.go_on_with(between);
  return story.finish();
}

Specimen marked() {
  Story story("killed behind a mark", 0);
  story.open();
  story.append({story.plain(12), story.plain(40)});
  story.append(700);
  story.close();
  story.open();
  story.append(33);
  story.kill();
  return story.finish();
}

Specimen small(std::uint64_t flavour) {
  Story story("small, closed", flavour);
  story.open();
  story.append({story.plain(12), story.plain(0), story.plain(30)});
  story.append(17);
  story.close();
  story.specimen.closed = true;
  return story.finish();
}

}  // namespace tidemark::test
