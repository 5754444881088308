#include "disk/serve.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

namespace tidemark::test::power {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC on Linux

struct CutOrder {
  std::string image;
  CutMode mode = CutMode::drop;
  std::uint64_t seed = 0;
  std::uint64_t at_count = 0;  // of DiskCounts::all()
  std::uint64_t least_pending = 0;
  Clock::time_point at_the_latest;
};

CutOrder parse_cut(std::istringstream& words, std::uint64_t count) {
  CutOrder order;
  std::string mode;
  std::uint64_t after = 0;
  std::int64_t milliseconds = 0;
  words >> order.image >> mode >> order.seed >> after >> order.least_pending >> milliseconds;
  const std::optional<CutMode> known = cut_mode_of(mode);
  if (!words || !known)
    throw std::invalid_argument("cut <image> <mode> <seed> <after> <least> <ms>");
  order.mode = *known;
  order.at_count = count + after;
  order.at_the_latest = Clock::now() + std::chrono::milliseconds(milliseconds);
  return order;
}

bool is_due(const CutOrder& order, const VolatileDisk& disk, const DiskCounts& counts) {
  if (Clock::now() >= order.at_the_latest) return true;
  return counts.all() >= order.at_count && disk.pending_writes() >= order.least_pending;
}

void obey(const CutOrder& order, const VolatileDisk& disk, const DiskCounts& counts) {
  const auto at = std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
  std::mt19937_64 random(order.seed);
  const CutReport report = disk.cut(order.image, order.mode, random);
  std::printf(
      "{\"at\":\"%lld\",\"pendingWrites\":%llu,\"pendingSectors\":%llu,\"keptSectors\":%llu,"
      "\"digest\":%lu,\"writes\":%llu,\"flushes\":%llu}\n",
      static_cast<long long>(at), static_cast<unsigned long long>(report.pending_writes),
      static_cast<unsigned long long>(report.pending_sectors),
      static_cast<unsigned long long>(report.kept_sectors),
      static_cast<unsigned long>(report.digest), static_cast<unsigned long long>(counts.writes),
      static_cast<unsigned long long>(counts.flushes));
}

// Lines of standard input as they come. `ended` when there will be no more.
class CommandLines {
 public:
  void read() {
    std::array<char, 4096> bytes{};
    const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) return;
    if (size <= 0) {
      ended_ = true;
      return;
    }
    text_.append(bytes.data(), static_cast<std::size_t>(size));
  }

  std::optional<std::string> next() {
    const std::size_t end = text_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
  }

  bool ended() const noexcept { return ended_; }

 private:
  std::string text_;
  bool ended_ = false;
};

int milliseconds_until(Clock::time_point moment) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

}  // namespace

void serve(FuseServer& server, VolatileDisk& disk) {
  CommandLines commands;
  std::optional<CutOrder> order;
  while (!commands.ended()) {
    std::array<pollfd, 2> waiting{{{STDIN_FILENO, POLLIN, 0}, {server.descriptor(), POLLIN, 0}}};
    const int timeout = order ? milliseconds_until(order->at_the_latest) : -1;
    if (::poll(waiting.data(), waiting.size(), timeout) < 0 && errno != EINTR) fail("poll");
    if (waiting[0].revents != 0) {
      commands.read();
      while (const std::optional<std::string> line = commands.next()) {
        std::istringstream words(*line);
        std::string command;
        words >> command;
        if (command == "lie") {
          server.lie(true);
        } else if (command == "cut" && !order) {
          order = parse_cut(words, server.counts().all());
        } else {
          throw std::invalid_argument("unknown command, or a second cut: " + *line);
        }
      }
    }
    if (waiting[1].revents != 0 && !server.take_request()) return;
    if (order && is_due(*order, disk, server.counts())) {
      obey(*order, disk, server.counts());
      order.reset();
    }
    server.send_reply();
  }
}

}  // namespace tidemark::test::power
