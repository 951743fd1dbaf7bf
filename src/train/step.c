/* A step: its phases in order, and the exchange between ranks. See trainer.h. */
#include <math.h>

#include "base/fault.h"
#include "base/tree.h"
#include "train/guard.h"
#include "train/trainer_private.h"

/* What a worker of this rank does in a phase. */
static nnt_team_work work_of(nnt_trainer *trainer, size_t worker, nnt_trainer_phase phase,
                             uint32_t round)
{
  static struct {
    void (*task)(void *context, size_t worker, size_t task);
    void (*close)(void *context);
  } const table[NNT_STEP_PHASES] = {
      [NNT_STEP_PREPARE] = {nnt_task_prepare, NULL},
      [NNT_STEP_INPUT] = {nnt_task_input, NULL},
      [NNT_STEP_ROWS] = {nnt_task_rows, nnt_close_rows},
      [NNT_STEP_SUBTREES] = {nnt_task_subtrees, NULL},
      [NNT_STEP_TILES] = {nnt_task_tiles, NULL},
      [NNT_STEP_CLIPPED] = {nnt_task_clipped, NULL},
  };
  return (nnt_team_work){.phase = phase,
                         .round = round,
                         .worker = worker,
                         .context = trainer,
                         .task = table[phase].task,
                         .close = trainer->is_shared ? table[phase].close : NULL};
}

/* A helper never waits, and looks at nothing of the step but in a task that it has claimed: as long
 * as that is not done, the main thread cannot go on to another step. */
void nnt_trainer_help(void *context, size_t helper, uint64_t post)
{
  nnt_trainer *const trainer = context;
  nnt_trainer_phase const phase = (nnt_trainer_phase)(post >> 32U);
  nnt_team_work const work =
      work_of(trainer, trainer->first_worker + 1 + helper, phase, (uint32_t)post);
  nnt_team_do(&trainer->team, &work);
}

/* The main thread's share of a phase, and the wait for all others. */
static void run(nnt_trainer *trainer, nnt_trainer_phase phase, nnt_phase_id measured)
{
  static nnt_place const places[NNT_STEP_PHASES] = {
      [NNT_STEP_PREPARE] = NNT_PLACE_PASSES, [NNT_STEP_INPUT] = NNT_PLACE_PASSES,
      [NNT_STEP_ROWS] = NNT_PLACE_PASSES,    [NNT_STEP_SUBTREES] = NNT_PLACE_PASSES,
      [NNT_STEP_TILES] = NNT_PLACE_UPDATE,   [NNT_STEP_CLIPPED] = NNT_PLACE_UPDATE,
  };
  nnt_pulse *const pulse = trainer->options.phases->pulse;
  nnt_team_work const work = work_of(trainer, trainer->first_worker, phase, trainer->round);
  nnt_pulse_enter(pulse, places[phase]);
  nnt_helpers_post(trainer->helpers, (uint64_t)phase << 32U | trainer->round);
  nnt_team_do(&trainer->team, &work);
  nnt_trainer_end_phase(trainer, work.worker, measured);
  nnt_pulse_enter(pulse, NNT_PLACE_WAIT);
  nnt_team_wait(&trainer->team, &work);
  nnt_trainer_end_phase(trainer, work.worker, NNT_PHASE_WAIT);
}

/* Forward and backward passes of all rows of the board. */
static void run_passes(nnt_trainer *trainer)
{
  if (trainer->round == 1) run(trainer, NNT_STEP_PREPARE, NNT_PHASE_DATA);
  if (nnt_model_reads_sparse(trainer->options.model)) {
    run(trainer, NNT_STEP_INPUT, NNT_PHASE_FORWARD);
  }
  run(trainer, NNT_STEP_ROWS, NNT_PHASE_BACKWARD);
}

static double mean_loss(const nnt_trainer *trainer, const nnt_step_outcome *outcome)
{
  return outcome->loss / (double)trainer->job.samples + outcome->penalty;
}

static bool is_good(const nnt_trainer *trainer, const nnt_step_outcome *outcome)
{
  return (outcome->flags & NNT_FLAG_FAILED) == 0 && isfinite(mean_loss(trainer, outcome));
}

static void shared_step(nnt_trainer *trainer)
{
  run_passes(trainer);
  if (!is_good(trainer, nnt_outcome_now(trainer))) return;
  run(trainer, NNT_STEP_TILES, NNT_PHASE_UPDATE);
  if (trainer->options.optimizer.clip_norm == 0.0 || nnt_guard_noted(trainer)) return;
  run(trainer, NNT_STEP_CLIPPED, NNT_PHASE_UPDATE);
}

static nnt_status diverged(const nnt_trainer *trainer, double loss)
{
  nnt_job const *const job = &trainer->job;
  return nnt_fail(NNT_EDIVERGED,
                  "the loss is %s at step %llu (epoch %llu, batch %llu); a smaller "
                  "--learning-rate or --clip-norm may help",
                  isnan(loss) ? "NaN" : "infinite", (unsigned long long)job->step + 1,
                  (unsigned long long)job->epoch + 1, (unsigned long long)job->batch + 1);
}

static void begin_job(nnt_trainer *trainer, uint64_t epoch, uint64_t batch, uint64_t step)
{
  size_t const b = nnt_trainer_batch_samples(trainer, batch);
  nnt_range const rows = nnt_trainer_rows(trainer, b);
  trainer->job =
      (nnt_job){.epoch = epoch, .batch = batch, .step = step, .samples = b, .rows = rows};
  for (size_t j = 0; j <= trainer->own.count; j++) {
    size_t const leaf = trainer->own.first + j;
    trainer->bounds[j] = leaf * b / trainer->options.microbatches - rows.first;
  }
  trainer->round++;
}

/* With `shared`: what this rank wishes is there for whoever ends the passes. */
static void raise_flags(nnt_trainer *trainer, nnt_wishes wishes)
{
  uint32_t const flags = (wishes.stop ? NNT_FLAG_STOP : 0U) | (wishes.save ? NNT_FLAG_SAVE : 0U) |
                         (trainer->failure != NNT_OK ? NNT_FLAG_FAILED : 0U);
  atomic_store(&trainer->board.flags[nnt_comm_rank(trainer->options.comm)], flags);
}

static nnt_status step_together(nnt_trainer *trainer, nnt_wishes *wishes, nnt_step_outcome *outcome)
{
  raise_flags(trainer, *wishes);
  shared_step(trainer);
  *outcome = *nnt_outcome_now(trainer);
  wishes->stop = (outcome->flags & NNT_FLAG_STOP) != 0;
  wishes->save = (outcome->flags & NNT_FLAG_SAVE) != 0;
  if ((outcome->flags & NNT_FLAG_FAILED) != 0) {
    return nnt_comm_agree(trainer->options.comm, trainer->failure);
  }
  /* Nobody runs so far ahead that the outcomes of those behind are written over. */
  if (trainer->round % (NNT_RECORDS / 2) == 0) {
    NNT_TRY(nnt_comm_agree(trainer->options.comm, trainer->failure));
  }
  /* All ranks see it: whoever has noted it did so before the phase was closed. */
  return nnt_guard_status(trainer);
}

/* Collective: the ranks' sums of subtrees become the sum of the segment of each. */
static nnt_status reduce(nnt_trainer *trainer, nnt_wishes *wishes, nnt_step_outcome *outcome)
{
  nnt_tally tallies[NNT_SUBTREES_MAX];
  for (size_t k = 0; k < nnt_exchange_subtree_count(trainer->exchange); k++) {
    nnt_range const node = nnt_exchange_subtree(trainer->exchange, k);
    tallies[k] =
        nnt_add_tallies(trainer->board.leaves + (node.first - trainer->own.first), node.count);
  }
  nnt_tally total = {0.0, 0};
  nnt_pulse_enter(trainer->options.phases->pulse, NNT_PLACE_EXCHANGE);
  nnt_status const status = nnt_exchange_reduce(trainer->exchange, tallies, wishes,
                                                trainer->failure, &total, &trainer->job.sum);
  nnt_phases_end(trainer->options.phases, NNT_PHASE_EXCHANGE);
  *outcome = (nnt_step_outcome){
      .loss = total.loss, .penalty = nnt_penalty_now(trainer), .correct = total.correct};
  return status;
}

static nnt_status step_on_replicas(nnt_trainer *trainer, nnt_wishes *wishes,
                                   nnt_step_outcome *outcome)
{
  nnt_trainer_options const *const options = &trainer->options;
  run_passes(trainer);
  run(trainer, NNT_STEP_SUBTREES, NNT_PHASE_BACKWARD);
  NNT_TRY(reduce(trainer, wishes, outcome));
  if (!is_good(trainer, outcome)) return NNT_OK;
  /* Before the update, which hides with `tree` that a copy was another one. */
  uint64_t const done = trainer->job.step;
  if (options->check_every != 0 && done % options->check_every == 0) {
    NNT_TRY(nnt_guard_compare(trainer, done));
    nnt_phases_end(options->phases, NNT_PHASE_EXCHANGE);
  }
  run(trainer, NNT_STEP_TILES, NNT_PHASE_UPDATE);
  if (options->optimizer.clip_norm > 0.0) {
    nnt_pulse_enter(options->phases->pulse, NNT_PLACE_EXCHANGE);
    trainer->job.square_sum = nnt_exchange_sum_tiles(trainer->exchange, trainer->board.squares);
    nnt_phases_end(options->phases, NNT_PHASE_EXCHANGE);
    run(trainer, NNT_STEP_CLIPPED, NNT_PHASE_UPDATE);
  }
  if (trainer->failure == NNT_OK) trainer->failure = nnt_guard_status(trainer);
  nnt_pulse_enter(options->phases->pulse, NNT_PLACE_EXCHANGE);
  nnt_exchange_gather(trainer->exchange, trainer->board.arena);
  nnt_phases_end(options->phases, NNT_PHASE_EXCHANGE);
  nnt_trainer_refresh_penalties(trainer);
  nnt_phases_end(options->phases, NNT_PHASE_UPDATE);
  return NNT_OK;
}

nnt_status nnt_trainer_step(nnt_trainer *trainer, uint64_t epoch, uint64_t batch, uint64_t step,
                            nnt_wishes *wishes, nnt_batch *out)
{
  if (trainer->failure == NNT_OK) {
    trainer->failure = nnt_fault("step", nnt_comm_rank(trainer->options.comm));
  }
  nnt_pulse_step(trainer->options.phases->pulse, step + 1);
  nnt_phases_begin(trainer->options.phases);
  begin_job(trainer, epoch, batch, step);
  nnt_guard_inject_copy(trainer);
  nnt_step_outcome outcome = {.loss = 0.0};
  NNT_TRY(trainer->is_shared ? step_together(trainer, wishes, &outcome)
                             : step_on_replicas(trainer, wishes, &outcome));
  nnt_pulse_enter(trainer->options.phases->pulse, NNT_PLACE_BETWEEN);
  double const loss = mean_loss(trainer, &outcome);
  if (!isfinite(loss)) return diverged(trainer, loss);
  *out = (nnt_batch){loss, (uint64_t)outcome.correct, trainer->job.samples};
  return NNT_OK;
}
