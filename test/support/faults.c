// Makes system calls fail or stall on command, for tests of what the library says then. Loaded with
// LD_PRELOAD; looks, at every call, into the file that TIDEMARK_FAULTS names: lines of
//   <call> <errno>      the call fails
//   <call> stall        the call does not return
// An empty or missing file changes nothing. Each fault that happens is told as a line of the file
// beside it, <file>.done: a test may have to know that it did.
//
// Calls are pwritev, fdatasync, io_setup, io_submit. A write that is begun with io_submit(2) is a
// pwritev too, and `begun` is what hits only those. It is not made: io_getevents(2) gives the event
// with the error (`begun short`: with half of the bytes), or never gives one (stall). With
// `io_getevents empty` the first call that waits for an event comes back without one.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NOTHING = 0, STALL = -1, SHORT = -2, EMPTY = -3 };  // else an errno

static void tell(const char *control, const char *call, const char *what) {
  char path[4096], line[64];
  snprintf(path, sizeof(path), "%s.done", control);
  int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int size = snprintf(line, sizeof(line), "%s %s\n", call, what);
  if (file < 0 || write(file, line, (size_t)size) != size) abort();
  close(file);
}

// What is to be done to a call.
static int commanded(const char *call) {
  const char *control = getenv("TIDEMARK_FAULTS");
  int file = control == NULL ? -1 : open(control, O_RDONLY | O_CLOEXEC);
  if (file < 0) return NOTHING;
  char text[256], *rest = text;
  ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  if (size <= 0) return NOTHING;
  text[size] = 0;
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    const char *name = strsep(&line, " ");
    if (line == NULL || strcmp(name, call) != 0) continue;
    tell(control, call, line);
    if (strcmp(line, "stall") == 0) return STALL;
    if (strcmp(line, "empty") == 0) return EMPTY;
    return strcmp(line, "short") == 0 ? SHORT : atoi(line);
  }
  return NOTHING;
}

static int is_file(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static void stand_still(void) {
  for (;;) pause();
}

static int error_of(const char *call) {
  int error = commanded(call);
  if (error == STALL) stand_still();
  return error;
}

static int fault(const char *call, int fd) { return is_file(fd) ? error_of(call) : NOTHING; }

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int error = fault("fdatasync", fd);
  if (error == 0) return real(fd);
  errno = error;
  return -1;
}

static ssize_t write_or_fail(const char *name, int fd, const struct iovec *parts, int count, off64_t offset) {
  int error = fault("pwritev", fd);
  if (error == 0) {
    ssize_t (*real)(int, const struct iovec *, int, off64_t) =
        (ssize_t(*)(int, const struct iovec *, int, off64_t))dlsym(RTLD_NEXT, name);
    return real(fd, parts, count, offset);
  }
  errno = error;
  return -1;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return write_or_fail("pwritev", fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return write_or_fail("pwritev64", fd, parts, count, offset);
}

// Writes that were begun and not made, each in a context of its own.
static struct {
  aio_context_t context;
  int stalls;
  struct io_event event;
} unmade[16];
static pthread_mutex_t unmade_mutex = PTHREAD_MUTEX_INITIALIZER;

static void keep(aio_context_t context, const struct iocb *request, int what) {
  size_t place = 0;
  pthread_mutex_lock(&unmade_mutex);
  while (unmade[place].context != 0)
    if (++place == sizeof(unmade) / sizeof(unmade[0])) abort();
  unmade[place].context = context;
  unmade[place].stalls = what == STALL;
  unmade[place].event.data = request->aio_data;
  unmade[place].event.obj = (__u64)(uintptr_t)request;
  unmade[place].event.res = what == SHORT ? (__s64)request->aio_nbytes / 2 : -what;
  pthread_mutex_unlock(&unmade_mutex);
  if (what != STALL && request->aio_flags & IOCB_FLAG_RESFD) eventfd_write((int)request->aio_resfd, 1);
}

// 1: the event; 0: none, for the write stands still; -1: none, for the context's write is the kernel's.
static int event_of(aio_context_t context, struct io_event *event) {
  int found = -1;
  pthread_mutex_lock(&unmade_mutex);
  for (size_t place = 0; found < 0 && place < sizeof(unmade) / sizeof(unmade[0]); place++) {
    if (unmade[place].context != context) continue;
    found = !unmade[place].stalls;
    if (!found) continue;
    *event = unmade[place].event;
    unmade[place].context = 0;
  }
  pthread_mutex_unlock(&unmade_mutex);
  return found;
}

static int fault_of_begun(const struct iocb *request) {
  int fd = (int)request->aio_fildes;
  if (request->aio_lio_opcode != IOCB_CMD_PWRITE || !is_file(fd)) return NOTHING;
  int what = commanded("begun");
  return what == NOTHING ? commanded("pwritev") : what;
}

// The C library has no functions for these calls: they come as numbers.
long syscall(long number, ...) {
  static long (*real)(long, ...);
  if (real == NULL) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  long a[6];
  va_list list;
  va_start(list, number);
  for (int n = 0; n < 6; n++) a[n] = va_arg(list, long);
  va_end(list);

  if (number == SYS_io_setup || number == SYS_io_submit) {
    int error = error_of(number == SYS_io_setup ? "io_setup" : "io_submit");
    if (error != NOTHING) {
      errno = error;
      return -1;
    }
  }
  if (number == SYS_io_submit && a[1] == 1) {
    const struct iocb *request = *(struct iocb **)a[2];
    int what = fault_of_begun(request);
    if (what != NOTHING) {
      keep((aio_context_t)a[0], request, what);
      return 1;
    }
  }
  if (number == SYS_io_getevents) {
    static int empty_given;
    if (a[1] > 0 && commanded("io_getevents") == EMPTY && !__sync_lock_test_and_set(&empty_given, 1)) return 0;
    int found = event_of((aio_context_t)a[0], (struct io_event *)a[3]);
    if (found == 0 && a[1] > 0) stand_still();
    if (found >= 0) return found;
  }
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
