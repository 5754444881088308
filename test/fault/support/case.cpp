#include "case.hpp"

namespace tidemark::test {
namespace {

const char* word(io::Effect effect) noexcept {
  switch (effect) {
    case io::Effect::none:
      return "none";
    case io::Effect::part:
      return "part";
    case io::Effect::whole:
      return "whole";
  }
  return "?";
}

const char* word(io::Lasting lasting) noexcept {
  switch (lasting) {
    case io::Lasting::once:
      return "once";
    case io::Lasting::kind:
      return "kind";
    case io::Lasting::disk:
      return "disk";
  }
  return "?";
}

}  // namespace

const char* kind_name(io::Call call) noexcept {
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
    case io::Call::size:
      return "size";
    case io::Call::identity:
      return "identity";
    case io::Call::drop_cache:
      return "drop_cache";
    case io::Call::close:
      return "close";
    case io::Call::make_directory:
      return "make_directory";
    case io::Call::list:
      return "list";
    case io::Call::stat:
      return "stat";
    case io::Call::rename:
      return "rename";
    case io::Call::unlink:
      return "unlink";
    case io::Call::sync_directory:
      return "sync_directory";
    case io::Call::lock:
      return "lock";
    case io::Call::probe_lock:
      return "probe_lock";
    case io::Call::file_system:
      return "file_system";
    case io::Call::probe_direct:
      return "probe_direct";
  }
  return "?";
}

const std::vector<io::Call>& failing_kinds() {
  static const std::vector<io::Call> kinds = [] {
    std::vector<io::Call> all;
    for (std::size_t i = 0; i < io::call_kinds; ++i) {
      const auto call = static_cast<io::Call>(i);
      if (call != io::Call::close) all.push_back(call);
    }
    return all;
  }();
  return kinds;
}

std::vector<io::Effect> effects_of(io::Call call) {
  switch (call) {
    case io::Call::write:
      return {io::Effect::none, io::Effect::part, io::Effect::whole};
    case io::Call::open:
    case io::Call::sync:
    case io::Call::truncate:
    case io::Call::make_directory:
    case io::Call::rename:
    case io::Call::unlink:
    case io::Call::sync_directory:
    case io::Call::lock:
      return {io::Effect::none, io::Effect::whole};
    default:
      return {io::Effect::none};  // they change nothing
  }
}

std::string Case::text() const {
  return std::string(kind_name(plan.call)) + " " + std::to_string(plan.nth) + " " +
         (plan.fault.code == io::Errc::short_write ? "short" : io::name(plan.fault.code)) + " " +
         word(plan.fault.effect) + " " + word(plan.lasting) + " seed " + std::to_string(seed);
}

}  // namespace tidemark::test
