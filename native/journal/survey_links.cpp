// The links between segments. See survey_links.hpp.
#include "journal/survey_links.hpp"

#include <utility>

#include "format/frame.hpp"
#include "journal/damage.hpp"

namespace tidemark::journal {
namespace {

class Linker {
 public:
  Linker(io::Disk& disk, const Chain& chain) : disk_(disk), chain_(chain) {}

  Result<LinkedChain> run() {
    for (SurveyedFile* file : chain_.files) linked_.files.push_back({file, by_itself(*file), {}});
    for (const LinkedFile& file : linked_.files) {
      if (file.contradiction.empty()) last_ = &file;
    }
    LinkedFile* previous = nullptr;
    for (LinkedFile& file : linked_.files) {
      if (!file.contradiction.empty()) continue;
      if (previous == nullptr) {
        begin(file);
      } else if (Status status = link(*previous, file); !status) {
        return status.error();
      }
      previous = &file;
    }
    if (previous == nullptr && !chain_.files.empty()) miss_first();
    return std::move(linked_);
  }

 private:
  std::string by_itself(const SurveyedFile& file) const {
    const format::SegmentHeader& header = file.headers.header;
    if (file.headers.contradictory) return "has two sound headers that differ";
    if (header.segment_id != file.id)
      return "is segment " + std::to_string(header.segment_id) + " by its header";
    if (!chain_.reference) return {};
    if (header.journal_id != chain_.reference->journal_id) return "belongs to another journal";
    if (!format::record_the_same(header, *chain_.reference)) {
      return "records another startSeq, codec, content hash or application than segment " +
             std::to_string(chain_.reference->segment_id);
    }
    return {};
  }

  // Whatever stands there instead of the segment is judged by itself.
  void miss_first() {
    if (!chain_.head || chain_.present.contains(chain_.head->segment_id)) return;
    const std::uint64_t id = chain_.head->segment_id;
    linked_.missing.push_back({id, "the first live segment, which the head names, is not there"});
  }

  void begin(LinkedFile& first) {
    if (!chain_.head) return;
    if (first.file->id != chain_.head->segment_id) {
      miss_first();
    } else if (first.file->headers.header.first_seq > chain_.head->first_seq) {
      first.contradiction = "begins at seq " +
                            std::to_string(first.file->headers.header.first_seq) +
                            ", behind the first seq that may be read";
    }
  }

  Status link(LinkedFile& before, LinkedFile& behind) {
    SurveyedFile& previous = *before.file;
    SurveyedFile& file = *behind.file;
    const format::Predecessor& predecessor = file.headers.header.predecessor;
    if (predecessor.id > previous.id) {
      // Whatever stands there instead of the segment is judged by itself.
      if (!chain_.present.contains(predecessor.id)) {
        linked_.missing.push_back(
            {predecessor.id, "segment " + std::to_string(predecessor.id) + ", which segment " +
                                 std::to_string(file.id) + " continues, is not there"});
      }
      return done();
    }
    if (predecessor.id < previous.id) {
      behind.contradiction = "continues segment " + std::to_string(predecessor.id) +
                             ", though the one in front is " + std::to_string(previous.id);
      return done();
    }
    if (file.headers.header.first_seq != predecessor.last_seq + 1) {
      behind.contradiction = "does not begin behind the last seq of the segment that it continues";
      return done();
    }
    if (predecessor.last_seq + 1 < previous.headers.header.first_seq) {
      before.contradiction = "begins at seq " + std::to_string(previous.headers.header.first_seq) +
                             ", behind where the next segment says that it ends";
      return done();
    }
    if (predecessor.end < previous.headers.header.data_start()) {
      behind.contradiction = "says that segment " + std::to_string(previous.id) +
                             " ends inside its header, at byte " + std::to_string(predecessor.end);
      return done();
    }
    previous.stream_end = predecessor.end;
    if (predecessor.end > previous.bytes) {
      before.damaged_end = {previous.bytes, "ends at byte " + std::to_string(previous.bytes) +
                                                ", though its frames reach to byte " +
                                                std::to_string(predecessor.end) +
                                                ", as the next segment says"};
      return done();
    }
    if (Status status = read_seal(previous); !status) return status;
    if (previous.seal) {
      compare(*previous.seal, previous, behind);
    } else if (&behind != last_) {
      // Only a crash between the successor's header and the seal leaves none; then the successor is
      // the last and holds no frame yet, which whoever walks it has to check (see tail.cpp).
      before.damaged_end = {predecessor.end, "has a damaged seal at byte " +
                                                 std::to_string(predecessor.end) +
                                                 ", behind its last frame"};
    }
    return done();
  }

  static void compare(const format::Seal& seal, const SurveyedFile& previous, LinkedFile& behind) {
    const format::SegmentHeader& header = behind.file->headers.header;
    if (seal.successor_id == behind.file->id && seal.successor_salt == header.salt &&
        seal.last_seq == header.predecessor.last_seq && seal.digest == header.predecessor.digest) {
      return;
    }
    behind.contradiction =
        "and the seal of segment " + std::to_string(previous.id) + " disagree about each other";
  }

  Status read_seal(SurveyedFile& file) {
    auto opened = disk_.open(file.path, {});
    if (!opened) return unreadable(file.id, opened.error());
    std::vector<std::byte> bytes(format::seal_bytes);
    auto read = opened.value()->read_at(file.stream_end, bytes);
    if (!read) return unreadable(file.id, read.error());
    bytes.resize(read.value());
    if (bytes.size() < format::fixed_frame_header_bytes) return done();
    const format::SegmentHeader& header = file.headers.header;
    const auto prefix = format::frame_prefix_bytes(header, file.stream_end, bytes, file.bytes);
    if (!prefix || *prefix > bytes.size()) return done();
    const format::Bytes view(bytes.data(), *prefix);
    const auto frame =
        format::decode_frame_header(header, format::Place(header.seed()), file.stream_end, view);
    if (frame && frame->is(format::FrameType::seal)) file.seal = format::decode_seal(*frame, view);
    return done();
  }

  io::Disk& disk_;
  const Chain& chain_;
  LinkedChain linked_;
  const LinkedFile* last_ = nullptr;
};

}  // namespace

Result<LinkedChain> link_chain(io::Disk& disk, const Chain& chain) {
  return Linker(disk, chain).run();
}

}  // namespace tidemark::journal
