/* The loop over epochs and steps, and what happens between them. */
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "train/results.h"
#include "train/saves.h"
#include "train/stop.h"

static nnt_epoch_view view_of(const nnt_run *run)
{
  nnt_position const *const at = &run->position;
  uint64_t const before = at->epoch * run->batches;
  uint64_t const left = run->steps - before;
  double const samples = at->epoch_samples == 0 ? 1.0 : (double)at->epoch_samples;
  return (nnt_epoch_view){
      .epoch = at->epoch,
      .epochs = (run->steps + run->batches - 1) / run->batches,
      .batch = at->batch,
      .batches = left < run->batches ? left : run->batches,
      .loss = at->epoch_loss / samples,
      .accuracy = (double)at->epoch_correct / samples,
      .val_loss = (double)NAN,
      .val_accuracy = (double)NAN,
      .seconds = nnt_seconds() - run->epoch_began,
  };
}

static void begin_epoch(nnt_run *run)
{
  run->epoch_began = nnt_seconds() - run->position.epoch_seconds;
  if (!nnt_run_is_writer(run)) return;
  nnt_epoch_view const view = view_of(run);
  run->observer->epoch_begin(run->observer->context, &view);
}

/* Collective: validation, the epoch's record, and the position moves to the next epoch. */
static nnt_status end_epoch(nnt_run *run)
{
  nnt_epoch_view view = view_of(run);
  bool const whole = view.batch == run->batches;
  if (whole && run->data.validation.count > 0) {
    nnt_score score = {(double)NAN, (double)NAN};
    nnt_pulse_stage(run->phases.pulse, NNT_PLACE_EVALUATION);
    nnt_phases_begin(&run->phases);
    NNT_TRY(nnt_evaluator_score(run->evaluator, &run->data.validation,
                                nnt_trainer_arena(run->trainer), &score));
    nnt_phases_end(&run->phases, NNT_PHASE_EVALUATION);
    view.val_loss = score.loss;
    view.val_accuracy = score.accuracy;
    view.seconds = nnt_seconds() - run->epoch_began;
  }
  if (nnt_run_is_writer(run)) run->observer->epoch_end(run->observer->context, &view);
  /* The run ends within an epoch: a longer run will finish it, so it gets no record yet. */
  if (!whole) return NNT_OK;
  if (nnt_run_is_writer(run)) {
    run->history.epochs[run->history.epoch_count++] =
        (nnt_epoch_record){.loss = view.loss,
                           .accuracy = view.accuracy,
                           .val_loss = view.val_loss,
                           .val_accuracy = view.val_accuracy,
                           .learning_rate = (double)(float)run->config.optimizer.learning_rate,
                           .seconds = view.seconds};
  }
  run->position = (nnt_position){.step = run->position.step, .epoch = run->position.epoch + 1};
  /* The checkpoint that may follow belongs to the next epoch, of which no time is spent yet. */
  run->epoch_began = nnt_seconds();
  return nnt_run_want_results(run);
}

static void account(nnt_run *run, const nnt_batch *batch)
{
  nnt_position *const at = &run->position;
  at->step++;
  at->batch++;
  at->epoch_loss += batch->loss * (double)batch->samples;
  at->epoch_correct += batch->correct;
  at->epoch_samples += batch->samples;
  if (!nnt_run_is_writer(run)) return;
  double const accuracy = (double)batch->correct / (double)batch->samples;
  run->history.steps[run->history.step_count++] =
      (nnt_step_record){.loss = (float)batch->loss,
                        .accuracy = (float)accuracy,
                        .learning_rate = (float)run->config.optimizer.learning_rate};
  nnt_epoch_view const view = view_of(run);
  run->observer->step(run->observer->context, &view);
}

/* Is a save due by rank 0's clock? Not while the last one is being written: there is time. */
static bool time_is_up(const nnt_run *run)
{
  return nnt_run_is_writer(run) && nnt_save_schedule_has_time(&run->schedule, nnt_seconds()) &&
         !nnt_saver_is_busy(run->saver);
}

/* Must this step be the last one before the time limit? On rank 0's clock. */
static bool time_is_over(nnt_run *run)
{
  return nnt_run_is_writer(run) && nnt_deadline_is_near(&run->deadline, nnt_seconds());
}

/* Collective: the last checkpoint of this start. */
static nnt_status stop(nnt_run *run, bool in_time)
{
  NNT_TRY(nnt_run_save(run, NNT_SAVE_STOP));
  NNT_TRY(nnt_run_write_results(run, NNT_RUN_STOPPED, NULL));
  return nnt_fail(NNT_STOPPED,
                  "after step %" PRIu64 " of %" PRIu64
                  "%s%s, saved in %s; the same command goes on "
                  "from there",
                  run->position.step, run->steps, in_time ? ", in time for " : "",
                  in_time ? run->deadline.source : "", run->config.output);
}

/* Collective: one step and what follows from it. */
static nnt_status take_step(nnt_run *run)
{
  nnt_position const *const at = &run->position;
  nnt_status const saved = nnt_run_tend_files(run);
  bool const over = time_is_over(run);
  nnt_wishes wishes = {.stop = over || saved != NNT_OK || nnt_stop_requested() != 0,
                       .save = time_is_up(run)};
  nnt_batch batch = {.samples = 0};
  run->phases.step = at->step + 1;
  run->phases.epoch = at->epoch + 1;
  NNT_TRY(nnt_trainer_step(run->trainer, at->epoch, at->batch, at->step, &wishes, &batch));
  if (wishes.stop) NNT_TRY(nnt_comm_follow(run->comm, saved));
  account(run, &batch);
  bool const at_end = at->step == run->steps;
  if (at->batch == run->batches || at_end) NNT_TRY(end_epoch(run));
  if (at_end) return NNT_OK;
  if (wishes.stop) return stop(run, over);
  bool const is_due = wishes.save || nnt_save_schedule_has_step(&run->schedule, at);
  return is_due ? nnt_run_save(run, NNT_SAVE_BESIDE) : NNT_OK;
}

nnt_status nnt_run_loop(nnt_run *run)
{
  uint64_t epoch = UINT64_MAX;
  while (run->position.step < run->steps) {
    if (run->position.epoch != epoch) {
      epoch = run->position.epoch;
      NNT_TRY(nnt_comm_follow(run->comm, nnt_run_reserve_history(run)));
      begin_epoch(run);
    }
    NNT_TRY(take_step(run));
  }
  return NNT_OK;
}
