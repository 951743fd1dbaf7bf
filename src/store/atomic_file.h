/** Files that appear under their name only when they are complete and on disk. */
#ifndef STORE_ATOMIC_FILE_H
#define STORE_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "nntrain/store.h"

/** A piece of memory that goes into a file. */
typedef struct nnt_piece {
  const void *data;
  size_t bytes;
} nnt_piece;

/** Writes the pieces, one behind the other, to a file, replacing an older one as a whole: temporary
 *  name in the same folder, write, sync, rename, close, sync of the folder. Temporaries that dead
 *  writers have left in the folder are removed first.
 *  lock [in] checked before anything is written, and right before the rename; NULL: none is needed
 *  verify [in] before the rename, read it all back, from the disk as far as the system can be asked
 *  for that, and compare
 *  Local; NNT_EIO (path and why), also if what has the name is no regular file; NNT_EBUSY (the lock
 *  is lost); the temporary is then gone, and the old file, if any, as it was, unless only the last
 *  sync failed. */
NNT_MUST_CHECK nnt_status nnt_file_replace(const char *path, const nnt_lock *lock,
                                           const nnt_piece *pieces, size_t count, bool verify);

/** The same for what `print` prints to the file that it is given, with `context`.
 *  print [in] need not look at errors: a later look finds them
 *  Local; NNT_EIO, NNT_EBUSY. */
NNT_MUST_CHECK nnt_status nnt_file_print(const char *path, const nnt_lock *lock,
                                         void (*print)(FILE *, const void *), const void *context);

/** Could nnt_file_replace() work? Tries to make its temporary. Local; NNT_EIO (path and why). */
NNT_MUST_CHECK nnt_status nnt_file_check_writable(const char *path);

#endif
