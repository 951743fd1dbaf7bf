/* What a run writes: checkpoints and results. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "nntrain/kernels.h"
#include "train/advice.h"
#include "train/run.h"

nnt_status nnt_run_reserve_state(nnt_run *run)
{
  if (!nnt_run_is_writer(run)) return NNT_OK;
  size_t const count = nnt_model_parameter_count(run->model);
  NNT_TRY(nnt_floats_create(&run->parameters, count, "the parameters of a checkpoint"));
  for (size_t i = 0; i < nnt_optimizer_slots(&run->config.optimizer); i++) {
    NNT_TRY(nnt_floats_create(&run->slots[i], count, "the optimizer's state"));
  }
  return NNT_OK;
}

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

/* Local: makes room for `count` records of `size` bytes, at least doubling, so that a run of many
 * epochs copies little. */
static nnt_status reserve(void **records, size_t *capacity, size_t count, size_t size)
{
  if (count <= *capacity) return NNT_OK;
  size_t const doubled = *capacity > count / 2 ? *capacity * 2 : count;
  size_t bytes = 0;
  void *grown = NULL;
  if (nnt_size_multiply(doubled, size, &bytes)) grown = realloc(*records, bytes);
  if (grown == NULL) return nnt_fail(NNT_ENOMEM, "no memory for the history of %zu records", count);
  *records = grown;
  *capacity = doubled;
  return NNT_OK;
}

nnt_status nnt_run_reserve_history(nnt_run *run)
{
  if (!nnt_run_is_writer(run)) return NNT_OK;
  void *epochs = run->history.epochs;
  NNT_TRY(reserve(&epochs, &run->epoch_capacity, run->history.epoch_count + 1,
                  sizeof *run->history.epochs));
  run->history.epochs = epochs;
  uint64_t const left = run->batches - run->position.batch;
  void *steps = run->history.steps;
  NNT_TRY(reserve(&steps, &run->step_capacity, run->history.step_count + (size_t)left,
                  sizeof *run->history.steps));
  run->history.steps = steps;
  return NNT_OK;
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

/* Local, on rank 0. */
static nnt_status write_checkpoint(nnt_run *run, bool complete)
{
  float *const parameters = run->parameters;
  size_t const count = nnt_model_parameter_count(run->model);
  NNT_TRY(check_finite(run, parameters));
  NNT_TRY(nnt_parameters_digest(parameters, count, run->parameter_digest));
  run->position.epoch_seconds = nnt_seconds() - run->epoch_began;
  nnt_checkpoint checkpoint = {
      .model = *nnt_model_spec_of(run->model),
      .loss = run->config.loss,
      .optimizer = run->config.optimizer,
      .parameter_count = count,
      .parameters = parameters,
      .position = run->position,
      .history = run->history,
      .microbatches = run->microbatches,
      .instructions = nnt_model_isa(run->model),
      .seed = run->config.seed,
      .setting_count = run->setting_count,
      .settings = run->settings,
      .complete = complete,
  };
  memcpy(checkpoint.slots, run->slots, sizeof checkpoint.slots);
  memcpy(checkpoint.data_digest, run->data.digest, sizeof checkpoint.data_digest);
  memcpy(checkpoint.parameter_digest, run->parameter_digest, sizeof checkpoint.parameter_digest);
  char const *const core = nnt_blas_core();
  size_t const length = strlen(core);
  memcpy(checkpoint.blas_core, core, length < NNT_NAME_SIZE ? length : NNT_NAME_SIZE - 1);
  NNT_TRY(nnt_checkpoint_write(run->config.output, &checkpoint, (size_t)run->config.keep,
                               run->checkpoint));
  run->saved_at = nnt_seconds();
  return nnt_fault("save", nnt_comm_rank(run->comm));
}

nnt_status nnt_run_save(nnt_run *run, bool complete)
{
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_CHECKPOINT);
  nnt_phases_begin(&run->phases);
  NNT_TRY(nnt_trainer_collect(run->trainer, run->parameters, run->slots));
  nnt_status status = NNT_OK;
  if (nnt_run_is_writer(run)) status = write_checkpoint(run, complete);
  status = nnt_comm_follow(run->comm, status);
  nnt_phases_end(&run->phases, NNT_PHASE_CHECKPOINT);
  return status;
}

/* Local, on rank 0. */
static nnt_status write_results(const nnt_run *run, nnt_run_status run_status,
                                const nnt_evaluation *evaluation)
{
  nnt_results const results = {
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
  };
  NNT_TRY(nnt_results_write(run->results, &results));
  return nnt_fault("results", nnt_comm_rank(run->comm));
}

nnt_status nnt_run_write_results(nnt_run *run, nnt_run_status run_status,
                                 const nnt_evaluation *evaluation)
{
  nnt_pulse_stage(run->phases.pulse, NNT_PLACE_RESULTS);
  nnt_phases_begin(&run->phases);
  nnt_status status = nnt_phases_gather(&run->phases, run->comm, run->time);
  if (status == NNT_OK && nnt_run_is_writer(run)) {
    nnt_advice(run->time, run->advice);
    status = write_results(run, run_status, evaluation);
  }
  status = nnt_comm_follow(run->comm, status);
  nnt_phases_end(&run->phases, NNT_PHASE_RESULTS);
  return status;
}
