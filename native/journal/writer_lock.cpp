#include "journal/writer_lock.hpp"

#include <utility>

#include "format/names.hpp"
#include "journal/process_text.hpp"

namespace tidemark::journal {

Failure locked_failure(io::Disk& disk, const std::string& directory) {
  Failure failure;
  failure.code = Code::locked;
  failure.path = io::join(directory, format::lock_name);
  if (auto holder = disk.lock_holder(failure.path)) failure.holder = std::move(holder).value();
  failure.message = "somebody writes to the journal in " + directory +
                    describe_holder(failure.holder) +
                    ": close it there, wait until that process has ended, or open with readOnly";
  return failure;
}

Result<std::unique_ptr<io::Lock>> lock_directory(const io::Host& host, const std::string& directory,
                                                 std::uint32_t mode) {
  auto lock =
      host.disk->lock(io::join(directory, format::lock_name), holder_text(*host.clock), mode);
  if (lock) return std::move(lock).value();
  if (lock.error().code == io::Errc::locked) return locked_failure(*host.disk, directory);
  return from_io(lock.error(), "the lock of the journal cannot be taken");
}

Result<bool> writer_lives(io::Disk& disk, const std::string& directory) {
  auto held = disk.locked(io::join(directory, format::lock_name));
  if (!held) return writer_unknown(held.error());
  return held.value();
}

Failure writer_unknown(const io::Error& error) {
  return from_io(error, "it cannot be known whether somebody writes to the journal");
}

}  // namespace tidemark::journal
