// A handle on an open journal, as JS sees it. Hand-over and progress are synchronous calls that
// never wait for a disk and allocate nothing in the good case; the rest are operations.
#pragma once

#include "addon/handle.hpp"
#include "journal/journal.hpp"

namespace tidemark::addon {

class JournalHandle : public Handle<JournalHandle> {
 public:
  static constexpr HandleClass handle_class = HandleClass::journal;
  static constexpr napi_type_tag tag{0x6A4F9C1D52E84B07, 0x9D3E7A60C8B1F254};

  static void define(Napi::Env env);
  // binding.openJournal(operation, directory, options): the operation gives the handle.
  static Napi::Value open(const Napi::CallbackInfo& info);

  using Handle::Handle;
  [[nodiscard]] const std::shared_ptr<journal::Client>& client() const noexcept { return client_; }

 private:
  // ---- without waiting
  Napi::Value id(const Napi::CallbackInfo& info);
  Napi::Value facts(const Napi::CallbackInfo& info);
  Napi::Value hand_over(const Napi::CallbackInfo& info);
  Napi::Value register_dictionary(const Napi::CallbackInfo& info);
  Napi::Value take_progress(const Napi::CallbackInfo& info);
  Napi::Value failure(const Napi::CallbackInfo& info);
  Napi::Value first_seq(const Napi::CallbackInfo& info);
  Napi::Value last_seq(const Napi::CallbackInfo& info);
  Napi::Value durable_seq(const Napi::CallbackInfo& info);
  Napi::Value epoch(const Napi::CallbackInfo& info);
  Napi::Value watch(const Napi::CallbackInfo& info);
  Napi::Value request_sync(const Napi::CallbackInfo& info);
  Napi::Value segments(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  Napi::Value cursors(const Napi::CallbackInfo& info);
  Napi::Value collect_events(const Napi::CallbackInfo& info);
  Napi::Value take_events(const Napi::CallbackInfo& info);
  Napi::Value reader(const Napi::CallbackInfo& info);
  Napi::Value forget(const Napi::CallbackInfo& info);
  // ---- operations
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value truncate_before(const Napi::CallbackInfo& info);
  Napi::Value open_cursor(const Napi::CallbackInfo& info);
  Napi::Value advance_cursor(const Napi::CallbackInfo& info);
  Napi::Value reset_cursor(const Napi::CallbackInfo& info);
  Napi::Value delete_cursor(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);

  std::shared_ptr<io::Disk> disk_;
  std::uint32_t id_ = 0;
  std::size_t hash_bytes_ = 0;
  std::shared_ptr<journal::Client> client_;
};

}  // namespace tidemark::addon
