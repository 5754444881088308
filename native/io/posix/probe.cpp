// Probing direct transfers by use: file systems refuse O_DIRECT at open, refuse it at the first
// transfer, want different alignments, or take it and go through the cache all the same.
#include "io/posix/probe.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "io/direct_trial.hpp"
#include "io/posix/error.hpp"
#include "io/posix/file.hpp"
#include "io/posix/file_system.hpp"
#include "io/posix/open.hpp"
#include "io/posix/random.hpp"

namespace tidemark::io::posix {
namespace {

#if defined(__linux__)
constexpr bool durable_writes = true;
#else
constexpr bool durable_writes = false;  // O_DSYNC of macOS does not reach beyond the device's cache
#endif

struct Stated {
  bool known = false;         // the kernel says something
  std::size_t alignment = 0;  // 0: no direct transfers
};

// STATX_DIOALIGN (Linux 6.1): the alignment of this very file, without trying.
Stated stated_alignment([[maybe_unused]] int descriptor) {
#if defined(__linux__) && defined(STATX_DIOALIGN)
  struct statx found {};
  if (statx(descriptor, "", AT_EMPTY_PATH, STATX_DIOALIGN, &found) != 0) return {};
  if ((found.stx_mask & STATX_DIOALIGN) == 0) return {};
  const std::size_t memory = found.stx_dio_mem_align;
  const std::size_t offset = found.stx_dio_offset_align;
  if (memory == 0 || offset == 0) return {true, 0};
  if (!std::has_single_bit(memory) || !std::has_single_bit(offset)) return {};
  return {true, std::max({memory, offset, smallest_direct_block})};
#else
  return {};
#endif
}

std::string temporary_path(const std::string& directory) {
  std::array<std::byte, 8> random{};
  fill_random(random);
  std::string name = ".tidemark-probe-";
  for (const std::byte byte : random) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", std::to_integer<unsigned>(byte));
    name.append(digits.data());
  }
  return join(directory, name);
}

// A temporary file that is open for direct transfers and has no name any more.
Result<Descriptor> open_temporary(const std::string& directory) {
  const std::string path = temporary_path(directory);
  OpenOptions options;
  options.access = Access::read_write;
  options.create = Create::exclusive;
  auto created = open_regular_file(path, options, Call::probe_direct);
  if (!created) return created;
  // Opened a second time, since some file systems refuse direct transfers only at open.
  options.create = Create::never;
  options.direct = true;
  auto direct = open_regular_file(path, options, Call::probe_direct);
  if (::unlink(path.c_str()) != 0) return error_of(Call::probe_direct, path, errno);
  return direct;
}

std::vector<std::size_t> candidates(const Stated& stated, const std::string& directory) {
  if (stated.known) return {stated.alignment};
  // Copy-on-write file systems take a transfer below their block size through the cache, silently.
  auto system = describe_file_system(directory);
  if (system && system.value().copy_on_write) return {usual_direct_block};
  return {smallest_direct_block, usual_direct_block};
}

}  // namespace

std::optional<std::size_t> DirectAlignments::find(dev_t device) const {
  const std::lock_guard lock(mutex_);
  const auto found = found_.find(device);
  if (found == found_.end()) return std::nullopt;
  return found->second;
}

void DirectAlignments::remember(dev_t device, std::size_t alignment) {
  const std::lock_guard lock(mutex_);
  found_[device] = alignment;
}

Result<DirectSupport> probe_direct_support(const std::string& directory,
                                           DirectAlignments& alignments) {
  auto opened = open_temporary(directory);
  if (!opened) {
    if (opened.error().code != Errc::invalid) return std::move(opened).error();
    return DirectSupport{false, 1, "refused at open"};
  }
  struct stat status {};
  if (fstat(opened.value().get(), &status) != 0) {
    return error_of(Call::probe_direct, directory, errno);
  }
  const Stated stated = stated_alignment(opened.value().get());
  if (stated.known && stated.alignment == 0) return DirectSupport{false, 1, "refused by statx"};

  // Alignment 1, as for a buffered file: it is what we are looking for, and must not cut reads
  // short.
  const auto file = make_file(std::move(opened).value(), directory, 1);
  std::string why;
  for (const std::size_t alignment : candidates(stated, directory)) {
    auto tried = try_direct_transfers(*file, alignment);
    if (tried) {
      alignments.remember(status.st_dev, alignment);
      return DirectSupport{true, alignment, "probed: " + std::to_string(alignment), durable_writes};
    }
    // A full disk or a broken one says nothing about direct transfers.
    if (tried.error().code != Errc::invalid && tried.error().code != Errc::not_supported) {
      return std::move(tried).error();
    }
    why = tried.error().message();
  }
  return DirectSupport{false, 1, "refused at use: " + why};
}

Result<std::size_t> direct_alignment(int descriptor, const std::string& path,
                                     const DirectAlignments& alignments) {
  const Stated stated = stated_alignment(descriptor);
  if (stated.known && stated.alignment == 0) return Error{Errc::invalid, Call::open, 0, path};
  if (stated.known) return stated.alignment;
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return error_of(Call::open, path, errno);
  return alignments.find(status.st_dev).value_or(usual_direct_block);
}

}  // namespace tidemark::io::posix
