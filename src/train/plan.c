/* A dry run: what the run will need, from a few steps that are thrown away. */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "train/need.h"
#include "train/run.h"
#include "train/stop.h"

/* Steps that are measured: as many as fit in some seconds, after those that fill the caches. */
enum { STEPS_MAX = 200, STEPS_BEFORE = 2, BLOCKS = 8 };
static double const seconds_max = 3.0;

/* Collective: the time of a step, on rank 0's clock. The wish to save, which all ranks learn of in
 * the same step, here says that the time is up; a request to stop ends the measurement as well. */
static nnt_status measure_steps(nnt_run *run, nnt_plan *out)
{
  double began = nnt_seconds();
  nnt_wishes wishes = {.stop = false};
  for (uint64_t step = 0; step < STEPS_MAX && !wishes.save && !wishes.stop; step++) {
    if (step == STEPS_BEFORE) began = nnt_seconds();
    nnt_batch batch = {.samples = 0};
    wishes.stop = nnt_stop_requested() != 0;
    wishes.save =
        nnt_run_is_writer(run) && step > STEPS_BEFORE && nnt_seconds() - began >= seconds_max;
    NNT_TRY(nnt_trainer_step(run->trainer, step / run->batches, step % run->batches, step, &wishes,
                             &batch));
    out->measured_steps = step < STEPS_BEFORE ? 1 : step - STEPS_BEFORE + 1;
  }
  out->step = (nnt_seconds() - began) / (double)out->measured_steps;
  return NNT_OK;
}

/* Collective: the time of an evaluation of so many samples, from a part of them. */
static nnt_status measure_evaluation(nnt_run *run, const nnt_samples *samples, double *seconds)
{
  size_t const ranks = (size_t)nnt_comm_size(run->comm);
  size_t const wanted = ranks * (size_t)run->config.threads * BLOCKS * NNT_EVALUATION_BLOCK;
  nnt_range const first = {0, samples->count < wanted ? samples->count : wanted};
  *seconds = 0.0;
  if (samples->count == 0) return NNT_OK;
  nnt_samples const part = nnt_samples_part(samples, first);
  nnt_score score = {0.0, 0.0};
  double const began = nnt_seconds();
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_EVALUATION);
  NNT_TRY(nnt_evaluator_score(run->evaluator, &part, nnt_trainer_arena(run->trainer), &score));
  *seconds = (nnt_seconds() - began) * (double)samples->count / (double)first.count;
  return NNT_OK;
}

/* Collective: what ranks and nodes have, and rank 0 in addition while it writes a checkpoint. */
static void find_memory(nnt_run *run, nnt_plan *out)
{
  uint64_t const file = nnt_run_is_writer(run) ? out->checkpoint : 0;
  out->memory_of_rank = nnt_comm_largest(run->comm, nnt_memory_peak() + file);
  uint64_t const node = nnt_comm_node_sum(run->comm, nnt_memory_share() + file);
  out->memory_of_node = nnt_comm_largest(run->comm, node);
  /* While the data were read, one rank alone may have had more than all have now. */
  if (out->memory_of_node < out->memory_of_rank) out->memory_of_node = out->memory_of_rank;
  out->memory_available = nnt_room_available();
}

static void add_up(nnt_plan *out, const nnt_run *run, double test)
{
  uint64_t const epochs_left = (out->steps_left + run->batches - 1) / run->batches;
  out->epoch = out->step * (double)run->batches + out->evaluation;
  out->run = out->step * (double)out->steps_left + out->evaluation * (double)epochs_left;
  if (out->steps_left > 0) out->run += test;
}

nnt_status nnt_run_plan(nnt_run *run, nnt_start_kind start, uint64_t done)
{
  static char const *const starts[] = {
      [NNT_START_NEW] = "new", [NNT_START_GO_ON] = "resume", [NNT_START_DONE] = "complete"};
  nnt_trainer_options const options = nnt_run_trainer_options(run);
  nnt_plan plan = {.start = starts[start],
                   .ranks = nnt_comm_size(run->comm),
                   .nodes = nnt_comm_nodes(run->comm),
                   .exchange = nnt_exchange_names[run->config.exchange],
                   .threads = run->config.threads,
                   .parameters = nnt_model_parameter_count(run->model),
                   .batches = run->batches,
                   .steps = run->steps,
                   .steps_left = run->steps - (start == NNT_START_NEW ? 0 : done)};
  double test = 0.0;
  NNT_TRY(measure_steps(run, &plan));
  NNT_TRY(measure_evaluation(run, &run->data.validation, &plan.evaluation));
  NNT_TRY(measure_evaluation(run, &run->data.test, &test));
  plan.checkpoint = nnt_need_checkpoint(&options, run->steps / run->batches, run->steps);
  plan.checkpoints = plan.checkpoint * (run->config.keep + 1);
  find_memory(run, &plan);
  add_up(&plan, run, test);
  if (nnt_run_is_writer(run)) run->observer->plan(run->observer->context, &plan);
  return NNT_OK;
}
