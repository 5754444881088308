// What belongs to one environment (the main thread or a worker): its mailbox, the JS functions that
// deliveries call, the constructors of the handle classes, and the handles that must be closed when
// the environment ends. Everything here belongs to the JS thread except `mailbox()`.
#pragma once

#include <napi.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "addon/mailbox.hpp"
#include "io/tasks.hpp"
#include "journal/journal.hpp"

namespace tidemark::addon {

enum class HandleClass : std::uint8_t {
  journal,
  observer,
  reader,
  lock,
  disk,
  checkpoint,
  checkpoint_stream,
  checkpoint_reader,
};
inline constexpr std::size_t handle_classes = 8;

class Environment {
 public:
  static void create(napi_env env);
  static Environment& of(napi_env env);

  Environment();
  ~Environment() = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }
  // Of all environments of this process, also those that ended.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  // What operations stand on that begin now: the system, or a simulated disk (tidemark/testing).
  // Handles keep the one that they were opened on.
  [[nodiscard]] const io::Host& host() const noexcept { return host_; }
  void use(io::Host host) { host_ = std::move(host); }

  // Runs `job` on the pool of the io seam, never on libuv's: process.exit joins libuv's threads,
  // and one of them may be stuck on a stalled disk. The job's outcome goes to the JS side's
  // `complete`.
  void run(std::uint32_t operation, std::function<Outcome()> job);

  [[nodiscard]] std::uint32_t next_handle() noexcept { return ++last_handle_; }
  void add_client(std::uint32_t handle, std::shared_ptr<journal::Client> client);
  // After a hand-over: the event loop is to end the write that it began, if it did.
  void hands_over(std::uint32_t handle, const journal::Client& client);
  void remove_client(std::uint32_t handle);
  // Closes every journal handle of this environment. Waits at most a second in all, and only for
  // journals of which it closed the process's last handle, so that their close is clean when the
  // disk answers.
  void close_all();

  Napi::FunctionReference& constructor(HandleClass which) {
    return constructors_[static_cast<std::size_t>(which)];
  }

  // ---- functions of the binding
  static Napi::Value connect(
      const Napi::CallbackInfo& info);  // (complete, changed, postpone, hasLibuv)
  static Napi::Value deliver(const Napi::CallbackInfo& info);  // what was postponed
  static Napi::Value hold(const Napi::CallbackInfo& info);     // (on): keeps the event loop alive

 private:
  static void on_tick(napi_env env, napi_value, void* context, void*);
  void deliver_mail(napi_env env);
  void end_writes();
  static void clean_up(void* environment);

  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  napi_threadsafe_function function_ = nullptr;
  Napi::FunctionReference complete_;
  Napi::FunctionReference changed_;
  Napi::FunctionReference postpone_;
  io::Nanoseconds turned_at_ = 0;  // the event loop has turned since
  Napi::FunctionReference constructors_[handle_classes];
  io::Host host_ = io::system_host();
  const std::uint64_t number_;
  std::uint32_t last_handle_ = 0;
  std::map<std::uint32_t, std::shared_ptr<journal::Client>> clients_;
  std::shared_ptr<io::Notice> notice_;  // null: writes are not begun in this event loop
  std::vector<std::uint32_t> writing_;  // handles whose write the event loop is to end
};

}  // namespace tidemark::addon
