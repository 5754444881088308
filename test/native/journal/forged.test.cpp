// Headers that say under right checksums what no writer says: named as damage, and nothing of them
// gets into what is written next.
#include <algorithm>
#include <functional>

#include "journal/builder.hpp"
#include "journal/journal.hpp"
#include "journal/tools.hpp"
#include "journal/write_support.hpp"

namespace tidemark::journal::testing {
namespace {

Builder journal_of_three() {
  Builder journal;
  journal.begin();
  for (int segment = 0; segment < 3; ++segment) {
    journal.append_values(6);
    journal.mark();
    if (segment < 2) journal.rotate();
  }
  journal.mark(true);
  return journal;
}

void forge(const Builder& journal, std::uint64_t id,
           const std::function<void(format::SegmentHeader&)>& change) {
  auto bytes = journal.read(journal.path(id));
  format::SegmentHeader header = format::decode_header_pair(bytes).header;
  change(header);
  for (const std::uint8_t copy : {std::uint8_t{0}, std::uint8_t{1}}) {
    format::encode_segment_header(
        header, copy,
        format::MutableBytes(bytes).subspan(copy * std::size_t{header.block_bytes},
                                            format::header_copy_bytes));
  }
  journal.write(journal.path(id), bytes);
}

void check_salvaged(const Builder& journal, std::uint64_t records) {
  auto copied = salvage(journal.host, journal.directory, "/out", {});
  if (!copied) FAIL(copied.error().message);
  CHECK(copied.value().records == records);
  auto report = verify(journal.host, "/out", {});
  REQUIRE(report.ok());
  CHECK(report.value().ok);
  CHECK(report.value().records == records);
}

using Change = std::function<void(format::SegmentHeader&)>;

const std::vector<std::pair<const char*, Change>>& other_facts() {
  static const std::vector<std::pair<const char*, Change>> changes{
      {"startSeq",
       [](format::SegmentHeader& header) {
         header.start_seq = 8;
         header.head.first_seq = 8;
       }},
      {"codec", [](format::SegmentHeader& header) { header.codec_name = "json"; }},
      {"codec version", [](format::SegmentHeader& header) { header.codec_version = 9; }},
      {"hash",
       [](format::SegmentHeader& header) {
         header.hash_name = "sha256";
         header.hash_bytes = 32;
       }},
      {"application", [](format::SegmentHeader& header) { header.application = "other"; }},
  };
  return changes;
}

TEST_CASE("a segment that records other facts than the journal is named, and salvage reads it") {
  for (const auto& [name, change] : other_facts()) {
    const std::string what(name);
    INFO(what);
    const Builder journal = journal_of_three();
    forge(journal, 3, change);
    auto opened = Observer::open(journal.host, journal.directory, {});
    REQUIRE(!opened.ok());
    CHECK(opened.error().code == Code::corrupt);
    CHECK(opened.error().segment == 3);
    CHECK(opened.error().row == 'T');
    auto report = verify(journal.host, journal.directory, {});
    REQUIRE(report.ok());
    CHECK(std::ranges::any_of(report.value().problems, [](const Problem& problem) {
      return problem.kind == ProblemKind::link && problem.segment == 3;
    }));
    // A journal that begins at 8 has its head there.
    check_salvaged(journal, what == std::string_view("startSeq") ? 11 : 18);
  }
}

TEST_CASE("salvage gives its copy a startSeq that its first record can have") {
  Builder journal;
  journal.begin();
  journal.append_values(6);
  journal.rotate();
  journal.append_values(6);
  journal.mark(true);
  journal.write_head(1, 3);
  REQUIRE(journal.host.disk->unlink(journal.path(1)).ok());
  forge(journal, 2, [](format::SegmentHeader& header) {
    header.start_seq = 7;
    header.head = {2, 7};
  });
  check_salvaged(journal, 6);
}

TEST_CASE("no frame is written beyond the limits of its segment") {
  const Change narrow = [](format::SegmentHeader& header) {
    header.max_body_bytes = 64;
    header.max_record_bytes = 64;
    header.max_frame_entries = 6;
  };
  for (const bool used : {true, false}) {
    CAPTURE(used);
    tidemark::test::World world;
    Builder journal({world.host.disk, world.host.clock, world.host.tasks},
                    tidemark::test::directory);
    journal.begin();
    for (int record = 0; record < 3; ++record) journal.append_values(1);
    if (used) {
      journal.mark(true);
    } else {
      journal.rotate();
    }
    forge(journal, used ? 1 : 2, narrow);
    const std::string large(1000, 'x');
    {
      const auto handle = tidemark::test::open(world);
      const auto seq = tidemark::test::append(handle, large);
      REQUIRE(seq.ok());
      CHECK(seq.value() == 4);
      REQUIRE(tidemark::test::close(handle).ok());
    }
    const auto handle = tidemark::test::open(world);
    const auto records = tidemark::test::read_all(world, handle);
    REQUIRE(records.size() == 4);
    CHECK(records.back() == large);
    REQUIRE(tidemark::test::close(handle).ok());
  }
}

TEST_CASE("a copy has the limits of whoever writes it") {
  const Builder journal = journal_of_three();
  // As narrow as the frames of this segment are: the others are wider.
  forge(journal, 1, [](format::SegmentHeader& header) {
    header.max_body_bytes = 400;
    header.max_frame_entries = 6;
  });
  auto observer = Observer::open(journal.host, journal.directory, {});
  REQUIRE(observer.ok());
  check_salvaged(journal, 18);
  auto made = format::decode_header_pair(journal.read("/out/segment-0000000000000001.tide"));
  CHECK(made.header.takes_all_frames());
}

TEST_CASE("a name that leaves no ids for further segments is refused, not run over") {
  for (const char* name :
       {"segment-001fffffffffffff.tide.tmp", "segment-001ffffffffffffe.tide.tmp"}) {
    tidemark::test::World world;
    {
      const auto handle = tidemark::test::open(world);
      REQUIRE(tidemark::test::append(handle, "one").ok());
      REQUIRE(tidemark::test::close(handle).ok());
    }
    const std::string path = io::join(tidemark::test::directory, name);
    tidemark::test::put(*world.memory, path, io::Bytes());
    const Failure failure = tidemark::test::refused(world);
    CHECK(failure.code == Code::corrupt);
    CHECK(failure.segment.value_or(0) > format::maximum_segment_id / 2);
    CHECK(world.memory->status(path).ok());
  }
  // Above that it is no name of ours.
  tidemark::test::World world;
  REQUIRE(world.memory->make_directory(tidemark::test::directory, 0700).ok());
  const std::string path = io::join(tidemark::test::directory, "segment-ffffffffffffffff.tide");
  tidemark::test::put(*world.memory, path, io::Bytes());
  const auto handle = tidemark::test::open(world);
  REQUIRE(tidemark::test::append(handle, "one").ok());
  REQUIRE(tidemark::test::close(handle).ok());
  CHECK(world.memory->status(path).ok());
}

}  // namespace
}  // namespace tidemark::journal::testing
