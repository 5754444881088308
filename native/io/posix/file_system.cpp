// The table of file systems. Linux names them by a magic number (linux/magic.h, statfs(2), or the
// source of the file system where it is not in either), macOS by a string.
// The macOS part is not compiled on our build machine.
#include "io/posix/file_system.hpp"

#if defined(__linux__)
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "io/posix/error.hpp"
#include "io/posix/open.hpp"

namespace tidemark::io::posix {
namespace {

enum class Nature : std::uint8_t { plain, network, copy_on_write };

#if defined(__linux__)
struct Known {
  std::uint32_t magic;
  const char* name;
  Nature nature;
};

// FUSE may be anything behind; it is taken for plain, since most of its uses are local.
constexpr std::array known_systems{
    Known{0x0000EF53, "ext4", Nature::plain},
    Known{0x58465342, "xfs", Nature::plain},
    Known{0x01021994, "tmpfs", Nature::plain},
    Known{0x858458F6, "ramfs", Nature::plain},
    Known{0x794C7630, "overlay", Nature::plain},
    Known{0xF2F52010, "f2fs", Nature::plain},
    Known{0x3153464A, "jfs", Nature::plain},
    Known{0x52654973, "reiserfs", Nature::plain},
    Known{0x00004D44, "vfat", Nature::plain},
    Known{0x2011BAB0, "exfat", Nature::plain},
    Known{0x5346544E, "ntfs", Nature::plain},
    Known{0x7366746E, "ntfs3", Nature::plain},
    Known{0x0000482B, "hfsplus", Nature::plain},
    Known{0x0000F15F, "ecryptfs", Nature::plain},
    Known{0x24051905, "ubifs", Nature::plain},
    Known{0x65735546, "fuse", Nature::plain},
    Known{0x9123683E, "btrfs", Nature::copy_on_write},
    Known{0x2FC12FC1, "zfs", Nature::copy_on_write},
    Known{0xCA451A4E, "bcachefs", Nature::copy_on_write},
    Known{0x00003434, "nilfs2", Nature::copy_on_write},  // log-structured: overwrites move as well
    Known{0x00006969, "nfs", Nature::network},
    Known{0x0000517B, "smb", Nature::network},
    Known{0xFF534D42, "cifs", Nature::network},
    Known{0xFE534D42, "smb2", Nature::network},
    Known{0x01021997, "9p", Nature::network},
    Known{0x00C36400, "ceph", Nature::network},
    Known{0x5346414F, "afs", Nature::network},
    Known{0x6B414653, "kafs", Nature::network},
    Known{0x73757245, "coda", Nature::network},
    Known{0x0000564C, "ncp", Nature::network},
    Known{0x7461636F, "ocfs2", Nature::network},
    Known{0x01161970, "gfs2", Nature::network},
    Known{0x0BD00BD0, "lustre", Nature::network},
    Known{0x47504653, "gpfs", Nature::network},
    Known{0x19830326, "beegfs", Nature::network},
    Known{0x20030528, "orangefs", Nature::network},
    Known{0x786F4256, "vboxsf", Nature::network},
};

void name_file_system(const struct statfs& found, FileSystemInfo& info) {
  const auto magic = static_cast<std::uint32_t>(found.f_type);
  for (const Known& known : known_systems) {
    if (known.magic != magic) continue;
    info.name = known.name;
    info.network = known.nature == Nature::network;
    info.copy_on_write = known.nature == Nature::copy_on_write;
    return;
  }
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%x", magic);
  info.name = text.data();
}

std::uint64_t block_bytes(const struct statfs& found) {
  // Free and total are counted in fragments; kernels that do not say f_frsize count in f_bsize.
  return static_cast<std::uint64_t>(found.f_frsize != 0 ? found.f_frsize : found.f_bsize);
}
#else
struct Known {
  std::string_view name;
  Nature nature;
};

constexpr std::array known_systems{
    Known{"apfs", Nature::copy_on_write}, Known{"zfs", Nature::copy_on_write},
    Known{"nfs", Nature::network},        Known{"smbfs", Nature::network},
    Known{"afpfs", Nature::network},      Known{"webdav", Nature::network},
    Known{"ftp", Nature::network},
};

void name_file_system(const struct statfs& found, FileSystemInfo& info) {
  info.name = found.f_fstypename;
  info.network = (found.f_flags & MNT_LOCAL) == 0;
  for (const Known& known : known_systems) {
    if (info.name != known.name) continue;
    info.network = info.network || known.nature == Nature::network;
    info.copy_on_write = known.nature == Nature::copy_on_write;
  }
}

std::uint64_t block_bytes(const struct statfs& found) { return found.f_bsize; }
#endif

}  // namespace

Result<FileSystemInfo> describe_file_system(const std::string& path) {
  if (auto checked = check_path(path, Call::file_system); !checked) {
    return std::move(checked).error();
  }
  struct statfs found {};
  if (retry_interrupted([&] { return statfs(path.c_str(), &found); }) != 0) {
    return error_of(Call::file_system, path, errno);
  }
  FileSystemInfo info;
  name_file_system(found, info);
  info.free_bytes = static_cast<std::uint64_t>(found.f_bavail) * block_bytes(found);
  info.total_bytes = static_cast<std::uint64_t>(found.f_blocks) * block_bytes(found);
  return info;
}

}  // namespace tidemark::io::posix
