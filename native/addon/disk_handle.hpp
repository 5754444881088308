// A simulated disk, as JS sees it: a whole system in memory with a fault layer in front. What the
// program under test does on it, tidemark or not, goes through host().
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "addon/handle.hpp"
#include "io/fault_disk.hpp"
#include "io/simulated_disk.hpp"

namespace tidemark::addon {

class DiskHandle : public Handle<DiskHandle> {
 public:
  static constexpr HandleClass handle_class = HandleClass::disk;
  static constexpr napi_type_tag tag{0x52D80F6E3B9A4C71, 0xC6A1E83D7F20954B};

  static void define(Napi::Env env);
  // binding.makeDisk(options): a new, empty disk.
  static Napi::Value make(const Napi::CallbackInfo& info);
  // binding.useDisk(disk or undefined): operations that begin from now on in this environment are
  // made on it, or on the disk of the system.
  static Napi::Value use(const Napi::CallbackInfo& info);

  using Handle::Handle;

 private:
  // The disk as it was just before a call that changes something.
  struct Picture {
    std::shared_ptr<io::SimulatedDisk> disk;
    io::CallRecord before;
  };
  // Shared with operations, which may outlive the handle.
  struct Shared {
    std::shared_ptr<io::SimulatedDisk> disk;
    std::shared_ptr<io::FaultDisk> faults;
    std::mutex mutex;  // guards what follows
    std::map<std::uint32_t, std::shared_ptr<io::File>> files;
    std::uint32_t last_file = 0;
    std::vector<Picture> pictures;
    [[nodiscard]] std::shared_ptr<io::File> file(std::uint32_t number);
  };

  static std::shared_ptr<Shared> share(std::shared_ptr<io::SimulatedDisk> disk);
  static Napi::Value wrap(Napi::Env env, std::shared_ptr<Shared> shared);

  // ---- the power, faults, traces
  Napi::Value cut(const Napi::CallbackInfo& info);
  Napi::Value fail(const Napi::CallbackInfo& info);
  Napi::Value heal(const Napi::CallbackInfo& info);
  Napi::Value calls(const Napi::CallbackInfo& info);
  Napi::Value call_count(const Napi::CallbackInfo& info);
  Napi::Value take_pictures(const Napi::CallbackInfo& info);
  Napi::Value picture_count(const Napi::CallbackInfo& info);
  Napi::Value picture_call(const Napi::CallbackInfo& info);
  Napi::Value cut_picture(const Napi::CallbackInfo& info);
  // ---- files, as operations
  Napi::Value open(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value truncate(const Napi::CallbackInfo& info);
  Napi::Value sync(const Napi::CallbackInfo& info);
  Napi::Value sync_directory(const Napi::CallbackInfo& info);
  Napi::Value rename(const Napi::CallbackInfo& info);
  Napi::Value unlink(const Napi::CallbackInfo& info);
  Napi::Value make_directory(const Napi::CallbackInfo& info);
  Napi::Value list(const Napi::CallbackInfo& info);

  std::shared_ptr<Shared> shared_;
};

}  // namespace tidemark::addon
