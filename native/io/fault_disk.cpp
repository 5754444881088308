// See fault_disk.hpp. The state has two locks: one around the interceptor, which is asked for one
// call at a time and may take its own, and one around the counts, which is never held across a call
// of the disk behind.
#include "io/fault_disk.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

namespace tidemark::io {
namespace {

// The first `bytes` of a list of parts.
std::vector<Bytes> first_bytes(std::span<const Bytes> parts, std::uint64_t bytes) {
  std::vector<Bytes> first;
  for (const Bytes part : parts) {
    const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(part.size(), bytes));
    first.push_back(part.first(take));
    bytes -= take;
  }
  return first;
}

}  // namespace

class FaultDisk::State {
 public:
  void set(Interceptor interceptor) {
    const std::scoped_lock asking(interceptor_mutex_);
    interceptor_ = std::move(interceptor);
    const std::scoped_lock lock(mutex_);
    hits_ = 0;
    clear_counts();
  }
  // What was hit stays counted.
  void unset() {
    const std::scoped_lock asking(interceptor_mutex_);
    interceptor_ = nullptr;
  }

  // Counts the call and asks whether it fails.
  std::optional<Fault> meet(DiskCall& call) {
    const std::scoped_lock asking(interceptor_mutex_);
    {
      const std::scoped_lock lock(mutex_);
      call.number = ++calls_.at(static_cast<std::size_t>(call.call));
    }
    std::optional<Fault> fault;
    if (interceptor_) fault = interceptor_(call);
    if (fault) {
      const std::scoped_lock lock(mutex_);
      hits_ += 1;
    }
    return fault;
  }

  // Makes the call, or fails it. With Effect::whole the call is made and its result dropped, which
  // closes what it opened.
  template <class Make>
  auto pass(DiskCall call, const Make& make) -> decltype(make()) {
    const std::optional<Fault> fault = meet(call);
    if (!fault) {
      auto result = make();
      record(call, result ? std::nullopt : std::optional(result.error().code), false);
      return result;
    }
    if (fault->effect == Effect::whole) static_cast<void>(make());
    return fail(call, *fault);
  }

  Error fail(const DiskCall& call, const Fault& fault) {
    record(call, fault.code, true);
    return Error{fault.code, call.call, 0, call.path};
  }

  void record(const DiskCall& call, std::optional<Errc> failed, bool injected) {
    const std::scoped_lock lock(mutex_);
    if (tracing_) trace_.push_back({call, failed, injected});
  }

  void moved(Call call, std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    (call == Call::read ? bytes_read_ : bytes_written_) += bytes;
  }

  void opened(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    handles_.insert(path);
  }
  void closed(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    calls_.at(static_cast<std::size_t>(Call::close)) += 1;
    handles_.erase(handles_.find(path));
    if (tracing_) trace_.push_back({DiskCall{Call::close, path, {}, 0, 0, 0}, {}, false});
  }

  [[nodiscard]] std::uint64_t hits() const {
    const std::scoped_lock lock(mutex_);
    return hits_;
  }
  [[nodiscard]] std::uint64_t calls(Call call) const {
    const std::scoped_lock lock(mutex_);
    return calls_.at(static_cast<std::size_t>(call));
  }
  [[nodiscard]] std::uint64_t bytes(Call call) const {
    const std::scoped_lock lock(mutex_);
    return call == Call::read ? bytes_read_ : bytes_written_;
  }
  void forget() {
    const std::scoped_lock lock(mutex_);
    clear_counts();
  }
  void trace(bool on) {
    const std::scoped_lock lock(mutex_);
    tracing_ = on;
    trace_.clear();
  }
  std::vector<TracedCall> take_trace() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(trace_, {});
  }
  [[nodiscard]] std::vector<std::string> handles() const {
    const std::scoped_lock lock(mutex_);
    return {handles_.begin(), handles_.end()};
  }

 private:
  void clear_counts() {
    calls_ = {};
    bytes_read_ = 0;
    bytes_written_ = 0;
  }

  std::mutex interceptor_mutex_;
  Interceptor interceptor_;

  mutable std::mutex mutex_;
  std::array<std::uint64_t, call_kinds> calls_{};
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::uint64_t hits_ = 0;
  std::multiset<std::string> handles_;
  bool tracing_ = false;
  std::vector<TracedCall> trace_;
};

class FaultDisk::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<State> state, std::string path, std::unique_ptr<File> inner)
      : state_(std::move(state)), path_(std::move(path)), inner_(std::move(inner)) {
    state_->opened(path_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() override {
    inner_.reset();
    state_->closed(path_);
  }

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override {
    DiskCall call{Call::read, path_, {}, 0, offset, into.size()};
    const std::optional<Fault> fault = state_->meet(call);
    if (fault && fault->effect != Effect::part) {
      if (fault->effect == Effect::whole) static_cast<void>(inner_->read_at(offset, into));
      return state_->fail(call, *fault);
    }
    Result<std::size_t> read =
        inner_->read_at(offset, fault ? into.first(shortened(*fault, into.size())) : into);
    if (read) state_->moved(Call::read, read.value());
    state_->record(call, read ? std::nullopt : std::optional(read.error().code), fault.has_value());
    return read;
  }

  Status write_at(std::uint64_t offset, std::span<const Bytes> parts) override {
    DiskCall call{Call::write, path_, {}, 0, offset, 0};
    for (const Bytes part : parts) call.bytes += part.size();
    const std::optional<Fault> fault = state_->meet(call);
    if (!fault) {
      Status written = inner_->write_at(offset, parts);
      if (written) state_->moved(Call::write, call.bytes);
      state_->record(call, written ? std::nullopt : std::optional(written.error().code), false);
      return written;
    }
    leave_part(*fault, offset, parts, call.bytes);
    return state_->fail(call, *fault);
  }

  // Counted, and failed, as the write that it is. What the disk does of one that fails is done at
  // once, and told at its end.
  bool begin_write(std::uint64_t offset, Bytes bytes, Notice& notice) override {
    if (!inner_->begins_writes()) return false;
    begun_ = DiskCall{Call::write, path_, {}, 0, offset, bytes.size()};
    begun_fault_ = state_->meet(begun_);
    if (!begun_fault_) return inner_->begin_write(offset, bytes, notice);
    leave_part(*begun_fault_, offset, {&bytes, 1}, bytes.size());
    notice.signal();
    return true;
  }

  Result<Ended> end_write(bool wait) override {
    if (begun_fault_) return state_->fail(begun_, *std::exchange(begun_fault_, std::nullopt));
    Result<Ended> ended = inner_->end_write(wait);
    if (ended && ended.value() == Ended::not_yet) return ended;
    if (ended && ended.value() == Ended::written) state_->moved(Call::write, begun_.bytes);
    state_->record(begun_, ended ? std::nullopt : std::optional(ended.error().code), false);
    return ended;
  }

  [[nodiscard]] bool begins_writes() const noexcept override { return inner_->begins_writes(); }

  Status sync() override {
    return state_->pass(at(Call::sync), [this] { return inner_->sync(); });
  }
  Status truncate(std::uint64_t size) override {
    DiskCall call = at(Call::truncate);
    call.offset = size;
    return state_->pass(std::move(call), [this, size] { return inner_->truncate(size); });
  }
  Result<std::uint64_t> size() override {
    return state_->pass(at(Call::size), [this] { return inner_->size(); });
  }
  Result<FileIdentity> identity() override {
    return state_->pass(at(Call::identity), [this] { return inner_->identity(); });
  }
  Status drop_cache() override {
    return state_->pass(at(Call::drop_cache), [this] { return inner_->drop_cache(); });
  }
  [[nodiscard]] std::size_t alignment() const noexcept override { return inner_->alignment(); }

 private:
  [[nodiscard]] DiskCall at(Call call) const { return {call, path_, {}, 0, 0, 0}; }
  // What a write that fails does all the same.
  void leave_part(const Fault& fault, std::uint64_t offset, std::span<const Bytes> parts,
                  std::uint64_t size) {
    if (fault.effect == Effect::none) return;
    const std::uint64_t bytes = fault.effect == Effect::whole ? size : shortened(fault, size);
    if (inner_->write_at(offset, first_bytes(parts, bytes))) state_->moved(Call::write, bytes);
  }
  // A part that is the whole is no failure: at least one byte is missing.
  [[nodiscard]] std::size_t shortened(const Fault& fault, std::uint64_t size) const {
    const std::uint64_t most = size == 0 ? 0 : size - 1;
    const std::uint64_t bytes = std::min(fault.bytes.value_or(size / 2), most);
    return static_cast<std::size_t>(bytes / inner_->alignment() * inner_->alignment());
  }

  const std::shared_ptr<State> state_;
  const std::string path_;
  std::unique_ptr<File> inner_;
  DiskCall begun_;  // the write that was begun last
  std::optional<Fault> begun_fault_;
};

class FaultDisk::HeldLock final : public Lock {
 public:
  HeldLock(std::shared_ptr<State> state, std::string path, std::unique_ptr<Lock> inner)
      : state_(std::move(state)), path_(std::move(path)), inner_(std::move(inner)) {
    state_->opened(path_);
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  ~HeldLock() override {
    inner_.reset();
    state_->closed(path_);
  }

 private:
  const std::shared_ptr<State> state_;
  const std::string path_;
  std::unique_ptr<Lock> inner_;
};

FaultDisk::FaultDisk(std::shared_ptr<Disk> inner)
    : inner_(std::move(inner)), state_(std::make_shared<State>()) {}
FaultDisk::~FaultDisk() = default;

Interceptor planned(const FaultPlan& plan) {
  return [plan, struck = false](const DiskCall& call) mutable -> std::optional<Fault> {
    if (struck && plan.lasting == Lasting::disk) return Fault{plan.fault.code, Effect::none, {}};
    const bool meant =
        call.call == plan.call &&
        (plan.lasting == Lasting::kind ? call.number >= plan.nth : call.number == plan.nth);
    if (!meant) return std::nullopt;
    struck = true;
    return plan.fault;
  };
}

void FaultDisk::inject(const FaultPlan& plan) { state_->set(planned(plan)); }
void FaultDisk::intercept(Interceptor interceptor) { state_->set(std::move(interceptor)); }
void FaultDisk::heal() { state_->unset(); }
std::uint64_t FaultDisk::hits() const { return state_->hits(); }
std::uint64_t FaultDisk::calls(Call call) const { return state_->calls(call); }
std::uint64_t FaultDisk::bytes_read() const { return state_->bytes(Call::read); }
std::uint64_t FaultDisk::bytes_written() const { return state_->bytes(Call::write); }
void FaultDisk::forget() { state_->forget(); }
void FaultDisk::trace(bool on) { state_->trace(on); }
std::vector<TracedCall> FaultDisk::take_trace() { return state_->take_trace(); }
std::vector<std::string> FaultDisk::open_handles() const { return state_->handles(); }

Result<std::unique_ptr<File>> FaultDisk::open(const std::string& path, const OpenOptions& options) {
  auto opened = state_->pass(DiskCall{Call::open, path, {}, 0, 0, 0},
                             [&] { return inner_->open(path, options); });
  if (!opened) return opened;
  return std::unique_ptr<File>(std::make_unique<OpenFile>(state_, path, std::move(opened).value()));
}

Status FaultDisk::make_directory(const std::string& path, std::uint32_t mode) {
  return state_->pass(DiskCall{Call::make_directory, path, {}, 0, 0, 0},
                      [&] { return inner_->make_directory(path, mode); });
}

Result<std::vector<Entry>> FaultDisk::list(const std::string& path) {
  return state_->pass(DiskCall{Call::list, path, {}, 0, 0, 0}, [&] { return inner_->list(path); });
}

Result<FileStatus> FaultDisk::status(const std::string& path) {
  return state_->pass(DiskCall{Call::stat, path, {}, 0, 0, 0},
                      [&] { return inner_->status(path); });
}

Status FaultDisk::rename(const std::string& from, const std::string& to) {
  return state_->pass(DiskCall{Call::rename, from, to, 0, 0, 0},
                      [&] { return inner_->rename(from, to); });
}

Status FaultDisk::unlink(const std::string& path) {
  return state_->pass(DiskCall{Call::unlink, path, {}, 0, 0, 0},
                      [&] { return inner_->unlink(path); });
}

Status FaultDisk::sync_directory(const std::string& path) {
  return state_->pass(DiskCall{Call::sync_directory, path, {}, 0, 0, 0},
                      [&] { return inner_->sync_directory(path); });
}

Result<std::string> FaultDisk::canonical(const std::string& path) {
  return state_->pass(DiskCall{Call::stat, path, {}, 0, 0, 0},
                      [&] { return inner_->canonical(path); });
}

Result<FileSystemInfo> FaultDisk::file_system(const std::string& path) {
  return state_->pass(DiskCall{Call::file_system, path, {}, 0, 0, 0},
                      [&] { return inner_->file_system(path); });
}

Result<DirectSupport> FaultDisk::probe_direct(const std::string& directory) {
  return state_->pass(DiskCall{Call::probe_direct, directory, {}, 0, 0, 0},
                      [&] { return inner_->probe_direct(directory); });
}

Result<std::unique_ptr<Lock>> FaultDisk::lock(const std::string& path, std::string_view holder,
                                              std::uint32_t mode) {
  auto held = state_->pass(DiskCall{Call::lock, path, {}, 0, 0, 0},
                           [&] { return inner_->lock(path, holder, mode); });
  if (!held) return held;
  return std::unique_ptr<Lock>(std::make_unique<HeldLock>(state_, path, std::move(held).value()));
}

Result<bool> FaultDisk::locked(const std::string& path) {
  return state_->pass(DiskCall{Call::probe_lock, path, {}, 0, 0, 0},
                      [&] { return inner_->locked(path); });
}

Result<std::string> FaultDisk::lock_holder(const std::string& path) {
  return state_->pass(DiskCall{Call::probe_lock, path, {}, 0, 0, 0},
                      [&] { return inner_->lock_holder(path); });
}

}  // namespace tidemark::io
