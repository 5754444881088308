// Threads with a small stack and a name; std::thread offers neither.
#include <windows.h>

#include <process.h>

#include <memory>
#include <new>
#include <utility>

#include "io/platform.hpp"
#include "io/windows/handle.hpp"

namespace tidemark::io {
namespace {

struct Start {
  std::string name;
  std::function<void()> body;
};

// Since Windows 10 1607; looked up, so that we load where it is missing.
void name_thread(const std::string& name) noexcept {
  using SetDescription = HRESULT(WINAPI*)(HANDLE, PCWSTR);
  const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
  if (kernel == nullptr) return;
  const FARPROC found = GetProcAddress(kernel, "SetThreadDescription");
  if (found == nullptr) return;
  const auto set = reinterpret_cast<SetDescription>(reinterpret_cast<void*>(found));
  const std::wstring wide(name.begin(), name.end());  // names of threads are ASCII
  static_cast<void>(set(GetCurrentThread(), wide.c_str()));
}

unsigned __stdcall run(void* argument) noexcept {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  name_thread(start->name);
  start->body();
  return 0;
}

}  // namespace

bool start_thread(const std::string& name, std::function<void()> body) noexcept {
  std::unique_ptr<Start> start;
  try {
    start = std::make_unique<Start>(Start{name, std::move(body)});
  } catch (const std::bad_alloc&) {
    return false;
  }
  const std::uintptr_t thread =
      _beginthreadex(nullptr, static_cast<unsigned>(thread_stack_bytes), run, start.get(),
                     STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (thread == 0) return false;
  static_cast<void>(start.release());  // the thread owns it now
  const windows::Handle detached(reinterpret_cast<HANDLE>(thread));
  return true;
}

}  // namespace tidemark::io
