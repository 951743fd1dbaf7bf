/* A run from its configuration to its results. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"
#include "nntrain/kernels.h"
#include "store/atomic_file.h"
#include "train/folder.h"
#include "train/need.h"
#include "train/peak_memory.h"
#include "train/results.h"
#include "train/run.h"
#include "train/saves.h"
#include "train/stop.h"

bool nnt_run_is_writer(const nnt_run *run) { return nnt_comm_rank(run->comm) == 0; }

/* How many steps the run has. Local; NNT_EUSAGE. */
static nnt_status count_steps(nnt_run *run)
{
  nnt_config const *const config = &run->config;
  run->batches = nnt_batches_per_epoch(run->data.train.count, (size_t)config->batch_size);
  run->steps = config->steps;
  if (config->steps != 0) return NNT_OK;
  if (config->epochs > INT64_MAX / run->batches) {
    return nnt_fail(NNT_EUSAGE, "--epochs %" PRIu64 " of %" PRIu64 " batches are too many to count",
                    config->epochs, run->batches);
  }
  run->steps = config->epochs * run->batches;
  return NNT_OK;
}

static void warn_about_data(const nnt_run *run)
{
  nnt_data_info const *const info = &run->data.info;
  nnt_observer const *const observer = run->observer;
  if (info->generated) {
    observer->warning(observer->context,
                      "no data found: training on the built-in digits, which are NOT MNIST; get "
                      "MNIST with datasets/fetch_mnist.sh and name its folder with --data or "
                      "NNTRAIN_DATA");
  }
  size_t first_missing = info->classes;
  size_t missing = 0;
  for (size_t c = 0; c < info->classes; c++) {
    bool seen = false;
    for (size_t i = 0; i < run->data.train.count && !seen; i++) {
      seen = run->data.train.labels[i] == c;
    }
    if (seen) continue;
    if (missing++ == 0) first_missing = c;
  }
  if (missing == 0) return;
  char text[NNT_MESSAGE_SIZE];
  (void)snprintf(text, sizeof text,
                 "%zu of %zu classes have no training sample (the first is %zu): are the labels "
                 "right?",
                 missing, info->classes, first_missing);
  observer->warning(observer->context, text);
}

nnt_trainer_options nnt_run_trainer_options(nnt_run *run)
{
  nnt_config const *const config = &run->config;
  size_t const samples = run->data.train.count;
  return (nnt_trainer_options){
      .comm = run->comm,
      .model = run->model,
      .loss = config->loss,
      .optimizer = config->optimizer,
      .samples = run->data.train,
      .batch_size = config->batch_size < samples ? (size_t)config->batch_size : samples,
      .microbatches = (size_t)run->microbatches,
      .exchange = (nnt_exchange_kind)config->exchange,
      .threads = (size_t)config->threads,
      .seed = config->seed,
      .in_sequence = config->no_shuffle,
      .phases = &run->phases,
      .check_every = config->check_replicas,
  };
}

/* Collective: all that steps, evaluations and checkpoints need, if there is room for it. */
static nnt_status make_room(nnt_run *run)
{
  nnt_trainer_options const options = nnt_run_trainer_options(run);
  nnt_need const need = nnt_need_of(&options);
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_MEMORY);
  NNT_TRY(nnt_room_check(run->comm, "training", need.own, need.shared));
  NNT_TRY(nnt_trainer_create(&run->trainer, &options));
  NNT_TRY(nnt_comm_follow(run->comm, nnt_run_create_saver(run)));
  return nnt_evaluator_create(&run->evaluator, run->comm, run->model, &run->config.loss,
                              (size_t)run->config.threads, run->phases.pulse);
}

/* Collective: everything up to the decision where to start. */
static nnt_status set_up(nnt_run *run)
{
  nnt_blas_init();
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_READING);
  NNT_TRY(nnt_data_open(&run->data, run->comm, &run->config));
  NNT_TRY(nnt_setup_spec(&run->spec, run->comm, &run->config, &run->data.info));
  NNT_TRY(
      nnt_data_load(&run->data, run->comm, &run->config, nnt_model_spec_begins_dense(run->spec)));
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_MODEL);
  NNT_TRY(nnt_setup_means(&run->config, run->comm, &run->data));
  NNT_TRY(nnt_setup_model(&run->model, run->comm, run->spec, &run->config, &run->data.info));
  NNT_TRY(count_steps(run));
  nnt_status status = NNT_OK;
  if (nnt_run_is_writer(run)) {
    int const length =
        snprintf(run->results, sizeof run->results, "%s/results.h5", run->config.output);
    if (length < 0 || (size_t)length >= sizeof run->results) {
      status = nnt_fail(NNT_EUSAGE, "the path of --output is too long");
    }
    if (status == NNT_OK) status = nnt_run_list_settings(run);
    if (status == NNT_OK) warn_about_data(run);
  }
  return nnt_comm_follow(run->comm, status);
}

static void tell_end(const nnt_run *run, const nnt_score *score, const char *digest, bool trained)
{
  nnt_run_summary const summary = {
      .test_loss = score->loss,
      .test_accuracy = score->accuracy,
      .parameter_digest = digest,
      .checkpoint = run->checkpoint,
      .results = run->results,
      .phases = run->time,
      .phase_names = nnt_phase_names,
      .phase_count = NNT_PHASE_COUNT,
      .advice = run->advice,
      .ranks = nnt_comm_size(run->comm),
      .seconds = trained ? run->ended - run->began : 0.0,
      .trained = trained,
      .peak_memory = run->peak_memory,
  };
  run->observer->end(run->observer->context, &summary);
}

/* Collective: the last evaluation, the last checkpoint, the results. */
static nnt_status finish(nnt_run *run)
{
  nnt_samples const *const test = &run->data.test;
  nnt_score score = {(double)NAN, (double)NAN};
  nnt_predictions predictions = {NULL, NULL};
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_EVALUATION);
  nnt_phases_begin(&run->phases);
  NNT_TRY(nnt_evaluator_predict(run->evaluator, test, nnt_trainer_arena(run->trainer), &score,
                                &predictions));
  nnt_phases_end(&run->phases, NNT_PHASE_EVALUATION);
  nnt_evaluation const evaluation = {
      .dataset = "test",
      .samples = test->count,
      .classes = nnt_model_outputs(run->model),
      .loss = score.loss,
      .accuracy = score.accuracy,
      .true_label = test->labels,
      .predicted_label = predictions.label,
      .probability = predictions.probability,
  };
  nnt_status status = nnt_run_save(run, NNT_SAVE_END);
  if (status == NNT_OK) status = nnt_peak_memory_gather(&run->peak_memory, run->comm);
  if (status == NNT_OK) status = nnt_run_write_results(run, NNT_RUN_COMPLETE, &evaluation);
  run->score = score;
  run->ended = nnt_seconds();
  free(predictions.label);
  free(predictions.probability);
  return status;
}

/* Collective: training can begin when all can be written. */
static nnt_status open_folder(nnt_run *run)
{
  nnt_config const *const config = &run->config;
  nnt_status status = NNT_OK;
  if (nnt_run_is_writer(run)) {
    status = nnt_folder_check_writable(config->output);
    /* Only now, since the trace may be meant for that folder. */
    if (status == NNT_OK && config->trace[0] != '\0') {
      status = nnt_file_check_writable(config->trace);
    }
  }
  NNT_TRY(nnt_comm_follow(run->comm, status));
  NNT_TRY(nnt_run_write_results(run, NNT_RUN_RUNNING, NULL));
  run->has_begun = true;
  return NNT_OK;
}

/* What of the placement makes the run slower than it could be. */
static void advise(const nnt_run *run)
{
  char text[NNT_MESSAGE_SIZE];
  size_t const samples = run->data.train.count;
  size_t const batch = run->config.batch_size < samples ? (size_t)run->config.batch_size : samples;
  for (int i = 0; i < NNT_FLAW_COUNT; i++) {
    if (nnt_placement_advise(nnt_comm_placement(run->comm), (nnt_flaw)i, batch, text)) {
      run->observer->warning(run->observer->context, text);
    }
  }
}

static void warn_about_stale_limit(const nnt_run *run)
{
  if (run->deadline.stale == NULL) return;
  char text[NNT_MESSAGE_SIZE];
  (void)snprintf(text, sizeof text, "the time in %s has passed, so it is not heeded as a limit",
                 run->deadline.stale);
  run->observer->warning(run->observer->context, text);
}

static void tell_begin(const nnt_run *run)
{
  nnt_run_info const info = {
      .placement = nnt_comm_placement(run->comm),
      .cores = nnt_comm_cores(run->comm),
      .blas_core = nnt_blas_core(),
      .config = &run->config,
      .data = &run->data.info,
      .model = run->model,
      .batches = run->batches,
      .steps = run->steps,
      .done = run->position.step,
      .microbatches = run->microbatches,
      .seconds_left = run->deadline.at - nnt_seconds(),
      .limited_by = run->deadline.source,
  };
  run->observer->begin(run->observer->context, &info);
  advise(run);
  warn_about_stale_limit(run);
}

/* Collective: the initial parameters on all ranks. */
static nnt_status start_anew(nnt_run *run)
{
  float *const parameters = nnt_run_is_writer(run) ? nnt_saver_parameters(run->saver) : NULL;
  NNT_TRY(nnt_setup_parameters(run->comm, &run->config, run->model, parameters));
  return nnt_trainer_distribute(run->trainer, parameters, NULL);
}

/* What a checkpoint holds of parameters and of the optimizer's state. */
static uint64_t bytes_of_state(const nnt_run *run)
{
  size_t const arrays = 1 + nnt_optimizer_slots(&run->config.optimizer);
  return (uint64_t)arrays * nnt_model_parameter_count(run->model) * sizeof(float);
}

/* Collective: the plan of the run. */
static nnt_status plan(nnt_run *run, const nnt_start *start)
{
  NNT_TRY(make_room(run));
  NNT_TRY(start_anew(run));
  return nnt_run_plan(run, start->kind, start->checkpoint.position.step);
}

/* Collective: trains from `start` to the end. */
static nnt_status train(nnt_run *run, nnt_start *start)
{
  run->began = nnt_seconds();
  run->schedule = nnt_save_schedule_begin(run->config.checkpoint_every, run->began);
  NNT_TRY(make_room(run));
  if (start->kind == NNT_START_NEW) {
    NNT_TRY(start_anew(run));
  } else {
    NNT_TRY(nnt_start_restore(run, start));
  }
  NNT_TRY(open_folder(run));
  if (run->config.trace[0] != '\0') NNT_TRY(nnt_trace_create(&run->phases.trace, run->comm));
  nnt_deadline_guess_save(&run->deadline, bytes_of_state(run));
  if (nnt_run_is_writer(run)) tell_begin(run);
  NNT_TRY(nnt_run_loop(run));
  return finish(run);
}

/* Collective: the results file tells what became of the run, if it can still be written; the first
 * failure is the one to report. The last good checkpoint stays. A start that has not got as far as
 * training leaves the folder as it was. */
static nnt_status record_failure(nnt_run *run, nnt_status failure)
{
  if (!run->has_begun) return failure;
  char message[NNT_MESSAGE_SIZE];
  (void)snprintf(message, sizeof message, "%s", nnt_last_error());
  nnt_status const written = nnt_run_write_results(run, NNT_RUN_FAILED, NULL);
  (void)written;
  return nnt_fail(failure, "%s", message);
}

/* Collective: trains, and tells what became of it. */
static nnt_status train_and_tell(nnt_run *run, nnt_start *start)
{
  nnt_status status = train(run, start);
  bool const complete = status == NNT_OK;
  if (!complete && status != NNT_STOPPED) status = record_failure(run, status);
  status = nnt_run_save_trace(run, status);
  if (complete && nnt_run_is_writer(run)) {
    tell_end(run, &run->score, run->parameter_digest, true);
  }
  return status;
}

/* Nothing is left to do. */
static void tell_again(nnt_run *run, const nnt_start *start)
{
  nnt_score const score = {start->results.test_loss, start->results.test_accuracy};
  memcpy(run->checkpoint, start->path, sizeof run->checkpoint);
  if (run->config.trace[0] != '\0') {
    run->observer->note(run->observer->context, "no trace is written, since nothing is trained");
  }
  tell_end(run, &score, start->results.parameter_digest, false);
}

/* Collective. */
static nnt_status start_and_train(nnt_run *run)
{
  NNT_TRY(set_up(run));
  void *memory = NULL;
  NNT_TRY(nnt_comm_agree(run->comm, nnt_memory_create(&memory, 1, sizeof(nnt_start), "the start")));
  nnt_start *const start = memory;
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_FOLDER);
  nnt_status status = nnt_start_decide(start, run);
  if (status == NNT_OK && run->config.dry_run) {
    status = plan(run, start);
  } else if (status == NNT_OK && start->kind != NNT_START_DONE) {
    status = train_and_tell(run, start);
  } else if (status == NNT_OK && nnt_run_is_writer(run)) {
    tell_again(run, start);
  }
  nnt_checkpoint_free(&start->checkpoint);
  free(start);
  return status;
}

static void tear_down(nnt_run *run)
{
  nnt_saver_destroy(run->saver);
  nnt_run_leave_folder(run);
  nnt_trace_destroy(run->phases.trace);
  nnt_evaluator_destroy(run->evaluator);
  nnt_trainer_destroy(run->trainer);
  nnt_model_destroy(run->model);
  nnt_data_destroy(&run->data);
  nnt_watchdog_destroy(run->watchdog);
  free(run->history.epochs);
  free(run->history.steps);
  for (size_t i = 0; i < run->setting_count; i++) {
    free(run->settings[i].value);
  }
  free(run->settings);
  free(run->spec);
  free(run);
}

nnt_status nnt_train(const nnt_comm *comm, const nnt_config *config, const nnt_observer *observer)
{
  void *memory = NULL;
  NNT_TRY(nnt_comm_agree(comm, nnt_memory_create(&memory, 1, sizeof(nnt_run), "the run")));
  nnt_run *const run = memory;
  run->comm = comm;
  run->observer = observer;
  run->config = *config;
  /* A signal during set-up waits for the first step, which saves what a job script counts on. */
  nnt_stop_listen();
  double const now = nnt_seconds();
  run->deadline = nnt_deadline_find(&config->time_limit, now, now, (int64_t)time(NULL));
  nnt_status status = nnt_watchdog_create(&run->watchdog, comm, config->stall_timeout);
  if (status == NNT_OK) {
    run->phases.pulse = nnt_watchdog_pulse(run->watchdog);
    status = nnt_comm_agree(comm, nnt_store_init());
  }
  if (status == NNT_OK) status = start_and_train(run);
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_END);
  tear_down(run);
  nnt_stop_unlisten();
  return status;
}
