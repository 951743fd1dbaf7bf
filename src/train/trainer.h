/** One step of training, over all ranks.
 *
 *  With the exchange `shared`, the ranks of a node are workers on one board: any of them computes
 *  any microbatch, then forms and applies the update of any tile from the activations and deltas of
 *  all. With `tree` and `allreduce` every rank computes its own microbatches on a replica of its
 *  own, and the gradients are exchanged. `shared` and `tree` add the same numbers in the same
 *  order. */
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
  nnt_samples samples; /* with the sparse form, if the model reads it */
  size_t batch_size;
  size_t microbatches;
  nnt_exchange_kind exchange; /* not NNT_EXCHANGE_AUTO */
  size_t threads;             /* of this rank, at least 1 */
  uint64_t seed;
  bool in_sequence;
  nnt_phases *phases;
  uint64_t check_every; /* steps between comparisons of replicas; 0: only before saves */
} nnt_trainer_options;

typedef struct nnt_trainer nnt_trainer;

/** Allocates all that steps need. Parameters and slots are zero.
 *  Collective; NNT_EUSAGE, NNT_ENOMEM. The caller owns *out: nnt_trainer_destroy(). */
NNT_MUST_CHECK nnt_status nnt_trainer_create(nnt_trainer **out, const nnt_trainer_options *options);

/** Collective; does nothing for NULL; cannot fail. */
void nnt_trainer_destroy(nnt_trainer *trainer);

/** The parameters: the arena of the model, the same on all ranks between steps. Borrowed. */
const float *nnt_trainer_arena(const nnt_trainer *trainer);

/** Brings the state to rank 0, or from there to all ranks. What is to be collected is checked
 *  first: whether memory has kept it, and whether the replicas are equal.
 *  parameters [out/in] (P) packed   slots [out/in] nnt_optimizer_slots() arrays (P) packed; both on
 *  rank 0, ignored elsewhere
 *  Collective; NNT_ENOMEM, and nnt_trainer_collect() NNT_ECORRUPT. */
NNT_MUST_CHECK nnt_status nnt_trainer_collect(nnt_trainer *trainer, float *parameters,
                                              float *const *slots);
NNT_MUST_CHECK nnt_status nnt_trainer_distribute(nnt_trainer *trainer, const float *parameters,
                                                 float *const *slots);

/** Figures of one global batch, before its update. */
typedef struct nnt_batch {
  double loss; /* mean over the samples, with the penalty */
  uint64_t correct;
  uint64_t samples;
} nnt_batch;

/** Trains on one batch: gradient of the mean loss over its samples, and one update. Batches come in
 *  order.
 *  epoch, batch [in] which batch, both from 0   step [in] updates done before this one
 *  wishes [in,out] as nnt_exchange_reduce()
 *  Collective; NNT_EDIVERGED if the loss is not finite (nothing is updated then) or the gradient,
 *  NNT_ECORRUPT if memory has not kept what was written or replicas differ. Where only some ranks
 *  see it, all learn of it in the next step, or when the state is collected. */
NNT_MUST_CHECK nnt_status nnt_trainer_step(nnt_trainer *trainer, uint64_t epoch, uint64_t batch,
                                           uint64_t step, nnt_wishes *wishes, nnt_batch *out);

#endif
