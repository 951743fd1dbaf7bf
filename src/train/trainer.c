#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/tree.h"

struct nnt_trainer {
  nnt_trainer_options options;
  nnt_exchange *exchange;
  nnt_workspace *workspace;
  float *parameters;           /* (P) */
  float *slots[NNT_SLOTS_MAX]; /* (our segment) */
  size_t slot_count;
  size_t *sample;     /* (rows) of the workspace: which sample */
  uint16_t *labels;   /* (rows) */
  nnt_tally *leaves;  /* (own microbatches) */
  nnt_tally *tallies; /* (own subtrees) */
  float *scratch;     /* one tile a level of the tree */
  double *squares;    /* (blocks of our segment) */
};

/* The rows of the calling rank in a batch of b rows: those of its microbatches. */
static nnt_range own_rows(const nnt_trainer *trainer, size_t b)
{
  nnt_range const own = nnt_exchange_microbatches(trainer->exchange);
  size_t const count = trainer->options.microbatches;
  size_t const first = nnt_microbatch_rows(b, count, own.first).first;
  return (nnt_range){first, nnt_microbatch_rows(b, count, own.first + own.count).first - first};
}

static nnt_status array_create(void *out, size_t count, size_t size)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, count, size, "the training step"));
  memcpy(out, &memory, sizeof memory);
  return NNT_OK;
}

static nnt_status allocate(nnt_trainer *trainer)
{
  nnt_model const *const model = trainer->options.model;
  size_t const segment = nnt_exchange_segment(trainer->exchange).count;
  /* Smaller batches never give a rank more rows than full ones and one. */
  size_t const rows = own_rows(trainer, trainer->options.batch_size).count + 1;
  size_t scratch = 0;
  size_t const levels = nnt_tree_levels(trainer->options.microbatches);
  if (!nnt_size_multiply(levels, nnt_model_tile_size_max(model), &scratch)) {
    return nnt_fail(NNT_ENOMEM, "the tiles of the gradient are too large to address");
  }
  NNT_TRY(nnt_workspace_create(&trainer->workspace, model, rows, true));
  NNT_TRY(
      nnt_floats_create(&trainer->parameters, nnt_model_parameter_count(model), "the parameters"));
  trainer->slot_count = nnt_optimizer_slots(&trainer->options.optimizer);
  for (size_t i = 0; i < trainer->slot_count; i++) {
    NNT_TRY(nnt_floats_create(&trainer->slots[i], segment, "the optimizer's state"));
  }
  NNT_TRY(array_create(&trainer->sample, rows, sizeof *trainer->sample));
  NNT_TRY(array_create(&trainer->labels, rows, sizeof *trainer->labels));
  size_t const own = nnt_exchange_microbatches(trainer->exchange).count;
  NNT_TRY(array_create(&trainer->leaves, own, sizeof *trainer->leaves));
  NNT_TRY(array_create(&trainer->tallies, nnt_exchange_subtree_count(trainer->exchange),
                       sizeof *trainer->tallies));
  NNT_TRY(nnt_floats_create(&trainer->scratch, scratch, "the tiles of the gradient"));
  NNT_TRY(array_create(&trainer->squares, segment / NNT_BLOCK + 1, sizeof *trainer->squares));
  return nnt_fault("trainer", nnt_comm_rank(trainer->options.comm));
}

nnt_status nnt_trainer_create(nnt_trainer **out, const nnt_trainer_options *options)
{
  void *memory = NULL;
  nnt_status status = nnt_comm_agree(
      options->comm, nnt_memory_create(&memory, 1, sizeof(nnt_trainer), "a trainer"));
  nnt_trainer *const trainer = memory;
  if (status == NNT_OK) {
    trainer->options = *options;
    status = nnt_exchange_create(&trainer->exchange, options->comm, options->exchange,
                                 nnt_model_parameter_count(options->model), options->microbatches);
  }
  if (status == NNT_OK) status = nnt_comm_agree(options->comm, allocate(trainer));
  if (status != NNT_OK) {
    nnt_trainer_destroy(trainer);
    return status;
  }
  *out = trainer;
  return NNT_OK;
}

void nnt_trainer_destroy(nnt_trainer *trainer)
{
  if (trainer == NULL) return;
  nnt_exchange_destroy(trainer->exchange);
  nnt_workspace_destroy(trainer->workspace);
  free(trainer->parameters);
  for (size_t i = 0; i < NNT_SLOTS_MAX; i++) {
    free(trainer->slots[i]);
  }
  free(trainer->sample);
  free(trainer->labels);
  free(trainer->leaves);
  free(trainer->tallies);
  free(trainer->scratch);
  free(trainer->squares);
  free(trainer);
}

float *nnt_trainer_parameters(nnt_trainer *trainer) { return trainer->parameters; }

void nnt_trainer_collect_slots(nnt_trainer *trainer, float *const *all)
{
  bool const here = nnt_comm_rank(trainer->options.comm) == 0;
  for (size_t i = 0; i < trainer->slot_count; i++) {
    nnt_exchange_collect(trainer->exchange, trainer->slots[i], here ? all[i] : NULL);
  }
}

void nnt_trainer_distribute_slots(nnt_trainer *trainer, float *const *all)
{
  bool const here = nnt_comm_rank(trainer->options.comm) == 0;
  for (size_t i = 0; i < trainer->slot_count; i++) {
    nnt_exchange_distribute(trainer->exchange, here ? all[i] : NULL, trainer->slots[i]);
  }
}

/* Fills the workspace with the rank's rows of a batch that begins at position `at` of the epoch. */
static void load_rows(nnt_trainer *trainer, uint64_t epoch, size_t at, nnt_range rows)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_order const order = {.seed = options->seed,
                           .epoch = epoch,
                           .count = options->samples.count,
                           .in_sequence = options->in_sequence};
  for (size_t row = 0; row < rows.count; row++) {
    size_t const sample = nnt_order_at(&order, at + rows.first + row);
    trainer->sample[row] = sample;
    trainer->labels[row] = options->samples.labels[sample];
  }
  nnt_samples_gather(&options->samples, trainer->sample, rows.count,
                     nnt_workspace_input(trainer->workspace));
}

/* The rows of microbatch j within the workspace, which begins at row `first` of the batch. */
static nnt_range rows_of(const nnt_trainer *trainer, size_t b, size_t first, size_t j)
{
  nnt_range const rows = nnt_microbatch_rows(b, trainer->options.microbatches, j);
  return (nnt_range){rows.first - first, rows.count};
}

/* Forward, loss and backward of each microbatch of its own: calls of fixed shapes, whoever makes
 * them.
 */
static void compute_deltas(nnt_trainer *trainer, uint64_t epoch, size_t b, nnt_range rows)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_range const own = nnt_exchange_microbatches(trainer->exchange);
  nnt_dropout const dropout = {.seed = options->seed, .epoch = epoch, .sample = trainer->sample};
  for (size_t j = own.first; j < own.first + own.count; j++) {
    nnt_range const part = rows_of(trainer, b, rows.first, j);
    nnt_model_forward(options->model, trainer->parameters, trainer->workspace, part, &dropout);
    trainer->leaves[j - own.first] =
        nnt_model_loss(options->model, &options->loss, trainer->workspace, part, trainer->labels);
    nnt_model_backward(options->model, &options->loss, trainer->parameters, trainer->workspace,
                       part, trainer->labels);
  }
}

/* The gradient of one tile, summed in tree order over the microbatches of `node`. The left half is
 * formed in `out`, the right one in the scratch tile of its level: both stay in cache. */
static void add_tile(nnt_trainer *trainer, size_t b, size_t first, size_t tile, nnt_range node,
                     size_t level, float *out)
{
  nnt_model const *const model = trainer->options.model;
  if (node.count == 1) {
    nnt_range const part = rows_of(trainer, b, first, node.first);
    nnt_model_tile_gradient(model, trainer->workspace, tile, part, out);
    return;
  }
  size_t const half = nnt_tree_split(node.count);
  float *const right = trainer->scratch + level * nnt_model_tile_size_max(model);
  add_tile(trainer, b, first, tile, (nnt_range){node.first, half}, level, out);
  add_tile(trainer, b, first, tile, (nnt_range){node.first + half, node.count - half}, level + 1,
           right);
  size_t const count = nnt_model_tile(model, tile).count;
  for (size_t i = 0; i < count; i++) {
    out[i] += right[i];
  }
}

static nnt_tally add_tallies(const nnt_tally *leaves, size_t count)
{
  if (count == 1) return leaves[0];
  size_t const half = nnt_tree_split(count);
  nnt_tally const left = add_tallies(leaves, half);
  nnt_tally const right = add_tallies(leaves + half, count - half);
  return (nnt_tally){left.loss + right.loss, left.correct + right.correct};
}

static void sum_subtrees(nnt_trainer *trainer, size_t b, size_t first)
{
  size_t const own = nnt_exchange_microbatches(trainer->exchange).first;
  size_t const subtrees = nnt_exchange_subtree_count(trainer->exchange);
  size_t const tiles = nnt_model_tile_count(trainer->options.model);
  for (size_t k = 0; k < subtrees; k++) {
    nnt_range const node = nnt_exchange_subtree(trainer->exchange, k);
    float *const gradient = nnt_exchange_gradient(trainer->exchange, k);
    trainer->tallies[k] = add_tallies(trainer->leaves + (node.first - own), node.count);
    for (size_t tile = 0; tile < tiles; tile++) {
      size_t const at = nnt_model_tile(trainer->options.model, tile).first;
      add_tile(trainer, b, first, tile, node, 0, gradient + at);
    }
  }
}

/* From the sum of gradients to the gradient of the mean loss with penalty, tensor by tensor because
 * each has its own l2. */
static void take_mean(nnt_trainer *trainer, size_t b, float *gradient)
{
  nnt_model const *const model = trainer->options.model;
  nnt_range const segment = nnt_exchange_segment(trainer->exchange);
  size_t const end = segment.first + segment.count;
  for (size_t i = 0; i < nnt_model_tensor_count(model); i++) {
    nnt_tensor const *const tensor = nnt_model_tensor(model, i);
    size_t const from = tensor->offset > segment.first ? tensor->offset : segment.first;
    size_t const tensor_end = tensor->offset + tensor->count;
    size_t const to = tensor_end < end ? tensor_end : end;
    if (from >= to) continue;
    nnt_gradient_mean(gradient + (from - segment.first), trainer->parameters + from, to - from, b,
                      tensor->l2);
  }
}

/* Collective: scales the gradient so that its global norm is at most clip_norm. */
static void clip(nnt_trainer *trainer, float *gradient)
{
  size_t const count = nnt_exchange_segment(trainer->exchange).count;
  for (size_t at = 0, block = 0; at < count; at += NNT_BLOCK, block++) {
    size_t const n = count - at < NNT_BLOCK ? count - at : NNT_BLOCK;
    trainer->squares[block] = nnt_square_sum(gradient + at, n);
  }
  double const norm = sqrt(nnt_exchange_sum_blocks(trainer->exchange, trainer->squares));
  float const factor = nnt_clip_factor(norm, trainer->options.optimizer.clip_norm);
  for (size_t i = 0; i < count; i++) {
    gradient[i] *= factor;
  }
}

static void update(nnt_trainer *trainer, uint64_t step, size_t b, float *gradient)
{
  nnt_optimizer const *const optimizer = &trainer->options.optimizer;
  nnt_range const segment = nnt_exchange_segment(trainer->exchange);
  take_mean(trainer, b, gradient);
  if (optimizer->clip_norm > 0.0) clip(trainer, gradient);
  nnt_optimizer_update(optimizer, step + 1, gradient, trainer->parameters + segment.first,
                       trainer->slots, segment.count);
}

nnt_status nnt_trainer_step(nnt_trainer *trainer, uint64_t epoch, uint64_t batch, uint64_t step,
                            nnt_wishes *wishes, nnt_status local, nnt_batch *out)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_phases *const phases = options->phases;
  size_t const at = (size_t)batch * options->batch_size;
  size_t const left = options->samples.count - at;
  size_t const b = left < options->batch_size ? left : options->batch_size;
  nnt_range const rows = own_rows(trainer, b);

  nnt_phases_begin(phases);
  load_rows(trainer, epoch, at, rows);
  nnt_phases_end(phases, NNT_PHASE_DATA);
  compute_deltas(trainer, epoch, b, rows);
  sum_subtrees(trainer, b, rows.first);
  double const penalty = nnt_model_penalty(options->model, trainer->parameters);
  nnt_phases_end(phases, NNT_PHASE_COMPUTE);

  if (local == NNT_OK) local = nnt_fault("step", nnt_comm_rank(options->comm));
  nnt_tally total = {0.0, 0};
  float *gradient = NULL;
  NNT_TRY(
      nnt_exchange_reduce(trainer->exchange, trainer->tallies, wishes, local, &total, &gradient));
  nnt_phases_end(phases, NNT_PHASE_EXCHANGE);

  double const loss = total.loss / (double)b + penalty;
  if (!isfinite(loss)) {
    return nnt_fail(NNT_EDIVERGED,
                    "the loss is %s at step %llu (epoch %llu, batch %llu); a smaller "
                    "--learning-rate or --clip-norm may help",
                    isnan(loss) ? "NaN" : "infinite", (unsigned long long)step + 1,
                    (unsigned long long)epoch + 1, (unsigned long long)batch + 1);
  }
  update(trainer, step, b, gradient);
  nnt_phases_end(phases, NNT_PHASE_UPDATE);
  nnt_exchange_gather(trainer->exchange, trainer->parameters);
  nnt_phases_end(phases, NNT_PHASE_EXCHANGE);
  *out = (nnt_batch){loss, (uint64_t)total.correct, b};
  return NNT_OK;
}
