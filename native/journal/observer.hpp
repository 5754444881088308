// A read-only open: takes no lock, creates and changes nothing, may run beside the writer of
// another process. It learns the watermark from frames and headers only and never interprets bytes
// at or behind it while a writer lives.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/tasks.hpp"
#include "journal/failure.hpp"
#include "journal/journal.hpp"
#include "journal/options.hpp"
#include "journal/report.hpp"
#include "journal/segment.hpp"

namespace tidemark::journal {

class Observer {
 public:
  // CORRUPT, IO, VERSION as a writing open would say; IO (not_found) for a missing directory.
  static Result<std::shared_ptr<Observer>> open(const io::Host& host, const std::string& directory,
                                                const Options& options);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  [[nodiscard]] const RecoveryReport& recovery() const noexcept;
  [[nodiscard]] format::SegmentHeader header() const;  // of the newest segment
  [[nodiscard]] View view() const;
  // Looks again: new frames, new segments, a moved head, a writer that came or went. True when
  // other records or segments are to be seen. Cheap when nothing happened (a read of the next
  // frame's place and a look at the newest segment's successor), so that it can be polled.
  Result<bool> refresh();
  // Counts the changes of the view, whoever's refresh brought them.
  [[nodiscard]] std::uint64_t revision() const;
  // The named cursors as they are on the disk now, by name; `lag` counts from what is shown.
  // CORRUPT where one is damaged. Waits for the disk.
  [[nodiscard]] Result<std::vector<CursorInfo>> cursors() const;
  // Closes the files. The view stays as it was, and refresh() finds nothing new. Waits for a
  // refresh in progress: call it from Tasks::submit.
  void release();

 private:
  struct State;
  explicit Observer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Polls observers that somebody waits on, every `watch_interval`, from one task per process, and
// calls `changed` (from that task) when a view changed or a refresh failed. Every change behind
// start() is told, also one that a refresh by somebody else brought: whoever starts a watch and
// then finds nothing new may go to sleep.
// Longer would show a record later than 20 ms behind the mark that makes it durable for readers;
// at 10 ms an idle follower took 1.2 % of a processor, at this it is below 1 %.
inline constexpr io::Nanoseconds watch_interval = 14'000'000;
class Watch {
 public:
  using Changed = std::function<void(const Status&)>;
  // Starts polling; the destructor of the returned token ends it.
  static std::shared_ptr<void> start(const io::Host& host, std::shared_ptr<Observer> observer,
                                     Changed changed);
};

}  // namespace tidemark::journal
