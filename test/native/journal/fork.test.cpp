// A process with an open journal forks, and the child lives on without running another program: it
// neither holds the journal nor writes to it.
#if !defined(_WIN32)
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "io/disks.hpp"
#include "io/threads.hpp"
#include "journal/write_support.hpp"
#include "sanitizer.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

constexpr int acknowledged_before = 20;
constexpr int in_flight = 200;

// Ends a process, whatever becomes of the test.
struct Ended {
  explicit Ended(pid_t of) : process(of) {}
  Ended(const Ended&) = delete;
  Ended& operator=(const Ended&) = delete;
  ~Ended() { kill(process, SIGKILL); }
  const pid_t process;
};

std::string text_of(int number) { return "record " + std::to_string(number); }

// The system, with threads that no other test of this process has begun.
World real_world() {
  World world;
  world.host = {io::system_host().disk, io::system_host().clock,
                io::make_thread_tasks(io::ThreadTasksOptions{})};
  return world;
}

// In the child: appends, forks with commits in flight, tells the number of its child, and waits to
// be killed. Its child tries to append, too.
[[noreturn]] void holder(const std::string& path, int tell) {
  World world = real_world();
  const Handle handle = open(world, quiet_options(), path);
  for (int n = 1; n <= acknowledged_before; ++n) {
    if (!append(handle, text_of(n))) _exit(1);
  }
  for (int n = acknowledged_before + 1; n <= acknowledged_before + in_flight; ++n) {
    if (!give(handle, {text_of(n)})) _exit(1);
  }
  const pid_t child = fork();
  if (child == 0) {
    const pid_t me = getpid();
    if (write(tell, &me, sizeof(me)) != sizeof(me)) _exit(1);
    // Nothing comes of it: the thread that writes is not here. It may wait for ever.
    static_cast<void>(give(handle, {"of the forked child"}));
  }
  while (true) pause();
}

}  // namespace

TEST_CASE("a forked child neither holds the journal nor writes, however long it lives" *
          doctest::skip(under_thread_sanitizer)) {  // which refuses threads in forked processes
  const io::test::TemporaryDirectory place;
  const std::string path = place.at("journal");
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t parent = fork();
  REQUIRE(parent >= 0);
  if (parent == 0) holder(path, ends[1]);
  close(ends[1]);
  pid_t child = 0;
  REQUIRE(read(ends[0], &child, sizeof(child)) == sizeof(child));
  close(ends[0]);
  auto lives = std::make_unique<Ended>(child);

  World world = real_world();
  CHECK(refused(world, quiet_options(), path).code == journal::Code::locked);
  REQUIRE(kill(parent, SIGKILL) == 0);
  REQUIRE(waitpid(parent, nullptr, 0) == parent);
  REQUIRE(kill(child, 0) == 0);  // it lives

  Handle handle = open(world, quiet_options(), path);
  const std::vector<std::string> found = read_all(world, handle);
  REQUIRE(found.size() >= acknowledged_before);
  REQUIRE(found.size() <= acknowledged_before + in_flight);
  for (std::size_t n = 0; n < found.size(); ++n) {
    CHECK(found[n] == text_of(static_cast<int>(n) + 1));
  }
  CHECK(append(handle, "of the next writer").ok());
  CHECK(close(handle));
  handle.reset();

  lives.reset();
  handle = open(world, quiet_options(), path);
  const std::vector<std::string> after = read_all(world, handle);
  CHECK(after.size() == found.size() + 1);
  CHECK(after.back() == "of the next writer");
  CHECK(close(handle));
}
#endif
