// The host that production stands on.
#include <memory>

#include "io/platform.hpp"
#include "io/tasks.hpp"
#include "io/threads.hpp"

namespace tidemark::io {

const Host& system_host() {
  // Left to the end of the process on purpose: threads of ours may run past static destruction.
  static const Host* const host =
      std::make_unique<Host>(
          Host{make_system_disk(), make_system_clock(), make_thread_tasks(ThreadTasksOptions{})})
          .release();
  return *host;
}

}  // namespace tidemark::io
