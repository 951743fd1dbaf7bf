#include "train/saves.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "nntrain/kernels.h"
#include "store/lock.h"
#include "train/folder.h"
#include "train/results.h"

nnt_status nnt_run_create_saver(nnt_run *run)
{
  if (!nnt_run_is_writer(run)) return NNT_OK;
  nnt_saver_options const options = {
      .folder = run->config.output,
      .parameters = nnt_model_parameter_count(run->model),
      .slots = nnt_optimizer_slots(&run->config.optimizer),
      .policy = {.keep = (size_t)run->config.keep, .verify = run->config.verify, .lock = run->lock},
  };
  return nnt_saver_create(&run->saver, &options);
}

static nnt_status check_finite(const nnt_run *run, const float *parameters)
{
  size_t const count = nnt_model_parameter_count(run->model);
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(parameters[i])) {
      return nnt_fail(NNT_EDIVERGED,
                      "parameters are no longer finite after step %llu, so they are not saved; a "
                      "smaller --learning-rate or --clip-norm may help",
                      (unsigned long long)run->position.step);
    }
  }
  return NNT_OK;
}

/* Local, on rank 0: hands the copy that the saver has, and all the rest, over to it. */
static nnt_status begin_file(nnt_run *run, bool complete)
{
  NNT_TRY(check_finite(run, nnt_saver_parameters(run->saver)));
  run->position.epoch_seconds = nnt_seconds() - run->epoch_began;
  nnt_checkpoint state = {
      .model = *nnt_model_spec_of(run->model),
      .loss = run->config.loss,
      .optimizer = run->config.optimizer,
      .position = run->position,
      .history = run->history,
      .microbatches = run->microbatches,
      .instructions = nnt_model_isa(run->model),
      .seed = run->config.seed,
      .setting_count = run->setting_count,
      .settings = run->settings,
      .complete = complete,
  };
  memcpy(state.data_digest, run->data.digest, sizeof state.data_digest);
  memcpy(state.run_id, nnt_lock_run(run->lock), sizeof state.run_id);
  char const *const core = nnt_blas_core();
  size_t const length = strlen(core);
  memcpy(state.blas_core, core, length < NNT_NAME_SIZE ? length : NNT_NAME_SIZE - 1);
  return nnt_saver_begin_checkpoint(run->saver, &state);
}

static void tell_interval(const nnt_run *run)
{
  char text[NNT_MESSAGE_SIZE];
  (void)snprintf(text, sizeof text,
                 "checkpoints: one takes %.2g s to write; from now on every %.0f s",
                 run->schedule.cost, run->schedule.interval);
  run->observer->note(run->observer->context, text);
}

/* Local, on rank 0: a file that is not the last of its kind could not be written. */
static nnt_status bear(const nnt_run *run, nnt_status status, const char *why)
{
  /* The folder is another run's now: there is nothing to try again. */
  if (status == NNT_EBUSY) return nnt_fail(status, "%s", why);
  if (run->config.strict_io) return nnt_fail(status, "%s (--strict-io)", why);
  char text[NNT_MESSAGE_SIZE];
  (void)snprintf(text, sizeof text, "%.400s; training goes on, and it is tried again later", why);
  run->observer->warning(run->observer->context, text);
  return NNT_OK;
}

/* Local, on rank 0: what has become of the last file, if it has ended.
 * is_checkpoint [out] whether a checkpoint has been written */
static nnt_status take_outcome(nnt_run *run, bool *is_checkpoint)
{
  nnt_save_outcome outcome;
  *is_checkpoint = false;
  if (!nnt_saver_take(run->saver, &outcome)) return NNT_OK;
  nnt_run_pause_results(run, &outcome);
  if (outcome.status != NNT_OK) return nnt_fail(outcome.status, "%s", outcome.message);
  if (!outcome.is_checkpoint) return NNT_OK;
  *is_checkpoint = true;
  memcpy(run->checkpoint, outcome.path, sizeof run->checkpoint);
  memcpy(run->parameter_digest, outcome.parameter_digest, sizeof run->parameter_digest);
  nnt_deadline_saved(&run->deadline, outcome.seconds);
  run->interval_is_news = nnt_save_schedule_learn(&run->schedule, outcome.seconds);
  return NNT_OK;
}

/* Local, on rank 0: hears of the last file, without beginning another one. */
static nnt_status hear_saver(nnt_run *run)
{
  bool is_checkpoint = false;
  nnt_status const status = take_outcome(run, &is_checkpoint);
  if (status != NNT_OK) return bear(run, status, nnt_last_error());
  if (is_checkpoint && run->interval_is_news) tell_interval(run);
  return NNT_OK;
}

/* Local, on rank 0: a file that does not get on is told once, since training alone does. */
static void look_at_disk(nnt_run *run)
{
  double const limit = (double)run->config.stall_timeout;
  double const seconds = nnt_saver_seconds(run->saver);
  bool const is_stuck = limit > 0.0 && seconds > limit;
  if (is_stuck && !run->disk_is_stuck) {
    char text[NNT_MESSAGE_SIZE];
    (void)snprintf(text, sizeof text,
                   "a file has not got to %.300s for %.0f s: is the disk stuck? Training goes on",
                   run->config.output, seconds);
    run->observer->warning(run->observer->context, text);
  }
  run->disk_is_stuck = is_stuck;
}

nnt_status nnt_run_tend_files(nnt_run *run)
{
  if (!nnt_run_is_writer(run)) return NNT_OK;
  NNT_TRY(hear_saver(run));
  NNT_TRY(nnt_run_hold_folder(run));
  look_at_disk(run);
  nnt_status const status = nnt_run_renew_results(run);
  return status == NNT_OK ? NNT_OK : bear(run, status, nnt_last_error());
}

/* Local, on rank 0: waits for the last file, and hears of it. */
static nnt_status settle(nnt_run *run)
{
  if (!nnt_run_is_writer(run)) return NNT_OK;
  nnt_saver_wait(run->saver);
  return hear_saver(run);
}

/* Local, on rank 0. */
static nnt_status write_checkpoint(nnt_run *run, nnt_save_kind kind)
{
  bool is_checkpoint = false;
  nnt_save_schedule_begun(&run->schedule, nnt_seconds());
  nnt_status const status = begin_file(run, kind == NNT_SAVE_END);
  if (status == NNT_ENOMEM && kind == NNT_SAVE_BESIDE) {
    return bear(run, status, nnt_last_error());
  }
  NNT_TRY(status);
  if (kind == NNT_SAVE_BESIDE) return NNT_OK;
  nnt_saver_wait(run->saver);
  return take_outcome(run, &is_checkpoint);
}

nnt_status nnt_run_save(nnt_run *run, nnt_save_kind kind)
{
  bool const here = nnt_run_is_writer(run);
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_CHECKPOINT);
  nnt_phases_begin(&run->phases);
  NNT_TRY(nnt_comm_follow(run->comm, settle(run)));
  NNT_TRY(nnt_trainer_collect(run->trainer, here ? nnt_saver_parameters(run->saver) : NULL,
                              here ? nnt_saver_slots(run->saver) : NULL));
  nnt_status status = NNT_OK;
  if (here) status = write_checkpoint(run, kind);
  status = nnt_comm_follow(run->comm, status);
  nnt_phases_end(&run->phases, NNT_PHASE_CHECKPOINT);
  return status;
}
