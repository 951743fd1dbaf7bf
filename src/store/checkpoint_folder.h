/** The checkpoints of a folder. */
#ifndef STORE_CHECKPOINT_FOLDER_H
#define STORE_CHECKPOINT_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "nntrain/store.h"

/** Removes older checkpoints, so that `keep` (at least 1) stay of those up to `step`. Those of
 *  later steps do not count: a run that has gone back has passed them over.
 *  Local; cannot fail: a file that cannot be removed stays, and so do all once the lock, if there
 *  is one, is lost. */
void nnt_checkpoint_prune(const char *folder, const nnt_lock *lock, uint64_t step, size_t keep);

#endif
