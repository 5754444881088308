// What a newer version wrote is refused by its type, by every tool, and is never called damage.
#include "crc32c/crc32c.hpp"
#include "format/bytes.hpp"
#include "journal/builder.hpp"
#include "journal/tools.hpp"

namespace tidemark::journal::testing {
namespace {

constexpr std::size_t version_at = 8;
constexpr std::size_t checksum_at = 12;
constexpr std::size_t incompatible_at = 24;

Builder journal_of_two() {
  Builder journal;
  journal.begin();
  journal.append_values(3);
  journal.rotate();
  journal.append_values(3);
  journal.mark(true);
  return journal;
}

void sign(std::vector<std::byte>& bytes, std::size_t at, std::size_t size, std::uint32_t seed) {
  const std::uint32_t front = crc32c::extend(seed, bytes.data() + at, checksum_at);
  format::store<std::uint32_t>(
      format::MutableBytes(bytes), at + checksum_at,
      crc32c::extend(front, bytes.data() + at + checksum_at + 4, size - checksum_at - 4));
}

void set_header_byte(const Builder& journal, std::uint64_t id, std::size_t at, std::byte value) {
  auto bytes = journal.read(journal.path(id));
  for (const std::uint32_t copy : {0U, 1U}) {
    const std::size_t start = copy * format::minimum_block_bytes;
    bytes[start + at] = value;
    sign(bytes, start, format::header_copy_bytes, copy);
  }
  journal.write(journal.path(id), bytes);
}

void check_refused(const Builder& journal) {
  const auto observer = Observer::open(journal.host, journal.directory, {});
  REQUIRE(!observer.ok());
  CHECK(observer.error().code == Code::version);
  const auto report = verify(journal.host, journal.directory, {});
  REQUIRE(!report.ok());
  CHECK(report.error().code == Code::version);
  const auto copied = salvage(journal.host, journal.directory, "/out", {});
  REQUIRE(!copied.ok());
  CHECK(copied.error().code == Code::version);
  CHECK(!journal.host.disk->status("/out").ok());
}

TEST_CASE("a segment of a newer version is refused by open, verify and salvage") {
  for (const std::uint64_t id : {1U, 2U}) {
    const Builder version = journal_of_two();
    set_header_byte(version, id, version_at, std::byte{2});
    check_refused(version);
    const Builder feature = journal_of_two();
    set_header_byte(feature, id, incompatible_at, std::byte{1});
    check_refused(feature);
  }
}

TEST_CASE("a mark of a newer version is refused by open, verify and salvage") {
  for (const char* name : {"head", "cursor-c.mark"}) {
    Builder journal = journal_of_two();
    journal.write_head(1, 2);
    journal.write_cursor("c", 2);
    const std::string path = journal.directory + '/' + name;
    auto bytes = journal.read(path);
    bytes[version_at] = std::byte{2};
    sign(bytes, 0, bytes.size(), 0);
    journal.write(path, bytes);
    check_refused(journal);
  }
}

}  // namespace
}  // namespace tidemark::journal::testing
