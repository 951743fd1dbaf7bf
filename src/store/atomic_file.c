#include "store/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lock.h"
#include "store/temporary.h"

enum { WRITE_MAX = 1 << 30 };

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

/* Is the piece what the file holds at `offset`? errno tells why not: EIO for other bytes. */
static bool holds_piece(int file, nnt_piece piece, off_t offset)
{
  enum { CHUNK = 1 << 16 };
  char chunk[CHUNK];
  char const *expected = piece.data;
  size_t left = piece.bytes;
  while (left > 0) {
    ssize_t const got = pread(file, chunk, left < CHUNK ? left : CHUNK, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    errno = EIO;
    if (got == 0 || memcmp(chunk, expected, (size_t)got) != 0) return false;
    expected += got;
    offset += got;
    left -= (size_t)got;
  }
  return true;
}

/* The system is asked to forget what it has in memory, so that it reads the disk. */
static bool holds(int file, const nnt_piece *pieces, size_t count)
{
  off_t offset = 0;
  (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  for (size_t i = 0; i < count; i++) {
    if (!holds_piece(file, pieces[i], offset)) return false;
    offset += (off_t)pieces[i].bytes;
  }
  return true;
}

/* The same for what is printed, through a descriptor of its own: closing that keeps the lock. */
static bool print_and_sync(int file, void (*print)(FILE *, const void *), const void *context)
{
  int const copy = dup(file);
  FILE *const stream = copy < 0 ? NULL : fdopen(copy, "w");
  if (stream == NULL) {
    if (copy >= 0) (void)close(copy);
    return false;
  }
  print(stream, context);
  bool const good = fflush(stream) == 0 && ferror(stream) == 0 && fsync(file) == 0;
  int const first = errno;
  if (fclose(stream) != 0) return false;
  errno = first;
  return good;
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

/* Puts the temporary in the place of the file, and closes it. Closed last: without its lock, other
 * writers would take the temporary for a leftover.   written: all went well so far, else errno
 * tells */
static nnt_status finish(const char *path, const nnt_lock *lock, const char *temporary, int file,
                         bool written)
{
  char folder[NNT_PATH_SIZE];
  int const why = errno;
  /* The last look before the rename: writing may have taken long, or the process was stopped. */
  nnt_status status = written ? nnt_lock_check(lock)
                              : nnt_fail(NNT_EIO, "cannot write %s: %s", path, strerror(why));
  if (status == NNT_OK && rename(temporary, path) != 0) {
    status = nnt_fail(NNT_EIO, "cannot write %s: %s", path, strerror(errno));
  }
  if (status != NNT_OK) (void)unlink(temporary);
  (void)close(file);
  if (status != NNT_OK) return status;
  nnt_path_folder(path, folder);
  return sync_folder(folder);
}

/* A rename would put a file in the place of anything, even of /dev/null. */
static nnt_status check_kind(const char *path)
{
  struct stat facts;
  if (stat(path, &facts) != 0 || S_ISREG(facts.st_mode)) return NNT_OK;
  return nnt_fail(NNT_EIO, "cannot write %s: it is not a regular file", path);
}

/* What comes before the writing. */
static nnt_status begin(const char *path, const nnt_lock *lock, char temporary[NNT_PATH_SIZE],
                        int *file)
{
  NNT_TRY(nnt_lock_check(lock));
  NNT_TRY(check_kind(path));
  nnt_temporary_remove_stale(path);
  return nnt_temporary_open(path, temporary, file);
}

nnt_status nnt_file_replace(const char *path, const nnt_lock *lock, const nnt_piece *pieces,
                            size_t count, bool verify)
{
  char temporary[NNT_PATH_SIZE];
  int file = -1;
  NNT_TRY(begin(path, lock, temporary, &file));
  bool const written = write_and_sync(file, pieces, count);
  if (!written || !verify || holds(file, pieces, count)) {
    return finish(path, lock, temporary, file, written);
  }
  nnt_status const different = nnt_fail(
      NNT_EIO, "cannot write %s: read back, it is not what was written: %s", path, strerror(errno));
  (void)unlink(temporary);
  (void)close(file);
  return different;
}

nnt_status nnt_file_print(const char *path, const nnt_lock *lock,
                          void (*print)(FILE *, const void *), const void *context)
{
  char temporary[NNT_PATH_SIZE];
  int file = -1;
  NNT_TRY(begin(path, lock, temporary, &file));
  return finish(path, lock, temporary, file, print_and_sync(file, print, context));
}

nnt_status nnt_file_check_writable(const char *path)
{
  char temporary[NNT_PATH_SIZE];
  int file = -1;
  NNT_TRY(check_kind(path));
  NNT_TRY(nnt_temporary_open(path, temporary, &file));
  bool const removed = unlink(temporary) == 0;
  int const why = errno;
  (void)close(file);
  if (removed) return NNT_OK;
  return nnt_fail(NNT_EIO, "cannot remove %s: %s", temporary, strerror(why));
}
