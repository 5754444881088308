// Replacing and reading a file and syncing a directory, for programs that keep more than journals.
#include <array>
#include <cstddef>
#include <memory>

#include "addon/operation.hpp"
#include "addon/tools.hpp"
#include "addon/values.hpp"
#include "io/disk.hpp"

namespace tidemark::addon {
namespace {

// Beside the file, short whatever the file's own name is, and never one of another process or call.
std::string temporary_file_name(io::Clock& clock) {
  std::array<std::byte, 8> random{};
  clock.random(random);
  return ".tidemark-" + std::to_string(io::this_process().pid) + "-" + hexadecimal(random) + ".tmp";
}

Outcome not_read(const io::Error& error) {
  Outcome outcome;
  outcome.failure = journal::from_io(error, "the file could not be read");
  return outcome;
}

}  // namespace

Napi::Value write_file_atomic(const Napi::CallbackInfo& info) {
  const auto bytes = bytes_argument(info[2]);
  Environment::of(info.Env())
      .run(operation_argument(info), [path = text_argument(info[1]),
                                      data = std::vector<std::byte>(bytes.begin(), bytes.end()),
                                      mode = info[3].As<Napi::Number>().Uint32Value(),
                                      host = Environment::of(info.Env()).host()] {
        return outcome_of(
            io::replace_file(*host.disk, path, data, mode, temporary_file_name(*host.clock)),
            "the file was not replaced; the old one, if there was one, stands");
      });
  return info.Env().Undefined();
}

Napi::Value read_file(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [path = text_argument(info[1]),
                                      host = Environment::of(info.Env()).host()] {
        // A user's file may be a symbolic link; the disk opens none.
        auto target = host.disk->canonical(path);
        if (!target) return not_read(target.error());
        auto file = host.disk->open(target.value(), io::OpenOptions{});
        if (!file) return not_read(file.error());
        auto size = file.value()->size();
        if (!size) return not_read(size.error());
        auto bytes =
            std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(size.value()));
        auto count = file.value()->read_at(0, *bytes);
        if (!count) return not_read(count.error());
        bytes->resize(count.value());
        Outcome outcome;
        outcome.build = [bytes](napi_env env) -> napi_value { return bytes_value(env, *bytes); };
        return outcome;
      });
  return info.Env().Undefined();
}

Napi::Value sync_directory(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [path = text_argument(info[1]),
                                      host = Environment::of(info.Env()).host()] {
        return outcome_of(host.disk->sync_directory(path), "the directory could not be synced");
      });
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
