/** One step of training, over all ranks. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "comm/exchange.h"
#include "nntrain/comm.h"
#include "nntrain/data.h"
#include "nntrain/model.h"
#include "nntrain/optim.h"
#include "train/phases.h"

/** What a trainer trains, and how. Borrowed pointers outlive the trainer. */
typedef struct nnt_trainer_options {
  const nnt_comm *comm;
  const nnt_model *model;
  nnt_loss loss;
  nnt_optimizer optimizer;
  nnt_samples samples;
  size_t batch_size;
  size_t microbatches;
  nnt_exchange_kind exchange;
  uint64_t seed;
  bool in_sequence;
  nnt_phases *phases;
} nnt_trainer_options;

typedef struct nnt_trainer nnt_trainer;

/** Allocates all that steps need. Parameters and slots are zero.
 *  Collective; NNT_EUSAGE, NNT_ENOMEM. The caller owns *out: nnt_trainer_destroy(). */
NNT_MUST_CHECK nnt_status nnt_trainer_create(nnt_trainer **out, const nnt_trainer_options *options);
void nnt_trainer_destroy(nnt_trainer *trainer);

/** The parameters of this rank's replica: (P), the same on all ranks between steps. Borrowed. */
float *nnt_trainer_parameters(nnt_trainer *trainer);

/** Brings the optimizer's slots to rank 0, or from there to the ranks.
 *  all [out/in] nnt_optimizer_slots() arrays (P) on rank 0; ignored elsewhere.
 *  Collective; cannot fail. */
void nnt_trainer_collect_slots(nnt_trainer *trainer, float *const *all);
void nnt_trainer_distribute_slots(nnt_trainer *trainer, float *const *all);

/** Figures of one global batch, before its update. */
typedef struct nnt_batch {
  double loss; /* mean over the samples, with the penalty */
  uint64_t correct;
  uint64_t samples;
} nnt_batch;

/** Trains on one batch: gradient of the mean loss over its samples, and one update.
 *  epoch, batch [in] which batch, both from 0   step [in] updates done before this one
 *  wishes [in,out] as nnt_exchange_reduce()     local [in] how the rank has fared so far
 *  Collective; NNT_EDIVERGED if the loss is not finite (nothing is updated then), and any status
 *  that some rank passed in. */
NNT_MUST_CHECK nnt_status nnt_trainer_step(nnt_trainer *trainer, uint64_t epoch, uint64_t batch,
                                           uint64_t step, nnt_wishes *wishes, nnt_status local,
                                           nnt_batch *out);

#endif
