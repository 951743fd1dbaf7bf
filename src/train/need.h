/** What memory training will need, worked out before anything of it is allocated. */
#ifndef TRAIN_NEED_H
#define TRAIN_NEED_H

#include "train/trainer.h"

typedef struct nnt_need {
  uint64_t own;    /* bytes of the calling rank */
  uint64_t shared; /* bytes that the ranks of a node share */
} nnt_need;

/** Of the steps, the evaluations, and on rank 0 the checkpoints. Numbers that cannot be addressed
 *  count as the largest one. Right to a few hundred KiB if each node has as many ranks; what is
 *  left out is small or grows with the number of steps. Local; cannot fail. */
nnt_need nnt_need_of(const nnt_trainer_options *options);

/** Bytes of a checkpoint after so many epochs and steps, to a few KiB. Local; cannot fail. */
uint64_t nnt_need_checkpoint(const nnt_trainer_options *options, uint64_t epochs, uint64_t steps);

#endif
