#include "store/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A temporary is called <name>.tmp- and 16 hexadecimal digits. */
static char const mark[] = ".tmp-";
enum { MARK_LENGTH = sizeof mark - 1, RANDOM_DIGITS = 16 };

void nnt_path_folder(const char *path, char folder[NNT_PATH_SIZE])
{
  char const *const slash = strrchr(path, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - path);
  if (slash == path) length = 1;
  if (length == 0) {
    memcpy(folder, ".", sizeof ".");
    return;
  }
  if (length >= NNT_PATH_SIZE) length = NNT_PATH_SIZE - 1;
  memcpy(folder, path, length);
  folder[length] = '\0';
}

static bool locked(int file)
{
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(file, F_SETLK, &whole) == 0;
}

/* Between the making of a file and its lock, another writer may have taken it for a leftover: then
 * it holds the lock, or has removed the name. */
static bool taken_for_leftover(int file)
{
  struct stat facts;
  if (!locked(file) && (errno == EACCES || errno == EAGAIN)) return true;
  /* Where locks do not work, a leftover cannot be told from a file in use, and stays. */
  return fstat(file, &facts) == 0 && facts.st_nlink == 0;
}

static nnt_status open_new(const char *path, char temporary[NNT_PATH_SIZE], int *out)
{
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
    return nnt_fail(NNT_EIO, "cannot write %s: no random numbers: %s", path, strerror(errno));
  }
  int const length = snprintf(temporary, NNT_PATH_SIZE, "%s.tmp-%016" PRIx64, path, random);
  if (length < 0 || length >= NNT_PATH_SIZE) {
    return nnt_fail(NNT_EIO, "cannot write %s: the path is too long", path);
  }
  /* O_EXCL and O_NOFOLLOW: where others may write to the folder, a link laid out under this name
   * must not lead to another file. */
  int const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int const file = open(temporary, flags, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  if (file < 0) return nnt_fail(NNT_EIO, "cannot write %s: %s", path, strerror(errno));
  *out = file;
  return NNT_OK;
}

nnt_status nnt_temporary_open(const char *path, char temporary[NNT_PATH_SIZE], int *out)
{
  enum { TRIES = 100 };
  for (int i = 0; i < TRIES; i++) {
    NNT_TRY(open_new(path, temporary, out));
    if (!taken_for_leftover(*out)) return NNT_OK;
    (void)close(*out);
    (void)unlink(temporary);
  }
  return nnt_fail(NNT_EIO, "cannot write %s: another program removes what is written there", path);
}

/* A temporary of the file `own`, or of any HDF5 file: checkpoints get ever new names. */
static bool is_temporary(const char *name, const char *own)
{
  size_t const length = strlen(name);
  if (length < MARK_LENGTH + RANDOM_DIGITS) return false;
  char const *const digits = name + length - RANDOM_DIGITS;
  char const *const end = digits - MARK_LENGTH;
  if (strncmp(end, mark, MARK_LENGTH) != 0) return false;
  if (strspn(digits, "0123456789abcdef") != RANDOM_DIGITS) return false;
  size_t const stem = (size_t)(end - name);
  if (stem == strlen(own) && strncmp(name, own, stem) == 0) return true;
  return stem >= 3 && strncmp(end - 3, ".h5", 3) == 0;
}

/* A file that can be locked has no living writer. What cannot be removed does no harm. */
static void remove_if_stale(int folder, const char *name)
{
  int const file = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return;
  struct stat facts;
  if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && locked(file)) {
    (void)unlinkat(folder, name, 0);
  }
  (void)close(file);
}

void nnt_temporary_remove_stale(const char *path)
{
  char folder[NNT_PATH_SIZE];
  nnt_path_folder(path, folder);
  char const *const slash = strrchr(path, '/');
  char const *const own = slash == NULL ? path : slash + 1;
  DIR *const entries = opendir(folder);
  if (entries == NULL) return;
  for (struct dirent *it = readdir(entries); it != NULL; it = readdir(entries)) {
    if (is_temporary(it->d_name, own)) remove_if_stale(dirfd(entries), it->d_name);
  }
  (void)closedir(entries);
}
