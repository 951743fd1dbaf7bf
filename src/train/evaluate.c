#include "train/evaluate.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/tree.h"

/* What a thread needs for a block. */
typedef struct bench {
  nnt_workspace *workspace;
  size_t sample[NNT_EVALUATION_BLOCK];
  uint16_t labels[NNT_EVALUATION_BLOCK];
} bench;

struct nnt_evaluator {
  const nnt_comm *comm;
  const nnt_model *model;
  const nnt_loss *loss;
  size_t threads;
  nnt_pulse *pulse;
  bench *benches; /* (threads) */
};

static size_t const probabilities_max = (size_t)256 << 20U; /* bytes */

/* Local; NNT_ENOMEM. */
static nnt_status create_benches(nnt_evaluator *evaluator)
{
  void *memory = NULL;
  nnt_workspace_shape const shape = {.rows = NNT_EVALUATION_BLOCK, .training = false};
  NNT_TRY(nnt_memory_create(&memory, evaluator->threads, sizeof(bench), "an evaluation"));
  evaluator->benches = memory;
  for (size_t i = 0; i < evaluator->threads; i++) {
    NNT_TRY(nnt_workspace_create(&evaluator->benches[i].workspace, evaluator->model, shape, NULL));
  }
  return NNT_OK;
}

nnt_status nnt_evaluator_create(nnt_evaluator **out, const nnt_comm *comm, const nnt_model *model,
                                const nnt_loss *loss, size_t threads, nnt_pulse *pulse)
{
  void *memory = NULL;
  nnt_status status = nnt_memory_create(&memory, 1, sizeof(nnt_evaluator), "an evaluation");
  nnt_evaluator *const evaluator = memory;
  if (evaluator != NULL) {
    *evaluator = (nnt_evaluator){
        .comm = comm, .model = model, .loss = loss, .threads = threads, .pulse = pulse};
    status = create_benches(evaluator);
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
  for (size_t i = 0; evaluator->benches != NULL && i < evaluator->threads; i++) {
    nnt_workspace_destroy(evaluator->benches[i].workspace);
  }
  free(evaluator->benches);
  free(evaluator);
}

/* What a rank finds out about its blocks. */
typedef struct findings {
  double *loss;       /* (blocks of all ranks), 0 for those of others */
  int64_t *correct;   /* (blocks of all ranks), 0 for those of others */
  uint16_t *label;    /* (own samples) or NULL */
  float *probability; /* (own samples, C) or NULL */
} findings;

static void note_probabilities(const nnt_evaluator *evaluator, const float *y, size_t best,
                               float *p)
{
  size_t const outputs = nnt_model_outputs(evaluator->model);
  memcpy(p, y, outputs * sizeof *p);
  if (!evaluator->loss->from_logits) return;
  double sum = 0.0;
  for (size_t c = 0; c < outputs; c++) {
    sum += exp((double)y[c] - (double)y[best]);
  }
  for (size_t c = 0; c < outputs; c++) {
    p[c] = (float)(exp((double)y[c] - (double)y[best]) / sum);
  }
}

static void note_predictions(const nnt_evaluator *evaluator, const bench *at, size_t rows,
                             size_t first, const findings *found)
{
  size_t const outputs = nnt_model_outputs(evaluator->model);
  size_t const stride = nnt_workspace_output_stride(at->workspace);
  for (size_t row = 0; row < rows; row++) {
    float const *const y = nnt_workspace_outputs(at->workspace) + row * stride;
    size_t best = 0;
    for (size_t c = 1; c < outputs; c++) {
      if (y[c] > y[best]) best = c;
    }
    found->label[first + row] = (uint16_t)best;
    if (found->probability != NULL) {
      note_probabilities(evaluator, y, best, found->probability + (first + row) * outputs);
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

static void forward(const nnt_evaluator *evaluator, bench *at, const nnt_samples *samples,
                    const float *arena, size_t rows)
{
  nnt_model const *const model = evaluator->model;
  nnt_range const all = {0, rows};
  if (!nnt_model_reads_sparse(model)) {
    nnt_samples_gather(samples, at->sample, rows, nnt_workspace_input(at->workspace),
                       nnt_workspace_input_stride(at->workspace));
  }
  for (size_t panel = 0; panel < nnt_model_panels(model); panel++) {
    nnt_model_forward_panel(model, arena, at->workspace, panel, all, &samples->sparse, at->sample);
  }
  nnt_model_forward(model, arena, at->workspace, all, NULL);
}

static void evaluate_block(const nnt_evaluator *evaluator, bench *at, const nnt_samples *samples,
                           const float *arena, size_t block, const findings *found,
                           size_t first_block)
{
  size_t const first = block * NNT_EVALUATION_BLOCK;
  size_t const end = first + NNT_EVALUATION_BLOCK;
  size_t const rows = (end < samples->count ? end : samples->count) - first;
  for (size_t row = 0; row < rows; row++) {
    at->sample[row] = first + row;
    at->labels[row] = samples->labels[first + row];
  }
  forward(evaluator, at, samples, arena, rows);
  nnt_tally const tally = nnt_model_loss(evaluator->model, evaluator->loss, at->workspace,
                                         (nnt_range){0, rows}, at->labels);
  found->loss[block] = tally.loss;
  found->correct[block] = tally.correct;
  if (found->label != NULL) {
    note_predictions(evaluator, at, rows, first - first_block * NNT_EVALUATION_BLOCK, found);
  }
}

/* The rank's threads share its blocks. */
static void evaluate_blocks(const nnt_evaluator *evaluator, const nnt_samples *samples,
                            const float *arena, nnt_range blocks, const findings *found)
{
#pragma omp parallel for schedule(dynamic)                                                         \
    num_threads((int)evaluator->threads) if (evaluator->threads > 1)
  for (size_t i = 0; i < blocks.count; i++) {
    evaluate_block(evaluator, &evaluator->benches[omp_get_thread_num()], samples, arena,
                   blocks.first + i, found, blocks.first);
    nnt_pulse_beat(evaluator->pulse);
  }
}

static size_t block_count(const nnt_samples *samples)
{
  return nnt_batches_per_epoch(samples->count, NNT_EVALUATION_BLOCK);
}

/* Collective: evaluates, and fills in the figures of all ranks. */
static nnt_score score_together(nnt_evaluator *evaluator, const nnt_samples *samples,
                                const float *arena, findings *found)
{
  size_t const blocks = block_count(samples);
  evaluate_blocks(evaluator, samples, arena, own_blocks(evaluator, blocks), found);
  /* All ranks but one have 0 for a block, so this sum is exact. */
  nnt_comm_sum_doubles(evaluator->comm, found->loss, blocks);
  nnt_comm_sum_integers(evaluator->comm, found->correct, blocks);
  int64_t correct = 0;
  for (size_t block = 0; block < blocks; block++) {
    correct += found->correct[block];
  }
  double const count = (double)samples->count;
  return (nnt_score){.loss = nnt_tree_sum(found->loss, blocks) / count +
                             nnt_model_penalty(evaluator->model, arena),
                     .accuracy = (double)correct / count};
}

/* Local; NNT_ENOMEM. Room for the figures of all blocks. */
static nnt_status figures_create(findings *found, size_t blocks)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, blocks, sizeof(double), "the evaluation"));
  found->loss = memory;
  NNT_TRY(nnt_memory_create(&memory, blocks, sizeof(int64_t), "the evaluation"));
  found->correct = memory;
  return NNT_OK;
}

static void findings_free(findings *found)
{
  free(found->loss);
  free(found->correct);
  free(found->label);
  free(found->probability);
}

nnt_status nnt_evaluator_score(nnt_evaluator *evaluator, const nnt_samples *samples,
                               const float *arena, nnt_score *out)
{
  findings found = {.loss = NULL};
  nnt_status status = figures_create(&found, block_count(samples));
  if (status == NNT_OK) status = nnt_fault("score", nnt_comm_rank(evaluator->comm));
  status = nnt_comm_agree(evaluator->comm, status);
  if (status == NNT_OK && found.correct != NULL) {
    *out = score_together(evaluator, samples, arena, &found);
  }
  findings_free(&found);
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
  NNT_TRY(figures_create(found, blocks));
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
                                 const float *arena, nnt_score *score, nnt_predictions *out)
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
  if (status == NNT_OK && found.correct != NULL) {
    *score = score_together(evaluator, samples, arena, &found);
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
  findings_free(&found);
  return status;
}
