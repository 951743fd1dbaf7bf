/* The loop over epochs and steps. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"
#include "nntrain/kernels.h"
#include "train/run.h"
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
      .val_loss = NAN,
      .val_accuracy = NAN,
      .seconds = nnt_seconds() - run->epoch_began,
  };
}

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

static nnt_status create_trainer(nnt_run *run)
{
  nnt_config const *const config = &run->config;
  size_t const samples = run->data.train.count;
  nnt_trainer_options const options = {
      .comm = run->comm,
      .model = run->model,
      .loss = config->loss,
      .optimizer = config->optimizer,
      .samples = run->data.train,
      .batch_size = config->batch_size < samples ? (size_t)config->batch_size : samples,
      .microbatches = (size_t)run->microbatches,
      .exchange = (nnt_exchange_kind)config->exchange,
      .seed = config->seed,
      .in_sequence = config->no_shuffle,
      .phases = &run->phases,
  };
  return nnt_trainer_create(&run->trainer, &options);
}

/* Collective: everything up to the decision where to start. */
static nnt_status set_up(nnt_run *run)
{
  nnt_blas_init();
  NNT_TRY(nnt_data_create(&run->data, run->comm, &run->config));
  NNT_TRY(nnt_setup_model(&run->model, run->comm, &run->config, &run->data.info));
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
    nnt_score score = {NAN, NAN};
    nnt_phases_begin(&run->phases);
    NNT_TRY(nnt_evaluator_score(run->evaluator, &run->data.validation,
                                nnt_trainer_parameters(run->trainer), &score));
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
  return nnt_run_write_results(run, NNT_RUN_RUNNING, NULL);
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

/* Is rank 0's clock past the interval of --checkpoint-every? */
static bool time_is_up(const nnt_run *run)
{
  nnt_interval const every = run->config.checkpoint_every;
  return nnt_run_is_writer(run) && every.unit == NNT_INTERVAL_SECONDS &&
         nnt_seconds() - run->saved_at >= (double)every.count;
}

/* The same on all ranks: steps and epochs are, and the clock's wish has been agreed on. */
static bool save_is_due(const nnt_run *run, nnt_wishes wishes)
{
  nnt_interval const every = run->config.checkpoint_every;
  nnt_position const *const at = &run->position;
  switch (every.unit) {
  case NNT_INTERVAL_STEPS:
    return at->step % every.count == 0;
  case NNT_INTERVAL_EPOCHS:
    return at->batch == 0 && at->epoch % every.count == 0;
  case NNT_INTERVAL_SECONDS:
    break;
  }
  return wishes.save;
}

static nnt_status stopped(const nnt_run *run)
{
  return nnt_fail(NNT_STOPPED,
                  "after step %" PRIu64 " of %" PRIu64
                  ", saved in %s; the same command goes on from there",
                  run->position.step, run->steps, run->config.output);
}

/* Collective: one step and what follows from it. */
static nnt_status take_step(nnt_run *run, nnt_status local)
{
  nnt_position const *const at = &run->position;
  nnt_wishes wishes = {.stop = nnt_stop_requested() != 0, .save = time_is_up(run)};
  nnt_batch batch = {.samples = 0};
  NNT_TRY(nnt_trainer_step(run->trainer, at->epoch, at->batch, at->step, &wishes, local, &batch));
  account(run, &batch);
  bool const at_end = at->step == run->steps;
  if (at->batch == run->batches || at_end) NNT_TRY(end_epoch(run));
  if (at_end) return NNT_OK;
  if (wishes.stop || save_is_due(run, wishes)) NNT_TRY(nnt_run_save(run, false));
  if (!wishes.stop) return NNT_OK;
  NNT_TRY(nnt_run_write_results(run, NNT_RUN_STOPPED, NULL));
  return stopped(run);
}

/* Collective: all steps that are left. */
static nnt_status loop(nnt_run *run)
{
  uint64_t epoch = UINT64_MAX;
  while (run->position.step < run->steps) {
    nnt_status local = NNT_OK;
    if (run->position.epoch != epoch) {
      epoch = run->position.epoch;
      /* A rank that finds no memory says so in the step's exchange. */
      local = nnt_run_reserve_history(run);
      begin_epoch(run);
    }
    NNT_TRY(take_step(run, local));
  }
  return NNT_OK;
}

static void tell_end(const nnt_run *run, const nnt_score *score, const char *digest, bool trained)
{
  nnt_phase phases[NNT_PHASE_COUNT];
  nnt_run_list_phases(run, phases);
  nnt_run_summary const summary = {
      .test_loss = score->loss,
      .test_accuracy = score->accuracy,
      .parameter_digest = digest,
      .checkpoint = run->checkpoint,
      .results = run->results,
      .phases = phases,
      .phase_count = NNT_PHASE_COUNT,
      .seconds = nnt_seconds() - run->began,
      .trained = trained,
  };
  run->observer->end(run->observer->context, &summary);
}

/* Collective: the last evaluation, the last checkpoint, the results. */
static nnt_status finish(nnt_run *run)
{
  nnt_samples const *const test = &run->data.test;
  nnt_score score = {NAN, NAN};
  nnt_predictions predictions = {NULL, NULL};
  nnt_phases_begin(&run->phases);
  NNT_TRY(nnt_evaluator_predict(run->evaluator, test, nnt_trainer_parameters(run->trainer), &score,
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
  nnt_status status = nnt_run_save(run, true);
  if (status == NNT_OK) status = nnt_run_write_results(run, NNT_RUN_COMPLETE, &evaluation);
  if (status == NNT_OK && nnt_run_is_writer(run)) {
    tell_end(run, &score, run->parameter_digest, true);
  }
  free(predictions.label);
  free(predictions.probability);
  return status;
}

/* Collective: prepares the output folder; training can begin when it can be written to. */
static nnt_status open_folder(nnt_run *run)
{
  nnt_status status = NNT_OK;
  if (nnt_run_is_writer(run)) {
    status = nnt_folder_create(run->config.output);
    if (status == NNT_OK) status = nnt_folder_check_writable(run->config.output);
  }
  NNT_TRY(nnt_comm_follow(run->comm, status));
  return nnt_run_write_results(run, NNT_RUN_RUNNING, NULL);
}

static void tell_begin(const nnt_run *run)
{
  nnt_run_info const info = {
      .ranks = nnt_comm_size(run->comm),
      .nodes = nnt_comm_nodes(run->comm),
      .cores = nnt_comm_cores(run->comm),
      .blas_core = nnt_blas_core(),
      .config = &run->config,
      .data = &run->data.info,
      .model = run->model,
      .batches = run->batches,
      .steps = run->steps,
      .done = run->position.step,
      .microbatches = run->microbatches,
  };
  run->observer->begin(run->observer->context, &info);
}

/* Collective: trains from `start` to the end. */
static nnt_status train(nnt_run *run, nnt_start *start)
{
  run->began = nnt_seconds();
  run->saved_at = run->began;
  NNT_TRY(create_trainer(run));
  NNT_TRY(nnt_evaluator_create(&run->evaluator, run->comm, run->model, &run->config.loss));
  if (start->kind == NNT_START_NEW) {
    NNT_TRY(nnt_setup_parameters(run->comm, &run->config, run->model,
                                 nnt_trainer_parameters(run->trainer)));
  } else {
    NNT_TRY(nnt_start_restore(run, start));
  }
  NNT_TRY(open_folder(run));
  if (nnt_run_is_writer(run)) tell_begin(run);
  nnt_stop_listen();
  nnt_status status = loop(run);
  if (status == NNT_OK) status = finish(run);
  nnt_stop_unlisten();
  return status;
}

/* Collective: the results file tells what became of the run, if it can still be written; the first
 * failure is the one to report. The last good checkpoint stays. */
static nnt_status record_failure(nnt_run *run, nnt_status failure)
{
  char message[NNT_MESSAGE_SIZE];
  (void)snprintf(message, sizeof message, "%s", nnt_last_error());
  nnt_status const written = nnt_run_write_results(run, NNT_RUN_FAILED, NULL);
  (void)written;
  return nnt_fail(failure, "%s", message);
}

/* Collective. */
static nnt_status start_and_train(nnt_run *run)
{
  NNT_TRY(set_up(run));
  void *memory = NULL;
  NNT_TRY(nnt_comm_agree(run->comm, nnt_memory_create(&memory, 1, sizeof(nnt_start), "the start")));
  nnt_start *const start = memory;
  nnt_status status = nnt_start_decide(start, run);
  if (status == NNT_OK && start->kind == NNT_START_DONE) {
    if (nnt_run_is_writer(run)) {
      memcpy(run->checkpoint, start->path, sizeof run->checkpoint);
      nnt_score const score = {start->results.test_loss, start->results.test_accuracy};
      tell_end(run, &score, start->results.parameter_digest, false);
    }
  } else if (status == NNT_OK) {
    status = train(run, start);
    if (status != NNT_OK && status != NNT_STOPPED) {
      status = record_failure(run, status);
    }
  }
  nnt_checkpoint_free(&start->checkpoint);
  free(start);
  return status;
}

static void tear_down(nnt_run *run)
{
  nnt_evaluator_destroy(run->evaluator);
  nnt_trainer_destroy(run->trainer);
  nnt_model_destroy(run->model);
  nnt_data_destroy(&run->data);
  free(run->history.epochs);
  free(run->history.steps);
  for (size_t i = 0; i < run->setting_count; i++) {
    free(run->settings[i].value);
  }
  free(run->settings);
  for (size_t i = 0; i < NNT_SLOTS_MAX; i++) {
    free(run->slots[i]);
  }
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
  nnt_status status = nnt_store_init();
  status = nnt_comm_agree(comm, status);
  if (status == NNT_OK) status = start_and_train(run);
  tear_down(run);
  return status;
}
