// Files of a simulated disk for programs that do not use tidemark, each call an operation.
#include <algorithm>
#include <utility>

#include "addon/disk_handle.hpp"
#include "addon/operation.hpp"
#include "addon/values.hpp"

namespace tidemark::addon {
namespace {

constexpr std::uint32_t directory_mode = 0700;
constexpr const char* refused_by_the_disk = "the simulated disk refused";

Outcome not_open() {
  return outcome_of(
      io::Status(io::Error{io::Errc::invalid, io::Call::read, 0, "a descriptor that is not open"}),
      refused_by_the_disk);
}

Outcome refused(const io::Error& error) {
  return outcome_of(io::Status(error), refused_by_the_disk);
}

std::uint32_t descriptor(const Napi::Value& value) {
  return static_cast<std::uint32_t>(integer_argument(value));
}

}  // namespace

// open(operation, path, write, create: 'never' | 'exclusive' | 'if-missing', truncate)
Napi::Value DiskHandle::open(const Napi::CallbackInfo& info) {
  io::OpenOptions options;
  if (flag_argument(info[2])) options.access = io::Access::read_write;
  const std::string create = text_argument(info[3]);
  if (create == "exclusive") options.create = io::Create::exclusive;
  if (create == "if-missing") options.create = io::Create::if_missing;
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, path = text_argument(info[1]), options,
                                      truncate = flag_argument(info[4])] {
        auto opened = shared->faults->open(path, options);
        if (!opened) return refused(opened.error());
        std::shared_ptr<io::File> file = std::move(opened).value();
        if (truncate) {
          if (io::Status status = file->truncate(0); !status) return refused(status.error());
        }
        const std::scoped_lock lock(shared->mutex);
        const std::uint32_t number = ++shared->last_file;
        shared->files.emplace(number, std::move(file));
        Outcome outcome;
        outcome.build = [number](napi_env env) -> napi_value { return number_value(env, number); };
        return outcome;
      });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::close(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, number = descriptor(info[1])] {
        std::shared_ptr<io::File> file = shared->file(number);
        if (!file) return not_open();
        const std::scoped_lock lock(shared->mutex);
        shared->files.erase(number);
        return Outcome{};
      });
  return info.Env().Undefined();
}

// read(operation, descriptor, offset, length): the bytes, fewer at the end of the file.
Napi::Value DiskHandle::read(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, number = descriptor(info[1]),
                                      offset = integer_argument(info[2]),
                                      length = integer_argument(info[3])] {
        const std::shared_ptr<io::File> file = shared->file(number);
        if (!file) return not_open();
        auto size = file->size();
        if (!size) return refused(size.error());
        const std::uint64_t there = size.value() > offset ? size.value() - offset : 0;
        auto bytes = std::make_shared<std::vector<std::byte>>(
            static_cast<std::size_t>(std::min(length, there)));
        auto count = file->read_at(offset, *bytes);
        if (!count) return refused(count.error());
        bytes->resize(count.value());
        Outcome outcome;
        outcome.build = [bytes](napi_env env) -> napi_value { return bytes_value(env, *bytes); };
        return outcome;
      });
  return info.Env().Undefined();
}

// write(operation, descriptor, offset, bytes)
Napi::Value DiskHandle::write(const Napi::CallbackInfo& info) {
  const auto bytes = bytes_argument(info[3]);
  Environment::of(info.Env())
      .run(operation_argument(info),
           [shared = shared_, number = descriptor(info[1]), offset = integer_argument(info[2]),
            data = std::vector<std::byte>(bytes.begin(), bytes.end())] {
             const std::shared_ptr<io::File> file = shared->file(number);
             return file ? outcome_of(file->write_at(offset, io::Bytes(data)), refused_by_the_disk)
                         : not_open();
           });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::size(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, number = descriptor(info[1])] {
        const std::shared_ptr<io::File> file = shared->file(number);
        if (!file) return not_open();
        auto size = file->size();
        if (!size) return refused(size.error());
        Outcome outcome;
        outcome.build = [bytes = size.value()](napi_env env) -> napi_value {
          return number_value(env, bytes);
        };
        return outcome;
      });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::truncate(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info),
           [shared = shared_, number = descriptor(info[1]), size = integer_argument(info[2])] {
             const std::shared_ptr<io::File> file = shared->file(number);
             return file ? outcome_of(file->truncate(size), refused_by_the_disk) : not_open();
           });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::sync(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, number = descriptor(info[1])] {
        const std::shared_ptr<io::File> file = shared->file(number);
        return file ? outcome_of(file->sync(), refused_by_the_disk) : not_open();
      });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::sync_directory(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, path = text_argument(info[1])] {
        return outcome_of(shared->faults->sync_directory(path), refused_by_the_disk);
      });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::rename(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info),
           [shared = shared_, from = text_argument(info[1]), to = text_argument(info[2])] {
             return outcome_of(shared->faults->rename(from, to), refused_by_the_disk);
           });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::unlink(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, path = text_argument(info[1])] {
        return outcome_of(shared->faults->unlink(path), refused_by_the_disk);
      });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::make_directory(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, path = text_argument(info[1])] {
        return outcome_of(shared->faults->make_directory(path, directory_mode),
                          refused_by_the_disk);
      });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::list(const Napi::CallbackInfo& info) {
  Environment::of(info.Env())
      .run(operation_argument(info), [shared = shared_, path = text_argument(info[1])] {
        auto listed = shared->faults->list(path);
        if (!listed) return refused(listed.error());
        auto names = std::make_shared<std::vector<std::string>>();
        for (const io::Entry& entry : listed.value()) names->push_back(entry.name);
        std::ranges::sort(*names);
        Outcome outcome;
        outcome.build = [names](napi_env env) -> napi_value {
          const Napi::Array array = Napi::Array::New(env, names->size());
          for (std::uint32_t i = 0; i < names->size(); ++i) array.Set(i, (*names)[i]);
          return array;
        };
        return outcome;
      });
  return info.Env().Undefined();
}

}  // namespace tidemark::addon
