#include "images.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "format/names.hpp"

namespace tidemark::test {
namespace {

constexpr std::size_t record_bytes = 12'000;  // four to a segment

std::unique_ptr<Pen> filled(Run& run, int records) {
  auto pen = Pen::open(run);
  REQUIRE(pen);
  for (int i = 0; i < records; ++i) REQUIRE(pen->append(record_bytes));
  return pen;
}

// The process dies with the disk: calls from the one that `dies` names on fail, and that one leaves
// a half.
Image died(Run& run, Pen& pen, const std::function<bool(const io::DiskCall&)>& dies) {
  run.faults().intercept(
      [dies, dead = false](const io::DiskCall& call) mutable -> std::optional<io::Fault> {
        if (dead) return io::Fault{};
        if (!dies(call)) return std::nullopt;
        dead = true;
        return io::Fault{io::Errc::io, io::Effect::part, {}};
      });
  for (int i = 0; i < 10 && !run.hit(); ++i) {
    REQUIRE(pen.give(1, record_bytes));
    run.scheduler().run_until_idle();
  }
  REQUIRE(run.hit());
  return run.kill();
}

// Into a segment, and not a filler's zeros: a file has the path by which it was opened, so that a
// spare keeps its temporary name here.
bool writes_segment(const io::DiskCall& call) {
  return call.call == io::Call::write && io::base_name(call.path).starts_with("segment-") &&
         call.bytes < journal::minimum_segment_bytes;
}

}  // namespace

Image empty_disk() { return {std::make_shared<io::SimulatedDisk>(), {}}; }

Image closed_journal() {
  Run run(empty_disk());
  auto pen = filled(run, 14);
  for (const auto& [name, seq] : {std::pair("slow", 6), std::pair("fast", 12)}) {
    REQUIRE(pen->journal().open_cursor(name).ok());
    REQUIRE(pen->journal().advance_cursor(name, 0, static_cast<std::uint64_t>(seq)).ok());
    run.ledger().moving(name, static_cast<std::uint64_t>(seq), true);
  }
  REQUIRE(pen->journal().truncate_before(6).ok());
  run.ledger().truncating(6, true);
  REQUIRE(pen->close());
  return run.kill();
}

Image torn_journal() {
  Run run(closed_journal());
  auto pen = filled(run, 6);
  return died(run, *pen, [](const io::DiskCall& call) {
    return writes_segment(call) && call.offset > 0 && call.bytes > record_bytes;
  });
}

Image half_made_journal() {
  Run run(closed_journal());
  auto pen = filled(run, 4);
  return died(run, *pen,
              [](const io::DiskCall& call) { return writes_segment(call) && call.offset == 0; });
}

Image unsealed_journal() {
  Run run(closed_journal());
  auto pen = filled(run, 4);
  // The first write into a segment behind that of a header is the seal of the one in front.
  return died(run, *pen, [header = false](const io::DiskCall& call) mutable {
    if (!writes_segment(call)) return false;
    if (header) return true;
    header = call.offset == 0;
    return false;
  });
}

Image unused_journal() {
  Run run(torn_journal());
  auto pen = Pen::open(run);
  REQUIRE(pen);
  return run.kill();
}

std::vector<std::string> last_segments(const Image& image, std::size_t count) {
  std::vector<std::string> names;
  for (const auto& [name, content] : files_of(*image.disk)) {
    if (format::parse_name(name).kind == format::NameKind::segment) names.push_back(name);
  }
  if (names.size() > count) names.erase(names.begin(), names.end() - static_cast<int>(count));
  return names;
}

void end_run(Run& run, std::unique_ptr<Pen> pen) {
  switch (run.choice(3)) {
    case 0: {
      run.heal();
      const bool durable = pen->append(64);
      REQUIRE((durable || pen->poisoned()));
      pen->close();
      auto again = Pen::open(run);
      REQUIRE(again);
      again->append(64);
      REQUIRE(again->close());
      break;
    }
    case 1:
      pen->close();
      break;
    default:
      pen->settle();
      break;
  }
}

}  // namespace tidemark::test
