// Whether writes can be begun on the file system of a file: begins <file>. Makes the calls by which
// the library does so (native/io/posix/begun_write.cpp), by itself: that the library makes none is to
// be a failure of its tests, and not a reason to skip them. Exits with 1 where the system refuses, and
// says what.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BLOCK = 4096 };

static int refused(const char *call) {
  perror(call);
  return 1;
}

int main(int count, char **arguments) {
  static char block[BLOCK] __attribute__((aligned(BLOCK)));
  if (count != 2) return 64;
  int file = open(arguments[1], O_RDWR | O_CREAT | O_DIRECT | O_DSYNC, 0600);
  if (file < 0) return refused("open");
  // In front of it: only blocks that are there already are written without waiting.
  if (pwrite(file, block, BLOCK, 0) != BLOCK) return refused("pwrite");
  aio_context_t context = 0;
  if (syscall(SYS_io_setup, 1U, &context) != 0) return refused("io_setup");
  struct iocb request = {.aio_lio_opcode = IOCB_CMD_PWRITE,
                         .aio_fildes = (__u32)file,
                         .aio_buf = (uintptr_t)block,
                         .aio_nbytes = BLOCK,
                         .aio_rw_flags = RWF_NOWAIT};
  struct iocb *list = &request;
  if (syscall(SYS_io_submit, context, 1L, &list) != 1) return refused("io_submit");
  struct io_event event;
  if (syscall(SYS_io_getevents, context, 1L, 1L, &event, NULL) != 1) return refused("io_getevents");
  if (event.res == BLOCK) return 0;
  fprintf(stderr, "the write: %s\n", strerror((int)-event.res));
  return 1;
}
