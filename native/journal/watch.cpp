// One task per process polls all observers that somebody waits on.
#include <algorithm>
#include <map>
#include <vector>

#include "journal/observer.hpp"

namespace tidemark::journal {
namespace {

struct Watched {
  Watched(std::shared_ptr<Observer> with, Watch::Changed call)
      : observer(std::move(with)), told(observer->revision()), changed(std::move(call)) {}

  const std::shared_ptr<Observer> observer;
  std::uint64_t told;  // the revision that its watcher knows of; the poller's
  // Recursive, because the callback may end its own watch.
  std::recursive_mutex mutex;
  bool ended = false;
  Watch::Changed changed;

  void poll() {
    const Result<bool> refreshed = observer->refresh();
    const std::uint64_t revision = observer->revision();
    if (refreshed && revision == told) return;
    told = revision;
    const std::lock_guard guard(mutex);
    if (!ended) changed(refreshed ? done() : Status(refreshed.error()));
  }
};

// Polls for one set of threads: in production there is one, in tests each scheduler has its own.
class Poller : public std::enable_shared_from_this<Poller> {
 public:
  explicit Poller(std::shared_ptr<io::Clock> clock) : clock_(std::move(clock)) {}

  void start(io::Tasks& tasks) {
    // The registry owns the poller; its task must not keep it.
    task_ = tasks.start("tidemark-watch", [weak = weak_from_this()] {
      const std::shared_ptr<Poller> self = weak.lock();
      return self ? self->step() : io::Next::finished();
    });
  }
  void add(std::shared_ptr<Watched> watched) {
    const std::lock_guard guard(mutex_);
    watched_.push_back(std::move(watched));
    task_->wake();
  }
  void remove(const std::shared_ptr<Watched>& watched) {
    const std::lock_guard guard(mutex_);
    std::erase(watched_, watched);
  }

 private:
  // Asleep without a deadline while nobody waits: then the task needs no thread.
  io::Next step() {
    std::vector<std::shared_ptr<Watched>> now;
    {
      const std::lock_guard guard(mutex_);
      now = watched_;
    }
    for (const std::shared_ptr<Watched>& watched : now) watched->poll();
    const std::lock_guard guard(mutex_);
    if (watched_.empty()) return io::Next::wait();
    return io::Next::wait_until(clock_->monotonic() + watch_interval);
  }

  const std::shared_ptr<io::Clock> clock_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Watched>> watched_;
  std::shared_ptr<io::Task> task_;
};

struct Pollers {
  std::mutex mutex;
  std::map<io::Tasks*, std::pair<std::weak_ptr<io::Tasks>, std::shared_ptr<Poller>>> by_tasks;
};

// Never destroyed: its task may run while the process ends.
Pollers& pollers() {
  static Pollers& all = *std::make_unique<Pollers>().release();
  return all;
}

std::shared_ptr<Poller> poller_of(const io::Host& host) {
  Pollers& all = pollers();
  const std::lock_guard guard(all.mutex);
  // Schedulers of finished tests leave their pollers behind.
  std::erase_if(all.by_tasks, [](const auto& entry) { return entry.second.first.expired(); });
  auto& entry = all.by_tasks[host.tasks.get()];
  if (!entry.second) {
    entry = {host.tasks, std::make_shared<Poller>(host.clock)};
    entry.second->start(*host.tasks);
  }
  return entry.second;
}

// Ends the watch when the last copy of the caller's token goes.
class Token {
 public:
  Token(std::shared_ptr<Poller> poller, std::shared_ptr<Watched> watched)
      : poller_(std::move(poller)), watched_(std::move(watched)) {}
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;
  ~Token() {
    poller_->remove(watched_);
    const std::lock_guard guard(watched_->mutex);
    watched_->ended = true;
  }

 private:
  const std::shared_ptr<Poller> poller_;
  const std::shared_ptr<Watched> watched_;
};

}  // namespace

std::shared_ptr<void> Watch::start(const io::Host& host, std::shared_ptr<Observer> observer,
                                   Changed changed) {
  auto watched = std::make_shared<Watched>(std::move(observer), std::move(changed));
  std::shared_ptr<Poller> poller = poller_of(host);
  auto token = std::make_shared<Token>(poller, watched);
  poller->add(std::move(watched));
  return token;
}

}  // namespace tidemark::journal
