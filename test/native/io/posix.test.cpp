// What only the POSIX disk has: links, devices, permissions, limits, descriptors, other processes.
#if !defined(_WIN32)
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <future>
#include <thread>

#include "io/disks.hpp"
#include "io/platform.hpp"

using namespace tidemark::io;
using namespace tidemark::io::test;

namespace {

constexpr int max_descriptors = 1024;
constexpr uid_t nobody = 65534;

std::vector<int> open_descriptors() {
  std::vector<int> found;
  for (int number = 0; number < max_descriptors; ++number) {
    if (fcntl(number, F_GETFD) != -1) found.push_back(number);
  }
  return found;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

// Runs `body` in a child without privileges; whether it returned true.
bool as_nobody(const std::function<bool()>& body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (geteuid() == 0 && (setegid(nobody) != 0 || seteuid(nobody) != 0)) _exit(2);
    _exit(body() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Two ends of a pipe that no child inherits through exec.
struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    REQUIRE(pipe(ends.data()) == 0);
    for (const int end : ends) REQUIRE(fcntl(end, F_SETFD, FD_CLOEXEC) == 0);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_reading();
    close_writing();
  }
  void close_reading() { close_end(0); }
  void close_writing() { close_end(1); }
  // The number of bytes read: 1, or 0 when every writer has closed its end.
  ssize_t await() {
    char byte = 0;
    ssize_t count = read(ends[0], &byte, 1);
    while (count < 0 && errno == EINTR) count = read(ends[0], &byte, 1);
    return count;
  }

 private:
  void close_end(std::size_t end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
};

void check_refused(Disk& disk, const std::string& path, Errc expected) {
  CHECK(failure(disk.open(path, OpenOptions{})) == expected);
  CHECK(failure(disk.open(path, writing(Create::never))) == expected);
  CHECK(failure(disk.open(path, writing(Create::if_missing))) == expected);
  CHECK(failure(disk.open(path, writing(Create::exclusive))) == Errc::exists);
  CHECK(failure(disk.lock(path, "x", 0600)) == expected);
  CHECK(failure(disk.locked(path)) == expected);
  CHECK(failure(disk.lock_holder(path)) == expected);
}

}  // namespace

TEST_CASE("a pipe is refused, not waited for") {
  SystemFixture on;
  const std::string path = on.directory.at("fifo");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  check_refused(*on.disk, path, Errc::invalid);
  CHECK(need(on.disk->status(path)).kind == EntryKind::other);
  CHECK(need(on.disk->list(on.root()))[0].kind == EntryKind::other);
}

TEST_CASE("a socket is refused") {
  SystemFixture on;
  const std::string path = on.directory.at("socket");
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(server >= 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  REQUIRE(bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  check_refused(*on.disk, path, Errc::invalid);
  close(server);
}

TEST_CASE("a device is refused") {
  SystemFixture on;
  CHECK(failure(on.disk->open("/dev/null", OpenOptions{})) == Errc::invalid);
  CHECK(failure(on.disk->open("/dev/zero", OpenOptions{})) == Errc::invalid);
}

TEST_CASE("a symbolic link is refused as a file, dangling or not, and creates nothing") {
  SystemFixture on;
  write_text(*on.disk, on.directory.at("target"), "text");
  REQUIRE(symlink("target", on.directory.at("link").c_str()) == 0);
  REQUIRE(symlink("nothing", on.directory.at("dangling").c_str()) == 0);
  check_refused(*on.disk, on.directory.at("link"), Errc::symbolic_link);
  check_refused(*on.disk, on.directory.at("dangling"), Errc::symbolic_link);
  CHECK(names_in(*on.disk, on.root()) == std::vector<std::string>{"dangling", "link", "target"});
  CHECK(need(on.disk->status(on.directory.at("link"))).kind == EntryKind::symbolic_link);
  CHECK(read_text(*on.disk, on.directory.at("target")) == "text");
}

TEST_CASE("a link to a directory is a directory for those who make directories") {
  SystemFixture on;
  need(on.disk->make_directory(on.directory.at("real"), 0700));
  REQUIRE(symlink("real", on.directory.at("link").c_str()) == 0);
  need(make_directories(*on.disk, on.directory.at("link"), 0700));
  need(make_directories(*on.disk, on.directory.at("link/below/it"), 0700));
  CHECK(need(on.disk->status(on.directory.at("real/below/it"))).kind == EntryKind::directory);
  CHECK(need(on.disk->canonical(on.directory.at("link/below"))) ==
        need(on.disk->canonical(on.directory.at("real/below"))));
  REQUIRE(symlink("nothing", on.directory.at("dangling").c_str()) == 0);
  CHECK_FALSE(make_directories(*on.disk, on.directory.at("dangling"), 0700));
}

TEST_CASE("modes do not depend on the umask") {
  for (const mode_t mask : {mode_t{0}, mode_t{077}, mode_t{0777}}) {
    SystemFixture on;
    const mode_t before = umask(mask);
    OpenOptions options = writing(Create::exclusive);
    options.mode = 0644;
    auto opened = on.disk->open(on.directory.at("exclusive"), options);
    options.create = Create::if_missing;
    auto also_opened = on.disk->open(on.directory.at("if missing"), options);
    auto locked = on.disk->lock(on.directory.at("lock"), "", 0640);
    auto made = on.disk->make_directory(on.directory.at("directory"), 0750);
    auto replaced = replace_file(*on.disk, on.directory.at("replaced"), {}, 0604, "temporary");
    umask(before);
    need(std::move(opened));
    need(std::move(also_opened));
    need(std::move(locked));
    need(std::move(made));
    need(std::move(replaced));
    CHECK(mode_of(on.directory.at("exclusive")) == 0644);
    CHECK(mode_of(on.directory.at("if missing")) == 0644);
    CHECK(mode_of(on.directory.at("lock")) == 0640);
    CHECK(mode_of(on.directory.at("directory")) == 0750);
    CHECK(mode_of(on.directory.at("replaced")) == 0604);
  }
}

TEST_CASE("the mode of a file that exists stays") {
  SystemFixture on;
  write_text(*on.disk, on.directory.at("file"), "");
  REQUIRE(chmod(on.directory.at("file").c_str(), 0640) == 0);
  need(on.disk->open(on.directory.at("file"), writing(Create::if_missing)));
  need(on.disk->lock(on.directory.at("file"), "", 0600));
  CHECK(mode_of(on.directory.at("file")) == 0640);
}

TEST_CASE("every descriptor is close-on-exec, and none leaks on any path") {
  SystemFixture on;
  Disk& disk = *on.disk;
  REQUIRE(mkfifo(on.directory.at("fifo").c_str(), 0600) == 0);
  REQUIRE(symlink("x", on.directory.at("link").c_str()) == 0);
  write_text(disk, on.directory.at("file"), "");
  need(disk.sync_directory(on.root()));  // keeps its spare one from now on
  const std::vector<int> before = open_descriptors();
  {
    OpenOptions options = writing(Create::exclusive);
    const auto file = need(disk.open(on.directory.at("new"), options));
    const auto lock = need(disk.lock(on.directory.at("lock"), "", 0600));
    std::size_t ours = 0;
    for (const int number : open_descriptors()) {
      if (std::find(before.begin(), before.end(), number) != before.end()) continue;
      ++ours;
      CHECK((fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
      CHECK((fcntl(number, F_GETFL) & O_NONBLOCK) == 0);
    }
    CHECK(ours == 2);
    CHECK_FALSE(disk.lock(on.directory.at("lock"), "", 0600));
    CHECK(need(disk.locked(on.directory.at("lock"))));
  }
  check_refused(disk, on.directory.at("fifo"), Errc::invalid);
  check_refused(disk, on.directory.at("link"), Errc::symbolic_link);
  CHECK_FALSE(disk.open(on.root(), OpenOptions{}));
  need(disk.list(on.root()));
  CHECK_FALSE(disk.list(on.directory.at("file")));
  need(disk.sync_directory(on.root()));
  need(disk.probe_direct(on.root()));
  need(disk.file_system(on.root()));
  need(replace_file(disk, on.directory.at("file"), {}, 0600, "temporary"));
  CHECK(open_descriptors() == before);
}

TEST_CASE("a directory is synced where the process has no descriptor left, again and again") {
  SystemFixture f;
  REQUIRE(f.disk->sync_directory(f.root()));
  struct rlimit before {};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  struct rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(open_descriptors().back()) + 8;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  std::vector<int> taken;
  for (int number = dup(STDERR_FILENO); number >= 0; number = dup(STDERR_FILENO))
    taken.push_back(number);
  const Errc refused = failure(f.disk->list(f.root()));
  std::vector<bool> synced;
  for (int i = 0; i < 3; ++i) synced.push_back(f.disk->sync_directory(f.root()).ok());
  for (const int number : taken) close(number);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(refused == Errc::too_many_files);
  CHECK(synced == std::vector<bool>(3, true));
}

TEST_CASE("the lock of a killed process is free, and its holder still to be read") {
  SystemFixture on;
  const std::string path = on.directory.at("lock");
  Pipe ready;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto lock = on.disk->lock(path, "the child", 0600);
    if (!lock || write(ready.ends[1], "x", 1) != 1) _exit(1);
    while (true) pause();
  }
  ready.close_writing();
  REQUIRE(ready.await() == 1);
  CHECK(need(on.disk->locked(path)));
  CHECK(failure(on.disk->lock(path, "", 0600)) == Errc::locked);
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(need(on.disk->locked(path)));
  CHECK(need(on.disk->lock_holder(path)) == "the child");
  need(on.disk->lock(path, "", 0600));
}

TEST_CASE("a program that the holder starts does not hold the lock") {
  SystemFixture on;
  const std::string path = on.directory.at("lock");
  auto lock = need(on.disk->lock(path, "", 0600));
  Pipe executed;  // its last writing end closes with the exec
  Pipe input;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(input.ends[0], STDIN_FILENO);
    input.close_writing();
    execlp("cat", "cat", static_cast<char*>(nullptr));
    _exit(1);
  }
  executed.close_writing();
  CHECK(executed.await() == 0);
  CHECK(need(on.disk->locked(path)));
  lock.reset();
  CHECK_FALSE(need(on.disk->locked(path)));
  need(on.disk->lock(path, "", 0600));
  CHECK(waitpid(child, nullptr, WNOHANG) == 0);  // it was there all the time
  input.close_writing();
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
}

TEST_CASE("a forked child does not hold the lock, however long it lives") {
  SystemFixture on;
  const std::string path = on.directory.at("lock");
  Pipe ready;
  Pipe end;  // of the grandchild
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto lock = on.disk->lock(path, "the child", 0600);
    const pid_t grandchild = lock ? fork() : -1;
    if (grandchild == 0) {
      const auto held = on.disk->locked(path);
      if (!held || !held.value() || write(ready.ends[1], "x", 1) != 1) _exit(1);
      end.close_writing();
      static_cast<void>(end.await());
      _exit(0);
    }
    ready.close_writing();
    if (grandchild < 0) _exit(1);
    while (true) pause();
  }
  ready.close_writing();
  REQUIRE(ready.await() == 1);
  CHECK(failure(on.disk->lock(path, "", 0600)) == Errc::locked);
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(need(on.disk->locked(path)));  // the grandchild lives on
  need(on.disk->lock(path, "", 0600));
}

TEST_CASE("asking for the state of a lock never keeps anybody from taking it") {
  SystemFixture on;
  const std::string path = on.directory.at("lock");
  need(on.disk->lock(path, "", 0600));
  std::atomic<bool> stop{false};
  std::thread asking([&] {
    while (!stop) static_cast<void>(on.disk->locked(path));
  });
  int refused = 0;
  for (int round = 0; round < 500; ++round) {
    if (!on.disk->lock(path, "", 0600)) ++refused;
  }
  stop = true;
  asking.join();
  CHECK(refused == 0);
}

TEST_CASE("a file limit is an error in our threads, after what still fitted") {
  SystemFixture on;
  const std::string path = on.directory.at("file");
  auto file = need(on.disk->open(path, writing(Create::exclusive)));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 1000;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &low) == 0);
  // Outside of our threads SIGXFSZ would end the process here.
  const auto result = std::make_shared<std::promise<Errc>>();
  const bool started = start_thread("limited", [&file, result] {
    const std::vector<std::byte> bytes(5000, std::byte{'x'});
    const Bytes parts[] = {Bytes(bytes).subspan(0, 600), Bytes(bytes).subspan(600)};
    const auto written = file->write_at(0, std::span<const Bytes>(parts));
    result->set_value(written ? Errc::io : written.error().code);
  });
  const Errc code = started ? result->get_future().get() : Errc::io;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  REQUIRE(started);
  CHECK(code == Errc::file_too_large);
  CHECK(read_text(*on.disk, path) == std::string(1000, 'x'));
}

TEST_CASE("without permission: access, and nothing is left behind") {
  SystemFixture on;
  write_text(*on.disk, on.directory.at("file"), "text");
  REQUIRE(chmod(on.directory.at("file").c_str(), 0444) == 0);
  REQUIRE(chmod(on.root().c_str(), 0555) == 0);
  const auto is_access = [](const auto& result) {
    return !result && result.error().code == Errc::access;
  };
  CHECK(as_nobody([&] {
    Disk& disk = *on.disk;
    return is_access(disk.open(on.directory.at("file"), writing(Create::never))) &&
           is_access(disk.open(on.directory.at("new"), writing(Create::exclusive))) &&
           is_access(disk.make_directory(on.directory.at("new"), 0700)) &&
           is_access(disk.unlink(on.directory.at("file"))) &&
           is_access(disk.lock(on.directory.at("lock"), "", 0600)) &&
           is_access(disk.probe_direct(on.root())) &&
           is_access(replace_file(disk, on.directory.at("file"), {}, 0600, "temporary")) &&
           disk.open(on.directory.at("file"), OpenOptions{}).ok();
  }));
  CHECK(names_in(*on.disk, on.root()) == std::vector<std::string>{"file"});
  REQUIRE(chmod(on.root().c_str(), 0700) == 0);
}

TEST_CASE("an existing directory below one that may not be read is good enough") {
  SystemFixture on;
  const std::string home = on.directory.at("home");
  need(on.disk->make_directory(home, 0700));
  if (geteuid() == 0) REQUIRE(chown(home.c_str(), nobody, nobody) == 0);
  REQUIRE(chmod(on.root().c_str(), 0311) == 0);
  CHECK(as_nobody([&] {
    return make_directories(*on.disk, home, 0700).ok() &&
           make_directories(*on.disk, join(home, "a/b"), 0700).ok();
  }));
  REQUIRE(chmod(on.root().c_str(), 0700) == 0);
  CHECK(need(on.disk->status(join(home, "a/b"))).kind == EntryKind::directory);
}

TEST_CASE("a sparse file occupies less than its size") {
  SystemFixture on;
  auto file = need(on.disk->open(on.directory.at("file"), writing(Create::exclusive)));
  need(file->truncate(1 << 20));
  CHECK(need(on.disk->status(on.directory.at("file"))).size == 1 << 20);
  CHECK(need(on.disk->status(on.directory.at("file"))).allocated < 1 << 20);
}

TEST_CASE("our threads have a name, block all signals and leave the caller's mask alone") {
  sigset_t before;
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  const auto result = std::make_shared<std::promise<std::pair<std::string, bool>>>();
  REQUIRE(start_thread("a name longer than fifteen", [result] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    std::array<char, 32> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    const bool all = sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGXFSZ) == 1 &&
                     sigismember(&blocked, SIGCHLD) == 1;
    result->set_value({name.data(), all});
  }));
  const auto [name, all_blocked] = result->get_future().get();
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  CHECK(name == "a name longer t");
  CHECK(all_blocked);
  CHECK(sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM));
}

TEST_CASE("this process has an identity that another one does not have") {
  const ProcessIdentity identity = this_process();
  CHECK(identity.pid == getpid());
  CHECK_FALSE(identity.start_time.empty());
  CHECK_FALSE(identity.boot_id.empty());
  CHECK_FALSE(identity.host.empty());
  CHECK(identity.start_time == this_process().start_time);
  CHECK(identity.start_time.find_first_not_of("0123456789.") == std::string::npos);
  CHECK(identity.boot_id.find('\n') == std::string::npos);
}

TEST_CASE("the clock: monotonic never goes back, random bytes differ") {
  Clock& clock = *system_host().clock;
  const Nanoseconds first = clock.monotonic();
  CHECK(clock.monotonic() >= first);
  CHECK(clock.wall_milliseconds() > 1'600'000'000'000);  // 2020
  std::array<std::byte, 1000> one{};
  std::array<std::byte, 1000> two{};
  clock.random(one);
  clock.random(two);
  CHECK(one != two);
}

#if defined(__linux__)
TEST_CASE("a read that ends in front of the end of the file is an error, and not its end") {
  // sysfs says that a file has a page, and gives what it has.
  const std::string path = "/sys/devices/system/cpu/online";
  auto file = system_host().disk->open(path, OpenOptions{});
  if (!file) {
    MESSAGE("no sysfs here");
    return;
  }
  REQUIRE(need(file.value()->size()) > 1000);
  std::vector<std::byte> into(1000);
  CHECK(failure(file.value()->read_at(0, into)) == Errc::io);
  CHECK(need(file.value()->read_at(0, MutableBytes(into).first(1))) == 1);
}
#endif
#endif
