// The bytes of the simulated disk: writes, sizes, and what a sync makes durable of them.
#include <algorithm>
#include <cstring>
#include <utility>

#include "io/simulated_system.hpp"

namespace tidemark::io {
namespace {

// Takes the bytes [from, to) of a block away from a write, which may leave two pieces.
void take_from(std::vector<BlockWrite>& writes, std::uint64_t block, std::uint32_t from,
               std::uint32_t to) {
  std::vector<BlockWrite> kept;
  for (BlockWrite& write : writes) {
    if (write.block != block || write.to <= from || to <= write.from) {
      kept.push_back(std::move(write));
      continue;
    }
    write.trimmed = true;
    if (write.from < from) {
      kept.push_back(write);
      kept.back().to = from;
    }
    if (to < write.to) {
      write.from = to;
      kept.push_back(std::move(write));
    }
  }
  writes = std::move(kept);
}

// Copies `count` bytes out of `parts`, and remembers how far it came.
class PartReader {
 public:
  explicit PartReader(std::span<const Bytes> parts) : parts_(parts) {}
  void read(std::byte* into, std::size_t count) {
    while (count > 0) {
      const Bytes part = parts_.front().subspan(within_);
      const std::size_t take = std::min(count, part.size());
      if (take > 0) std::memcpy(into, part.data(), take);
      into += take;
      count -= take;
      within_ += take;
      if (within_ == parts_.front().size()) {
        parts_ = parts_.subspan(1);
        within_ = 0;
      }
    }
  }

 private:
  std::span<const Bytes> parts_;
  std::size_t within_ = 0;
};

}  // namespace

BlockPointer overlaid(const BlockPointer& block, const BlockPointer& source, std::uint32_t from,
                      std::uint32_t to, std::size_t block_bytes) {
  if (from == 0 && to == block_bytes) return source;
  std::vector<std::byte> bytes = bytes_of(block, block_bytes);
  const auto begin = bytes.begin() + from;
  const auto end = bytes.begin() + to;
  if (source) {
    std::copy(source->bytes().begin() + from, source->bytes().begin() + to, begin);
  } else {
    std::fill(begin, end, std::byte{0});
  }
  return make_block(std::move(bytes));
}

void SimulatedDisk::System::set_visible_size(Inode& inode, std::uint64_t size) {
  used_bytes -= in_blocks(inode.visible.size(), options.block_bytes);
  inode.visible.resize(size);
  used_bytes += in_blocks(size, options.block_bytes);
}

bool SimulatedDisk::System::has_room(const Inode& inode, std::uint64_t size) const {
  const std::uint64_t before = in_blocks(inode.visible.size(), options.block_bytes);
  const std::uint64_t after = in_blocks(size, options.block_bytes);
  return after <= before || used_bytes + (after - before) <= options.capacity_bytes;
}

void SimulatedDisk::System::write(const InodePointer& inode,
                                  const std::shared_ptr<const std::string>& path,
                                  std::uint64_t offset, std::span<const Bytes> parts, bool direct,
                                  bool synchronous) {
  std::uint64_t length = 0;
  for (const Bytes part : parts) length += part.size();
  if (length == 0) return;
  if (offset + length > inode->visible.size()) resize(inode, path, offset + length);
  Change change;
  change.kind = ChangeKind::write;
  change.inode = inode;
  change.path = path;
  change.offset = offset;
  change.length = length;
  PartReader reader(parts);
  const std::size_t block_bytes = options.block_bytes;
  for (std::uint64_t at = offset; at < offset + length;) {
    BlockWrite one;
    one.block = at / block_bytes;
    one.from = static_cast<std::uint32_t>(at % block_bytes);
    one.to = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(block_bytes, one.from + (offset + length - at)));
    at += one.to - one.from;
    one.before = inode->visible.block(one.block);
    const bool whole = one.from == 0 && one.to == block_bytes;
    std::vector<std::byte> bytes =
        whole ? std::vector<std::byte>(block_bytes) : bytes_of(one.before, block_bytes);
    reader.read(bytes.data() + one.from, one.to - one.from);
    one.after = make_block(std::move(bytes));
    one.reached_device = direct;
    inode->visible.set_block(one.block, one.after);
    // A page that a failed sync had marked clean is dirty again, and is written as a whole.
    if (inode->beneath.erase(one.block) > 0) {
      one.from = 0;
      one.to = static_cast<std::uint32_t>(block_bytes);
    }
    change.blocks.push_back(std::move(one));
  }
  if (!inode->anchored()) return;
  change.id = ++last_change;
  if (synchronous && !lying) {
    make_range_durable(*inode, change);
  } else {
    pending.push_back(std::move(change));
  }
}

// O_DSYNC: this range and the size it needs. What is pending in front of it stays pending, but for
// the bytes that this write replaced.
void SimulatedDisk::System::make_range_durable(Inode& inode, const Change& write) {
  make_sizes_durable(inode, write.offset + write.length);
  for (const BlockWrite& one : write.blocks) {
    inode.durable.set_block(one.block, overlaid(inode.durable.block(one.block), one.after, one.from,
                                                one.to, options.block_bytes));
    for (Change& earlier : pending) {
      if (earlier.inode.get() == &inode && earlier.of_data()) {
        take_from(earlier.blocks, one.block, one.from, one.to);
      }
    }
  }
  std::erase_if(pending, [](const Change& one) { return one.of_data() && one.blocks.empty(); });
}

// A pending truncation must not come later than the write that follows it: then all of them become
// durable in their order. Otherwise only what `end` needs.
void SimulatedDisk::System::make_sizes_durable(Inode& inode, std::uint64_t end) {
  const auto is_size = [&](const Change& one) {
    return one.of_size() && one.inode.get() == &inode;
  };
  const bool shrinks = std::any_of(pending.begin(), pending.end(), [&](const Change& one) {
    return is_size(one) && one.shrinks();
  });
  if (shrinks) {
    for (const Change& size : pending) {
      if (!is_size(size)) continue;
      inode.durable.resize(size.size_after);
      if (!size.shrinks()) continue;
      for (Change& earlier : pending) {
        if (earlier.inode.get() != &inode || !earlier.of_data() || earlier.id > size.id) continue;
        std::erase_if(earlier.blocks, [&](BlockWrite& one) {
          const std::uint64_t start = one.block * options.block_bytes;
          if (start + one.to <= size.size_after) return false;
          if (start + one.from >= size.size_after) return true;
          one.to = static_cast<std::uint32_t>(size.size_after - start);
          one.trimmed = true;
          return false;
        });
      }
    }
  } else if (end > inode.durable.size()) {
    inode.durable.resize(end);
  }
  std::erase_if(pending, [&](const Change& one) {
    return is_size(one) && (shrinks || one.size_after <= inode.durable.size());
  });
}

std::size_t SimulatedDisk::System::read(const Inode& inode, std::uint64_t offset, MutableBytes into,
                                        bool direct) const {
  const std::uint64_t size = inode.visible.size();
  if (offset >= size) return 0;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size - offset));
  const std::size_t block_bytes = options.block_bytes;
  for (std::size_t done = 0; done < count;) {
    const std::uint64_t at = offset + done;
    const auto within = static_cast<std::size_t>(at % block_bytes);
    const std::size_t take = std::min(block_bytes - within, count - done);
    const std::uint64_t index = at / block_bytes;
    const BlockPointer block = direct ? inode.on_device(index) : inode.visible.block(index);
    if (block) {
      std::memcpy(into.data() + done, block->bytes().data() + within, take);
    } else {
      std::memset(into.data() + done, 0, take);
    }
    done += take;
  }
  return count;
}

void SimulatedDisk::System::resize(const InodePointer& inode,
                                   const std::shared_ptr<const std::string>& path,
                                   std::uint64_t size) {
  Change change;
  change.kind = ChangeKind::resize;
  change.inode = inode;
  change.path = path;
  change.size_before = inode->visible.size();
  change.size_after = size;
  if (size == change.size_before) return;
  set_visible_size(*inode, size);
  if (change.shrinks()) {
    const std::uint64_t last = size / options.block_bytes;
    const auto within = static_cast<std::uint32_t>(size % options.block_bytes);
    inode->beneath.erase(inode->beneath.lower_bound(last + (within > 0 ? 1 : 0)),
                         inode->beneath.end());
    if (const auto partial = inode->beneath.find(last); partial != inode->beneath.end()) {
      partial->second =
          overlaid(partial->second, nullptr, within,
                   static_cast<std::uint32_t>(options.block_bytes), options.block_bytes);
    }
  }
  if (!inode->anchored()) return;
  change.id = ++last_change;
  pending.push_back(std::move(change));
}

bool SimulatedDisk::System::sync(const InodePointer& inode) {
  if (syncs_to_fail > 0) {
    --syncs_to_fail;
    fail_sync(*inode);
    return false;
  }
  if (lying) return true;
  bool changed = false;
  for (const Change& change : pending) {
    if (change.inode != inode || change.of_entries()) continue;
    changed = true;
    if (change.shrinks() && change.size_after < inode->durable.size()) {
      inode->durable.resize(change.size_after);
    }
  }
  if (!changed) return true;
  inode->durable.set_size(inode->visible.size());
  for (const Change& change : pending) {
    if (change.inode != inode || !change.of_data()) continue;
    for (const BlockWrite& one : change.blocks) {
      inode->durable.set_block(one.block, inode->on_device(one.block));
    }
  }
  std::erase_if(
      pending, [&](const Change& change) { return change.inode == inode && !change.of_entries(); });
  return true;
}

// Of each dirty page the seed says whether it came to the device before the error. If it did not,
// nothing will ever write it: it is clean.
void SimulatedDisk::System::fail_sync(Inode& inode) {
  std::map<std::uint64_t, bool> reached;  // by block
  for (const Change& change : pending) {
    if (change.inode.get() != &inode) continue;
    for (const BlockWrite& one : change.blocks) {
      if (!one.reached_device && !reached.contains(one.block)) {
        reached.emplace(one.block, random.one_in(2));
      }
    }
  }
  for (Change& change : pending) {
    if (change.inode.get() != &inode) continue;
    std::erase_if(change.blocks, [&](BlockWrite& one) {
      if (one.reached_device) return false;
      one.reached_device = reached.at(one.block);
      return !one.reached_device;
    });
  }
  for (const auto& [block, there] : reached) {
    if (there) continue;
    BlockPointer device = inode.durable.block(block);
    for (const Change& change : pending) {
      if (change.inode.get() != &inode) continue;
      for (const BlockWrite& one : change.blocks) {
        if (one.block == block) {
          device = overlaid(device, one.after, one.from, one.to, options.block_bytes);
        }
      }
    }
    inode.beneath[block] = std::move(device);
  }
  std::erase_if(pending, [](const Change& one) { return one.of_data() && one.blocks.empty(); });
}

void SimulatedDisk::System::drop_cache(Inode& inode) {
  for (auto& [block, device] : std::exchange(inode.beneath, {})) {
    inode.visible.set_block(block, std::move(device));
  }
}

void SimulatedDisk::System::write_unsynced(Inode& inode, std::string_view text) {
  set_visible_size(inode, 0);
  set_visible_size(inode, text.size());
  const Bytes bytes = std::as_bytes(std::span(text));
  for (std::size_t at = 0; at < bytes.size(); at += options.block_bytes) {
    std::vector<std::byte> block(options.block_bytes);
    const std::size_t count = std::min(options.block_bytes, bytes.size() - at);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, block.begin());
    inode.visible.set_block(at / options.block_bytes, make_block(std::move(block)));
  }
}

}  // namespace tidemark::io
