/* The tasks of a step's phases: see trainer_private.h. Workers do them in any order. */
#include <math.h>

#include "base/tree.h"
#include "kernels/kernels.h"
#include "train/guard.h"
#include "train/trainer_private.h"

static nnt_worker *worker_of(nnt_trainer *trainer, size_t worker)
{
  return &trainer->workers[worker - trainer->first_worker];
}

void nnt_trainer_end_phase(nnt_trainer *trainer, size_t worker, nnt_phase_id phase)
{
  if (worker == trainer->first_worker) nnt_phases_end(trainer->options.phases, phase);
}

static nnt_batch_rows *rows_now(nnt_trainer *trainer)
{
  return &trainer->board.rows[trainer->job.step % 2];
}

/* Begins to fetch the sparse rows of the batch, which lie anywhere in the data set: every worker
 * does, once a step, since workers may have no cache in common. */
static void fetch_rows(nnt_trainer *trainer, nnt_worker *worker)
{
  if (worker->fetched == trainer->round) return;
  worker->fetched = trainer->round;
  nnt_sparse_prefetch(&trainer->options.samples.sparse, rows_now(trainer)->sample,
                      trainer->job.rows.count);
}

/* The rows of the board's microbatch j in a batch. */
static void prepare_rows(nnt_trainer *trainer, size_t j, uint64_t step, uint64_t epoch,
                         uint64_t batch)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_batch_rows *const to = &trainer->board.rows[step % 2];
  size_t const b = nnt_trainer_batch_samples(trainer, batch);
  size_t const first = nnt_trainer_rows(trainer, b).first;
  nnt_range const rows = nnt_microbatch_rows(b, options->microbatches, trainer->own.first + j);
  nnt_order const order = {.seed = options->seed,
                           .epoch = epoch,
                           .count = options->samples.count,
                           .in_sequence = options->in_sequence};
  size_t const at = (size_t)batch * options->batch_size;
  size_t const here = rows.first - first;
  nnt_order_run(&order, (nnt_range){at + rows.first, rows.count}, to->sample + here);
  for (size_t row = here; row < here + rows.count; row++) {
    to->labels[row] = options->samples.labels[to->sample[row]];
  }
}

void nnt_task_prepare(void *context, size_t worker, size_t task)
{
  nnt_trainer *const trainer = context;
  nnt_job const *const job = &trainer->job;
  (void)worker;
  prepare_rows(trainer, task, job->step, job->epoch, job->batch);
}

void nnt_task_input(void *context, size_t worker, size_t task)
{
  nnt_trainer *const trainer = context;
  size_t const blocks = trainer->row_blocks;
  size_t const block = task % blocks;
  size_t const count = trainer->job.rows.count;
  size_t const first = block * count / blocks;
  nnt_range const rows = {first, (block + 1) * count / blocks - first};
  nnt_worker *const own = worker_of(trainer, worker);
  fetch_rows(trainer, own);
  nnt_model_forward_panel(trainer->options.model, trainer->board.arena, own->workspace,
                          task / blocks, rows, &trainer->options.samples.sparse,
                          rows_now(trainer)->sample + first);
}

/* Forward, loss and backward of one microbatch: calls of fixed shapes, whoever makes them. */
static void pass(nnt_trainer *trainer, size_t worker, size_t j, nnt_range rows)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_workspace *const workspace = worker_of(trainer, worker)->workspace;
  nnt_batch_rows const *const batch = rows_now(trainer);
  nnt_dropout const dropout = {
      .seed = options->seed, .epoch = trainer->job.epoch, .sample = batch->sample};
  float const *const arena = trainer->board.arena;
  nnt_model_forward(options->model, arena, workspace, rows, &dropout);
  trainer->board.leaves[j] =
      nnt_model_loss(options->model, &options->loss, workspace, rows, batch->labels);
  nnt_trainer_end_phase(trainer, worker, NNT_PHASE_FORWARD);
  nnt_model_backward(options->model, &options->loss, arena, workspace, rows, batch->labels);
}

void nnt_task_rows(void *context, size_t worker, size_t j)
{
  nnt_trainer *const trainer = context;
  nnt_trainer_options const *const options = &trainer->options;
  nnt_job const *const job = &trainer->job;
  nnt_workspace *const workspace = worker_of(trainer, worker)->workspace;
  size_t const *const sample = rows_now(trainer)->sample;
  nnt_range const rows = {trainer->bounds[j], trainer->bounds[j + 1] - trainer->bounds[j]};
  bool const sparse = nnt_model_reads_sparse(options->model);
  nnt_model_prefetch(options->model, workspace, j, rows);
  if (!sparse) {
    size_t const stride = nnt_workspace_input_stride(workspace);
    nnt_samples_gather(&options->samples, sample + rows.first, rows.count,
                       nnt_workspace_input(workspace) + rows.first * stride, stride);
    nnt_trainer_end_phase(trainer, worker, NNT_PHASE_DATA);
  }
  pass(trainer, worker, j, rows);
  if (sparse) {
    nnt_model_index(options->model, workspace, j, rows, &options->samples.sparse,
                    sample + rows.first);
  }
  nnt_trainer_end_phase(trainer, worker, NNT_PHASE_BACKWARD);
  /* The next batch's rows are looked up now, so that no phase has to wait for them. */
  bool const at_end =
      job->batch + 1 == nnt_batches_per_epoch(options->samples.count, options->batch_size);
  prepare_rows(trainer, j, job->step + 1, job->epoch + (at_end ? 1 : 0),
               at_end ? 0 : job->batch + 1);
  nnt_trainer_end_phase(trainer, worker, NNT_PHASE_DATA);
}

nnt_tally nnt_add_tallies(const nnt_tally *leaves, size_t count)
{
  if (count == 1) return leaves[0];
  size_t const half = nnt_tree_split(count);
  nnt_tally const left = nnt_add_tallies(leaves, half);
  nnt_tally const right = nnt_add_tallies(leaves + half, count - half);
  return (nnt_tally){left.loss + right.loss, left.correct + right.correct};
}

double nnt_penalty_now(const nnt_trainer *trainer)
{
  if (!trainer->has_penalty) return 0.0;
  return nnt_tree_sum(trainer->board.penalties, nnt_model_tile_count(trainer->options.model));
}

nnt_step_outcome *nnt_outcome_now(const nnt_trainer *trainer)
{
  return &trainer->board.outcomes[trainer->round % NNT_RECORDS];
}

/* With `shared`: what all ranks are to know of this step. A rank that has not come to it yet is not
 * waited for; what it wishes counts in the step in which it does come. */
void nnt_close_rows(void *context)
{
  nnt_trainer *const trainer = context;
  nnt_tally const total = nnt_add_tallies(trainer->board.leaves, trainer->own.count);
  uint32_t flags = 0;
  for (int rank = 0; rank < nnt_comm_size(trainer->options.comm); rank++) {
    flags |= atomic_load(&trainer->board.flags[rank]);
  }
  *nnt_outcome_now(trainer) = (nnt_step_outcome){.loss = total.loss,
                                                 .penalty = nnt_penalty_now(trainer),
                                                 .correct = total.correct,
                                                 .flags = flags};
}

static void update_tile(nnt_trainer *trainer, size_t tile, const float *g)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_range const part = nnt_model_tile(options->model, tile);
  float *slots[NNT_SLOTS_MAX] = {NULL};
  for (size_t i = 0; i < nnt_optimizer_slots(&options->optimizer); i++) {
    slots[i] = trainer->board.slots[i] + (part.first - trainer->span.first);
  }
  nnt_bits const bits = nnt_optimizer_update(&options->optimizer, nnt_model_isa(options->model),
                                             trainer->job.step + 1, g,
                                             trainer->board.arena + part.first, slots, part.count);
  if (bits.before != trainer->board.sums[tile]) nnt_guard_note(trainer, NNT_FINDING_MEMORY, tile);
  trainer->board.sums[tile] = bits.after;
  /* Of the other ranks' tiles nothing is known yet; see nnt_trainer_refresh_penalties(). */
  if (trainer->has_penalty && trainer->is_shared) {
    trainer->board.penalties[tile] =
        nnt_model_tile_penalty(options->model, trainer->board.arena, tile);
  }
}

/* From the sum of a tile's gradients to that of the mean loss with penalty, and to the update. */
static void finish_tile(nnt_trainer *trainer, size_t tile, float *g)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_isa const isa = nnt_model_isa(options->model);
  nnt_range const part = nnt_model_tile(options->model, tile);
  nnt_guard_inject_tile(trainer, tile, g);
  bool const is_finite =
      nnt_gradient_mean(isa, g, trainer->board.arena + part.first, part.count, trainer->job.samples,
                        nnt_model_tile_l2(options->model, tile));
  if (!is_finite) {
    nnt_guard_note(trainer, NNT_FINDING_GRADIENT, tile);
    return;
  }
  if (options->optimizer.clip_norm > 0.0) {
    trainer->board.squares[tile] = nnt_square_sum(isa, g, part.count);
  } else {
    update_tile(trainer, tile, g);
  }
}

/* Where the gradient of a tile that is updated here stands, after the phase that forms it. */
static float *gradient_of(nnt_trainer *trainer, size_t worker, size_t tile)
{
  size_t const first = nnt_model_tile(trainer->options.model, tile).first;
  if (!trainer->is_shared) return trainer->job.sum + (first - trainer->span.first);
  return trainer->board.gradient == NULL ? worker_of(trainer, worker)->tile
                                         : trainer->board.gradient + first;
}

void nnt_task_tiles(void *context, size_t worker, size_t task)
{
  nnt_trainer *const trainer = context;
  nnt_worker const *const own = worker_of(trainer, worker);
  nnt_leaves const leaves = {trainer->own.count, trainer->bounds};
  nnt_range const group = trainer->groups[task];
  for (size_t tile = group.first; tile < group.first + group.count; tile++) {
    float *const g = gradient_of(trainer, worker, tile);
    if (trainer->is_shared) {
      nnt_model_tile_gradient(trainer->options.model, own->workspace, tile, &leaves, 0,
                              &trainer->options.samples.sparse, own->scratch, g);
    }
    finish_tile(trainer, tile, g);
  }
}

void nnt_task_clipped(void *context, size_t worker, size_t task)
{
  nnt_trainer *const trainer = context;
  nnt_isa const isa = nnt_model_isa(trainer->options.model);
  double const squares =
      trainer->is_shared
          ? nnt_tree_sum(trainer->board.squares, nnt_model_tile_count(trainer->options.model))
          : trainer->job.square_sum;
  float const factor = nnt_clip_factor(sqrt(squares), trainer->options.optimizer.clip_norm);
  nnt_range const group = trainer->groups[task];
  for (size_t tile = group.first; tile < group.first + group.count; tile++) {
    float *const g = gradient_of(trainer, worker, tile);
    nnt_gradient_scale(isa, g, nnt_model_tile(trainer->options.model, tile).count, factor);
    update_tile(trainer, tile, g);
  }
}

/* The tiles of a group of all tiles, for one subtree of the rank's. */
void nnt_task_subtrees(void *context, size_t worker, size_t task)
{
  nnt_trainer *const trainer = context;
  nnt_model const *const model = trainer->options.model;
  nnt_worker const *const own = worker_of(trainer, worker);
  size_t const subtrees = nnt_exchange_subtree_count(trainer->exchange);
  size_t const k = task % subtrees;
  nnt_range const node = nnt_exchange_subtree(trainer->exchange, k);
  size_t const first_leaf = node.first - trainer->own.first;
  nnt_leaves const leaves = {node.count, trainer->bounds + first_leaf};
  float *const gradient = nnt_exchange_gradient(trainer->exchange, k);
  size_t const tiles = nnt_model_tile_count(model);
  size_t const parts = trainer->team.tasks[NNT_STEP_SUBTREES] / subtrees;
  size_t const part = task / subtrees;
  for (size_t tile = part * tiles / parts; tile < (part + 1) * tiles / parts; tile++) {
    nnt_model_tile_gradient(model, own->workspace, tile, &leaves, first_leaf,
                            &trainer->options.samples.sparse, own->scratch,
                            gradient + nnt_model_tile(model, tile).first);
  }
}

void nnt_trainer_refresh_penalties(nnt_trainer *trainer)
{
  if (!trainer->has_penalty) return;
  for (size_t tile = 0; tile < nnt_model_tile_count(trainer->options.model); tile++) {
    trainer->board.penalties[tile] =
        nnt_model_tile_penalty(trainer->options.model, trainer->board.arena, tile);
  }
}
