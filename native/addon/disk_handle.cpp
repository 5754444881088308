// The simulated disk itself: power cuts, faults, traces, pictures for the explorer. Its files are
// in disk_files.cpp.
#include "addon/disk_handle.hpp"

#include <string>
#include <utility>

#include "addon/operation.hpp"
#include "addon/values.hpp"

namespace tidemark::addon {
namespace {

// Calls that can change what a power cut leaves.
bool changes(io::Call call) {
  switch (call) {
    case io::Call::open:
    case io::Call::write:
    case io::Call::sync:
    case io::Call::truncate:
    case io::Call::make_directory:
    case io::Call::rename:
    case io::Call::unlink:
    case io::Call::sync_directory:
      return true;
    default:
      return false;
  }
}

// The kinds by the names that JS gives them; nothing for a name that is none.
std::optional<io::Call> call_named(const std::string& name) {
  static const std::map<std::string, io::Call> known{
      {"open", io::Call::open},
      {"read", io::Call::read},
      {"write", io::Call::write},
      {"sync", io::Call::sync},
      {"truncate", io::Call::truncate},
      {"mkdir", io::Call::make_directory},
      {"readdir", io::Call::list},
      {"stat", io::Call::stat},
      {"rename", io::Call::rename},
      {"unlink", io::Call::unlink},
      {"syncDirectory", io::Call::sync_directory},
      {"lock", io::Call::lock},
  };
  const auto found = known.find(name);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

const char* kind_of(io::Call call) {
  switch (call) {
    case io::Call::open:
      return "open";
    case io::Call::read:
      return "read";
    case io::Call::write:
      return "write";
    case io::Call::sync:
      return "sync";
    case io::Call::truncate:
      return "truncate";
    case io::Call::make_directory:
      return "mkdir";
    case io::Call::list:
      return "readdir";
    case io::Call::rename:
      return "rename";
    case io::Call::unlink:
      return "unlink";
    case io::Call::sync_directory:
      return "syncDirectory";
    case io::Call::lock:
    case io::Call::probe_lock:
      return "lock";
    default:
      return "stat";
  }
}

std::optional<io::Errc> code_named(const std::string& text) {
  for (int number = 0; number <= static_cast<int>(io::Errc::stale); ++number) {
    const auto code = static_cast<io::Errc>(number);
    if (text == io::name(code)) return code;
  }
  return std::nullopt;
}

Napi::Object call_value(Napi::Env env, const io::CallRecord& record) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", kind_of(record.call));
  object.Set("path", record.path);
  const bool moves = record.call == io::Call::read || record.call == io::Call::write;
  if (moves || record.call == io::Call::truncate)
    object.Set("offset", number_value(env, record.offset));
  if (moves) object.Set("bytes", number_value(env, record.length));
  return object;
}

// keep: 'none', 'all', or 'random' with a seed.
io::Fate fate_of(const io::SimulatedDisk& disk, const std::string& keep, std::uint64_t seed) {
  if (keep == "none") return disk.all_dropped();
  if (keep == "all") return disk.all_applied();
  return disk.random_fate(seed);
}

std::string text_of(const io::Digest& digest) {
  return hexadecimal(digest.high) + hexadecimal(digest.low);
}

}  // namespace

std::shared_ptr<io::File> DiskHandle::Shared::file(std::uint32_t number) {
  const std::scoped_lock lock(mutex);
  const auto found = files.find(number);
  return found == files.end() ? nullptr : found->second;
}

void DiskHandle::define(Napi::Env env) {
  Handle::define(env, "DiskHandle",
                 {
                     InstanceMethod<&DiskHandle::cut>("cut"),
                     InstanceMethod<&DiskHandle::fail>("fail"),
                     InstanceMethod<&DiskHandle::heal>("heal"),
                     InstanceMethod<&DiskHandle::calls>("calls"),
                     InstanceMethod<&DiskHandle::call_count>("callCount"),
                     InstanceMethod<&DiskHandle::take_pictures>("takePictures"),
                     InstanceMethod<&DiskHandle::picture_count>("pictureCount"),
                     InstanceMethod<&DiskHandle::picture_call>("pictureCall"),
                     InstanceMethod<&DiskHandle::cut_picture>("cutPicture"),
                     InstanceMethod<&DiskHandle::open>("open"),
                     InstanceMethod<&DiskHandle::close>("close"),
                     InstanceMethod<&DiskHandle::read>("read"),
                     InstanceMethod<&DiskHandle::write>("write"),
                     InstanceMethod<&DiskHandle::size>("size"),
                     InstanceMethod<&DiskHandle::truncate>("truncate"),
                     InstanceMethod<&DiskHandle::sync>("sync"),
                     InstanceMethod<&DiskHandle::sync_directory>("syncDirectory"),
                     InstanceMethod<&DiskHandle::rename>("rename"),
                     InstanceMethod<&DiskHandle::unlink>("unlink"),
                     InstanceMethod<&DiskHandle::make_directory>("mkdir"),
                     InstanceMethod<&DiskHandle::list>("readdir"),
                 });
}

std::shared_ptr<DiskHandle::Shared> DiskHandle::share(std::shared_ptr<io::SimulatedDisk> disk) {
  auto shared = std::make_shared<Shared>();
  shared->disk = std::move(disk);
  shared->disk->record_calls(true);
  shared->faults = std::make_shared<io::FaultDisk>(shared->disk);
  return shared;
}

Napi::Value DiskHandle::wrap(Napi::Env env, std::shared_ptr<Shared> shared) {
  napi_value object = nullptr;
  DiskHandle* self = create(env, object);
  if (self == nullptr) return env.Undefined();
  self->shared_ = std::move(shared);
  return {env, object};
}

Napi::Value DiskHandle::make(const Napi::CallbackInfo& info) {
  const auto asked = info[0].As<Napi::Object>();
  io::SimulatedDiskOptions options;
  options.seed = integer_argument(asked.Get("seed"));
  options.powersafe_overwrite = flag_argument(asked.Get("powersafeOverwrite"));
  options.lying_sync = flag_argument(asked.Get("lyingSync"));
  return wrap(info.Env(), share(std::make_shared<io::SimulatedDisk>(options)));
}

Napi::Value DiskHandle::use(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[0].IsObject()) {
    environment.use(io::system_host());
    return info.Env().Undefined();
  }
  const DiskHandle* self = Unwrap(info[0].As<Napi::Object>());
  if (self == nullptr) return info.Env().Undefined();
  const io::Host& system = io::system_host();
  environment.use(io::Host{self->shared_->faults, system.clock, system.tasks});
  return info.Env().Undefined();
}

// cut(keep, seed): the disk that is found when the power is back. Everything that is open on this
// one is dead.
Napi::Value DiskHandle::cut(const Napi::CallbackInfo& info) {
  const io::SimulatedDisk& disk = *shared_->disk;
  auto found = disk.cut(fate_of(disk, text_argument(info[0]), integer_argument(info[1])));
  static_cast<void>(shared_->disk->kill());
  return wrap(info.Env(), share(std::move(found)));
}

// fail(kind, nth, code, lasting): false when kind or code is unknown.
Napi::Value DiskHandle::fail(const Napi::CallbackInfo& info) {
  const auto call = call_named(text_argument(info[0]));
  const auto code = code_named(text_argument(info[2]));
  if (!call || !code) return Napi::Boolean::New(info.Env(), false);
  io::FaultPlan plan;
  plan.call = *call;
  plan.nth = integer_argument(info[1]);
  plan.fault.code = *code;
  plan.lasting = flag_argument(info[3]) ? io::Lasting::kind : io::Lasting::once;
  shared_->faults->inject(plan);
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value DiskHandle::heal(const Napi::CallbackInfo& info) {
  shared_->faults->heal();
  return info.Env().Undefined();
}

Napi::Value DiskHandle::calls(const Napi::CallbackInfo& info) {
  const std::vector<io::CallRecord> records = shared_->disk->calls();
  const Napi::Array array = Napi::Array::New(info.Env(), records.size());
  for (std::uint32_t i = 0; i < records.size(); ++i)
    array.Set(i, call_value(info.Env(), records[i]));
  return array;
}

Napi::Value DiskHandle::call_count(const Napi::CallbackInfo& info) {
  return number_value(info.Env(), shared_->disk->call_count());
}

// takePictures(on): one before each call that changes something; off adds one of the end.
Napi::Value DiskHandle::take_pictures(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Shared> shared = shared_;
  if (!flag_argument(info[0])) {
    shared->disk->on_call(nullptr);
    const std::scoped_lock lock(shared->mutex);
    io::CallRecord end;
    end.ordinal = shared->disk->call_count() + 1;
    shared->pictures.push_back({shared->disk->copy(), end});
    return info.Env().Undefined();
  }
  {
    const std::scoped_lock lock(shared->mutex);
    shared->pictures.clear();
  }
  // Weak: the disk must not keep what owns it.
  shared->disk->on_call([weak = std::weak_ptr(shared)](const io::CallRecord& call) {
    const auto owner = weak.lock();
    if (!owner || !changes(call.call)) return;
    auto copy = owner->disk->copy();
    const std::scoped_lock lock(owner->mutex);
    owner->pictures.push_back({std::move(copy), call});
  });
  return info.Env().Undefined();
}

Napi::Value DiskHandle::picture_count(const Napi::CallbackInfo& info) {
  const std::scoped_lock lock(shared_->mutex);
  return number_value(info.Env(), shared_->pictures.size());
}

// pictureCall(n): { ordinal, call? } of the call that was next; no call at the end.
Napi::Value DiskHandle::picture_call(const Napi::CallbackInfo& info) {
  const std::scoped_lock lock(shared_->mutex);
  const auto number = static_cast<std::size_t>(integer_argument(info[0]));
  if (number >= shared_->pictures.size()) return info.Env().Undefined();
  const io::CallRecord& before = shared_->pictures[number].before;
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("ordinal", number_value(info.Env(), before.ordinal));
  if (number + 1 < shared_->pictures.size()) object.Set("call", call_value(info.Env(), before));
  return object;
}

// cutPicture(n, keep, seed): { disk, digest } of what a cut at that moment leaves.
Napi::Value DiskHandle::cut_picture(const Napi::CallbackInfo& info) {
  std::shared_ptr<io::SimulatedDisk> picture;
  {
    const std::scoped_lock lock(shared_->mutex);
    const auto number = static_cast<std::size_t>(integer_argument(info[0]));
    if (number >= shared_->pictures.size()) return info.Env().Undefined();
    picture = shared_->pictures[number].disk;
  }
  auto found = picture->cut(fate_of(*picture, text_argument(info[1]), integer_argument(info[2])));
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("digest", text_of(found->digest()));
  object.Set("disk", wrap(info.Env(), share(std::move(found))));
  return object;
}

}  // namespace tidemark::addon
