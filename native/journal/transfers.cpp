#include "journal/transfers.hpp"

#include <algorithm>
#include <utility>

#include "format/layout.hpp"

namespace tidemark::journal {
namespace {

Failure unsupported(const std::string& directory, std::string message) {
  Failure failure;
  failure.code = Code::unsupported;
  failure.path = directory;
  failure.message = std::move(message);
  return failure;
}

Transfers buffered(std::string reason) {
  Transfers transfers;
  transfers.reason = std::move(reason);
  return transfers;
}

}  // namespace

Result<io::FileSystemInfo> usable_file_system(io::Disk& disk, const std::string& directory,
                                              bool allow_network) {
  auto info = disk.file_system(directory);
  if (!info) return from_io(info.error(), "the file system of the journal cannot be asked");
  if (info.value().network && !allow_network) {
    return unsupported(
        directory,
        "the directory is on " + info.value().name +
            ", a network file system, whose locks and syncs promise less: use a local disk, or set "
            "allowNetwork and read docs/guarantees.md");
  }
  return std::move(info).value();
}

Result<Transfers> choose_transfers(io::Disk& disk, const std::string& directory,
                                   DirectChoice choice, const io::FileSystemInfo& file_system) {
  const bool wanted = choice == DirectChoice::on;
  if (choice == DirectChoice::off) return buffered("directIO: false");
  if (!wanted && (file_system.copy_on_write || file_system.network)) {
    return buffered("a copy-on-write or network file system, where direct writes gain nothing");
  }
  auto support = disk.probe_direct(directory);
  if (!wanted) {
    // A full disk can be opened all the same: what can be appended is the append's to say.
    if (!support) return buffered("direct writes cannot be tried: " + support.error().message());
    if (!support.value().supported) return buffered("direct writes " + support.value().why);
    if (!support.value().durable_writes) {
      return buffered("no direct write is durable by itself on this system");
    }
  }
  if (!support) return from_io(support.error(), "direct transfers cannot be tried");
  if (!support.value().supported) {
    return unsupported(directory,
                       "directIO: true, but this file system refuses direct transfers (" +
                           support.value().why + "): use 'auto' or false");
  }
  Transfers transfers;
  transfers.direct = true;
  transfers.write_through = support.value().durable_writes;
  transfers.alignment = std::max(support.value().alignment, format::minimum_block_bytes);
  transfers.reason = support.value().why;
  return transfers;
}

}  // namespace tidemark::journal
