#include "disk/fuse_server.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace tidemark::test::power {
namespace {

constexpr std::string_view file_name = "disk";
constexpr std::uint64_t file_node = FUSE_ROOT_ID + 1;

constexpr std::uint32_t max_write_bytes = 1 << 20;
constexpr std::uint32_t page_bytes = 4096;
// The kernel wants room for a write and its headers in every read of the device.
constexpr std::size_t request_buffer_bytes = max_write_bytes + page_bytes;
constexpr std::uint16_t max_background_requests = 64;
constexpr std::uint64_t one_day_in_seconds = 86400;  // names and attributes never change

}  // namespace

FuseServer::FuseServer(VolatileDisk& disk, std::string directory)
    : disk_(disk),
      directory_(std::move(directory)),
      device_(open_file("/dev/fuse", O_RDWR)),
      request_(request_buffer_bytes) {
  const std::string options =
      "fd=" + std::to_string(device_.get()) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
  if (::mount("power_disk", directory_.c_str(), "fuse", MS_NODEV | MS_NOSUID, options.c_str()) != 0)
    fail("mount fuse");
}

FuseServer::~FuseServer() {
  device_.close();
  ::umount2(directory_.c_str(), MNT_DETACH);
}

bool FuseServer::take_request() {
  has_reply_ = false;
  const ssize_t size = ::read(device_.get(), request_.data(), request_.size());
  if (size < 0) {
    // ENOENT: the request was taken back before we had read it.
    if (errno == EINTR || errno == EAGAIN || errno == ENOENT) return true;
    if (errno == ENODEV) return false;
    fail("read /dev/fuse");
  }
  request_bytes_ = static_cast<std::size_t>(size);
  fuse_in_header header{};
  std::memcpy(&header, request_.data(), sizeof header);
  reply_ = {};
  reply_.unique = header.unique;
  reply_body_.clear();
  reply_data_ = {};
  has_reply_ = true;
  dispatch(header);
  return true;
}

void FuseServer::send_reply() {
  if (!has_reply_) return;
  has_reply_ = false;
  reply_.len = static_cast<std::uint32_t>(sizeof reply_ + reply_body_.size() + reply_data_.size());
  std::array<iovec, 3> parts{{
      {&reply_, sizeof reply_},
      {reply_body_.data(), reply_body_.size()},
      // writev() does not write to it.
      {const_cast<std::byte*>(reply_data_.data()), reply_data_.size()},  // NOLINT
  }};
  // ENOENT: whoever asked was killed meanwhile. ENODEV: unmounted.
  if (::writev(device_.get(), parts.data(), static_cast<int>(parts.size())) < 0 &&
      errno != ENOENT && errno != ENODEV) {
    fail("answer the kernel");
  }
}

std::span<const std::byte> FuseServer::argument_bytes() const noexcept {
  return {request_.data() + sizeof(fuse_in_header), request_bytes_ - sizeof(fuse_in_header)};
}

template <typename Argument>
const Argument& FuseServer::argument() const {
  // The device gives requests as these structures, in a buffer that operator new aligned.
  return *reinterpret_cast<const Argument*>(argument_bytes().data());
}

template <typename Out>
void FuseServer::answer(const Out& out) {
  reply_body_.resize(sizeof out);
  std::memcpy(reply_body_.data(), &out, sizeof out);
}

void FuseServer::answer_empty() {}

void FuseServer::answer_error(int error) { reply_.error = -error; }

void FuseServer::dispatch(const fuse_in_header& header) {
  switch (header.opcode) {
    case FUSE_INIT:
      return init();
    case FUSE_LOOKUP:
      return lookup(header.nodeid);
    case FUSE_GETATTR:
    case FUSE_SETATTR:
      return attributes(header.nodeid);
    case FUSE_OPEN:
    case FUSE_OPENDIR:
      return open(header.opcode == FUSE_OPENDIR);
    case FUSE_READ:
      return read();
    case FUSE_WRITE:
      return write();
    case FUSE_FALLOCATE:
      return discard();
    case FUSE_FSYNC:
      return flush();
    case FUSE_STATFS:
      return statistics();
    // Of a descriptor that is closed; what is pending stays pending. The directory reads as empty.
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_READDIR:
    case FUSE_DESTROY:
      return answer_empty();
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      has_reply_ = false;
      return;
    default:
      return answer_error(ENOSYS);
  }
}

void FuseServer::init() {
  const auto& in = argument<fuse_init_in>();
  fuse_init_out out{};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = FUSE_KERNEL_MINOR_VERSION;
  out.max_readahead = in.max_readahead;
  out.flags = in.flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES);
  out.max_background = max_background_requests;
  out.congestion_threshold = max_background_requests;
  out.max_write = max_write_bytes;
  out.max_pages = max_write_bytes / page_bytes;
  out.time_gran = 1;
  answer(out);
}

fuse_attr FuseServer::attributes_of(std::uint64_t node) const noexcept {
  fuse_attr attr{};
  attr.ino = node;
  attr.nlink = 1;
  attr.blksize = page_bytes;
  attr.mode = S_IFDIR | 0700;
  if (node == file_node) {
    attr.mode = S_IFREG | 0600;
    attr.size = disk_.size();
    attr.blocks = disk_.size() / sector_bytes;
  }
  return attr;
}

void FuseServer::lookup(std::uint64_t parent) {
  const auto* const name = reinterpret_cast<const char*>(argument_bytes().data());
  if (parent != FUSE_ROOT_ID || name != file_name) return answer_error(ENOENT);
  fuse_entry_out out{};
  out.nodeid = file_node;
  out.entry_valid = one_day_in_seconds;
  out.attr_valid = one_day_in_seconds;
  out.attr = attributes_of(file_node);
  answer(out);
}

void FuseServer::attributes(std::uint64_t node) {
  fuse_attr_out out{};
  out.attr_valid = one_day_in_seconds;
  out.attr = attributes_of(node);
  answer(out);
}

void FuseServer::open(bool directory) {
  fuse_open_out out{};
  // Past the page cache of the host: a write of the loop device is with us when it is answered.
  if (!directory) out.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES;
  answer(out);
}

void FuseServer::read() {
  const auto& in = argument<fuse_read_in>();
  reply_data_ = disk_.read(in.offset, in.size);
}

void FuseServer::write() {
  const auto& in = argument<fuse_write_in>();
  counts_.writes += 1;
  if (!disk_.write(in.offset, argument_bytes().subspan(sizeof in, in.size)))
    return answer_error(EINVAL);
  answer(fuse_write_out{in.size, 0});
}

void FuseServer::discard() {
  const auto& in = argument<fuse_fallocate_in>();
  counts_.discards += 1;
  // Punched holes and zeroed ranges read as zeros; nothing else is asked of a loop device's file.
  if (!disk_.discard(in.offset, in.length)) answer_error(EINVAL);
}

void FuseServer::flush() {
  counts_.flushes += 1;
  if (!lies_) disk_.flush();
}

void FuseServer::statistics() {
  fuse_statfs_out out{};
  out.st.bsize = page_bytes;
  out.st.frsize = page_bytes;
  out.st.blocks = disk_.size() / page_bytes;
  out.st.namelen = file_name.size();
  answer(out);
}

}  // namespace tidemark::test::power
