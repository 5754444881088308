// The module's initialisation: what `require` of the binary returns. lib/native.ts types it.
#include <napi.h>

#include "addon/checkpoint_handle.hpp"
#include "addon/disk_handle.hpp"
#include "addon/disk_probe.hpp"
#include "addon/environment.hpp"
#include "addon/journal_handle.hpp"
#include "addon/lock_handle.hpp"
#include "addon/observer_handle.hpp"
#include "addon/reader_handle.hpp"
#include "addon/streams.hpp"
#include "addon/tools.hpp"

namespace tidemark::addon {

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  Environment::create(env);
  JournalHandle::define(env);
  ObserverHandle::define(env);
  ReaderHandle::define(env);
  LockHandle::define(env);
  DiskHandle::define(env);
  CheckpointHandle::define(env);
  CheckpointStreamHandle::define(env);
  CheckpointReaderHandle::define(env);

  // lib/native.ts compares it with the package's version before it uses anything else.
  exports.Set("version", Napi::String::New(env, TIDEMARK_VERSION));

  exports.Set("connect", Napi::Function::New<Environment::connect>(env));
  exports.Set("deliver", Napi::Function::New<Environment::deliver>(env));
  exports.Set("hold", Napi::Function::New<Environment::hold>(env));

  exports.Set("openJournal", Napi::Function::New<JournalHandle::open>(env));
  exports.Set("openObserver", Napi::Function::New<ObserverHandle::open>(env));
  exports.Set("openCheckpoint", Napi::Function::New<CheckpointHandle::open>(env));
  exports.Set("lockDirectory", Napi::Function::New<LockHandle::acquire>(env));

  exports.Set("verify", Napi::Function::New<verify>(env));
  exports.Set("salvage", Napi::Function::New<salvage>(env));
  exports.Set("writeFileAtomic", Napi::Function::New<write_file_atomic>(env));
  exports.Set("readFile", Napi::Function::New<read_file>(env));
  exports.Set("syncDirectory", Napi::Function::New<sync_directory>(env));
  exports.Set("crc32c", Napi::Function::New<checksum>(env));
  exports.Set("crc32cKernel", Napi::Function::New<checksum_kernel>(env));
  exports.Set("forceCrc32cKernel", Napi::Function::New<force_checksum_kernel>(env));

  exports.Set("makeDisk", Napi::Function::New<DiskHandle::make>(env));
  exports.Set("useDisk", Napi::Function::New<DiskHandle::use>(env));

  exports.Set("fileSystem", Napi::Function::New<file_system>(env));
  exports.Set("probeDirect", Napi::Function::New<probe_direct>(env));
  exports.Set("measureSync", Napi::Function::New<measure_sync>(env));
  exports.Set("crc32cKernels", Napi::Function::New<checksum_kernels>(env));
  exports.Set("readerIsGone", Napi::Function::New<reader_is_gone>(env));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)

}  // namespace tidemark::addon
