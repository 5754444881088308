// What the seeded scheduler promises: one thing at a time, an order that is the seed's, time that
// goes on only when nothing else can happen, and a name for every way of waiting for ever.
#include "io/scheduler.hpp"

#include <algorithm>
#include <mutex>
#include <set>

#include "io/disks.hpp"

using namespace tidemark::io;
using namespace tidemark::io::test;

namespace {

struct Simulation {
  explicit Simulation(std::uint64_t seed = 1) : host(std::make_shared<SimulatedDisk>(), seed) {}
  SimulatedHost host;
  Scheduler& scheduler = *host.scheduler;
  VirtualClock& clock = *host.clock;
};

// Three tasks of three steps each, three jobs: the order in which they happen.
std::string order_of(std::uint64_t seed) {
  Simulation on(seed);
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    on.scheduler
        .start(std::string(1, name),
               [&order, name, left = 3]() mutable {
                 order += name;
                 return --left == 0 ? Next::finished() : Next::again();
               })
        ->wake();
    on.scheduler.submit([&order, name] { order += static_cast<char>(name - 'a' + '1'); });
  }
  on.scheduler.run_until_idle();
  return order;
}

}  // namespace

TEST_CASE("one seed is one order of events, other seeds are others") {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::string order = order_of(seed);
    CHECK(order_of(seed) == order);
    CHECK(order.size() == 12);
    orders.insert(order);
  }
  CHECK(orders.size() > 40);
}

TEST_CASE("a task sleeps until it is woken, and a wake inside its step makes it run once more") {
  Simulation on;
  int steps = 0;
  std::shared_ptr<Task> task = on.scheduler.start("task", [&] {
    if (++steps == 1) task->wake();
    return Next::wait();
  });
  on.scheduler.run_until_idle();
  CHECK(steps == 0);
  task->wake();
  task->wake();
  on.scheduler.run_until_idle();
  CHECK(steps == 2);
  on.scheduler.run_until_idle();
  CHECK(steps == 2);
}

TEST_CASE("a finished task is never called again, and gives its step back") {
  Simulation on;
  auto held = std::make_shared<int>(0);
  const std::shared_ptr<Task> task = on.scheduler.start("task", [held] {
    ++*held;
    return Next::finished();
  });
  task->wake();
  on.scheduler.run_until_idle();
  task->wake();
  on.scheduler.run_until_idle();
  CHECK(*held == 1);
  CHECK(held.use_count() == 1);
}

TEST_CASE("time goes on only when nothing can happen, to the next deadline") {
  Simulation on;
  const Nanoseconds start = on.clock.monotonic();
  std::vector<Nanoseconds> due;
  std::vector<std::shared_ptr<Task>> tasks;
  for (const Nanoseconds after : {Nanoseconds{300}, Nanoseconds{100}, Nanoseconds{200}}) {
    tasks.push_back(on.scheduler.start("task", [&, after, first = true]() mutable {
      if (std::exchange(first, false)) return Next::wait_until(start + after);
      due.push_back(on.clock.monotonic() - start);
      return Next::finished();
    }));
    tasks.back()->wake();
  }
  on.scheduler.run_until_idle();
  CHECK(due.empty());
  CHECK(on.clock.monotonic() == start);
  on.scheduler.run_for(250);
  CHECK(due == std::vector<Nanoseconds>{100, 200});
  CHECK(on.clock.monotonic() == start + 250);
  on.scheduler.run_until([&] { return due.size() == 3; });
  CHECK(due.back() == 300);
}

TEST_CASE("a wait runs what brings its condition about, in steps and jobs too") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Simulation on(seed);
    std::mutex mutex;
    int count = 0;
    const std::unique_ptr<Gate> gate = on.scheduler.make_gate();
    const auto wait_for = [&](int least) {
      std::unique_lock lock(mutex);
      const bool came = gate->wait(
          lock, [&] { return count >= least; }, std::nullopt);
      CHECK(lock.owns_lock());
      return came;
    };
    const std::shared_ptr<Task> counter = on.scheduler.start("counter", [&] {
      const std::scoped_lock lock(mutex);
      ++count;
      gate->notify_all();
      return count < 10 ? Next::again() : Next::wait();
    });
    const std::shared_ptr<Task> waiter = on.scheduler.start("waiter", [&] {
      CHECK(wait_for(5));
      return Next::finished();
    });
    bool job_done = false;
    on.scheduler.submit([&] { job_done = wait_for(7); });
    waiter->wake();
    counter->wake();
    CHECK(wait_for(10));
    on.scheduler.run_until_idle();
    CHECK(job_done);
  }
}

TEST_CASE("a condition that holds at once waits for nobody") {
  Simulation on;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  on.scheduler.submit([] { FAIL("nobody waits"); });
  CHECK(on.scheduler.make_gate()->wait(
      lock, [] { return true; }, std::nullopt));
  on.scheduler.kill();
}

TEST_CASE("a wait ends at its deadline, not before") {
  Simulation on;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  const Nanoseconds deadline = on.clock.monotonic() + 1000;
  const std::unique_ptr<Gate> gate = on.scheduler.make_gate();
  CHECK_FALSE(gate->wait(
      lock, [] { return false; }, deadline));
  CHECK(on.clock.monotonic() == deadline);
}

TEST_CASE("what can never happen is a deadlock with the names of who sleeps") {
  Simulation on;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  const std::shared_ptr<Task> task = on.scheduler.start("sleeper", [] { return Next::wait(); });
  task->wake();
  const std::unique_ptr<Gate> gate = on.scheduler.make_gate();
  CHECK_THROWS_WITH_AS(gate->wait(
                           lock, [] { return false; }, std::nullopt),
                       "1 wait, and nothing can happen any more; sleeper (asleep)", Deadlock);
  CHECK(lock.owns_lock());
  CHECK_THROWS_AS(on.scheduler.run_until([] { return false; }), Deadlock);
}

TEST_CASE("a condition that came true without a notify is a missing notify") {
  Simulation on;
  std::mutex mutex;
  bool ready = false;
  const std::shared_ptr<Task> task = on.scheduler.start("silent", [&] {
    const std::scoped_lock lock(mutex);
    ready = true;
    return Next::finished();
  });
  task->wake();
  std::unique_lock lock(mutex);
  const std::unique_ptr<Gate> gate = on.scheduler.make_gate();
  try {
    gate->wait(
        lock, [&] { return ready; }, std::nullopt);
    FAIL("nobody told it");
  } catch (const Deadlock& deadlock) {
    CHECK(std::string(deadlock.what()).find("a notify_all is missing") != std::string::npos);
  }
}

TEST_CASE("a task that never rests is named") {
  Simulation on;
  on.scheduler.start("busy", [] { return Next::again(); })->wake();
  CHECK_THROWS_AS(on.scheduler.run_until_idle(1000), Deadlock);
}

TEST_CASE("after a kill nothing happens any more, and everything is given back") {
  auto held = std::make_shared<int>(0);
  std::shared_ptr<Task> task;
  std::unique_ptr<Gate> gate;
  std::mutex mutex;
  {
    Simulation on;
    gate = on.scheduler.make_gate();
    task = on.scheduler.start("task", [held] {
      ++*held;
      return Next::again();
    });
    task->wake();
    on.scheduler.submit([held] { ++*held; });
    on.scheduler.kill();
    CHECK(on.scheduler.killed());
    CHECK(held.use_count() == 1);
    on.scheduler.submit([held] { ++*held; });
    on.scheduler.start("late", [held] { return Next::finished(); })->wake();
    CHECK(held.use_count() == 1);
    CHECK_FALSE(on.scheduler.run_one());
    std::unique_lock lock(mutex);
    CHECK_FALSE(gate->wait(
        lock, [] { return false; }, std::nullopt));
    CHECK(*held == 0);
  }
  task->wake();
  std::unique_lock lock(mutex);
  CHECK_FALSE(gate->wait(
      lock, [] { return false; }, std::nullopt));
}

TEST_CASE("a step may kill its own process, also while somebody waits") {
  Simulation on;
  auto held = std::make_shared<int>(0);
  const std::shared_ptr<Task> task = on.scheduler.start("task", [held, &on] {
    on.scheduler.kill();
    ++*held;  // it runs to its end
    return Next::again();
  });
  task->wake();
  std::mutex mutex;
  std::unique_lock lock(mutex);
  const std::unique_ptr<Gate> gate = on.scheduler.make_gate();
  CHECK_FALSE(gate->wait(
      lock, [] { return false; }, std::nullopt));
  CHECK(*held == 1);
  CHECK(held.use_count() == 1);
}

TEST_CASE("the clock is virtual: equal seeds, equal randomness; the wall may go back") {
  Simulation one(5);
  Simulation same(5);
  Simulation other(6);
  const auto draw = [](Simulation& on) {
    std::vector<std::byte> bytes(21);
    on.clock.random(bytes);
    return bytes;
  };
  const auto drawn = draw(one);
  CHECK(draw(same) == drawn);
  CHECK(draw(one) != drawn);
  CHECK(draw(other) != drawn);
  CHECK(one.clock.wall_milliseconds() == VirtualClock::first_wall_milliseconds);
  one.scheduler.run_for(3'000'000);
  CHECK(one.clock.wall_milliseconds() == VirtualClock::first_wall_milliseconds + 3);
  one.clock.set_wall(1000);
  CHECK(one.clock.wall_milliseconds() == 1000);
  one.scheduler.run_for(2'000'000);
  CHECK(one.clock.wall_milliseconds() == 1002);
  CHECK(one.clock.monotonic() == VirtualClock::first_instant + 5'000'000);
}

TEST_CASE("a simulated host has the disk, or what stands in front of it") {
  Simulation on;
  CHECK(on.host.host().disk == on.host.disk);
  const std::shared_ptr<Disk> layer = make_memory_disk();
  CHECK(on.host.host(layer).disk == layer);
  const Host plain = make_simulated_host(std::make_shared<SimulatedDisk>(), 1);
  CHECK(plain.clock->monotonic() == VirtualClock::first_instant);
  const auto next = on.host.kill();
  CHECK(failure(on.host.disk->list("/")) == Errc::io);
  CHECK(need(next->list("/")).empty());
}
