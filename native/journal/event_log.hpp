// Events for diagnostics, kept for those who listen. Every listener (a thread of JavaScript) gets
// all events of the journal, each once, however many handles it has and whoever else listens.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "journal/journal.hpp"

namespace tidemark::journal {

class EventLog {
 public:
  EventLog();
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Of a listener that was not there, events from here on. `handle` is called back for each, until
  // it leaves; the listener is forgotten with its last handle.
  void join(std::uint64_t listener, const std::shared_ptr<Client::State>& handle);
  void leave(const std::shared_ptr<Client::State>& handle);
  // Since the last call for this listener, oldest first.
  std::vector<Event> take(std::uint64_t listener);
  // Calls back: Core::mutex must not be held.
  void add(const Event& event);

 private:
  struct Listener {
    std::uint64_t next = 0;  // number of the first event that it has not taken
    std::vector<std::shared_ptr<Client::State>> handles;
  };

  void drop_taken();  // mutex held

  std::atomic<bool> listened_{false};  // whether there is a listener; looked at without the mutex
  std::mutex mutex_;                   // leaf: no other lock is taken under it
  std::deque<Event> events_;
  std::uint64_t first_ = 0;  // number of events_.front()
  std::map<std::uint64_t, Listener> listeners_;
};

}  // namespace tidemark::journal
