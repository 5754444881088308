// The reports of the core as JS objects with the names of lib/recovery/report.ts.
#include <algorithm>
#include <string_view>

#include "addon/values.hpp"

namespace tidemark::addon {
namespace {

const char* name(format::TailWord word) {
  switch (word) {
    case format::TailWord::torn:
      return "torn";
    case format::TailWord::undecidable:
      return "undecidable";
    case format::TailWord::clean:
    case format::TailWord::none:
      break;
  }
  return "clean";
}

const char* name(journal::OpenPath path) {
  switch (path) {
    case journal::OpenPath::created:
      return "created";
    case journal::OpenPath::recovered:
      return "recovered";
    case journal::OpenPath::clean:
      break;
  }
  return "clean";
}

const char* name(journal::Event::Kind kind) {
  switch (kind) {
    case journal::Event::Kind::rotate:
      return "rotate";
    case journal::Event::Kind::seal:
      return "seal";
    case journal::Event::Kind::poison:
      return "poison";
    case journal::Event::Kind::commit:
      break;
  }
  return "commit";
}

void set(Napi::Object& object, const char* key, std::uint64_t value) {
  object.Set(key, number_value(object.Env(), value));
}

Napi::Value strings_value(Napi::Env env, const std::vector<std::string>& strings) {
  const Napi::Array array = Napi::Array::New(env, strings.size());
  for (std::uint32_t i = 0; i < strings.size(); ++i) array.Set(i, strings[i]);
  return array;
}

Napi::Value cut_value(Napi::Env env, const journal::Cut& cut) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "segment", cut.segment);
  set(object, "offset", cut.offset);
  set(object, "bytes", cut.bytes);
  if (cut.from_seq != 0) {
    set(object, "fromSeq", cut.from_seq);
    set(object, "toSeq", cut.to_seq);
  }
  return object;
}

void set_row(Napi::Object& object, char row) {
  if (row != 0) object.Set("row", std::string(1, row));
}

Napi::Value problems_value(Napi::Env env, const std::vector<journal::Problem>& problems) {
  const Napi::Array array = Napi::Array::New(env, problems.size());
  for (std::uint32_t i = 0; i < problems.size(); ++i) {
    const journal::Problem& problem = problems[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("kind", journal::name(problem.kind));
    set(object, "segment", problem.segment);
    set(object, "offset", problem.offset);
    set(object, "fromSeq", problem.from_seq);
    set(object, "toSeq", problem.to_seq);
    if (problem.single_bit_flip) set(object, "singleBitFlip", *problem.single_bit_flip);
    set_row(object, problem.row);
    object.Set("detail", problem.detail);
    object.Set("path", problem.path);
    array.Set(i, object);
  }
  return array;
}

Napi::Value frames_value(Napi::Env env, const std::vector<journal::FrameLayout>& frames) {
  const Napi::Array array = Napi::Array::New(env, frames.size());
  for (std::uint32_t i = 0; i < frames.size(); ++i) {
    const journal::FrameLayout& frame = frames[i];
    Napi::Object object = Napi::Object::New(env);
    set(object, "offset", frame.offset);
    set(object, "bytes", frame.bytes);
    set(object, "type", frame.type);
    set(object, "firstSeq", frame.first_seq);
    set(object, "records", frame.records);
    set(object, "watermarkOffset", frame.watermark_offset);
    set(object, "watermarkSeq", frame.watermark_seq);
    array.Set(i, object);
  }
  return array;
}

Napi::Value layouts_value(Napi::Env env, const std::vector<journal::SegmentLayout>& layouts) {
  const Napi::Array array = Napi::Array::New(env, layouts.size());
  for (std::uint32_t i = 0; i < layouts.size(); ++i) {
    const journal::SegmentLayout& layout = layouts[i];
    Napi::Object object = Napi::Object::New(env);
    set(object, "id", layout.id);
    object.Set("epoch", hexadecimal(layout.epoch));
    object.Set("path", layout.path);
    set(object, "fileBytes", layout.file_bytes);
    set(object, "allocatedBytes", layout.allocated);
    set(object, "dataStart", layout.data_start);
    set(object, "streamEnd", layout.stream_end);
    set(object, "usedBytes", layout.used_bytes);
    set(object, "firstSeq", layout.first_seq);
    set(object, "lastSeq", layout.last_seq);
    set(object, "records", layout.records);
    object.Set("digest", hexadecimal(layout.digest));
    object.Set("sealed", layout.sealed);
    object.Set("createdAt", static_cast<double>(layout.created_at));
    if (!layout.frames.empty()) object.Set("frames", frames_value(env, layout.frames));
    array.Set(i, object);
  }
  return array;
}

Napi::Value histogram_value(Napi::Env env, const journal::Histogram::Summary& summary) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "count", summary.count);
  set(object, "min", summary.min);
  set(object, "max", summary.max);
  object.Set("mean", summary.mean);
  set(object, "p50", summary.p50);
  set(object, "p90", summary.p90);
  set(object, "p99", summary.p99);
  set(object, "p999", summary.p999);
  const Napi::Array buckets = Napi::Array::New(env, summary.filled.size());
  for (std::uint32_t i = 0; i < summary.filled.size(); ++i) {
    Napi::Object bucket = Napi::Object::New(env);
    set(bucket, "upTo", summary.filled[i].first);
    set(bucket, "count", summary.filled[i].second);
    buckets.Set(i, bucket);
  }
  object.Set("buckets", buckets);
  return object;
}

}  // namespace

Napi::Value skipped_value(Napi::Env env, const std::vector<journal::SkippedRange>& skipped) {
  const Napi::Array array = Napi::Array::New(env, skipped.size());
  for (std::uint32_t i = 0; i < skipped.size(); ++i) {
    Napi::Object object = Napi::Object::New(env);
    set(object, "segment", skipped[i].segment);
    set(object, "offset", skipped[i].offset);
    set(object, "bytes", skipped[i].bytes);
    set(object, "fromSeq", skipped[i].from_seq);
    set(object, "toSeq", skipped[i].to_seq);
    object.Set("reason", skipped[i].reason);
    array.Set(i, object);
  }
  return array;
}

Napi::Object recovery_value(Napi::Env env, const journal::RecoveryReport& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("path", name(report.path));
  object.Set("durationMs", static_cast<double>(report.duration) / nanoseconds_per_millisecond);
  set(object, "segments", report.segments);
  set(object, "lastSeq", report.last_seq);
  object.Set("readFrom", report.read_from_device ? "device" : "cache");
  object.Set("tail", name(report.tail));
  set_row(object, report.row);
  if (report.cut) object.Set("cut", cut_value(env, *report.cut));
  object.Set("foreign", strings_value(env, report.foreign));
  object.Set("skipped", skipped_value(env, report.skipped));
  set(object, "bytesRead", report.bytes_read);
  const Napi::Array copies = Napi::Array::New(env, report.bad_header_copies.size());
  for (std::uint32_t i = 0; i < report.bad_header_copies.size(); ++i) {
    Napi::Object copy = Napi::Object::New(env);
    set(copy, "segment", report.bad_header_copies[i].first);
    copy.Set("copy", report.bad_header_copies[i].second);
    copies.Set(i, copy);
  }
  object.Set("badHeaderCopies", copies);
  return object;
}

Napi::Object header_value(Napi::Env env, const format::SegmentHeader& header) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("id", hexadecimal(header.journal_id));
  object.Set("epoch", hexadecimal(header.epoch));
  object.Set("codecName", header.codec_name);
  set(object, "codecVersion", header.codec_version);
  object.Set("hashName", header.hash_name);
  set(object, "hashBytes", header.hash_bytes);
  object.Set("application", header.application);
  set(object, "startSeq", header.start_seq);
  return object;
}

Napi::Value segments_value(Napi::Env env, const std::vector<journal::SegmentInfo>& segments) {
  const Napi::Array array = Napi::Array::New(env, segments.size());
  for (std::uint32_t i = 0; i < segments.size(); ++i) {
    const journal::SegmentInfo& segment = segments[i];
    Napi::Object object = Napi::Object::New(env);
    set(object, "id", segment.id);
    object.Set("epoch", hexadecimal(segment.epoch));
    set(object, "firstSeq", segment.first_seq);
    set(object, "lastSeq", segment.last_seq);
    set(object, "bytes", segment.bytes);
    object.Set("digest", hexadecimal(segment.digest));
    object.Set("sealed", segment.sealed);
    array.Set(i, object);
  }
  return array;
}

Napi::Object cursor_value(Napi::Env env, const journal::CursorInfo& cursor) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", cursor.name);
  set(object, "seq", cursor.seq);
  set(object, "lag", cursor.lag);
  return object;
}

Napi::Array cursors_value(Napi::Env env, const std::vector<journal::CursorInfo>& cursors) {
  const Napi::Array array = Napi::Array::New(env, cursors.size());
  for (std::uint32_t i = 0; i < cursors.size(); ++i) array.Set(i, cursor_value(env, cursors[i]));
  return array;
}

Napi::Object stats_value(Napi::Env env, const journal::Stats& stats) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "records", stats.records);
  set(object, "commits", stats.commits);
  set(object, "syncs", stats.syncs);
  set(object, "marks", stats.marks);
  set(object, "rotations", stats.rotations);
  set(object, "rejected", stats.rejected);
  set(object, "bytesWritten", stats.bytes_written);
  set(object, "payloadBytes", stats.payload_bytes);
  set(object, "bytesUsed", stats.bytes_used);
  set(object, "pendingBytes", stats.pending_bytes);
  set(object, "pendingRecords", stats.pending_records);
  set(object, "segments", stats.segments);
  set(object, "handles", stats.handles);
  Napi::Object mode = Napi::Object::New(env);
  mode.Set("direct", stats.direct);
  mode.Set("sync", stats.sync_mode);
  set(mode, "alignment", stats.alignment);
  mode.Set("why", stats.why);
  object.Set("mode", mode);
  object.Set("commitSize", histogram_value(env, stats.commit_records));
  object.Set("commitLatency", histogram_value(env, stats.commit_ns));
  object.Set("syncLatency", histogram_value(env, stats.sync_ns));
  return object;
}

Napi::Object verify_value(Napi::Env env, const journal::VerifyReport& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("ok", report.ok);
  object.Set("tail", name(report.tail));
  set_row(object, report.row);
  if (report.torn) object.Set("torn", cut_value(env, *report.torn));
  set(object, "records", report.records);
  set(object, "firstSeq", report.first_seq);
  set(object, "lastSeq", report.last_seq);
  set(object, "bytesUsed", report.bytes_used);
  set(object, "bytesOnDisk", report.bytes_on_disk);
  object.Set("segments", layouts_value(env, report.segments));
  object.Set("problems", problems_value(env, report.problems));
  object.Set("foreign", strings_value(env, report.foreign));
  if (report.header) object.Set("recorded", header_value(env, *report.header));
  set(object, "watermarkSeq", report.watermark_seq);
  object.Set("besideWriter", report.beside_writer);
  return object;
}

Napi::Object copy_value(Napi::Env env, const journal::CopyReport& report) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "records", report.records);
  set(object, "firstSeq", report.first_seq);
  set(object, "lastSeq", report.last_seq);
  set(object, "bytes", report.bytes);
  set(object, "segments", report.segments);
  set(object, "lostRecords", report.lost_records);
  const Napi::Array lost = Napi::Array::New(env, report.lost.size());
  for (std::uint32_t i = 0; i < report.lost.size(); ++i) {
    Napi::Object range = Napi::Object::New(env);
    set(range, "fromSeq", report.lost[i].from);
    set(range, "toSeq", report.lost[i].to);
    lost.Set(i, range);
  }
  object.Set("lost", lost);
  const Napi::Array quarantined = Napi::Array::New(env, report.quarantined.size());
  for (std::uint32_t i = 0; i < report.quarantined.size(); ++i) {
    Napi::Object piece = Napi::Object::New(env);
    set(piece, "segment", report.quarantined[i].segment);
    set(piece, "offset", report.quarantined[i].offset);
    set(piece, "bytes", report.quarantined[i].bytes);
    piece.Set("file", report.quarantined[i].file);
    quarantined.Set(i, piece);
  }
  object.Set("quarantined", quarantined);
  object.Set("problems", problems_value(env, report.problems));
  return object;
}

Napi::Value events_value(Napi::Env env, const std::vector<journal::Event>& events) {
  const Napi::Array array = Napi::Array::New(env, events.size());
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const journal::Event& event = events[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("kind", name(event.kind));
    set(object, "firstSeq", event.first_seq);
    set(object, "lastSeq", event.last_seq);
    set(object, "records", event.records);
    set(object, "bytes", event.bytes);
    set(object, "segment", event.segment);
    object.Set("durationMs", static_cast<double>(event.duration_ns) / nanoseconds_per_millisecond);
    object.Set("message", event.message);
    array.Set(i, object);
  }
  return array;
}

}  // namespace tidemark::addon
