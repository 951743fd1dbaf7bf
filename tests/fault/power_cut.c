/* Cuts the power of the file system that holds a folder: what is not on its disk is lost. Ext4 or
 * xfs on a loop device of the test's own; never a real one. Needs root.
 *
 *   test_power_cut <folder> */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(int count, char **arguments)
{
  /* XFS_IOC_GOINGDOWN and EXT4_IOC_SHUTDOWN are one and the same; 2: the journal is not written. */
  uint32_t how = 2;
  int const folder = count == 2 ? open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (folder < 0 || ioctl(folder, _IOR('X', 125, uint32_t), &how) != 0) {
    perror("test_power_cut");
    return 1;
  }
  return 0;
}
