// A disk without room: what is released there can be released, and what was left unfinished is
// given back with the journal.
#include <doctest/doctest.h>

#include <thread>

#include "format/names.hpp"
#include "write_support.hpp"

using namespace tidemark;
using namespace tidemark::test;
using journal::Code;

namespace {

journal::Options options_for_full_disks() {
  auto options = quiet_options();
  options.segment_bytes = journal::minimum_segment_bytes;
  return options;
}

std::vector<std::string> mark_temporaries(World& world) {
  std::vector<std::string> found;
  for (const std::string& name : names(*world.memory)) {
    if (name.starts_with("head.tmp-")) found.push_back(name);
  }
  return found;
}

// Several segments; the last was made ahead, and with it the room for a mark.
Handle filled(World& world) {
  auto handle = open(world, options_for_full_disks());
  for (int i = 0; i < 60; ++i) REQUIRE(append(handle, std::string(4000, 'x')).ok());
  REQUIRE(handle->journal()->segments().size() > 3);
  return handle;
}

// Writes fail but for those into what has its room already: `reserve`.
io::Interceptor full_but_for(const std::string& reserve) {
  return [reserve](const io::DiskCall& call) -> std::optional<io::Fault> {
    if (call.call != io::Call::write || io::base_name(call.path) == reserve) return std::nullopt;
    return io::Fault{io::Errc::no_space, io::Effect::none, {}};
  };
}

}  // namespace

TEST_CASE("a full disk can be truncated: the mark goes into the room that was kept for it") {
  World world;
  auto handle = filled(world);
  const auto reserve = mark_temporaries(world);
  REQUIRE(reserve.size() == 1);
  const std::size_t segments = handle->journal()->segments().size();
  world.disk->intercept(full_but_for(reserve.front()));
  auto truncated = handle->journal()->truncate_before(50);
  INFO((truncated ? std::string() : truncated.error().message));
  REQUIRE(truncated.ok());
  CHECK(truncated.value().first_seq == 50);
  CHECK(truncated.value().released_segments > 0);
  CHECK(handle->journal()->segments().size() < segments);
  World after = killed(world);
  auto again = open(after, options_for_full_disks());
  CHECK(again->journal()->first_seq() == 50);
  CHECK(read_all(after, again).size() == 11);
  world.disk->heal();
  CHECK(append(handle, "goes on").ok());
  CHECK(close(handle).ok());
}

TEST_CASE("a cursor advances on a full disk, and lets go what it held") {
  World world;
  auto handle = filled(world);
  auto& journal = *handle->journal();
  REQUIRE(journal.open_cursor("slow").ok());
  const auto reserve = mark_temporaries(world);
  REQUIRE(reserve.size() == 1);
  world.disk->intercept(full_but_for(reserve.front()));
  CHECK(journal.advance_cursor("slow", 0, 50).ok());
  // The room that the old mark gave back is kept for the next one where there is any.
  CHECK(mark_temporaries(world).empty());
  CHECK(journal.truncate_before(51).error().code == Code::no_space);
  World after = killed(world);
  auto again = open(after, options_for_full_disks());
  CHECK(again->journal()->cursors().front().seq == 50);
}

TEST_CASE("the room for a mark is kept again after it was used, and ends with the journal") {
  World world;
  auto handle = filled(world);
  const auto before = mark_temporaries(world);
  REQUIRE(before.size() == 1);
  // Full once: the first write of a mark fails, the next one finds room. (The filler may be at
  // work, and its writes are none of this test's.)
  int refused = 0;
  world.disk->intercept([&](const io::DiskCall& call) -> std::optional<io::Fault> {
    const bool of_a_mark = io::base_name(call.path).starts_with("head.tmp-");
    if (call.call != io::Call::write || !of_a_mark || refused > 0) return std::nullopt;
    ++refused;
    return io::Fault{io::Errc::no_space, io::Effect::none, {}};
  });
  CHECK(handle->journal()->truncate_before(20).ok());
  world.disk->heal();
  CHECK(refused == 1);
  const auto behind = mark_temporaries(world);
  CHECK(behind.size() == 1);
  CHECK(behind != before);
  CHECK(close(handle).ok());
  CHECK(mark_temporaries(world).empty());
}

TEST_CASE("the room for a mark is kept again as soon as a truncation has made some") {
  World world;
  auto handle = filled(world);
  // Full until the first file goes.
  const auto reserve = mark_temporaries(world);
  REQUIRE(reserve.size() == 1);
  bool full = true;
  world.disk->intercept([&, until = full_but_for(reserve.front())](
                            const io::DiskCall& call) -> std::optional<io::Fault> {
    if (call.call == io::Call::unlink && call.path.ends_with(".tide")) full = false;
    return full ? until(call) : std::nullopt;
  });
  REQUIRE(handle->journal()->truncate_before(50).ok());
  CHECK_FALSE(full);
  const auto behind = mark_temporaries(world);
  REQUIRE(behind.size() == 1);
  world.disk->intercept(full_but_for(behind.front()));
  CHECK(handle->journal()->truncate_before(55).ok());
  world.disk->heal();
  CHECK(close(handle).ok());
}

TEST_CASE("a mark that cannot be written anywhere is refused, and changes nothing") {
  World world;
  auto handle = filled(world);
  const auto segments = handle->journal()->segments().size();
  world.disk->intercept(full_but_for(""));
  auto truncated = handle->journal()->truncate_before(50);
  REQUIRE_FALSE(truncated.ok());
  CHECK(truncated.error().code == Code::no_space);
  CHECK(handle->journal()->first_seq() == 1);
  CHECK(handle->journal()->segments().size() == segments);
  CHECK(mark_temporaries(world).empty());
  world.disk->heal();
  CHECK(handle->journal()->truncate_before(50).ok());
  CHECK(close(handle).ok());
}

TEST_CASE("a failed sync of the directory is not tried again with the room for a mark") {
  World world;
  auto handle = filled(world);
  // Of the thread that gives the new name: the filler syncs the directory as well, for its spare.
  std::thread::id namer;
  int syncs = 0;
  world.disk->intercept([&](const io::DiskCall& call) -> std::optional<io::Fault> {
    const auto caller = std::this_thread::get_id();
    if (call.call == io::Call::rename && call.to.ends_with("/head")) namer = caller;
    if (caller != namer || call.call != io::Call::sync_directory) return std::nullopt;
    ++syncs;
    return io::Fault{io::Errc::no_space, io::Effect::none, {}};
  });
  auto truncated = handle->journal()->truncate_before(50);
  world.disk->heal();
  REQUIRE_FALSE(truncated.ok());
  CHECK(truncated.error().code == Code::no_space);
  CHECK(syncs == 1);
  CHECK(handle->journal()->first_seq() == 1);
  CHECK(close(handle).ok());
}

TEST_CASE("no file stays open behind a close on a disk that refuses") {
  for (const std::string_view kind : {"seal", "header"}) {
    World world;
    auto handle = open(world, options_for_full_disks());
    REQUIRE(append(handle, "kept").ok());
    // The commit fails; then either the seal of the segment that is left, or its successor's
    // header.
    std::uint64_t writes = 0;
    world.disk->intercept([&](const io::DiskCall& call) -> std::optional<io::Fault> {
      if (call.call != io::Call::write) return std::nullopt;
      ++writes;
      if (kind == "seal" && call.offset == 0) return std::nullopt;
      return io::Fault{io::Errc::read_only, io::Effect::none, {}};
    });
    CHECK_FALSE(append(handle, "refused").ok());
    CHECK(writes > 0);
    CHECK_FALSE(close(handle).ok());
    CHECK(world.disk->open_handles().empty());
    world.disk->heal();
  }
}

TEST_CASE("an error names the segment as it is called, not as it was made") {
  World world;
  auto handle = open(world, options_for_full_disks());
  REQUIRE(append(handle, "kept").ok());
  world.disk->inject({io::Call::sync, 1, {io::Errc::io, io::Effect::none, {}}, {}});
  const auto refused = append(handle, "refused");
  REQUIRE_FALSE(refused.ok());
  CHECK(io::base_name(refused.error().path) == format::segment_name(1));
  CHECK(refused.error().message.find(".tmp") == std::string::npos);
  CHECK_FALSE(close(handle).ok());
}
