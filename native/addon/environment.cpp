#include "addon/environment.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "addon/loop_watch.hpp"
#include "addon/values.hpp"

namespace tidemark::addon {
namespace {

constexpr io::Nanoseconds exit_patience = 1'000'000'000;

// Node calls a thread-safe function up to a thousand times before the event loop turns, when each
// call finds another one queued: with a disk that is as quick as those append who were
// acknowledged, no timer and no socket of the program would get its turn for seconds. After so long
// the next delivery waits for a turn. Not each: one caller's acknowledgements would cost more, and
// come later.
constexpr io::Nanoseconds longest_turn = 1'000'000;

std::atomic<std::uint64_t> last_environment{0};

using Clients = std::vector<std::shared_ptr<journal::Client>>;

// The open handles of this process, in all its environments.
class OpenHandles {
 public:
  void add(std::shared_ptr<journal::Client> client) {
    const std::scoped_lock lock(mutex_);
    clients_.push_back(std::move(client));
  }

  // True when it was the last one of its journal: a journal closes when its last handle does, and
  // only then is there something to wait for.
  bool remove(const std::shared_ptr<journal::Client>& client) {
    const std::scoped_lock lock(mutex_);
    if (std::erase(clients_, client) == 0) return false;
    return std::ranges::none_of(
        clients_, [&](const auto& other) { return other->journal() == client->journal(); });
  }

  Clients take_all() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(clients_, {});
  }

 private:
  std::mutex mutex_;
  Clients clients_;
};

// Leaked: environments may end after static destruction has begun.
OpenHandles& open_handles() {
  static OpenHandles& instance = *std::make_unique<OpenHandles>().release();
  return instance;
}

// Waits for the ends of journals whose last handles were closed; a stalled disk is not waited for.
void wait_closed(const Clients& clients) {
  io::Clock& clock = *io::system_host().clock;
  const io::Nanoseconds deadline = clock.monotonic() + exit_patience;
  for (const auto& client : clients) {
    const io::Nanoseconds now = clock.monotonic();
    if (now >= deadline || !client->wait_closed(deadline - now)) break;
  }
}

// process.exit and uncaught exceptions end the process without the cleanup hooks of the main
// thread's environment. What is open is closed here, behind all of JavaScript's own exit handlers,
// which may still append. On Windows the writer's thread is gone by then: the next open recovers.
void close_at_exit() {
  const Clients clients = open_handles().take_all();
  for (const auto& client : clients) client->close(nullptr);
  wait_closed(clients);
}

void close_at_exit_once() {
#if !defined(_WIN32)
  static const int registered = std::atexit(close_at_exit);
  static_cast<void>(registered);
#endif
}

// An exception of our own JS is a bug of ours: it surfaces as an uncaught one, and what else there
// is to deliver is still delivered.
void call(napi_env env, napi_value function, std::size_t count, const napi_value* arguments) {
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  if (napi_call_function(env, undefined, function, count, arguments, nullptr) !=
      napi_pending_exception)
    return;
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

}  // namespace

Environment::Environment() : number_(++last_environment) {}

void Environment::create(napi_env env) {
  Napi::Env(env).SetInstanceData<Environment>(std::make_unique<Environment>().release());
}

Environment& Environment::of(napi_env env) {
  return *Napi::Env(env).GetInstanceData<Environment>();
}

void Environment::run(std::uint32_t operation, std::function<Outcome()> job) {
  io::system_host().tasks->submit([mailbox = mailbox_, operation, job = std::move(job)]() mutable {
    Outcome outcome = job();
    job = nullptr;
    outcome.operation = operation;
    mailbox->complete(std::move(outcome));
  });
}

void Environment::add_client(std::uint32_t handle, std::shared_ptr<journal::Client> client) {
  open_handles().add(client);
  if (notice_) client->begin_writes(notice_);
  clients_.emplace(handle, std::move(client));
}

void Environment::remove_client(std::uint32_t handle) {
  const auto found = clients_.find(handle);
  if (found == clients_.end()) return;
  open_handles().remove(found->second);
  clients_.erase(found);
}

void Environment::hands_over(std::uint32_t handle, const journal::Client& client) {
  if (!client.writing() || std::ranges::find(writing_, handle) != writing_.end()) return;
  writing_.push_back(handle);
}

// The disk has ended a write that was begun. What it settles is delivered in this turn.
void Environment::end_writes() {
  notice_->clear();
  mailbox_->expect();
  std::erase_if(writing_, [this](std::uint32_t handle) {
    const auto found = clients_.find(handle);
    return found == clients_.end() || !found->second->end_write();
  });
}

void Environment::close_all() {
  Clients last;
  for (auto& [handle, client] : std::exchange(clients_, {})) {
    const bool was_last = open_handles().remove(client);
    client->close(nullptr);
    if (was_last) last.push_back(std::move(client));
  }
  wait_closed(last);
}

Napi::Value Environment::connect(const Napi::CallbackInfo& info) {
  Environment& self = of(info.Env());
  if (self.function_ != nullptr) return info.Env().Undefined();
  self.complete_ = Napi::Persistent(info[0].As<Napi::Function>());
  self.changed_ = Napi::Persistent(info[1].As<Napi::Function>());
  self.postpone_ = Napi::Persistent(info[2].As<Napi::Function>());
  const auto name = Napi::String::New(info.Env(), "tidemark");
  napi_threadsafe_function function = nullptr;
  const napi_status created = napi_create_threadsafe_function(
      info.Env(), nullptr, nullptr, name, 0, 1, nullptr, nullptr, &self, on_tick, &function);
  if (created != napi_ok) {
    Napi::Error::New(info.Env(), "tidemark: no thread-safe function").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  napi_unref_threadsafe_function(info.Env(), function);
  self.function_ = function;
  self.mailbox_->open(function);
  if (flag_argument(info[3])) self.notice_ = io::make_notice();
  const bool watched =
      self.notice_ &&
      watch_in_loop(info.Env(), self.notice_->descriptor(), [&self, env = napi_env(info.Env())] {
        self.end_writes();
        self.turned_at_ = io::system_host().clock->monotonic();
        self.deliver_mail(env);
      });
  if (!watched) self.notice_.reset();
  close_at_exit_once();
  // Hooks run in reverse order: ours, registered after the function's own, closes the mailbox
  // before the function dies.
  napi_add_env_cleanup_hook(info.Env(), clean_up, &self);
  return info.Env().Undefined();
}

Napi::Value Environment::hold(const Napi::CallbackInfo& info) {
  Environment& self = of(info.Env());
  if (self.function_ == nullptr) return info.Env().Undefined();
  if (flag_argument(info[0])) {
    napi_ref_threadsafe_function(info.Env(), self.function_);
  } else {
    napi_unref_threadsafe_function(info.Env(), self.function_);
  }
  return info.Env().Undefined();
}

void Environment::on_tick(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the environment is being torn down
  auto& self = *static_cast<Environment*>(context);
  if (io::system_host().clock->monotonic() - self.turned_at_ < longest_turn) {
    self.deliver_mail(env);
    return;
  }
  // The mail is not taken: until it is, the mailbox queues no other call.
  call(env, self.postpone_.Value(), 0, nullptr);
}

Napi::Value Environment::deliver(const Napi::CallbackInfo& info) {
  Environment& self = of(info.Env());
  self.turned_at_ = io::system_host().clock->monotonic();
  self.deliver_mail(info.Env());
  return info.Env().Undefined();
}

void Environment::deliver_mail(napi_env env) {
  Mailbox::Mail mail = mailbox_->take();
  for (Outcome& outcome : mail.outcomes) {
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    napi_value arguments[3] = {nullptr, nullptr, nullptr};
    napi_create_uint32(env, outcome.operation, &arguments[0]);
    napi_get_undefined(env, &arguments[1]);
    napi_get_undefined(env, &arguments[2]);
    if (outcome.failure) {
      arguments[1] = failure_value(env, *outcome.failure);
    } else if (outcome.build) {
      arguments[2] = outcome.build(env);
    }
    call(env, complete_.Value(), 3, arguments);
    napi_close_handle_scope(env, scope);
  }
  for (const std::uint32_t handle : mail.handles) {
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    napi_value argument = nullptr;
    napi_create_uint32(env, handle, &argument);
    call(env, changed_.Value(), 1, &argument);
    napi_close_handle_scope(env, scope);
  }
}

void Environment::clean_up(void* environment) {
  auto& self = *static_cast<Environment*>(environment);
  self.mailbox_->close();
  self.close_all();
}

}  // namespace tidemark::addon
