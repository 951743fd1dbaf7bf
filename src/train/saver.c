#include "train/saver.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/background.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"
#include "train/history.h"
#include "train/phases.h"

/* HDF5 and the checkpoint's texts want some hundred KiB. */
enum { STACK = 1 << 22 };

struct nnt_saver {
  nnt_saver_options options;
  nnt_background *thread;
  bool is_asked; /* there is or will be an outcome that has not been taken */
  double began;

  /* The thread's while it is busy. */
  nnt_save_outcome outcome;
  nnt_checkpoint copy; /* its history is that of the results as well */
  nnt_history_room room;
  nnt_results results;
  char const *results_path;
  nnt_phase phases[NNT_PHASE_COUNT];
  char advice[NNT_MESSAGE_SIZE];
};

static nnt_status write_checkpoint(nnt_saver *saver)
{
  nnt_checkpoint *const copy = &saver->copy;
  nnt_save_outcome *const outcome = &saver->outcome;
  NNT_TRY(nnt_parameters_digest(copy->parameters, copy->parameter_count, copy->parameter_digest));
  memcpy(outcome->parameter_digest, copy->parameter_digest, sizeof outcome->parameter_digest);
  NNT_TRY(nnt_checkpoint_write(saver->options.folder, copy, &saver->options.policy, outcome->path));
  return nnt_fault("save", 0);
}

/* The thread's work. */
static void write_file(void *context)
{
  nnt_saver *const saver = context;
  nnt_save_outcome *const outcome = &saver->outcome;
  /* Where all cores are busy, a thread that wakes up may take the main thread's place at once; one
   * of this class does not. It is about the calling thread alone, and only a wish. */
  struct sched_param const none = {.sched_priority = 0};
  (void)sched_setscheduler(0, SCHED_BATCH, &none);
  outcome->status =
      outcome->is_checkpoint
          ? write_checkpoint(saver)
          : nnt_results_write(saver->results_path, saver->options.policy.lock, &saver->results);
  (void)snprintf(outcome->message, sizeof outcome->message, "%s", nnt_last_error());
  outcome->seconds = nnt_seconds() - saver->began;
}

static nnt_status make_room(nnt_saver *saver)
{
  nnt_checkpoint *const copy = &saver->copy;
  copy->parameter_count = saver->options.parameters;
  NNT_TRY(nnt_floats_create(&copy->parameters, saver->options.parameters,
                            "the parameters of a checkpoint"));
  for (size_t i = 0; i < saver->options.slots; i++) {
    NNT_TRY(nnt_floats_create(&copy->slots[i], saver->options.parameters,
                              "the optimizer's state of a checkpoint"));
  }
  return nnt_background_create(&saver->thread, write_file, saver, (double)INFINITY, STACK);
}

nnt_status nnt_saver_create(nnt_saver **out, const nnt_saver_options *options)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_saver), "the checkpoints"));
  nnt_saver *const saver = memory;
  saver->options = *options;
  nnt_status const status = make_room(saver);
  if (status != NNT_OK) {
    nnt_saver_destroy(saver);
    return status;
  }
  *out = saver;
  return NNT_OK;
}

void nnt_saver_destroy(nnt_saver *saver)
{
  if (saver == NULL) return;
  nnt_background_destroy(saver->thread);
  free(saver->copy.parameters);
  for (size_t i = 0; i < NNT_SLOTS_MAX; i++) {
    free(saver->copy.slots[i]);
  }
  free(saver->copy.history.epochs);
  free(saver->copy.history.steps);
  free(saver);
}

float *nnt_saver_parameters(nnt_saver *saver) { return saver->copy.parameters; }

float *const *nnt_saver_slots(nnt_saver *saver) { return saver->copy.slots; }

/* Local; NNT_ENOMEM. */
static nnt_status take_history(nnt_saver *saver, const nnt_history *from)
{
  nnt_history *const to = &saver->copy.history;
  saver->began = nnt_seconds();
  NNT_TRY(nnt_history_reserve(to, &saver->room, from->epoch_count, from->step_count));
  nnt_history_append(to, from);
  return NNT_OK;
}

static void begin(nnt_saver *saver, bool is_checkpoint)
{
  saver->outcome.is_checkpoint = is_checkpoint;
  saver->is_asked = true;
  nnt_background_ask(saver->thread);
}

nnt_status nnt_saver_begin_checkpoint(nnt_saver *saver, const nnt_checkpoint *state)
{
  nnt_checkpoint *const copy = &saver->copy;
  NNT_TRY(take_history(saver, &state->history));
  nnt_checkpoint next = *state;
  next.parameter_count = copy->parameter_count;
  next.parameters = copy->parameters;
  memcpy(next.slots, copy->slots, sizeof next.slots);
  next.history = copy->history;
  *copy = next;
  begin(saver, true);
  return NNT_OK;
}

nnt_status nnt_saver_begin_results(nnt_saver *saver, const char *path, const nnt_results *results)
{
  NNT_TRY(take_history(saver, results->history));
  memcpy(saver->phases, results->phases, sizeof saver->phases);
  (void)snprintf(saver->advice, sizeof saver->advice, "%s", results->advice);
  saver->results = *results;
  saver->results.history = &saver->copy.history;
  saver->results.phases = saver->phases;
  saver->results.advice = saver->advice;
  saver->results_path = path;
  begin(saver, false);
  return NNT_OK;
}

bool nnt_saver_is_busy(const nnt_saver *saver) { return nnt_background_is_busy(saver->thread); }

void nnt_saver_wait(nnt_saver *saver) { nnt_background_wait(saver->thread); }

double nnt_saver_seconds(const nnt_saver *saver)
{
  return nnt_saver_is_busy(saver) ? nnt_seconds() - saver->began : 0.0;
}

bool nnt_saver_take(nnt_saver *saver, nnt_save_outcome *out)
{
  if (!saver->is_asked || nnt_saver_is_busy(saver)) return false;
  saver->is_asked = false;
  *out = saver->outcome;
  return true;
}
