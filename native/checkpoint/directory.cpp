#include "checkpoint/directory.hpp"

#include <algorithm>
#include <utility>

namespace tidemark::checkpoint {
namespace {

// A writer of another process removes the generation that we were about to open: then there are
// newer ones. Each time round it has saved again.
constexpr int most_looks = 100;

bool needs_no_sync(io::Errc code) noexcept {
  return code == io::Errc::read_only || code == io::Errc::access ||
         code == io::Errc::not_supported || code == io::Errc::invalid;
}

}  // namespace

bool is_absent(const journal::Failure& failure) noexcept {
  return failure.cause && failure.cause->code == io::Errc::not_found;
}

journal::Result<Listing> list(io::Disk& disk, const std::string& directory) {
  auto entries = disk.list(directory);
  if (!entries) {
    return journal::from_io(entries.error(), "the directory of the checkpoint cannot be read");
  }
  Listing listing;
  for (io::Entry& entry : entries.value()) {
    const format::ParsedCheckpointName parsed = format::parse_checkpoint_name(entry.name);
    switch (parsed.kind) {
      case format::CheckpointName::generation:
        listing.generations.push_back(parsed.generation);
        break;
      case format::CheckpointName::temporary:
        listing.temporaries.push_back(std::move(entry.name));
        break;
      case format::CheckpointName::foreign:
        listing.foreign.push_back(std::move(entry.name));
        break;
      case format::CheckpointName::lock:
        break;
    }
  }
  std::ranges::sort(listing.generations);
  std::ranges::sort(listing.temporaries);
  std::ranges::sort(listing.foreign);
  return listing;
}

journal::Status sync_names(io::Disk& disk, const std::string& directory) {
  const io::Status synced = disk.sync_directory(directory);
  if (synced || needs_no_sync(synced.error().code)) return journal::done();
  return journal::from_io(synced.error(), "the directory of the checkpoint cannot be synced");
}

journal::Result<Listing> list_durably(io::Disk& disk, const std::string& directory,
                                      const SyncNames& sync) {
  auto listing = list(disk, directory);
  if (!listing) return listing;
  if (journal::Status synced = sync(); !synced) return std::move(synced).error();
  return listing;
}

journal::Result<std::unique_ptr<FileReader>> open_newest(io::Disk& disk,
                                                         const std::string& directory,
                                                         const SyncNames& sync) {
  for (int look = 1;; ++look) {
    auto listing = list_durably(disk, directory, sync);
    if (!listing) return std::move(listing).error();
    if (listing.value().generations.empty()) return std::unique_ptr<FileReader>();
    auto reader = FileReader::open(disk, directory, listing.value().generations.back());
    if (reader || !is_absent(reader.error()) || look == most_looks) return reader;
  }
}

}  // namespace tidemark::checkpoint
