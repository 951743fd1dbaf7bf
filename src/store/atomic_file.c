#include "store/atomic_file.h"

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

/* A temporary is called <name>.h5.tmp- and 16 hexadecimal digits. */
static char const mark[] = ".h5.tmp-";
enum { MARK_LENGTH = sizeof mark - 1, RANDOM_DIGITS = 16, WRITE_MAX = 1 << 30 };

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
  int const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
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

static bool is_temporary(const char *name)
{
  size_t const length = strlen(name);
  if (length < MARK_LENGTH + RANDOM_DIGITS) return false;
  char const *const digits = name + length - RANDOM_DIGITS;
  return strncmp(digits - MARK_LENGTH, mark, MARK_LENGTH) == 0 &&
         strspn(digits, "0123456789abcdef") == RANDOM_DIGITS;
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

static void remove_stale_temporaries(const char *folder)
{
  DIR *const entries = opendir(folder);
  if (entries == NULL) return;
  for (struct dirent *it = readdir(entries); it != NULL; it = readdir(entries)) {
    if (is_temporary(it->d_name)) remove_if_stale(dirfd(entries), it->d_name);
  }
  (void)closedir(entries);
}

static bool write_piece(int file, nnt_piece piece)
{
  char const *next = piece.data;
  size_t left = piece.bytes;
  while (left > 0) {
    ssize_t const written = write(file, next, left < WRITE_MAX ? left : WRITE_MAX);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    next += written;
    left -= (size_t)written;
  }
  return true;
}

/* errno tells of a failure. Nothing is tried again after a failed sync: the kernel may have dropped
 * the pages, and would report success. */
static bool write_and_sync(int file, const nnt_piece *pieces, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (!write_piece(file, pieces[i])) return false;
  }
  return fsync(file) == 0;
}

static nnt_status sync_folder(const char *folder)
{
  int const descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return nnt_fail(NNT_EIO, "cannot open %s: %s", folder, strerror(errno));
  /* EINVAL: this file system has no sync for folders. */
  bool const good = fsync(descriptor) == 0 || errno == EINVAL;
  int const why = errno;
  (void)close(descriptor);
  return good ? NNT_OK : nnt_fail(NNT_EIO, "cannot sync the folder %s: %s", folder, strerror(why));
}

nnt_status nnt_file_replace(const char *path, const nnt_piece *pieces, size_t count)
{
  char folder[NNT_PATH_SIZE];
  nnt_path_folder(path, folder);
  remove_stale_temporaries(folder);

  char temporary[NNT_PATH_SIZE];
  int file = -1;
  NNT_TRY(nnt_temporary_open(path, temporary, &file));
  /* Closed last: without its lock, other writers would take the temporary for a leftover. */
  bool const good = write_and_sync(file, pieces, count) && rename(temporary, path) == 0;
  int const why = errno;
  if (!good) (void)unlink(temporary);
  (void)close(file);
  if (!good) return nnt_fail(NNT_EIO, "cannot write %s: %s", path, strerror(why));
  return sync_folder(folder);
}
