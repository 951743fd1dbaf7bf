/* What a run writes: checkpoints and results. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"
#include "nntrain/kernels.h"
#include "store/lock.h"
#include "train/advice.h"
#include "train/folder.h"
#include "train/run.h"

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

/* Results of the middle of a run are for people who watch it: once a second is enough, and seldom
 * enough that their writing takes no more than a twentieth of the time of one core. Where files
 * cannot be written, checkpoints are what is tried and warned about. */
static double const results_pause = 1.0;
static double const results_share = 20.0;
static double const results_pause_if_bad = 60.0;

bool nnt_run_is_writer(const nnt_run *run) { return nnt_comm_rank(run->comm) == 0; }

nnt_status nnt_run_list_settings(nnt_run *run)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, NNT_OPTION_COUNT, sizeof(nnt_setting), "the settings"));
  run->settings = memory;
  char *const text = malloc(NNT_VALUE_SIZE);
  if (text == NULL) return nnt_fail(NNT_ENOMEM, "no memory for the settings");
  nnt_status status = NNT_OK;
  for (int id = 0; id < NNT_OPTION_COUNT && status == NNT_OK; id++) {
    nnt_option const *const option = nnt_option_at((nnt_option_id)id);
    if (!option->affects_result) continue;
    nnt_setting *const setting = &run->settings[run->setting_count];
    nnt_config_text(&run->config, option->id, text);
    setting->value = strdup(text);
    if (setting->value == NULL) {
      status = nnt_fail(NNT_ENOMEM, "no memory for the settings");
      continue;
    }
    size_t const length = strlen(option->name);
    memcpy(setting->name, option->name, length < NNT_NAME_SIZE ? length : NNT_NAME_SIZE - 1);
    run->setting_count++;
  }
  free(text);
  return status;
}

nnt_status nnt_run_reserve_history(nnt_run *run)
{
  if (!nnt_run_is_writer(run)) return NNT_OK;
  uint64_t const left = run->batches - run->position.batch;
  return nnt_history_reserve(&run->history, &run->history_room, run->history.epoch_count + 1,
                             run->history.step_count + (size_t)left);
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

/* Borrows from the run. */
static nnt_results results_of(const nnt_run *run, nnt_run_status run_status,
                              const nnt_evaluation *evaluation)
{
  return (nnt_results){
      .status = run_status,
      .peak_memory = run_status == NNT_RUN_COMPLETE ? &run->peak_memory : NULL,
      .history = &run->history,
      .evaluation = evaluation,
      .settings = run->settings,
      .setting_count = run->setting_count,
      .data_description = run->data.info.description,
      .data_digest = run->data.digest,
      .parameter_digest = run_status == NNT_RUN_COMPLETE ? run->parameter_digest : "",
      .phases = run->time,
      .phase_names = nnt_phase_names,
      .phase_count = NNT_PHASE_COUNT,
      .advice = run->advice,
      .ranks = nnt_comm_size(run->comm),
      .microbatches = run->microbatches,
      .run_id = nnt_lock_run(run->lock),
  };
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

/* Local, on rank 0: a checkpoint has been written.
 * news [out] whether the interval has changed */
static void note_checkpoint(nnt_run *run, const nnt_save_outcome *outcome, bool *news)
{
  memcpy(run->checkpoint, outcome->path, sizeof run->checkpoint);
  memcpy(run->parameter_digest, outcome->parameter_digest, sizeof run->parameter_digest);
  nnt_deadline_saved(&run->deadline, outcome->seconds);
  *news = nnt_save_schedule_learn(&run->schedule, outcome->seconds);
}

/* Local, on rank 0: what has become of the last file, if it has ended. */
static nnt_status take_outcome(nnt_run *run, bool *news)
{
  nnt_save_outcome outcome;
  *news = false;
  if (!nnt_saver_take(run->saver, &outcome)) return NNT_OK;
  if (outcome.status != NNT_OK) {
    run->results_due = nnt_seconds() + results_pause_if_bad;
    return nnt_fail(outcome.status, "%s", outcome.message);
  }
  if (!outcome.is_checkpoint) {
    double const pause = fmax(results_pause, results_share * outcome.seconds);
    run->results_due = nnt_seconds() + pause;
  }
  if (outcome.is_checkpoint) note_checkpoint(run, &outcome, news);
  return NNT_OK;
}

/* Local, on rank 0: hears of the last file, without beginning another one. */
static nnt_status hear_saver(nnt_run *run)
{
  bool news = false;
  nnt_status const status = take_outcome(run, &news);
  if (status != NNT_OK) return bear(run, status, nnt_last_error());
  if (news) tell_interval(run);
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

nnt_status nnt_run_hear_saver(nnt_run *run)
{
  if (!nnt_run_is_writer(run)) return NNT_OK;
  NNT_TRY(hear_saver(run));
  NNT_TRY(nnt_run_hold_folder(run));
  look_at_disk(run);
  if (!run->results_wanted || nnt_saver_is_busy(run->saver)) return NNT_OK;
  if (nnt_seconds() < run->results_due) return NNT_OK;
  run->results_wanted = false;
  nnt_results const results = results_of(run, NNT_RUN_RUNNING, NULL);
  nnt_status const status = nnt_saver_begin_results(run->saver, run->results, &results);
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
  nnt_save_schedule_begun(&run->schedule, nnt_seconds());
  nnt_status const status = begin_file(run, kind == NNT_SAVE_END);
  if (status == NNT_ENOMEM && kind == NNT_SAVE_BESIDE) return bear(run, status, nnt_last_error());
  NNT_TRY(status);
  if (kind == NNT_SAVE_BESIDE) return NNT_OK;
  bool news = false;
  nnt_saver_wait(run->saver);
  return take_outcome(run, &news);
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

/* Local, on rank 0. */
static nnt_status write_results(const nnt_run *run, nnt_run_status run_status,
                                const nnt_evaluation *evaluation)
{
  nnt_results const results = results_of(run, run_status, evaluation);
  NNT_TRY(nnt_results_write(run->results, run->lock, &results));
  return nnt_fault("results", nnt_comm_rank(run->comm));
}

nnt_status nnt_run_want_results(nnt_run *run)
{
  NNT_TRY(nnt_phases_gather(&run->phases, run->comm, run->time));
  if (!nnt_run_is_writer(run)) return NNT_OK;
  nnt_advice(run->time, run->advice);
  run->results_wanted = true;
  return NNT_OK;
}

nnt_status nnt_run_write_results(nnt_run *run, nnt_run_status run_status,
                                 const nnt_evaluation *evaluation)
{
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_RESULTS);
  nnt_phases_begin(&run->phases);
  /* HDF5 is for one thread at a time. What becomes of the file is heard elsewhere. */
  if (run->saver != NULL) nnt_saver_wait(run->saver);
  nnt_status status = nnt_phases_gather(&run->phases, run->comm, run->time);
  if (status == NNT_OK && nnt_run_is_writer(run)) {
    nnt_advice(run->time, run->advice);
    status = write_results(run, run_status, evaluation);
  }
  status = nnt_comm_follow(run->comm, status);
  nnt_phases_end(&run->phases, NNT_PHASE_RESULTS);
  return status;
}
