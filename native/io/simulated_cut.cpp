// What is on the disk when the power comes back, and copies of a whole system.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "io/simulated_system.hpp"

namespace tidemark::io {
namespace {

// The fate of one sector of a change; what is not named is as the last one that is.
SectorFate fate_of(const ChangeFate* fate, std::size_t sector) {
  if (fate == nullptr || fate->sectors.empty()) return SectorFate::dropped;
  return fate->sectors[std::min(sector, fate->sectors.size() - 1)];
}

bool all_are(const ChangeFate& fate, std::size_t from, std::size_t count, SectorFate which) {
  for (std::size_t sector = from; sector < from + count; ++sector) {
    if (fate_of(&fate, sector) != which) return false;
  }
  return true;
}

// The files of a system while the pending changes are put on the durable state, one by one.
class Image {
 public:
  explicit Image(const SimulatedDiskOptions& options) : options_(options) {}

  void apply(const Change& change, const ChangeFate& fate, std::uint64_t seed) {
    if (change.of_data()) {
      write(change, fate, seed);
    } else if (change.of_size()) {
      if (fate_of(&fate, 0) == SectorFate::applied) resize(change);
    } else {
      if (change.added.directory) {
        entries_of(*change.added.directory).insert_or_assign(change.added.name, change.inode);
      }
      if (change.removed.directory) {
        entries_of(*change.removed.directory).erase(change.removed.name);
      }
    }
  }

  // Makes what can be reached from `from` anew below `to`, and says what it takes of the capacity.
  std::uint64_t build(const Inode& from, Inode& to) {
    const std::size_t block_bytes = options_.block_bytes;
    std::uint64_t used = 0;
    std::map<const Inode*, InodePointer> made;
    std::vector<std::pair<const Inode*, Inode*>> left{{&from, &to}};
    while (!left.empty()) {
      const auto [old, fresh] = left.back();
      left.pop_back();
      for (const auto& [name, child] : final_entries(*old)) {
        InodePointer& copy = made[child.get()];
        if (!copy) {
          copy = std::make_shared<Inode>(child->number, child->directory, block_bytes);
          if (child->directory) {
            left.emplace_back(child.get(), copy.get());
          } else {
            Content& content = content_of(*child);
            content.clip();
            copy->visible = content.share();
            copy->durable = content.share();
            used += in_blocks(content.size(), block_bytes);
          }
        }
        ++copy->links;
        ++copy->durable_links;
        fresh->entries.emplace(name, copy);
        fresh->durable_entries.emplace(name, copy);
      }
    }
    return used;
  }

 private:
  EntryMap& entries_of(const Inode& directory) {
    return entries_.try_emplace(&directory, directory.durable_entries).first->second;
  }
  const EntryMap& final_entries(const Inode& directory) const {
    const auto found = entries_.find(&directory);
    return found == entries_.end() ? directory.durable_entries : found->second;
  }
  Content& content_of(const Inode& file) {
    return contents_.try_emplace(&file, file.durable.share()).first->second;
  }

  void resize(const Change& change) {
    Content& content = content_of(*change.inode);
    if (change.shrinks()) {
      content.resize(change.size_after);
    } else {
      content.set_size(std::max(content.size(), change.size_after));
    }
  }

  void write(const Change& change, const ChangeFate& fate, std::uint64_t seed) {
    Content& content = content_of(*change.inode);
    std::size_t sector = 0;
    for (const BlockWrite& one : change.blocks) {
      const SectorRange range = sectors_touched(one, options_);
      const std::size_t count = (range.to - range.from) / options_.sector_bytes;
      if (all_are(fate, sector, count, SectorFate::applied)) {
        const BlockPointer base = content.block(one.block);
        content.set_block(one.block,
                          base == one.before && !one.trimmed
                              ? one.after
                              : overlaid(base, one.after, one.from, one.to, options_.block_bytes));
      } else if (!all_are(fate, sector, count, SectorFate::dropped)) {
        write_torn(content, change, one, fate, sector, seed);
      }
      sector += count;
    }
  }

  void write_torn(Content& content, const Change& change, const BlockWrite& one,
                  const ChangeFate& fate, std::size_t first_sector, std::uint64_t seed) {
    std::vector<std::byte> bytes = bytes_of(content.block(one.block), options_.block_bytes);
    const std::vector<std::byte> after = bytes_of(one.after, options_.block_bytes);
    const SectorRange range = sectors_touched(one, options_);
    const std::uint64_t start = one.block * options_.block_bytes;
    const std::uint64_t durable_size = change.inode->durable.size();
    std::size_t sector = first_sector;
    for (std::size_t at = range.from; at < range.to; at += options_.sector_bytes, ++sector) {
      const SectorFate what = fate_of(&fate, sector);
      if (what == SectorFate::dropped) continue;
      const std::size_t from = std::max<std::size_t>(at, one.from);
      const std::size_t to = std::min<std::size_t>(at + options_.sector_bytes, one.to);
      if (what == SectorFate::applied) {
        for (std::size_t i = from; i < to; ++i) bytes[i] = after[i];
        continue;
      }
      SeededRandom garbage(mixed(seed ^ mixed(change.id)) ^ mixed(start + at));
      for (std::size_t i = at; i < at + options_.sector_bytes; ++i) {
        const auto noise = static_cast<std::byte>(garbage.next());
        if (options_.powersafe_overwrite) {
          const bool rewritten = start + i < durable_size && bytes[i] == after[i];
          if (i < from || i >= to || rewritten) continue;
        }
        bytes[i] = noise;
      }
    }
    content.set_block(one.block, make_block(std::move(bytes)));
  }

  const SimulatedDiskOptions& options_;
  std::map<const Inode*, Content> contents_;
  std::map<const Inode*, EntryMap> entries_;
};

}  // namespace

std::shared_ptr<SimulatedDisk::System> SimulatedDisk::System::cut(const Fate& fate) const {
  Image image(options);
  std::set<ChangeId> dropped;
  auto next = fate.changes.begin();
  for (const Change& change : pending) {
    while (next != fate.changes.end() && next->id < change.id) ++next;
    const bool named = next != fate.changes.end() && next->id == change.id;
    const bool orphan = std::any_of(change.after.begin(), change.after.end(),
                                    [&](ChangeId earlier) { return dropped.contains(earlier); });
    if (change.of_entries() && (!named || orphan || fate_of(&*next, 0) != SectorFate::applied)) {
      dropped.insert(change.id);
    } else if (named) {
      image.apply(change, *next, fate.seed);
    }
  }
  auto system = std::make_shared<System>(options);
  system->last_inode = last_inode;
  system->lying = false;
  system->used_bytes = image.build(*root, *system->root);
  return system;
}

std::shared_ptr<SimulatedDisk::System> SimulatedDisk::System::copy() const {
  auto system = std::make_shared<System>(options);
  system->last_inode = last_inode;
  system->last_change = last_change;
  system->used_bytes = used_bytes;
  system->random = random;
  system->lying = lying;
  system->syncs_to_fail = syncs_to_fail;
  std::map<const Inode*, InodePointer> made{{root.get(), system->root}};
  std::vector<const Inode*> left{root.get()};
  const auto same = [&](const InodePointer& inode) -> InodePointer {
    if (!inode) return nullptr;
    InodePointer& copied = made[inode.get()];
    if (!copied) {
      copied = std::make_shared<Inode>(inode->number, inode->directory, options.block_bytes);
      copied->visible = inode->visible.share();
      copied->durable = inode->durable.share();
      copied->beneath = inode->beneath;
      copied->links = inode->links;
      copied->durable_links = inode->durable_links;
      copied->pending_links = inode->pending_links;
      left.push_back(inode.get());
    }
    return copied;
  };
  for (const Change& change : pending) {
    Change copied = change;
    copied.inode = same(change.inode);
    copied.removed.directory = same(change.removed.directory);
    copied.added.directory = same(change.added.directory);
    system->pending.push_back(std::move(copied));
  }
  while (!left.empty()) {
    const Inode* inode = left.back();
    left.pop_back();
    const InodePointer copied = made.at(inode);
    for (const auto& [name, child] : inode->entries) copied->entries.emplace(name, same(child));
    for (const auto& [name, child] : inode->durable_entries) {
      copied->durable_entries.emplace(name, same(child));
    }
  }
  return system;
}

Digest SimulatedDisk::digest() const {
  const std::lock_guard lock(system_->mutex);
  Digester digester;
  // Depth first, in order of names, each directory with its number of entries: no two trees look
  // alike.
  std::vector<const Inode*> left{system_->root.get()};
  while (!left.empty()) {
    const Inode& inode = *left.back();
    left.pop_back();
    digester.add(inode.directory ? 1 : 0);
    if (!inode.directory) {
      inode.durable.digest_into(digester);
      continue;
    }
    digester.add(inode.durable_entries.size());
    for (const auto& [name, child] : inode.durable_entries) {
      digester.add(std::as_bytes(std::span(name)));
      left.push_back(child.get());
    }
  }
  return digester.digest();
}

}  // namespace tidemark::io
