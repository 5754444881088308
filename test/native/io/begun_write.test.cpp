// Writes that are begun and ended later, on the system's disk and through the layers for tests.
#include <doctest/doctest.h>

#if defined(__linux__)
#include <poll.h>

#include <cstring>
#include <memory>
#include <string>

#include "disks.hpp"
#include "io/aligned_buffer.hpp"
#include "io/fault_disk.hpp"
#include "io/simulated_disk.hpp"
#include "io/tasks.hpp"
#include "unheard.hpp"

using namespace tidemark;
using namespace tidemark::test;
using io::test::TemporaryDirectory;

namespace {

constexpr std::size_t one_block = 4096;

// One block that begins with a text.
io::AlignedBuffer block_of(const std::string& text) {
  io::AlignedBuffer buffer(one_block);
  REQUIRE(buffer.reserve(one_block, 0));
  std::memset(buffer.data(), 0, one_block);
  std::memcpy(buffer.data(), text.data(), text.size());
  return buffer;
}

io::Bytes block_bytes(const io::AlignedBuffer& buffer) { return {buffer.data(), one_block}; }

std::string text_at(io::Disk& disk, const std::string& path, std::uint64_t at, std::size_t size) {
  auto bytes = io::read_file(disk, path, 1U << 20U);
  REQUIRE(bytes.ok());
  REQUIRE(bytes.value().size() >= at + size);
  return {reinterpret_cast<const char*>(bytes.value().data()) + at, size};
}

// A file of zeros, as a segment is; opened so that its writes are durable by themselves.
std::unique_ptr<io::File> begun_file(io::Disk& disk, const std::string& path) {
  io::OpenOptions options;
  options.access = io::Access::read_write;
  options.create = io::Create::exclusive;
  options.direct = true;
  {
    auto made = disk.open(path, options);
    REQUIRE(made.ok());
    const io::AlignedBuffer zeros = block_of("");
    for (std::uint64_t i = 0; i < 16; ++i) {
      REQUIRE(made.value()->write_at(i * one_block, block_bytes(zeros)).ok());
    }
    REQUIRE(made.value()->sync().ok());
  }
  options.create = io::Create::never;
  options.sync_writes = true;
  auto file = disk.open(path, options);
  REQUIRE(file.ok());
  return std::move(file).value();
}

bool has_direct_files(io::Disk& disk, const std::string& directory) {
  auto support = disk.probe_direct(directory);
  const bool has = support && support.value().supported && support.value().durable_writes;
  if (!has) MESSAGE("skipped: no durable direct writes in " << directory);
  return has;
}

// A file of the system whose writes can be begun; none where the file system has no such files.
struct Scene {
  TemporaryDirectory directory;
  io::Disk& disk = *io::system_host().disk;
  std::string path = directory.at("file");
  std::shared_ptr<io::Notice> notice = io::make_notice();
  std::unique_ptr<io::File> file;
  Scene() {
    if (has_direct_files(disk, directory.path())) file = begun_file(disk, path);
  }
};

bool readable(const io::Notice& notice, int timeout_ms) {
  pollfd watched{notice.descriptor(), POLLIN, 0};
  return ::poll(&watched, 1, timeout_ms) == 1;
}

}  // namespace

TEST_CASE("a notice is readable from its signal until it is cleared") {
  const auto notice = io::make_notice();
  REQUIRE(notice);
  CHECK_FALSE(readable(*notice, 0));
  notice->signal();
  notice->signal();
  CHECK(readable(*notice, 0));
  notice->clear();
  CHECK_FALSE(readable(*notice, 0));
}

TEST_CASE("a write that was begun is there when its end says so, and its notice tells") {
  Scene scene;
  if (!scene.file) return;
  REQUIRE(scene.file->begins_writes());
  for (std::uint64_t i = 0; i < 8; ++i) {
    const std::string text = "write " + std::to_string(i);
    const io::AlignedBuffer buffer = block_of(text);
    REQUIRE(scene.file->begin_write(i * one_block, block_bytes(buffer), *scene.notice));
    io::Result<io::Ended> ended = io::Ended::not_yet;
    if (i % 2 == 0) {  // as an event loop does
      REQUIRE(readable(*scene.notice, -1));
      scene.notice->clear();
      ended = scene.file->end_write(false);
    } else {  // as somebody who cannot wait for that one
      ended = scene.file->end_write(true);
      scene.notice->clear();
    }
    REQUIRE(ended.ok());
    CHECK(ended.value() == io::Ended::written);
  }
  for (std::uint64_t i = 0; i < 8; ++i) {
    CHECK(text_at(scene.disk, scene.path, i * one_block, 7) == "write " + std::to_string(i));
  }
}

TEST_CASE("a begun write is refused rather than waited for: over pages of the cache") {
  Scene scene;
  if (!scene.file) return;
  const io::AlignedBuffer buffer = block_of("over a page");
  CHECK(text_at(scene.disk, scene.path, 0, 1) == std::string(1, '\0'));  // a reader's
  bool written = false;
  if (scene.file->begin_write(0, block_bytes(buffer), *scene.notice)) {
    const auto ended = scene.file->end_write(true);
    REQUIRE(ended.ok());
    written = ended.value() == io::Ended::written;
  }
  // Kernels differ; what was refused has changed nothing, and can be written.
  CHECK(text_at(scene.disk, scene.path, 0, 11) ==
        (written ? "over a page" : std::string(11, '\0')));
  REQUIRE(scene.file->write_at(0, block_bytes(buffer)).ok());
  CHECK(text_at(scene.disk, scene.path, 0, 11) == "over a page");
}

TEST_CASE("a write whose end nobody asked for is over when its file is") {
  Scene scene;
  if (!scene.file) return;
  {
    const io::AlignedBuffer buffer = block_of("left alone");
    REQUIRE(scene.file->begin_write(one_block, block_bytes(buffer), *scene.notice));
    scene.file.reset();
  }
  CHECK(text_at(scene.disk, scene.path, one_block, 10) == "left alone");
}

TEST_CASE("only a direct file with synchronous writes begins any") {
  TemporaryDirectory directory;
  io::Disk& disk = *io::system_host().disk;
  const auto notice = io::make_notice();
  const io::AlignedBuffer buffer = block_of("x");
  for (const bool direct : {false, true}) {
    for (const bool synchronous : {false, true}) {
      if (direct && (synchronous || !has_direct_files(disk, directory.path()))) continue;
      CAPTURE(direct);
      CAPTURE(synchronous);
      io::OpenOptions options;
      options.access = io::Access::read_write;
      options.create = io::Create::if_missing;
      options.direct = direct;
      options.sync_writes = synchronous;
      auto file = disk.open(directory.path() + "/file", options);
      REQUIRE(file.ok());
      CHECK_FALSE(file.value()->begins_writes());
      CHECK_FALSE(file.value()->begin_write(0, block_bytes(buffer), *notice));
    }
  }
}

TEST_CASE("a begun write behind the end of its file is refused, or there as a whole") {
  Scene scene;
  if (!scene.file) return;
  const io::AlignedBuffer buffer = block_of("behind the end");
  bool there = false;
  if (scene.file->begin_write(64 * one_block, block_bytes(buffer), *scene.notice)) {
    const auto ended = scene.file->end_write(true);
    REQUIRE(ended.ok());
    there = ended.value() == io::Ended::written;
  }
  if (there) {
    CHECK(text_at(scene.disk, scene.path, 64 * one_block, 14) == "behind the end");
  } else {
    CHECK(scene.file->size().value() == 16 * one_block);
  }
}

TEST_CASE("on the simulated disk a begun write is durable from its end on") {
  const auto disk = std::make_shared<io::SimulatedDisk>();
  const auto file = begun_file(*disk, "/file");
  REQUIRE(disk->sync_directory("/").ok());
  Unheard notice;
  const io::AlignedBuffer buffer = block_of("begun");
  REQUIRE(file->begin_write(one_block, block_bytes(buffer), notice));
  CHECK(disk->pending().size() == 1);
  const auto dropped = disk->cut(disk->all_dropped());
  const auto applied = disk->cut(disk->all_applied());
  CHECK(text_at(*dropped, "/file", one_block, 5) == std::string(5, '\0'));
  CHECK(text_at(*applied, "/file", one_block, 5) == "begun");
  REQUIRE(file->end_write(false).ok());
  CHECK(disk->pending().empty());
  CHECK(text_at(*disk->cut(disk->all_dropped()), "/file", one_block, 5) == "begun");
}

TEST_CASE("a sync that fails fails the begun write that it is, at its end") {
  const auto disk = std::make_shared<io::SimulatedDisk>();
  const auto file = begun_file(*disk, "/file");
  Unheard notice;
  const io::AlignedBuffer buffer = block_of("begun");
  disk->fail_next_sync();
  REQUIRE(file->begin_write(one_block, block_bytes(buffer), notice));
  const auto ended = file->end_write(false);
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.error().code == io::Errc::io);
}

TEST_CASE("the fault layer counts a begun write once, and fails it at its end") {
  const auto inner = std::make_shared<io::SimulatedDisk>();
  io::FaultDisk disk(inner);
  const auto file = begun_file(disk, "/file");
  Unheard notice;
  const io::AlignedBuffer buffer = block_of("begun");
  for (const io::Effect effect : {io::Effect::none, io::Effect::whole}) {
    disk.inject({io::Call::write, 2, {io::Errc::no_space, effect, {}}, io::Lasting::once});
    REQUIRE(file->begin_write(one_block, block_bytes(buffer), notice));
    REQUIRE(file->end_write(false).ok());
    CHECK(disk.bytes_written() == one_block);
    REQUIRE(file->begin_write(2 * one_block, block_bytes(buffer), notice));
    const auto ended = file->end_write(false);
    REQUIRE_FALSE(ended.ok());
    CHECK(ended.error().code == io::Errc::no_space);
    CHECK(disk.calls(io::Call::write) == 2);
    CHECK(disk.hits() == 1);
    const bool there = text_at(*inner, "/file", 2 * one_block, 5) == "begun";
    CHECK(there == (effect == io::Effect::whole));
  }
}

#endif
