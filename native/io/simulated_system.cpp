// The names of the simulated disk: what is seen, what is durable, and which change depends on
// which.
#include "io/simulated_system.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tidemark::io {

SimulatedDisk::System::System(const SimulatedDiskOptions& with)
    : options(with),
      root(std::make_shared<Inode>(1, true, with.block_bytes)),
      random(with.seed),
      lying(with.lying_sync) {
  root->links = root->durable_links = 1;
}

// Directories may name each other in the two trees: without this they would keep each other alive.
SimulatedDisk::System::~System() {
  std::vector<InodePointer> left{root};
  for (const Change& change : pending) left.push_back(change.inode);
  while (!left.empty()) {
    const InodePointer inode = std::move(left.back());
    left.pop_back();
    for (EntryMap* entries : {&inode->entries, &inode->durable_entries}) {
      for (auto& [name, child] : std::exchange(*entries, {})) left.push_back(std::move(child));
    }
  }
}

InodePointer SimulatedDisk::System::make_inode(bool directory) {
  return std::make_shared<Inode>(++last_inode, directory, options.block_bytes);
}

Result<InodePointer> SimulatedDisk::System::find_directory(const std::string& path,
                                                           Call call) const {
  const Place place = find(path);
  if (!place.exists()) return Error{place.failure, call, 0, path};
  if (!place.node()->directory) return Error{Errc::not_directory, call, 0, path};
  return place.node();
}

Result<InodePointer> SimulatedDisk::System::open_inode(const std::string& path, Create create,
                                                       Call call) {
  const Place place = find(path);
  if (place.exists()) {
    if (create == Create::exclusive) return Error{Errc::exists, call, 0, path};
    if (place.node()->directory) return Error{Errc::is_directory, call, 0, path};
    return place.node();
  }
  if (create == Create::never || !place.creatable()) return Error{place.failure, call, 0, path};
  InodePointer inode = make_inode(false);
  change_entries(ChangeKind::create, inode, path, {}, {},
                 {place.node(), std::string(place.names.back())});
  return inode;
}

void SimulatedDisk::System::link(const Slot& slot, InodePointer inode) {
  EntryMap& entries = slot.directory->entries;
  const auto found = entries.find(slot.name);
  if (inode) ++inode->links;
  if (found != entries.end()) {
    const InodePointer old = std::move(found->second);
    entries.erase(found);
    --old->links;
    release(old);
  }
  if (inode) entries.emplace(slot.name, std::move(inode));
}

void SimulatedDisk::System::link_durable(const Slot& slot, InodePointer inode) {
  EntryMap& entries = slot.directory->durable_entries;
  const auto found = entries.find(slot.name);
  if (inode) ++inode->durable_links;
  if (found != entries.end()) {
    const InodePointer old = std::move(found->second);
    entries.erase(found);
    --old->durable_links;
    forget_unanchored(*old);
  }
  if (inode) entries.emplace(slot.name, std::move(inode));
}

// What no name leads to, now or after a cut, needs no fate.
void SimulatedDisk::System::forget_unanchored(const Inode& inode) {
  if (inode.anchored()) return;
  std::erase_if(pending, [&](const Change& change) {
    return !change.of_entries() && change.inode.get() == &inode;
  });
}

void SimulatedDisk::System::change_entries(ChangeKind kind, const InodePointer& inode,
                                           const std::string& path, const std::string& target,
                                           Slot removed, Slot added) {
  Change change;
  change.id = ++last_change;
  change.kind = kind;
  change.inode = inode;
  change.path = std::make_shared<const std::string>(path);
  change.target_path = target;
  const auto moves_directory = [](const Change& one) {
    return one.kind == ChangeKind::rename && one.inode->directory;
  };
  const auto same = [](const Slot& one, const Slot& two) {
    return one.directory != nullptr && one == two;
  };
  change.removed = std::move(removed);
  change.added = std::move(added);
  for (const Change& earlier : pending) {
    if (!earlier.of_entries()) continue;
    if (moves_directory(earlier) || moves_directory(change) ||
        same(earlier.removed, change.removed) || same(earlier.removed, change.added) ||
        same(earlier.added, change.removed) || same(earlier.added, change.added)) {
      change.after.push_back(earlier.id);
    }
  }
  ++inode->pending_links;
  const Slot& gone = change.removed;
  const Slot& come = change.added;
  if (come.directory) link(come, inode);
  if (gone.directory) link(gone, nullptr);
  pending.push_back(std::move(change));
}

void SimulatedDisk::System::sync_entries(const InodePointer& directory) {
  if (lying) return;
  std::set<ChangeId> wanted;
  for (auto change = pending.rbegin(); change != pending.rend(); ++change) {
    if (change->touches(directory) || wanted.contains(change->id)) {
      wanted.insert(change->id);
      wanted.insert(change->after.begin(), change->after.end());
    }
  }
  std::vector<Change> settled;
  const auto split =
      std::stable_partition(pending.begin(), pending.end(),
                            [&](const Change& change) { return !wanted.contains(change.id); });
  settled.assign(std::make_move_iterator(split), std::make_move_iterator(pending.end()));
  pending.erase(split, pending.end());
  for (const Change& change : settled) {
    --change.inode->pending_links;
    if (change.added.directory) link_durable(change.added, change.inode);
    if (change.removed.directory) link_durable(change.removed, nullptr);
    forget_unanchored(*change.inode);
  }
}

void SimulatedDisk::System::release(const InodePointer& inode) {
  if (inode->links == 0 && inode->handles == 0) set_visible_size(*inode, 0);
}

}  // namespace tidemark::io
