/** Evaluation over all ranks.
 *
 *  Samples are taken in fixed blocks, the blocks are spread over the ranks, and the blocks' losses
 *  are added in tree order: the figures do not depend on the number of ranks. */
#ifndef TRAIN_EVALUATE_H
#define TRAIN_EVALUATE_H

#include "nntrain/comm.h"
#include "nntrain/data.h"
#include "nntrain/model.h"
#include "train/pulse.h"

/** Samples in a block: the shape of the calls, and so part of what the bits depend on. */
enum { NNT_EVALUATION_BLOCK = 250 };

typedef struct nnt_evaluator nnt_evaluator;

/** model, loss, pulse [in] borrowed; outlive the evaluator.   threads [in] of this rank
 *  pulse [in] beats for each block; NULL: nobody watches
 *  Collective; NNT_ENOMEM. The caller owns *out: nnt_evaluator_destroy(). */
NNT_MUST_CHECK nnt_status nnt_evaluator_create(nnt_evaluator **out, const nnt_comm *comm,
                                               const nnt_model *model, const nnt_loss *loss,
                                               size_t threads, nnt_pulse *pulse);
void nnt_evaluator_destroy(nnt_evaluator *evaluator);

typedef struct nnt_score {
  double loss; /* mean over the samples, with the penalty */
  double accuracy;
} nnt_score;

/** Loss and accuracy on `samples` (at least one).
 *  Collective; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_evaluator_score(nnt_evaluator *evaluator, const nnt_samples *samples,
                                              const float *arena, nnt_score *out);

/** The model's answer to each sample, on rank 0; NULL elsewhere. The caller owns the arrays:
 *  free(). */
typedef struct nnt_predictions {
  uint16_t *label;    /* (samples) the class with the largest output */
  float *probability; /* (samples, C), NULL if they would need more than 256 MiB */
} nnt_predictions;

/** The same with predictions. Outputs that are logits go through softmax.
 *  Collective; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_evaluator_predict(nnt_evaluator *evaluator,
                                                const nnt_samples *samples, const float *arena,
                                                nnt_score *score, nnt_predictions *out);

#endif
