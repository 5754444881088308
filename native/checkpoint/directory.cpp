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

journal::Failure missing(const std::string& directory, std::uint64_t generation) {
  journal::Failure failure;
  failure.code = journal::Code::corrupt;
  failure.path = io::join(directory, format::checkpoint_name(generation));
  failure.message =
      "the checkpoint " + failure.path +
      " is missing: it was the newest generation, and it was not tidemark that removed "
      "it; a lenient load gives an older one";
  return failure;
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
                                                         const SyncNames& sync,
                                                         std::uint64_t known) {
  for (int look = 1;; ++look) {
    auto listing = list_durably(disk, directory, sync);
    if (!listing) return std::move(listing).error();
    const std::vector<std::uint64_t>& generations = listing.value().generations;
    const std::uint64_t newest = generations.empty() ? 0 : generations.back();
    if (newest < known) return missing(directory, known);
    if (newest == 0) return std::unique_ptr<FileReader>();
    auto reader = FileReader::open(disk, directory, newest);
    if (reader || !is_absent(reader.error()) || look == most_looks) return reader;
  }
}

journal::Result<std::unique_ptr<FileReader>> open_generation(io::Disk& disk,
                                                             const std::string& directory,
                                                             std::uint64_t generation,
                                                             std::uint64_t known) {
  auto reader = FileReader::open(disk, directory, generation);
  if (reader || !is_absent(reader.error()) || generation != known) return reader;
  const auto listing = list(disk, directory);
  if (!listing) return listing.error();
  const std::vector<std::uint64_t>& generations = listing.value().generations;
  // It, or a newer one, is there: the caller looks again.
  if (!generations.empty() && generations.back() >= generation) return reader;
  return missing(directory, generation);
}

}  // namespace tidemark::checkpoint
