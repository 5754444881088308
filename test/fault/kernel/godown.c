// Shuts a mounted file system down under whoever uses it: godown <directory> <how>, with how 0 (flush
// everything first), 1 (flush the journal of the file system) or 2 (flush nothing).
//
// EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN are one number: fs/ext4/ext4.h and fs/xfs/libxfs/xfs_fs.h of
// Linux, where the flags stand as well.
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FILE_SYSTEM_SHUTDOWN _IOR('X', 125, __u32)

int main(int count, char **arguments) {
  if (count != 3) return 64;
  int directory = open(arguments[1], O_RDONLY | O_DIRECTORY);
  __u32 how = (__u32)atoi(arguments[2]);
  if (directory < 0 || ioctl(directory, FILE_SYSTEM_SHUTDOWN, &how) != 0) {
    perror(arguments[1]);
    return 1;
  }
  return close(directory);
}
