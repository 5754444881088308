// A disk that passes every call on to another one and lets chosen calls fail: the n-th of a kind,
// once or from then on, before it takes effect or after, or with a part of it done. It counts the
// calls by kind and can keep a trace of them, so that a test can try n = 1, 2, … until a run
// completes without a hit. It knows nothing of what the disk behind it makes durable.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.hpp"

namespace tidemark::io {

inline constexpr std::size_t call_kinds = static_cast<std::size_t>(Call::probe_direct) + 1;

// One call on its way to the disk.
struct DiskCall {
  Call call = Call::open;
  std::string path;          // of a rename: the old name; of a file: as it was opened
  std::string to;            // of a rename: the new name
  std::uint64_t number = 0;  // the n-th of its kind, from 1
  std::uint64_t offset = 0;  // of a read or write; the new size of a truncate
  std::uint64_t bytes = 0;   // of a read or write
};

// How much of a call happens although it is reported as failed.
enum class Effect : std::uint8_t {
  none,
  part,   // a write leaves its first bytes; a read *succeeds* with its first bytes, as if the file
          // ended there; any other call as with `none`
  whole,  // everything: a file that is there, a name that is changed, bytes that are durable
};

struct Fault {
  Errc code = Errc::io;
  Effect effect = Effect::none;
  // With Effect::part: how many bytes; half of them when absent. A direct file rounds down to its
  // alignment.
  std::optional<std::uint64_t> bytes;
};

enum class Lasting : std::uint8_t {
  once,
  kind,  // every later call of the kind fails too, with the same effect
  disk,  // every later call of any kind fails too, without effect: the disk is dead
};

struct FaultPlan {
  Call call = Call::write;
  std::uint64_t nth = 1;  // counted from inject() on
  Fault fault;
  Lasting lasting = Lasting::once;
};

// Asked before each call; a Fault makes it fail. Asked for one call at a time, so it must not wait
// for another one.
using Interceptor = std::function<std::optional<Fault>(const DiskCall&)>;
// What follows the plan; of use to an interceptor that does more.
Interceptor planned(const FaultPlan& plan);

struct TracedCall {
  DiskCall call;
  std::optional<Errc> failed;  // what the caller was told
  bool injected = false;       // by this disk, not by the one behind it
};

class FaultDisk : public Disk {
 public:
  explicit FaultDisk(std::shared_ptr<Disk> inner);
  ~FaultDisk() override;
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  // Replaces what was injected or intercepted before. The numbers of calls begin anew.
  void inject(const FaultPlan& plan);
  void intercept(Interceptor interceptor);
  void heal();                               // from now on nothing fails; hits() stays
  [[nodiscard]] std::uint64_t hits() const;  // calls that failed or were cut since the last
                                             // inject() or intercept()
  // Since the last inject(), intercept() or forget(): calls that arrived, hit or not, and what they
  // moved.
  [[nodiscard]] std::uint64_t calls(Call call) const;
  [[nodiscard]] std::uint64_t bytes_read() const;
  [[nodiscard]] std::uint64_t bytes_written() const;
  void forget();

  // The trace is empty, and grows, from trace(true) on.
  void trace(bool on);
  [[nodiscard]] std::vector<TracedCall> take_trace();

  // Paths of the files and locks that are open through this disk, in order: a leak has a name.
  [[nodiscard]] std::vector<std::string> open_handles() const;

  Result<std::unique_ptr<File>> open(const std::string& path, const OpenOptions& options) override;
  Status make_directory(const std::string& path, std::uint32_t mode) override;
  Result<std::vector<Entry>> list(const std::string& path) override;
  Result<FileStatus> status(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::string> canonical(const std::string& path) override;
  Result<FileSystemInfo> file_system(const std::string& path) override;
  Result<DirectSupport> probe_direct(const std::string& directory) override;
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view holder,
                                     std::uint32_t mode) override;
  Result<bool> locked(const std::string& path) override;
  Result<std::string> lock_holder(const std::string& path) override;

 private:
  class State;
  class OpenFile;
  class HeldLock;
  const std::shared_ptr<Disk> inner_;
  const std::shared_ptr<State> state_;  // shared with handles, which may outlive the disk
};

}  // namespace tidemark::io
