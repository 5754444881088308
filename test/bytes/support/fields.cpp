#include "fields.hpp"

#include <algorithm>
#include <set>

#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "format/names.hpp"

namespace tidemark::test {
namespace {

struct Named {
  const char* name;
  std::uint64_t offset;
  std::uint64_t bytes;
};

constexpr Named header_fields[] = {{"magic", 0, 8},
                                   {"version", 8, 2},
                                   {"used bytes", 10, 2},
                                   {"checksum", 12, 4},
                                   {"copy", 16, 1},
                                   {"checksum kind", 17, 1},
                                   {"zero", 18, 2},
                                   {"blockSize", 20, 4},
                                   {"incompatible", 24, 8},
                                   {"read-only", 32, 8},
                                   {"compatible", 40, 8},
                                   {"journalId", 48, 8},
                                   {"segmentId", 64, 8},
                                   {"epoch", 72, 8},
                                   {"salt", 80, 8},
                                   {"firstSeq", 88, 8},
                                   {"capacity", 96, 8},
                                   {"createdAt", 104, 8},
                                   {"predecessor", 112, 8},
                                   {"its end", 120, 8},
                                   {"its last seq", 128, 8},
                                   {"its digest", 136, 8},
                                   {"head segment", 144, 8},
                                   {"head seq", 152, 8},
                                   {"greatest body", 160, 4},
                                   {"greatest record", 164, 4},
                                   {"greatest entries", 168, 4},
                                   {"zero", 172, 4},
                                   {"startSeq", 176, 8},
                                   {"codec length", 184, 1},
                                   {"hash length", 185, 1},
                                   {"application length", 186, 1},
                                   {"hashBytes", 187, 1},
                                   {"codecVersion", 188, 4},
                                   {"user length", 192, 2},
                                   {"zero", 194, 2},
                                   {"names", 196, 4},
                                   {"behind the used bytes", 4000, 4}};

constexpr Named frame_fields[] = {{"sync word", 0, 4},  {"checksum", 4, 4}, {"type", 8, 1},
                                  {"flags", 9, 1},      {"words", 10, 1},   {"optional", 11, 1},
                                  {"bodyBytes", 12, 4}, {"entries", 16, 4}, {"firstSeq", 20, 8},
                                  {"units", 28, 4},     {"records", 32, 4}};

constexpr Named seal_fields[] = {
    {"successor", 36, 8},      {"salt", 44, 8},   {"last seq", 52, 8},    {"records", 60, 8},
    {"frames", 68, 8},         {"digest", 76, 8}, {"index bytes", 84, 4}, {"index entries", 88, 4},
    {"index checksum", 92, 4}, {"zero", 96, 4},   {"sealedAt", 100, 8}};

constexpr Named gap_fields[] = {{"last seq", 36, 8}, {"reason", 44, 4}, {"zero", 48, 4}};

constexpr Named head_fields[] = {{"magic", 0, 8},     {"version", 8, 2},    {"used", 10, 2},
                                 {"checksum", 12, 4}, {"journalId", 16, 8}, {"segment", 32, 8},
                                 {"first seq", 40, 8}};
constexpr Named cursor_fields[] = {{"magic", 0, 8},     {"version", 8, 2},      {"used", 10, 2},
                                   {"checksum", 12, 4}, {"journalId", 16, 8},   {"seq", 32, 8},
                                   {"epoch", 40, 8},    {"name length", 48, 2}, {"name", 50, 1}};

std::uint32_t load32(const Content& content, std::uint64_t offset) {
  return format::load<std::uint32_t>(content.bytes(offset, 4), 0);
}

void store32(Content& content, std::uint64_t offset, std::uint32_t value) {
  std::byte bytes[4];
  format::store<std::uint32_t>(bytes, 0, value);
  content.write(offset, bytes);
}

// A block whose checksum stands at 12 and covers the rest.
void stamp_block(Content& content, std::uint64_t offset, std::uint64_t size, std::uint32_t seed) {
  const auto block = content.bytes(offset, size);
  if (block.size() < 16) return;
  const std::uint32_t front = crc32c::extend(seed, block.data(), 12);
  store32(content, offset + 12, crc32c::extend(front, block.data() + 16, block.size() - 16));
}

// The frame header's checksum, over as many bytes as its fields say now.
void stamp_frame(Content& content, std::uint64_t offset, std::uint32_t segment_seed,
                 std::uint8_t hash_bytes) {
  const auto fixed = content.bytes(offset, format::fixed_frame_header_bytes);
  if (fixed.size() < format::fixed_frame_header_bytes) return;
  const std::uint64_t words = format::load<std::uint8_t>(fixed, 10);
  const auto flags = format::load<std::uint8_t>(fixed, 9);
  const std::uint64_t entries = format::load<std::uint32_t>(fixed, 16);
  std::uint64_t each = 8;
  if ((flags & 1U) != 0) each += 1;
  if ((flags & 2U) != 0) each += hash_bytes;
  const std::uint64_t size =
      std::min<std::uint64_t>(4 * words + entries * each, content.size() - offset);
  if (size < 9) return;
  const auto prefix = content.bytes(offset, size);
  const format::Place seeds(segment_seed);
  store32(content, offset + 4,
          crc32c::extend(seeds.header_seed(offset), prefix.data() + 8, prefix.size() - 8));
}

class Fields {
 public:
  explicit Fields(const Specimen& specimen) : specimen_(specimen) {}

  std::vector<Field> collect() {
    for (const SegmentMap& segment : specimen_.segments) {
      const Content& content = specimen_.image.at(segment.file);
      const auto pair = format::decode_header_pair(content.bytes(0, format::header_probe_bytes));
      seed_ = pair.header.seed();
      hash_bytes_ = pair.header.hash_bytes;
      headers(segment);
      for (const FrameMap& map : segment.frames) frame(segment, map);
      if (segment.sealed) seal_and_index(segment, content);
    }
    for (const auto& [name, content] : specimen_.image) {
      const format::NameKind kind = format::parse_name(name).kind;
      const std::uint64_t size = content.size();
      const auto stamp = [size](Content& file) { stamp_block(file, 0, size, 0); };
      if (kind == format::NameKind::head) {
        for (const Named& field : head_fields) add("head", field, name, 0, stamp);
      } else if (kind == format::NameKind::cursor) {
        for (const Named& field : cursor_fields) add("cursor", field, name, 0, stamp);
      }
    }
    return std::move(fields_);
  }

 private:
  void add(const std::string& what, const Named& field, const std::string& file,
           std::uint64_t offset, std::function<void(Content&)> stamp) {
    fields_.push_back(
        {what + ": " + field.name, file, offset + field.offset, field.bytes, std::move(stamp)});
  }

  void headers(const SegmentMap& segment) {
    for (std::uint32_t copy = 0; copy < 2; ++copy) {
      const std::uint64_t offset = copy * segment.block;
      for (const Named& field : header_fields) {
        add("header copy " + std::to_string(copy) + " of " + segment.file, field, segment.file,
            offset, [offset, copy](Content& file) {
              stamp_block(file, offset, format::header_copy_bytes, copy);
            });
      }
    }
  }

  void frame(const SegmentMap& segment, const FrameMap& map) {
    const std::string what = "frame at " + std::to_string(map.offset) + " of " + segment.file;
    const auto stamp = [offset = map.offset, seed = seed_, hashes = hash_bytes_](Content& file) {
      stamp_frame(file, offset, seed, hashes);
    };
    for (const Named& field : frame_fields) add(what, field, segment.file, map.offset, stamp);
    if (map.type == static_cast<std::uint8_t>(format::FrameType::gap)) {
      for (const Named& field : gap_fields) add(what, field, segment.file, map.offset, stamp);
    }
    // The table: lengths, checksums, and what flags add, as numbers of 4 bytes.
    const std::uint64_t header = format::fixed_frame_header_bytes;
    if (map.type != static_cast<std::uint8_t>(format::FrameType::commit)) return;
    for (std::uint64_t at = map.offset + header; at + 4 <= map.body; at += 4)
      add(what, {"table", at - map.offset, 4}, segment.file, map.offset, stamp);
  }

  void seal_and_index(const SegmentMap& segment, const Content& content) {
    const std::string what = "seal of " + segment.file;
    const std::uint64_t at = segment.stream_end;
    const auto stamp = [at, seed = seed_](Content& file) { stamp_frame(file, at, seed, 0); };
    for (const Named& field : frame_fields) add(what, field, segment.file, at, stamp);
    for (const Named& field : seal_fields) add(what, field, segment.file, at, stamp);
    const std::uint64_t index = at + format::seal_bytes;
    const std::uint64_t size = load32(content, at + 84);
    const auto both = [=, seed = seed_](Content& file) {
      const auto bytes = file.bytes(index, size);
      const format::Place seeds(seed);
      store32(file, at + 92, crc32c::extend(seeds.index_seed(), bytes.data(), bytes.size()));
      stamp_frame(file, at, seed, 0);
    };
    for (std::uint64_t entry = 0; entry < size; entry += 16) {
      const std::string where = "index of " + segment.file;
      add(where, {"first seq", entry, 8}, segment.file, index, both);
      add(where, {"offset", entry + 8, 8}, segment.file, index, both);
    }
  }

  const Specimen& specimen_;
  std::uint32_t seed_ = 0;
  std::uint8_t hash_bytes_ = 0;
  std::vector<Field> fields_;
};

}  // namespace

std::vector<Field> fields_of(const Specimen& specimen) { return Fields(specimen).collect(); }

std::vector<std::uint64_t> values_for(std::uint64_t value, std::uint64_t bytes) {
  const unsigned bits = static_cast<unsigned>(bytes) * 8;
  const std::uint64_t most = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  std::set<std::uint64_t> values{
      0,         1,         2,         8,         most,      most - 1, most >> 1U, (most >> 1U) + 1,
      value + 1, value - 1, value + 8, value - 8, value * 2, ~value};
  for (unsigned bit = 0; bit < bits; ++bit) values.insert(value ^ (std::uint64_t{1} << bit));
  if (bits == 64) {
    values.insert({(std::uint64_t{1} << 53U) - 1, std::uint64_t{1} << 53U,
                   (std::uint64_t{1} << 53U) + 1, std::uint64_t{1} << 32U, 65536, 8192});
  }
  std::vector<std::uint64_t> out;
  for (const std::uint64_t candidate : values) {
    if ((candidate & most) != value && std::ranges::find(out, candidate & most) == out.end())
      out.push_back(candidate & most);
  }
  return out;
}

std::uint64_t get(const Content& content, const Field& field) {
  auto bytes = content.bytes(field.offset, field.bytes);
  bytes.resize(8);
  return format::load<std::uint64_t>(bytes, 0);
}

void set(Content& content, const Field& field, std::uint64_t value) {
  std::byte bytes[8];
  format::store<std::uint64_t>(bytes, 0, value);
  content.write(field.offset, std::span(bytes).first(static_cast<std::size_t>(field.bytes)));
}

}  // namespace tidemark::test
