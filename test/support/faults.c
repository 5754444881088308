// Makes system calls fail or stall on command, for tests of what the library says then. Loaded with
// LD_PRELOAD; looks, at every call, into the file that TIDEMARK_FAULTS names: lines of
//   <call> <errno>      the call fails
//   <call> stall        the call does not return
// An empty or missing file changes nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int fault(const char *call, int fd) {
  struct stat status;
  const char *control = getenv("TIDEMARK_FAULTS");
  if (control == NULL || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  int file = open(control, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[256];
  ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  if (size <= 0) return 0;
  text[size] = 0;
  const char *line = strstr(text, call);
  if (line == NULL) return 0;
  const char *what = line + strlen(call) + 1;
  while (strncmp(what, "stall", 5) == 0) pause();
  return atoi(what);
}

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
