/** What finds silent corruption: of the parameters and the optimizer's state at rest, of gradients,
 *  and of replicas.
 *
 *  Each tile has a sum of the bits that its update has written. The next update, and each save,
 *  find in it whether memory has kept them. Replicas are compared by a hash every so many steps and
 *  before each save. Whatever is found ends the run before anything is saved. */
#ifndef TRAIN_GUARD_H
#define TRAIN_GUARD_H

#include "train/trainer_private.h"

/** What may be wrong with a tile. */
typedef enum nnt_finding_kind {
  NNT_FINDING_GRADIENT, /* not finite */
  NNT_FINDING_MEMORY,   /* not what was written */
  NNT_FINDING_KINDS = NNT_FINDINGS
} nnt_finding_kind;

/** A worker has found something. Local; cannot fail; any number of workers at the same time. */
void nnt_guard_note(nnt_trainer *trainer, nnt_finding_kind kind, size_t tile);

/** Has any worker of the board? Local; cannot fail. */
bool nnt_guard_noted(const nnt_trainer *trainer);

/** What the workers of the board have found in this step. Local; NNT_EDIVERGED, NNT_ECORRUPT. */
NNT_MUST_CHECK nnt_status nnt_guard_status(const nnt_trainer *trainer);

/** Takes the sums of what is in memory now. Local; cannot fail. */
void nnt_guard_refresh(nnt_trainer *trainer);

/** Is in memory what was written, in all tiles that are updated on this board? Local; NNT_ECORRUPT.
 */
NNT_MUST_CHECK nnt_status nnt_guard_verify(const nnt_trainer *trainer);

/** Are the replicas equal: the parameters, and with `allreduce` the slots? There are none with
 *  `shared`. when [in] steps done, for the message
 *  Collective; NNT_ECORRUPT, which names the ranks that differ. Cost: a pass over them, and a sum
 *  over 8 bytes a rank. */
NNT_MUST_CHECK nnt_status nnt_guard_compare(nnt_trainer *trainer, uint64_t when);

/** The same from the hashes of all ranks: most of them are right, if most are equal.
 *  Local; NNT_ECORRUPT. */
NNT_MUST_CHECK nnt_status nnt_guard_judge(const int64_t *hashes, size_t ranks, uint64_t when);

/** In builds for tests, let go wrong what NNT_FAULT asks for: a copy of another rank's parameters
 *  at the beginning of a step; a parameter before it is saved; a parameter, slot or gradient of the
 *  first tile before it is updated. Local; cannot fail. */
void nnt_guard_inject_copy(nnt_trainer *trainer);
void nnt_guard_inject_saved(nnt_trainer *trainer);
void nnt_guard_inject_tile(nnt_trainer *trainer, size_t tile, float *g);

#endif
