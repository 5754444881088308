// The survey of a directory: names, headers, marks, links. See survey.hpp.
#include "journal/survey.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "format/frame.hpp"
#include "format/scan.hpp"
#include "io/aligned_buffer.hpp"
#include "journal/damage.hpp"
#include "journal/file_source.hpp"
#include "journal/segment_look.hpp"
#include "journal/survey_links.hpp"

namespace tidemark::journal {
namespace {

using format::FileSituation;
using format::HeaderState;
using format::Link;
using format::Outcome;

class Surveyor {
 public:
  Surveyor(io::Disk& disk, const std::string& directory) : disk_(disk), directory_(directory) {}

  Result<Survey> run() {
    auto listed = disk_.list(directory_);
    if (!listed) {
      if (listed.error().code == io::Errc::not_found) return Result<Survey>(std::move(survey_));
      return from_io(listed.error(), "the directory of the journal cannot be listed");
    }
    survey_.directory_exists = true;
    std::vector<io::Entry> entries = std::move(listed).value();
    std::ranges::sort(entries, {}, &io::Entry::name);
    for (const io::Entry& entry : entries) {
      if (Status status = take(entry); !status) return status.error();
    }
    // Behind the segments, so that it explains which of them a living writer released meanwhile.
    if (head_listed_ || !unread_.empty()) {
      if (Status status = take_head(); !status) return status.error();
    }
    std::ranges::sort(files_, {}, &SurveyedFile::id);
    find_reference();
    find_head();
    for (Unread& each : unread_) {
      if (Status status = judge_unread(each); !status) return status.error();
    }
    check_cursors();
    if (Status status = judge(); !status) return status.error();
    return Result<Survey>(std::move(survey_));
  }

 private:
  // A segment of which nothing could be read, or that was listed and is not there any more.
  struct Unread {
    SurveyedFile file;
    io::Error error;
  };

  Status take(const io::Entry& entry) {
    const format::ParsedName parsed = format::parse_name(entry.name);
    const std::string path = io::join(directory_, entry.name);
    switch (parsed.kind) {
      case format::NameKind::foreign:
        survey_.foreign.push_back(entry.name);
        return done();
      case format::NameKind::lock:
        return done();
      case format::NameKind::temporary:
        survey_.temporaries.push_back(entry.name);
        survey_.highest_id = std::max(survey_.highest_id, parsed.segment_id);
        return done();
      case format::NameKind::segment:
        survey_.highest_id = std::max(survey_.highest_id, parsed.segment_id);
        if (entry.kind != io::EntryKind::file) {
          survey_.damage.push_back(
              damaged(path, parsed.segment_id, 0,
                      "a segment's name belongs to something that is not a file", 0));
          return done();
        }
        return take_segment(parsed.segment_id, path);
      case format::NameKind::head:
        head_listed_ = true;
        return done();
      case format::NameKind::cursor:
        return take_cursor(path, parsed.cursor);
    }
    return done();
  }

  Status take_segment(std::uint64_t id, const std::string& path) {
    SurveyedFile file;
    file.id = id;
    file.path = path;
    if (io::Status read = read_headers(file); !read) {
      unread_.push_back({std::move(file), read.error()});
    } else {
      files_.push_back(std::move(file));
    }
    return done();
  }

  io::Status read_headers(SurveyedFile& file) {
    auto opened = disk_.open(file.path, {});
    if (!opened) return opened.error();
    io::File& handle = *opened.value();
    auto size = handle.size();
    if (!size) return size.error();
    file.bytes = size.value();
    if (auto status = disk_.status(file.path); status) file.allocated = status.value().allocated;
    std::vector<std::byte> start(2 * format::minimum_block_bytes);
    auto read = handle.read_at(0, start);
    if (!read) return read.error();
    start.resize(read.value());
    file.headers = format::decode_header_pair(start);
    const bool complete = file.headers.copy_valid[0] &&
                          file.headers.header.block_bytes == format::minimum_block_bytes;
    if (!complete && file.bytes > start.size()) {
      start.resize(format::header_probe_bytes);
      read = handle.read_at(0, start);
      if (!read) return read.error();
      start.resize(read.value());
      file.headers = format::decode_header_pair(start);
    }
    return io::done();
  }

  Status take_head() {
    const std::string path = io::join(directory_, std::string(format::head_name));
    auto bytes = io::read_file(disk_, path, mark_file_limit);
    if (!bytes && !head_listed_ && bytes.error().code == io::Errc::not_found) return done();
    if (!bytes && !io::beyond_limit(bytes.error())) {
      return Status(from_io(bytes.error(), "the head mark cannot be read"));
    }
    format::HeadMark mark;
    const format::MarkState state =
        bytes ? format::decode_head_mark(bytes.value(), mark) : format::MarkState::damaged;
    if (state == format::MarkState::valid) {
      survey_.head = mark;
    } else if (state == format::MarkState::newer) {
      survey_.damage.push_back(newer(path, "the head mark"));
    } else {
      survey_.damage.push_back(damaged(path, 0, 0, "the head mark is damaged", 0));
    }
    return done();
  }

  Status take_cursor(const std::string& path, const std::string& name) {
    auto read = read_cursor(disk_, path, name);
    if (!read) return Status(from_io(read.error(), "a cursor cannot be read"));
    NamedCursor& cursor = read.value();
    if (cursor.damage) survey_.damage.push_back(*cursor.damage);
    survey_.cursors.push_back(std::move(cursor));
    return done();
  }

  static bool usable(const SurveyedFile& file) {
    return file.headers.state == HeaderState::valid && !file.headers.contradictory;
  }

  // Whose journal this is: the head mark says so, else the first sound header.
  void find_reference() {
    for (const SurveyedFile& file : files_) {
      if (!usable(file)) continue;
      if (survey_.head && file.headers.header.journal_id != survey_.head->journal_id) continue;
      survey_.reference = file.headers.header;
      return;
    }
    const auto foreign = std::ranges::find_if(files_, usable);
    if (!survey_.head || foreign == files_.end()) return;
    survey_.reference = foreign->headers.header;
    survey_.head.reset();
    survey_.damage.push_back(damaged(io::join(directory_, std::string(format::head_name)), 0, 0,
                                     "the head mark belongs to another journal", 0));
  }

  // The head only moves forward, so the highest of its copies is the one in force.
  void find_head() {
    if (survey_.head) survey_.effective_head = survey_.head->head;
    if (!survey_.reference) return;
    if (!survey_.head) survey_.effective_head = survey_.reference->head;
    for (const SurveyedFile& file : files_) {
      if (!usable(file) || file.headers.header.journal_id != survey_.reference->journal_id)
        continue;
      const format::Head& head = file.headers.header.head;
      if (head.first_seq > survey_.effective_head.first_seq) survey_.effective_head = head;
    }
  }

  void check_cursors() {
    if (!survey_.reference) return;
    for (const NamedCursor& cursor : survey_.cursors) {
      if (cursor.state == format::MarkState::valid &&
          cursor.mark.journal_id != survey_.reference->journal_id) {
        survey_.damage.push_back(
            damaged(cursor.file, 0, 0,
                    "the cursor '" + cursor.mark.name + "' belongs to another journal", 0));
      }
    }
  }

  Status judge() {
    const std::uint64_t head_id = survey_.reference ? survey_.effective_head.segment_id : 0;
    std::vector<SurveyedFile*> chain;
    std::vector<SurveyedFile*> headless;
    for (SurveyedFile& file : files_) {
      if (survey_.reference && file.id < head_id) {
        FileSituation situation;
        situation.header = file.headers.state;
        situation.below_head = true;
        settle(file, situation, "is below the head mark");
      } else if (file.headers.state == HeaderState::valid) {
        chain.push_back(&file);
      } else {
        headless.push_back(&file);
      }
    }
    if (Status status = drop_half_made(chain, headless); !status) return status;
    if (Status status = link(chain); !status) return status;
    for (SurveyedFile* file : headless) {
      if (Status status = judge_headless(*file, chain, head_id); !status) return status;
    }
    if (survey_.reference && chain.empty()) {
      missing(head_id, "the first live segment, which the head names, is not there");
    } else if (chain.empty() && (survey_.head || !survey_.cursors.empty()) &&
               std::ranges::none_of(survey_.damage, [](const Failure& failure) {
                 return failure.segment.value_or(0) != 0;
               })) {
      missing(survey_.head ? survey_.head->head.segment_id : 1,
              "the directory has marks of a journal but none of its segments: bring the segment "
              "files back");
    }
    return done();
  }

  // A successor with one sound header copy and nothing behind it, which nothing names, was cut
  // while it was being made: both copies are durable before a seal names the file and before
  // anything is written behind them. It may have been replaced since, and its removal undone. Where
  // the sync of the header failed, the page cache may show both copies of what never was; a later
  // segment that continues the same one has replaced it.
  Status drop_half_made(std::vector<SurveyedFile*>& chain, std::vector<SurveyedFile*>& headless) {
    for (std::size_t i = 1; i < chain.size();) {
      Result<bool> half_made = half_made_at(chain, i);
      if (!half_made) return half_made.error();
      if (!half_made.value()) {
        ++i;
        continue;
      }
      SurveyedFile& file = *chain[i];
      survey_.half_made_proof =
          std::max(survey_.half_made_proof, file.headers.header.predecessor.last_seq);
      file.headers.state = HeaderState::damaged;
      headless.push_back(&file);
      chain.erase(chain.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return done();
  }

  Result<bool> half_made_at(const std::vector<SurveyedFile*>& chain, std::size_t i) {
    const SurveyedFile& file = *chain[i];
    // A creation that was cut has its own name, and that of its journal, in its header.
    const format::SegmentHeader& header = file.headers.header;
    if (header.segment_id != file.id ||
        (survey_.reference && header.journal_id != survey_.reference->journal_id)) {
      return false;
    }
    const bool replaced = std::any_of(chain.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                      chain.end(), [&file](const SurveyedFile* later) {
                                        return later->headers.header.predecessor.id ==
                                               file.headers.header.predecessor.id;
                                      });
    const bool both_copies = file.headers.copy_valid[0] == file.headers.copy_valid[1];
    if (both_copies && !replaced) return false;
    const bool continued = std::ranges::any_of(chain, [&file](const SurveyedFile* other) {
      return other->headers.header.predecessor.id == file.id;
    });
    if (continued) return false;
    Result<bool> zero = zero_behind(file);
    if (!zero || !zero.value()) return zero;
    Result<bool> named = names(*chain[i - 1], file);
    if (!named) return named;
    return !named.value();
  }

  // Whether `file` holds a seal that names `successor`, wherever its frames end.
  Result<bool> names(const SurveyedFile& file, const SurveyedFile& successor) {
    if (file.seal) return file.seal->successor_id == successor.id;
    auto seal = find_seal(disk_, file);
    if (!seal) return seal.error();
    return seal.value() && seal.value()->successor_id == successor.id;
  }

  Status link(const std::vector<SurveyedFile*>& chain) {
    std::set<std::uint64_t> present;
    for (const SurveyedFile& file : files_) present.insert(file.id);
    const std::optional<format::Head> head =
        survey_.head || survey_.reference ? std::optional(survey_.effective_head) : std::nullopt;
    auto linked = link_chain(disk_, {chain, present, survey_.reference, head});
    if (!linked) return linked.error();
    for (const LinkedFile& each : linked.value().files) {
      if (each.contradiction.empty()) sound_.push_back(each.file);
    }
    for (const MissingSegment& absent : linked.value().missing) missing(absent.id, absent.why);
    for (const LinkedFile& each : linked.value().files) {
      for (int copy = 0; copy < 2; ++copy) {
        if (!each.file->headers.copy_valid[copy])
          survey_.bad_header_copies.emplace_back(each.file->id, copy);
      }
      FileSituation situation;
      situation.header = HeaderState::valid;
      situation.first = each.file == chain.front();
      situation.link = each.contradiction.empty() ? Link::named : Link::contradicted;
      settle(*each.file, situation, each.contradiction);
      if (each.damaged_end) {
        situation.link = Link::contradicted;
        survey_.damage.push_back(
            damaged(each.file->path, each.file->id, each.damaged_end->offset,
                    "segment " + std::to_string(each.file->id) + " " + each.damaged_end->why,
                    format::decide(format::file_table(), situation).letter));
      }
    }
    return done();
  }

  Result<bool> zero_behind(const SurveyedFile& file) {
    auto opened = disk_.open(file.path, {});
    if (!opened) return unreadable(file.id, opened.error());
    FileSource source(*opened.value(), file.bytes, std::size_t{1} << 20U);
    const std::uint64_t behind = file.headers.state == HeaderState::valid
                                     ? file.headers.header.data_start()
                                     : 2 * format::minimum_block_bytes;
    for (std::uint64_t offset = behind; offset < file.bytes;) {
      auto bytes = source.view(offset, std::size_t{1} << 20U);
      if (!bytes) return unreadable(file.id, source.error().value_or(io::Error{}));
      if (bytes->empty()) break;
      if (std::ranges::any_of(*bytes, [](std::byte b) { return b != std::byte{0}; })) return false;
      offset += bytes->size();
    }
    return true;
  }

  // What the head released needs not be read.
  Status judge_unread(Unread& unread) {
    FileSituation situation;
    situation.unreadable = true;
    situation.below_head = unread.file.id < survey_.effective_head.segment_id;
    if (format::decide(format::file_table(), situation).outcome == Outcome::refuse_io)
      return unreadable(unread.file.id, unread.error);
    if (unread.error.code != io::Errc::not_found) settle(unread.file, situation, {});
    return done();
  }

  Status judge_headless(SurveyedFile& file, const std::vector<SurveyedFile*>& chain,
                        std::uint64_t head_id) {
    FileSituation situation;
    situation.header = file.headers.state;
    situation.first = chain.empty() || file.id < chain.front()->id;
    bool named = survey_.reference && file.id == head_id;
    for (std::size_t i = 0; i < chain.size() && !named; ++i) {
      named = chain[i]->headers.header.predecessor.id == file.id ||
              (chain[i]->seal && chain[i]->seal->successor_id == file.id);
    }
    // Where the next one does not continue it, the seal of a segment was not looked for.
    for (std::size_t i = 0; i < chain.size() && !named && chain[i]->id < file.id; ++i) {
      Result<bool> by_seal = names(*chain[i], file);
      if (!by_seal) return by_seal.error();
      named = by_seal.value();
    }
    situation.link = named ? Link::named : Link::none;
    Result<bool> zero = zero_behind(file);
    if (!zero) return zero.error();
    situation.zero_behind =
        zero.value() && format::vouches_for_zeros(file.headers, situation.first);
    const std::size_t before = survey_.damage.size();
    settle(file, situation, file.headers.state == HeaderState::newer ? "" : "has no sound header");
    if (survey_.damage.size() > before) name_seqs(survey_.damage.back(), file.id);
    return done();
  }

  void missing(std::uint64_t id, const std::string& why) {
    FileSituation situation;
    situation.header = HeaderState::truncated;
    situation.missing = true;
    situation.link = Link::named;
    const format::FileRow& row = format::decide(format::file_table(), situation);
    survey_.damage.push_back(
        damaged(io::join(directory_, format::segment_name(id)), id, 0, why, row.letter));
    name_seqs(survey_.damage.back(), id);
  }

  // Which records the segment held, as far as its neighbours say.
  void name_seqs(Failure& failure, std::uint64_t id) {
    const auto behind =
        std::ranges::find_if(sound_, [id](const SurveyedFile* file) { return file->id > id; });
    const auto range =
        seqs_between(disk_, behind == sound_.begin() ? nullptr : *std::prev(behind),
                     behind == sound_.end() ? nullptr : *behind, survey_.effective_head.first_seq);
    if (!range || range.value().from == 0) return;
    const SeqRange& seqs = range.value();
    if (seqs.to != 0 && seqs.to < seqs.from) return;
    failure.from_seq = seqs.from;
    if (seqs.to != 0) failure.to_seq = seqs.to;
  }

  // Asks the table and files the answer.
  void settle(SurveyedFile& file, const FileSituation& situation, const std::string& why) {
    const format::FileRow& row = format::decide(format::file_table(), situation);
    file.row = row.letter;
    file.outcome = row.outcome;
    const std::string text = "segment " + std::to_string(file.id) + " " + why;
    switch (row.outcome) {
      case Outcome::accept:
        survey_.live.push_back(file);
        break;
      case Outcome::remove:
      case Outcome::create:
        survey_.debris.push_back(file);
        break;
      case Outcome::refuse_version: {
        Failure failure = newer(file.path, "segment " + std::to_string(file.id));
        failure.segment = file.id;
        failure.row = row.letter;
        survey_.damage.push_back(std::move(failure));
        break;
      }
      default:
        survey_.damage.push_back(damaged(file.path, file.id, 0, text, row.letter));
        break;
    }
  }

  io::Disk& disk_;
  const std::string& directory_;
  bool head_listed_ = false;
  std::vector<Unread> unread_;
  std::vector<SurveyedFile> files_;
  std::vector<const SurveyedFile*> sound_;  // that belong to the chain, in order
  Survey survey_;
};

}  // namespace

Result<Survey> survey(io::Disk& disk, const std::string& directory) {
  return Surveyor(disk, directory).run();
}

}  // namespace tidemark::journal
