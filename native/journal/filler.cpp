#include "journal/filler.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "format/layout.hpp"
#include "format/names.hpp"

namespace tidemark::journal {

std::shared_ptr<Filler> Filler::of(const io::Host& host) {
  struct Fillers {
    std::mutex mutex;
    std::map<const io::Tasks*, std::weak_ptr<Filler>> known;
  };
  // Leaked: threads may ask during static destruction.
  static Fillers& fillers = *std::make_unique<Fillers>().release();
  const std::scoped_lock lock(fillers.mutex);
  std::erase_if(fillers.known, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<Filler>& slot = fillers.known[host.tasks.get()];
  std::shared_ptr<Filler> filler = slot.lock();
  if (!filler) {
    filler = std::make_shared<Filler>(host);
    slot = filler;
  }
  return filler;
}

// The sleeping task finds its filler gone and ends.
Filler::~Filler() {
  if (task_) task_->wake();
}

void Filler::order(FillOrder order) {
  const std::scoped_lock lock(mutex_);
  orders_.push_back(std::move(order));
  if (!task_) {
    // The task must not keep the filler alive, or neither would ever end.
    task_ = host_.tasks->start("tidemark-fill", [weak = weak_from_this()] {
      const std::shared_ptr<Filler> self = weak.lock();
      return self ? self->step() : io::Next::finished();
    });
  }
  task_->wake();
}

io::Next Filler::step() {
  if (!order_) {
    const std::scoped_lock lock(mutex_);
    if (orders_.empty()) return io::Next::wait();
    order_ = std::move(orders_.front());
    orders_.pop_front();
  }
  io::Status status = advance();
  if (!status) {
    finish(status.error());
  } else if (filled_ >= order_->capacity) {
    const FillOrder& order = *order_;
    const std::string temporary =
        io::join(order.directory, format::segment_temporary_name(order.segment_id));
    const std::string path = io::join(order.directory, format::segment_name(order.segment_id));
    status = file_->sync();
    if (status) status = order.disk->rename(temporary, path);
    if (status) status = order.disk->sync_directory(order.directory);
    if (!status) {
      finish(status.error());
    } else {
      finish(io::Result<std::unique_ptr<io::File>>(std::move(file_)));
    }
  }
  return io::Next::again();
}

io::Status Filler::advance() {
  FillOrder& order = *order_;
  const std::string temporary =
      io::join(order.directory, format::segment_temporary_name(order.segment_id));
  if (!file_) {
    io::Status status = order.disk->unlink(temporary);
    if (!status && status.error().code != io::Errc::not_found) return status;
    io::OpenOptions options;
    options.access = io::Access::read_write;
    options.create = io::Create::exclusive;
    // Past the page cache where the journal goes, too: the sync of 64 MiB in one piece would hold
    // up the commits of that moment.
    options.direct = order.direct;
    options.mode = order.mode;
    auto opened = order.disk->open(temporary, options);
    if (!opened) return opened.error();
    file_ = std::move(opened).value();
    filled_ = 0;
    if (!order.zero_fill) order.capacity = 2 * format::minimum_block_bytes;
  }
  const std::uint64_t to = std::min(order.capacity, filled_ + order.slice_bytes());
  if (io::Status status = write_zeros(*file_, filled_, to); !status) return status;
  filled_ = to;
  return io::done();
}

void Filler::finish(io::Result<std::unique_ptr<io::File>> result) {
  const FillOrder order = *std::exchange(order_, std::nullopt);
  file_.reset();
  filled_ = 0;
  if (!result) {
    static_cast<void>(order.disk->unlink(
        io::join(order.directory, format::segment_temporary_name(order.segment_id))));
  }
  order.done(std::move(result));
}

}  // namespace tidemark::journal
