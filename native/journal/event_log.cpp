#include "journal/event_log.hpp"

#include <algorithm>
#include <cstddef>

#include "journal/core.hpp"

namespace tidemark::journal {
namespace {

// Kept for listeners that do not take them; beyond it the oldest go.
constexpr std::size_t most_events = 8192;

}  // namespace

EventLog::EventLog() = default;
EventLog::~EventLog() = default;

void EventLog::join(std::uint64_t listener, const std::shared_ptr<Client::State>& handle) {
  const std::scoped_lock lock(mutex_);
  const auto [found, is_new] = listeners_.try_emplace(listener);
  Listener& joined = found->second;
  if (is_new) joined.next = first_ + events_.size();
  if (std::ranges::find(joined.handles, handle) == joined.handles.end())
    joined.handles.push_back(handle);
  listened_.store(true, std::memory_order_relaxed);
}

void EventLog::leave(const std::shared_ptr<Client::State>& handle) {
  const std::scoped_lock lock(mutex_);
  for (auto& [listener, left] : listeners_) std::erase(left.handles, handle);
  std::erase_if(listeners_, [](const auto& entry) { return entry.second.handles.empty(); });
  listened_.store(!listeners_.empty(), std::memory_order_relaxed);
  drop_taken();
}

std::vector<Event> EventLog::take(std::uint64_t listener) {
  std::vector<Event> taken;
  const std::scoped_lock lock(mutex_);
  const auto found = listeners_.find(listener);
  if (found == listeners_.end()) return taken;
  const std::uint64_t from = std::max(found->second.next, first_);
  taken.assign(events_.begin() + static_cast<std::ptrdiff_t>(from - first_), events_.end());
  found->second.next = first_ + events_.size();
  drop_taken();
  return taken;
}

void EventLog::add(const Event& event) {
  if (!listened_.load(std::memory_order_relaxed)) return;
  std::vector<std::shared_ptr<Client::State>> handles;
  {
    const std::scoped_lock lock(mutex_);
    if (listeners_.empty()) return;
    if (events_.size() == most_events) {
      events_.pop_front();
      first_ += 1;
    }
    events_.push_back(event);
    for (const auto& [listener, told] : listeners_)
      handles.insert(handles.end(), told.handles.begin(), told.handles.end());
  }
  for (const auto& handle : handles) handle->poke();
}

void EventLog::drop_taken() {
  std::uint64_t taken = first_ + events_.size();
  for (const auto& [number, listener] : listeners_) taken = std::min(taken, listener.next);
  while (first_ < taken) {
    events_.pop_front();
    first_ += 1;
  }
}

}  // namespace tidemark::journal
