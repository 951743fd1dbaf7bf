/** What is seen of a lock from outside, by whoever wants it, has it, or only asks. */
#ifndef STORE_LOCK_SIGHT_H
#define STORE_LOCK_SIGHT_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include "store/holder.h"

/** How a lock is opened: a file that lies there in another kind than ours must neither be followed
 *  nor waited for. */
enum { NNT_LOCK_SAFE = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };

/** A look at the file that has the lock's name now. */
typedef struct nnt_lock_sight {
  struct stat facts;
  size_t length;
  char text[NNT_HOLDER_TEXT_SIZE];
  bool known; /* is the text that of a holder? */
  nnt_holder holder;
} nnt_lock_sight;

/** Looks at the file, opened anew each time: network file systems then ask their server.
 *  folder [in] what a relative path begins at, as of openat()
 *  Local; 0 or errno. */
int nnt_lock_see(int folder, const char *path, nnt_lock_sight *out);

static inline bool nnt_same_file(const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static inline double nnt_seconds_between(struct timespec from, struct timespec to)
{
  return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

#endif
