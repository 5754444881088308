// A checkpoint that is open, a stream that is being saved, and a generation that is being read, as
// JS sees them. One operation of a stream or a reader at a time: the JS side waits for one before
// it starts the next; their mutexes only keep a mistake there from being a data race.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "addon/handle.hpp"
#include "checkpoint/store.hpp"

namespace tidemark::addon {

// The parts that operations share with the handle.
struct OpenCheckpoint {
  OpenCheckpoint(io::Host the_host, std::string the_directory,
                 std::shared_ptr<checkpoint::Store> the_store);
  OpenCheckpoint(const OpenCheckpoint&) = delete;
  OpenCheckpoint& operator=(const OpenCheckpoint&) = delete;
  ~OpenCheckpoint();  // leaves the store if nobody did
  void leave(std::function<void()> left);

  // The newest generation that is known to have been there, 0 for none. To be asked before looking:
  // afterwards another thread may have published one. Of the store, so of all its handles.
  [[nodiscard]] std::uint64_t known() const;
  void note_shown(std::uint64_t generation);

  const io::Host host;
  const std::string directory;  // as this handle calls it; errors name its files by it
  const std::shared_ptr<checkpoint::Store> store;  // null in a read-only one

 private:
  std::mutex mutex_;
  bool left_ = false;
  std::atomic<std::uint64_t> shown_ = 0;  // by this handle
};

// Ends an operation when the store has settled its save: { generation, overtaken }.
checkpoint::Settle settle_operation(Napi::Env env, std::uint32_t operation);

class CheckpointHandle : public Handle<CheckpointHandle> {
 public:
  static constexpr HandleClass handle_class = HandleClass::checkpoint;
  static constexpr napi_type_tag tag{0x7D1B5E8043C29FA6, 0x2F9A60D4B81C73E5};

  static void define(Napi::Env env);
  // binding.openCheckpoint(operation, directory, mode, readOnly)
  static Napi::Value open(const Napi::CallbackInfo& info);

  using Handle::Handle;

 private:
  Napi::Value codec(const Napi::CallbackInfo& info);   // {name, version} or undefined
  Napi::Value ticket(const Napi::CallbackInfo& info);  // the place of a save in the order
  Napi::Value save(const Napi::CallbackInfo& info);
  Napi::Value begin(const Napi::CallbackInfo& info);
  Napi::Value list(const Napi::CallbackInfo& info);
  Napi::Value read_newest(const Napi::CallbackInfo& info);
  Napi::Value read_generation(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<OpenCheckpoint> open_;
};

class CheckpointStreamHandle : public Handle<CheckpointStreamHandle> {
 public:
  static constexpr HandleClass handle_class = HandleClass::checkpoint_stream;
  static constexpr napi_type_tag tag{0xB3E07C592A6D18F4, 0x58C1F2E79D3046AB};

  // Shared with operations, which may outlive the handle.
  struct Shared {
    std::shared_ptr<OpenCheckpoint> open;  // keeps the lock while there is a file of ours
    checkpoint::Saving saving;
    std::mutex mutex;
    std::unique_ptr<checkpoint::FileWriter> file;  // none once it is published or abandoned
    Shared() = default;
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared();
  };

  static void define(Napi::Env env);
  static napi_value make(napi_env env, std::shared_ptr<Shared> shared);

  using Handle::Handle;

 private:
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value finish(const Napi::CallbackInfo& info);
  Napi::Value publish(const Napi::CallbackInfo& info);
  Napi::Value abandon(const Napi::CallbackInfo& info);

  std::shared_ptr<Shared> shared_;
};

class CheckpointReaderHandle : public Handle<CheckpointReaderHandle> {
 public:
  static constexpr HandleClass handle_class = HandleClass::checkpoint_reader;
  static constexpr napi_type_tag tag{0x4E92AC07F51D836B, 0x93D7184BE06A2C5F};

  struct Shared {
    std::shared_ptr<OpenCheckpoint> open;
    std::mutex mutex;
    std::unique_ptr<checkpoint::FileReader> file;
    std::vector<std::byte> chunk;
    journal::Result<bool> next();
  };

  static void define(Napi::Env env);
  static napi_value make(napi_env env, std::shared_ptr<Shared> shared);

  using Handle::Handle;

 private:
  Napi::Value facts(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value release(const Napi::CallbackInfo& info);

  std::shared_ptr<Shared> shared_;
};

}  // namespace tidemark::addon
