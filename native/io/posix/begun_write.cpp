#include "io/posix/begun_write.hpp"

#if defined(__linux__)
#include <linux/aio_abi.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

#include "io/posix/descriptor.hpp"
#include "io/posix/error.hpp"
#endif

#include "io/tasks.hpp"

namespace tidemark::io {

#if defined(__linux__)

namespace posix {

// The C library has no names for these calls: io_setup(2), io_submit(2), io_getevents(2). Contexts
// are never given back to the kernel: io_destroy waits for a grace period of it, some 30 ms.
struct BegunWrite::Context {
  aio_context_t id = 0;
  iocb request{};  // the kernel reads it in io_submit only
};

// Those that no write has. Left to the end of the process on purpose, like the host.
class BegunWrite::Pool {
 public:
  static Pool& instance() {
    static Pool& pool = *std::make_unique<Pool>().release();
    return pool;
  }

  // Null where the system gives none: it has no such calls, forbids them, or has given its last.
  std::unique_ptr<Context> take() {
    {
      const std::scoped_lock lock(mutex_);
      forget_after_fork();
      if (!free_.empty()) {
        auto context = std::move(free_.back());
        free_.pop_back();
        return context;
      }
    }
    auto context = std::make_unique<Context>();
    if (::syscall(SYS_io_setup, 1U, &context->id) != 0) return nullptr;
    return context;
  }

  void give_back(std::unique_ptr<Context> context) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(context));
  }

 private:
  // A child has the memory, but none of the contexts.
  void forget_after_fork() {
    const pid_t now = ::getpid();
    if (std::exchange(process_, now) != now) free_.clear();
  }

  std::mutex mutex_;
  pid_t process_ = ::getpid();
  std::vector<std::unique_ptr<Context>> free_;
};

BegunWrite::BegunWrite() noexcept = default;

BegunWrite::~BegunWrite() {
  if (context_) static_cast<void>(end(true));
}

bool BegunWrite::begin(int descriptor, std::uint64_t offset, Bytes bytes, Notice& notice) {
  auto context = Pool::instance().take();
  if (!context) return false;
  iocb& request = context->request;
  request = {};
  request.aio_lio_opcode = IOCB_CMD_PWRITE;
  request.aio_fildes = static_cast<std::uint32_t>(descriptor);
  request.aio_buf = reinterpret_cast<std::uintptr_t>(bytes.data());
  request.aio_nbytes = bytes.size();
  request.aio_offset = static_cast<std::int64_t>(offset);
  request.aio_flags = IOCB_FLAG_RESFD;
  request.aio_resfd = static_cast<std::uint32_t>(notice.descriptor());
  // The call would wait for locks and allocations otherwise.
  request.aio_rw_flags = RWF_NOWAIT;
  iocb* list = &request;
  const long taken =
      retry_interrupted([&] { return ::syscall(SYS_io_submit, context->id, 1L, &list); });
  if (taken != 1) {
    Pool::instance().give_back(std::move(context));
    return false;
  }
  bytes_ = bytes.size();
  context_ = std::move(context);
  return true;
}

std::optional<std::int64_t> BegunWrite::end(bool wait) {
  io_event event{};
  timespec at_once{};
  const auto ask = [&] {
    return ::syscall(SYS_io_getevents, context_->id, wait ? 1L : 0L, 1L, &event,
                     wait ? nullptr : &at_once);
  };
  long ended = retry_interrupted(ask);
  while (wait && ended == 0) ended = retry_interrupted(ask);  // who waits counts on an end
  if (ended == 0) return std::nullopt;
  // Of a context that is no more: what became of the write cannot be known.
  const std::int64_t result = ended == 1 ? event.res : -EIO;
  if (ended == 1) Pool::instance().give_back(std::move(context_));
  context_.reset();
  return result;
}

namespace {

class EventNotice final : public Notice {
 public:
  explicit EventNotice(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_.get(); }
  void signal() noexcept override {
    static_cast<void>(retry_interrupted([this] { return ::eventfd_write(descriptor_.get(), 1); }));
  }
  void clear() noexcept override {
    eventfd_t count = 0;
    static_cast<void>(retry_interrupted([&] { return ::eventfd_read(descriptor_.get(), &count); }));
  }

 private:
  const Descriptor descriptor_;
};

}  // namespace
}  // namespace posix

std::shared_ptr<Notice> make_notice() {
  posix::Descriptor descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!descriptor.valid()) return nullptr;
  return std::make_shared<posix::EventNotice>(std::move(descriptor));
}

#else

namespace posix {

struct BegunWrite::Context {};
BegunWrite::BegunWrite() noexcept = default;
BegunWrite::~BegunWrite() = default;
bool BegunWrite::begin(int /*descriptor*/, std::uint64_t /*offset*/, Bytes /*bytes*/,
                       Notice& /*notice*/) {
  return false;
}
std::optional<std::int64_t> BegunWrite::end(bool /*wait*/) { return 0; }

}  // namespace posix

std::shared_ptr<Notice> make_notice() { return nullptr; }

#endif

}  // namespace tidemark::io
