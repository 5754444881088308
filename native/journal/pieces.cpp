#include "journal/pieces.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace tidemark::journal {
namespace {

class Pieces {
 public:
  Pieces(io::Tasks& tasks, std::size_t count, std::function<void(std::size_t)> piece)
      : count_(count), piece_(std::move(piece)), gate_(tasks.make_gate()) {}

  void work() {
    while (const auto number = take()) piece_(*number);
  }

  // In the other thread: when it comes too late there is nothing left to take.
  void help() {
    {
      const std::scoped_lock lock(mutex_);
      if (next_ == count_) return;
      helping_ = true;
    }
    work();
    const std::scoped_lock lock(mutex_);
    helping_ = false;
    gate_->notify_all();
  }

  // No further piece is begun, and none goes on.
  void finish() {
    std::unique_lock lock(mutex_);
    next_ = count_;
    gate_->wait(
        lock, [this] { return !helping_; }, std::nullopt);
  }

 private:
  std::optional<std::size_t> take() {
    const std::scoped_lock lock(mutex_);
    return next_ == count_ ? std::nullopt : std::optional(next_++);
  }

  const std::size_t count_;
  const std::function<void(std::size_t)> piece_;
  const std::unique_ptr<io::Gate> gate_;
  std::mutex mutex_;
  std::size_t next_ = 0;  // under the mutex, as the rest
  bool helping_ = false;
};

// What the pieces refer to is the caller's: they have ended when it goes on, whatever happens.
class Finish {
 public:
  explicit Finish(Pieces& pieces) : pieces_(pieces) {}
  Finish(const Finish&) = delete;
  Finish& operator=(const Finish&) = delete;
  ~Finish() { pieces_.finish(); }

 private:
  Pieces& pieces_;
};

}  // namespace

void do_pieces(io::Tasks& tasks, std::size_t count, std::function<void(std::size_t)> piece) {
  const auto pieces = std::make_shared<Pieces>(tasks, count, std::move(piece));
  const Finish finish(*pieces);
  if (count > 1) tasks.submit([pieces] { pieces->help(); });
  pieces->work();
}

}  // namespace tidemark::journal
