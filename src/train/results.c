#include "train/results.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"
#include "store/lock.h"
#include "train/advice.h"

/* Results of the middle of a run are for people who watch it: once a second is enough, and seldom
 * enough that their writing takes no more than a twentieth of the time of one core. Where files
 * cannot be written, checkpoints are what is tried and warned about. */
static double const results_pause = 1.0;
static double const results_share = 20.0;
static double const results_pause_if_bad = 60.0;

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

void nnt_run_pause_results(nnt_run *run, const nnt_save_outcome *outcome)
{
  double const now = nnt_seconds();
  if (outcome->status != NNT_OK) {
    run->results_due = now + results_pause_if_bad;
  } else if (!outcome->is_checkpoint) {
    run->results_due = now + fmax(results_pause, results_share * outcome->seconds);
  }
}

nnt_status nnt_run_renew_results(nnt_run *run)
{
  if (!run->results_wanted || nnt_saver_is_busy(run->saver)) return NNT_OK;
  if (nnt_seconds() < run->results_due) return NNT_OK;
  run->results_wanted = false;
  nnt_results const results = results_of(run, NNT_RUN_RUNNING, NULL);
  return nnt_saver_begin_results(run->saver, run->results, &results);
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

static void tell_trace(const nnt_run *run, uint64_t written, uint64_t dropped)
{
  char text[NNT_MESSAGE_SIZE];
  int const length =
      snprintf(text, sizeof text, "Trace: %.300s: %" PRIu64 " events", run->config.trace, written);
  if (dropped > 0) {
    (void)snprintf(text + length, sizeof text - (size_t)length,
                   ", the last ones; %" PRIu64 " before them are not kept", dropped);
  }
  run->observer->note(run->observer->context, text);
}

nnt_status nnt_run_save_trace(nnt_run *run, nnt_status ended)
{
  if (run->phases.trace == NULL) return ended;
  char message[NNT_MESSAGE_SIZE];
  (void)snprintf(message, sizeof message, "%s", nnt_last_error());
  uint64_t written = 0;
  uint64_t dropped = 0;
  nnt_status const status = nnt_trace_write(run->phases.trace, run->comm, run->config.trace,
                                            run->lock, nnt_phase_names, &written, &dropped);
  if (nnt_run_is_writer(run) && status == NNT_OK) tell_trace(run, written, dropped);
  if (ended == NNT_OK) return status;
  if (nnt_run_is_writer(run) && status != NNT_OK) {
    run->observer->warning(run->observer->context, nnt_last_error());
  }
  return nnt_fail(ended, "%s", message);
}
