#include "journal/salvage_sources.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "format/names.hpp"
#include "journal/damage.hpp"
#include "journal/file_source.hpp"
#include "journal/frame_cursor.hpp"

namespace tidemark::journal {
namespace {

class Collector {
 public:
  Collector(io::Disk& disk, const std::string& directory) : disk_(disk), directory_(directory) {}

  Result<SalvageSources> run() {
    if (Status status = collect(); !status) return status.error();
    choose_facts();
    if (const auto failure = newer_part()) return *failure;
    return std::move(sources_);
  }

 private:
  Status collect() {
    auto listed = disk_.list(directory_);
    if (!listed) return from_io(listed.error(), "the directory of the journal cannot be listed");
    for (const io::Entry& entry : listed.value()) {
      const format::ParsedName parsed = format::parse_name(entry.name);
      const std::string path = io::join(directory_, entry.name);
      if (parsed.kind == format::NameKind::segment) {
        collect_segment(parsed.segment_id, path);
      } else if (parsed.kind == format::NameKind::head) {
        collect_head(path);
      } else if (parsed.kind == format::NameKind::cursor) {
        collect_cursor(path);
      }
    }
    // By id; of two files of one segment the one that bears its name comes first.
    std::sort(sources_.files.begin(), sources_.files.end(),
              [](const SalvageFile& a, const SalvageFile& b) {
                const auto key = [](const SalvageFile& candidate) {
                  return std::tuple(candidate.id(), candidate.named_id != candidate.id(),
                                    candidate.named_id);
                };
                return key(a) < key(b);
              });
    return done();
  }

  // What cannot be understood must not be taken for damage.
  std::optional<Failure> newer_part() const {
    if (newer_mark_) return newer(*newer_mark_, "the mark");
    for (const SalvageFile& candidate : sources_.files) {
      if (candidate.headers.state != format::HeaderState::newer ||
          candidate.named_id < sources_.head.segment_id) {
        continue;
      }
      Failure failure = newer(candidate.path, "segment " + std::to_string(candidate.named_id));
      failure.segment = candidate.named_id;
      return failure;
    }
    return std::nullopt;
  }

  void collect_segment(std::uint64_t id, const std::string& path) {
    SalvageFile candidate;
    candidate.named_id = id;
    candidate.path = path;
    auto file = disk_.open(path, {});
    auto size = file ? file.value()->size() : io::Result<std::uint64_t>(file.error());
    if (!size) {
      if (!sources_.unreadable) sources_.unreadable = size.error();
      sources_.problem(ProblemKind::unreadable, id, 0, 0, 0,
                       "the file cannot be opened: " + size.error().message(), path);
      return;
    }
    candidate.bytes = size.value();
    FileSource source(*file.value(), candidate.bytes);
    source.tolerate_unreadable();
    const auto start = source.view(0, format::header_probe_bytes);
    if (start) candidate.headers = format::decode_header_pair(*start);
    if (!candidate.usable() && source.error() && !sources_.unreadable) {
      sources_.unreadable = source.error();
    }
    if (candidate.headers.other) choose_copy(candidate, source);
    sources_.files.push_back(std::move(candidate));
  }

  // Of two sound headers that differ one belongs elsewhere: the frames tell which, or the name
  // does.
  static void choose_copy(SalvageFile& candidate, FileSource& source) {
    const auto fits = [&](const format::SegmentHeader& header) {
      FrameCursor cursor(header);
      const auto state = cursor.load(source, header.data_start(), candidate.bytes, true);
      return std::pair(state == FrameCursor::State::good, header.segment_id == candidate.named_id);
    };
    format::HeaderPair& headers = candidate.headers;
    const bool second = fits(*headers.other) > fits(headers.header);
    if (second) headers.header = *headers.other;
    headers.copy_valid[second ? 0 : 1] = false;
    headers.contradictory = false;
    headers.other.reset();
  }

  void collect_head(const std::string& path) {
    auto bytes = io::read_file(disk_, path, format::maximum_mark_bytes);
    format::HeadMark mark;
    const auto state =
        bytes ? format::decode_head_mark(bytes.value(), mark) : format::MarkState::damaged;
    if (state == format::MarkState::newer) newer_mark_ = path;
    if (state == format::MarkState::valid) head_ = mark;
    if (state != format::MarkState::damaged) return;
    const bool read = bytes || io::beyond_limit(bytes.error());
    sources_.problem(read ? ProblemKind::head : ProblemKind::unreadable, 0, 0, 0, 0,
                     read ? "the head mark is damaged: the segment headers' copies count"
                          : "the head mark cannot be read: the segment headers' copies count",
                     path);
    sources_.bad_marks.push_back(path);
  }

  void collect_cursor(const std::string& path) {
    auto bytes = io::read_file(disk_, path, format::maximum_mark_bytes);
    format::CursorMark mark;
    const auto state =
        bytes ? format::decode_cursor_mark(bytes.value(), mark) : format::MarkState::damaged;
    if (state == format::MarkState::newer) newer_mark_ = path;
    if (state == format::MarkState::valid) sources_.cursors.push_back(std::move(mark));
    if (state != format::MarkState::damaged) return;
    const bool read = bytes || io::beyond_limit(bytes.error());
    sources_.problem(read ? ProblemKind::cursor : ProblemKind::unreadable, 0, 0, 0, 0,
                     read ? "the cursor is damaged and is not copied"
                          : "the cursor cannot be read and is not copied",
                     path);
    sources_.bad_marks.push_back(path);
  }

  // What the journal recorded at its creation: from the head mark's journal, else from the first
  // sound header.
  void choose_facts() {
    const SalvageFile* chosen = nullptr;
    bool chosen_by_head = false;
    for (const SalvageFile& candidate : sources_.files) {
      if (!candidate.usable()) continue;
      const bool preferred = head_ && candidate.headers.header.journal_id == head_->journal_id;
      if (chosen == nullptr || (preferred && !chosen_by_head)) chosen = &candidate;
      chosen_by_head = chosen_by_head || preferred;
    }
    if (chosen == nullptr) return;
    sources_.facts = chosen->headers.header;
    if (head_ && head_->journal_id != sources_.facts->journal_id) {
      sources_.problem(ProblemKind::head, 0, 0, 0, 0, "the head mark belongs to another journal",
                       io::join(directory_, format::head_name));
      head_.reset();
    }
    sources_.head = head_ ? head_->head : sources_.facts->head;
    for (const SalvageFile& candidate : sources_.files) {
      if (!candidate.usable() || candidate.headers.header.journal_id != sources_.facts->journal_id)
        continue;
      const format::SegmentHeader& header = candidate.headers.header;
      if (header.head.first_seq > sources_.head.first_seq) sources_.head = header.head;
      sources_.known_last_seq =
          std::max({sources_.known_last_seq, header.first_seq - 1, header.predecessor.last_seq});
    }
    std::erase_if(sources_.cursors, [&](const format::CursorMark& cursor) {
      if (cursor.journal_id == sources_.facts->journal_id) return false;
      sources_.problem(ProblemKind::cursor, 0, 0, 0, 0,
                       "the cursor '" + cursor.name + "' belongs to another journal",
                       io::join(directory_, format::cursor_file_name(cursor.name)));
      return true;
    });
    sources_.known_last_seq = std::max(sources_.known_last_seq, sources_.head.first_seq - 1);
    for (const format::CursorMark& cursor : sources_.cursors)
      sources_.known_last_seq = std::max(sources_.known_last_seq, cursor.seq);
  }

  io::Disk& disk_;
  const std::string& directory_;
  std::optional<format::HeadMark> head_;
  std::optional<std::string> newer_mark_;
  SalvageSources sources_;
};

}  // namespace

void SalvageSources::problem(ProblemKind kind, std::uint64_t segment, std::uint64_t offset,
                             std::uint64_t from, std::uint64_t to, std::string detail,
                             const std::string& path) {
  Problem found;
  found.kind = kind;
  found.segment = segment;
  found.offset = offset;
  found.from_seq = from;
  found.to_seq = to;
  found.detail = std::move(detail);
  found.path = path;
  problems.push_back(std::move(found));
}

Result<SalvageSources> collect_sources(io::Disk& disk, const std::string& directory) {
  return Collector(disk, directory).run();
}

}  // namespace tidemark::journal
