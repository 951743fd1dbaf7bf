#include "train/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/tree.h"

struct nnt_evaluator {
  const nnt_comm *comm;
  const nnt_model *model;
  const nnt_loss *loss;
  nnt_workspace *workspace;
  size_t sample[NNT_EVALUATION_BLOCK];
  uint16_t labels[NNT_EVALUATION_BLOCK];
};

static size_t const probabilities_max = (size_t)256 << 20U; /* bytes */

nnt_status nnt_evaluator_create(nnt_evaluator **out, const nnt_comm *comm, const nnt_model *model,
                                const nnt_loss *loss)
{
  void *memory = NULL;
  nnt_status status = nnt_memory_create(&memory, 1, sizeof(nnt_evaluator), "an evaluation");
  nnt_evaluator *const evaluator = memory;
  if (evaluator != NULL) {
    evaluator->comm = comm;
    evaluator->model = model;
    evaluator->loss = loss;
    status = nnt_workspace_create(&evaluator->workspace, model, NNT_EVALUATION_BLOCK, false);
  }
  if (status == NNT_OK) status = nnt_fault("evaluator", nnt_comm_rank(comm));
  status = nnt_comm_agree(comm, status);
  if (status != NNT_OK) {
    nnt_evaluator_destroy(evaluator);
    return status;
  }
  *out = evaluator;
  return NNT_OK;
}

void nnt_evaluator_destroy(nnt_evaluator *evaluator)
{
  if (evaluator == NULL) return;
  nnt_workspace_destroy(evaluator->workspace);
  free(evaluator);
}

/* What a rank finds out about its blocks. */
typedef struct findings {
  double *loss; /* (blocks of all ranks), 0 for those of others */
  int64_t correct;
  uint16_t *label;    /* (own samples) or NULL */
  float *probability; /* (own samples, C) or NULL */
} findings;

static void note_predictions(const nnt_evaluator *evaluator, size_t rows, size_t at,
                             const findings *found)
{
  size_t const outputs = nnt_model_outputs(evaluator->model);
  float const *const all = nnt_workspace_outputs(evaluator->workspace);
  for (size_t row = 0; row < rows; row++) {
    float const *const y = all + row * outputs;
    size_t best = 0;
    for (size_t c = 1; c < outputs; c++) {
      if (y[c] > y[best]) best = c;
    }
    found->label[at + row] = (uint16_t)best;
    if (found->probability == NULL) continue;
    float *const p = found->probability + (at + row) * outputs;
    memcpy(p, y, outputs * sizeof *p);
    if (!evaluator->loss->from_logits) continue;
    double sum = 0.0;
    for (size_t c = 0; c < outputs; c++) {
      sum += exp((double)y[c] - (double)y[best]);
    }
    for (size_t c = 0; c < outputs; c++) {
      p[c] = (float)(exp((double)y[c] - (double)y[best]) / sum);
    }
  }
}

/* The blocks of the calling rank. */
static nnt_range own_blocks(const nnt_evaluator *evaluator, size_t blocks)
{
  size_t const rank = (size_t)nnt_comm_rank(evaluator->comm);
  size_t const size = (size_t)nnt_comm_size(evaluator->comm);
  size_t const first = rank * blocks / size;
  return (nnt_range){first, (rank + 1) * blocks / size - first};
}

static void evaluate_blocks(nnt_evaluator *evaluator, const nnt_samples *samples,
                            const float *parameters, nnt_range blocks, findings *found)
{
  for (size_t block = blocks.first; block < blocks.first + blocks.count; block++) {
    size_t const first = block * NNT_EVALUATION_BLOCK;
    size_t const end = first + NNT_EVALUATION_BLOCK;
    size_t const rows = (end < samples->count ? end : samples->count) - first;
    for (size_t row = 0; row < rows; row++) {
      evaluator->sample[row] = first + row;
      evaluator->labels[row] = samples->labels[first + row];
    }
    nnt_samples_gather(samples, evaluator->sample, rows, nnt_workspace_input(evaluator->workspace));
    nnt_range const all = {0, rows};
    nnt_model_forward(evaluator->model, parameters, evaluator->workspace, all, NULL);
    nnt_tally const tally = nnt_model_loss(evaluator->model, evaluator->loss, evaluator->workspace,
                                           all, evaluator->labels);
    found->loss[block] = tally.loss;
    found->correct += tally.correct;
    if (found->label != NULL) {
      note_predictions(evaluator, rows, first - blocks.first * NNT_EVALUATION_BLOCK, found);
    }
  }
}

static size_t block_count(const nnt_samples *samples)
{
  return nnt_batches_per_epoch(samples->count, NNT_EVALUATION_BLOCK);
}

/* Collective: evaluates, and fills in the figures of all ranks. */
static nnt_score score_together(nnt_evaluator *evaluator, const nnt_samples *samples,
                                const float *parameters, findings *found)
{
  size_t const blocks = block_count(samples);
  evaluate_blocks(evaluator, samples, parameters, own_blocks(evaluator, blocks), found);
  /* All ranks but one have 0 for a block, so this sum is exact. */
  nnt_comm_sum_doubles(evaluator->comm, found->loss, blocks);
  nnt_comm_sum_integers(evaluator->comm, &found->correct, 1);
  double const count = (double)samples->count;
  return (nnt_score){.loss = nnt_tree_sum(found->loss, blocks) / count +
                             nnt_model_penalty(evaluator->model, parameters),
                     .accuracy = (double)found->correct / count};
}

nnt_status nnt_evaluator_score(nnt_evaluator *evaluator, const nnt_samples *samples,
                               const float *parameters, nnt_score *out)
{
  void *loss = NULL;
  nnt_status status =
      nnt_memory_create(&loss, block_count(samples), sizeof(double), "the evaluation");
  if (status == NNT_OK) status = nnt_fault("score", nnt_comm_rank(evaluator->comm));
  status = nnt_comm_agree(evaluator->comm, status);
  if (status == NNT_OK && loss != NULL) {
    findings found = {.loss = loss};
    *out = score_together(evaluator, samples, parameters, &found);
  }
  free(loss);
  return status;
}

static bool probabilities_fit(size_t samples, size_t outputs)
{
  size_t bytes = 0;
  return nnt_size_multiply(samples, outputs * sizeof(float), &bytes) && bytes <= probabilities_max;
}

/* Local; NNT_ENOMEM. Room for the calling rank's predictions. */
static nnt_status findings_create(findings *found, size_t blocks, size_t rows, size_t outputs,
                                  bool with_probabilities)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, blocks, sizeof(double), "the evaluation"));
  found->loss = memory;
  NNT_TRY(nnt_memory_create(&memory, rows, sizeof(uint16_t), "the predicted labels"));
  found->label = memory;
  if (!with_probabilities) return NNT_OK;
  return nnt_floats_create(&found->probability, rows * outputs, "the predictions");
}

/* Local; NNT_ENOMEM. Room for everybody's predictions, on rank 0. */
static nnt_status predictions_create(nnt_predictions *out, size_t samples, size_t outputs,
                                     bool with_probabilities)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, samples, sizeof(uint16_t), "the predicted labels"));
  out->label = memory;
  if (!with_probabilities) return NNT_OK;
  return nnt_floats_create(&out->probability, samples * outputs, "the predictions");
}

nnt_status nnt_evaluator_predict(nnt_evaluator *evaluator, const nnt_samples *samples,
                                 const float *parameters, nnt_score *score, nnt_predictions *out)
{
  size_t const outputs = nnt_model_outputs(evaluator->model);
  size_t const blocks = block_count(samples);
  nnt_range const own = own_blocks(evaluator, blocks);
  size_t const first = own.first * NNT_EVALUATION_BLOCK;
  size_t const end = (own.first + own.count) * NNT_EVALUATION_BLOCK;
  size_t const rows = (end < samples->count ? end : samples->count) - first;
  bool const with_probabilities = probabilities_fit(samples->count, outputs);

  *out = (nnt_predictions){NULL, NULL};
  findings found = {.loss = NULL};
  nnt_status status = findings_create(&found, blocks, rows, outputs, with_probabilities);
  if (status == NNT_OK && nnt_comm_rank(evaluator->comm) == 0) {
    status = predictions_create(out, samples->count, outputs, with_probabilities);
  }
  if (status == NNT_OK) status = nnt_fault("predict", nnt_comm_rank(evaluator->comm));
  status = nnt_comm_agree(evaluator->comm, status);
  if (status == NNT_OK && found.loss != NULL) {
    *score = score_together(evaluator, samples, parameters, &found);
    nnt_comm_gather(evaluator->comm, found.label, rows * sizeof *found.label, out->label);
    if (with_probabilities) {
      nnt_comm_gather(evaluator->comm, found.probability, rows * outputs * sizeof(float),
                      out->probability);
    }
  } else {
    free(out->label);
    free(out->probability);
    *out = (nnt_predictions){NULL, NULL};
  }
  free(found.loss);
  free(found.label);
  free(found.probability);
  return status;
}
