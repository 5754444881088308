#include "addon/mailbox.hpp"

#include <algorithm>
#include <utility>

namespace tidemark::addon {

void Mailbox::open(napi_threadsafe_function function) {
  const std::scoped_lock lock(mutex_);
  function_ = function;
}

void Mailbox::close() {
  Mail unread;  // destroyed outside of the mutex: outcomes own journals, readers, locks
  const std::scoped_lock lock(mutex_);
  function_ = nullptr;
  unread = std::exchange(mail_, Mail{});
}

void Mailbox::expect() {
  const std::scoped_lock lock(mutex_);
  ticking_ = true;
}

Mailbox::Mail Mailbox::take() {
  const std::scoped_lock lock(mutex_);
  ticking_ = false;
  return std::exchange(mail_, Mail{});
}

void Mailbox::complete(Outcome outcome) {
  const std::scoped_lock lock(mutex_);
  if (function_ == nullptr) return;
  mail_.outcomes.push_back(std::move(outcome));
  tick();
}

void Mailbox::touch(std::uint32_t handle) {
  const std::scoped_lock lock(mutex_);
  if (function_ == nullptr) return;
  if (std::ranges::find(mail_.handles, handle) == mail_.handles.end())
    mail_.handles.push_back(handle);
  tick();
}

// The call queues without waiting; it fails only when the function is closing, and then nobody is
// left to be told.
void Mailbox::tick() {
  if (ticking_) return;
  ticking_ = napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

}  // namespace tidemark::addon
