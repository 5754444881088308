// What a handle asks of its journal: getters, the view, segments, stats.
#include "journal/journal.hpp"

#include <algorithm>
#include <utility>

#include "journal/core.hpp"
#include "journal/tools.hpp"
#include "journal/writer.hpp"

namespace tidemark::journal {

Journal::Core::Core(const io::Host& the_host, std::string the_directory, const Options& the_options)
    : host(the_host),
      directory(std::move(the_directory)),
      options(the_options),
      filler(Filler::of(the_host)),
      gate(the_host.tasks->make_gate()) {}

Journal::Core::~Core() = default;

Journal::Journal(std::shared_ptr<Core> core) : core_(std::move(core)) {}
Journal::~Journal() = default;

const Options& Journal::options() const noexcept { return core_->options; }
const RecoveryReport& Journal::recovery() const noexcept { return core_->recovery; }
const std::string& Journal::directory() const noexcept { return core_->directory; }

format::SegmentHeader Journal::header() const {
  const std::scoped_lock lock(core_->mutex);
  return core_->header;
}

std::uint64_t Journal::first_seq() const {
  const std::scoped_lock lock(core_->mutex);
  return core_->view.first_seq;
}

std::uint64_t Journal::last_seq() const noexcept {
  return core_->last_seq.load(std::memory_order_acquire);
}
std::uint64_t Journal::durable_seq() const noexcept {
  return core_->durable_seq.load(std::memory_order_acquire);
}

std::uint64_t Journal::epoch() const {
  const std::scoped_lock lock(core_->mutex);
  return core_->header.epoch;
}

std::uint64_t Journal::pending_bytes() const noexcept {
  const std::scoped_lock lock(core_->mutex);
  return core_->pending_bytes;
}

bool Journal::writable() const noexcept {
  const std::scoped_lock lock(core_->mutex);
  return !core_->failure && !core_->closing &&
         core_->pending_bytes <= core_->options.high_water_bytes;
}

std::optional<Failure> Journal::failure() const {
  const std::scoped_lock lock(core_->mutex);
  return core_->failure;
}

View Journal::view() const {
  const std::scoped_lock lock(core_->mutex);
  return core_->view;
}

std::vector<SegmentInfo> Journal::segments() const {
  const std::scoped_lock lock(core_->mutex);
  std::vector<SegmentInfo> infos;
  for (const auto& segment : core_->view.segments) {
    SegmentInfo info;
    info.id = segment->header.segment_id;
    info.epoch = segment->header.epoch;
    info.first_seq = segment->header.first_seq;
    info.sealed = segment->sealed();
    if (info.sealed) {
      info.last_seq = segment->last_seq;
      info.bytes = segment->sealed_bytes();
      info.digest = segment->seal->digest;
    } else {
      info.last_seq = core_->view.last_seq;
      info.bytes = core_->current_end;
      info.digest = core_->current_digest;
    }
    infos.push_back(info);
  }
  return infos;
}

Stats Journal::stats() const {
  std::vector<SegmentInfo> infos = segments();
  Stats stats;
  {
    const std::scoped_lock lock(core_->mutex);
    stats = core_->counters;
    stats.pending_bytes = core_->pending_bytes;
    stats.pending_records = core_->pending_records;
    stats.segments = core_->view.segments.size();
    stats.handles = core_->clients.size();
    stats.direct = core_->transfers.direct;
    stats.alignment = core_->transfers.alignment;
    stats.why = core_->transfers.reason;
  }
  for (const SegmentInfo& info : infos) stats.bytes_used += info.bytes;
#if defined(__APPLE__)
  stats.sync_mode = "F_FULLFSYNC";
#elif defined(_WIN32)
  stats.sync_mode = "FlushFileBuffers";
#else
  stats.sync_mode = core_->transfers.write_through ? "O_DSYNC" : "fdatasync";
#endif
  stats.commit_records = core_->commit_records.summary();
  stats.commit_ns = core_->commit_ns.summary();
  stats.sync_ns = core_->sync_ns.summary();
  return stats;
}

Result<CopyReport> Journal::snapshot(const std::string& out) const {
  // Each try copies a later view; a truncation has to overtake every one of them to win.
  constexpr int tries = 16;
  const CopyOptions copy{core_->options.mode, core_->options.allow_network};
  for (int attempt = 1;; ++attempt) {
    Result<CopyReport> report = copy_view(core_->host, view(), core_->directory, out, copy);
    if (report || report.error().code != Code::truncated || attempt == tries) return report;
  }
}

}  // namespace tidemark::journal
