/** The checkpoints of a folder. */
#ifndef STORE_CHECKPOINT_FOLDER_H
#define STORE_CHECKPOINT_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "nntrain/status.h"

/** Removes older checkpoints, so that `keep` (at least 1) stay of those up to `step`. Those of
 * later steps do not count: a run that has gone back has passed them over. Local; cannot fail: a
 * file that cannot be removed stays. */
void nnt_checkpoint_prune(const char *folder, uint64_t step, size_t keep);

#endif
