/* How a run starts on a folder: anew, from a checkpoint, or not at all. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "nntrain/kernels.h"
#include "train/folder.h"
#include "train/run.h"

enum { DAMAGED_MAX = 8 };

static void warn(const nnt_run *run, const char *format, ...) NNT_PRINTF(2, 3);

static void warn(const nnt_run *run, const char *format, ...)
{
  char text[NNT_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  run->observer->warning(run->observer->context, text);
}

/* Options that may differ between two starts of a run although they affect the result: those that
 * say how long to train, and those whose effect is compared itself (the data's digest, the model).
 */
static bool may_differ(nnt_option_id id)
{
  return id == NNT_OPTION_EPOCHS || id == NNT_OPTION_STEPS || id == NNT_OPTION_RECIPE ||
         id == NNT_OPTION_DATA || id == NNT_OPTION_TRAIN_SAMPLES || id == NNT_OPTION_TEST_SAMPLES ||
         id == NNT_OPTION_MODEL || id == NNT_OPTION_MICROBATCHES;
}

static const char *stored_value(const nnt_checkpoint *checkpoint, const char *name)
{
  for (size_t i = 0; i < checkpoint->setting_count; i++) {
    if (strcmp(checkpoint->settings[i].name, name) == 0) return checkpoint->settings[i].value;
  }
  return NULL;
}

static bool same_layer(const nnt_layer_spec *a, const nnt_layer_spec *b)
{
  return a->kind == b->kind && strcmp(a->name, b->name) == 0 && a->units == b->units &&
         a->activation == b->activation && a->use_bias == b->use_bias && a->l2 == b->l2 &&
         a->rate == b->rate && a->kernel_initializer.kind == b->kernel_initializer.kind &&
         a->kernel_initializer.stddev == b->kernel_initializer.stddev;
}

static bool same_model(const nnt_model_spec *a, const nnt_model_spec *b)
{
  if (a->input_dimensions != b->input_dimensions || a->layer_count != b->layer_count) return false;
  for (size_t i = 0; i < a->input_dimensions; i++) {
    if (a->input_shape[i] != b->input_shape[i]) return false;
  }
  for (size_t i = 0; i < a->layer_count; i++) {
    if (!same_layer(&a->layers[i], &b->layers[i])) return false;
  }
  return true;
}

/* All exchanges give the same bits, but for allreduce. */
static bool same_effect(nnt_option_id id, const char *before, const char *now)
{
  if (strcmp(before, now) == 0) return true;
  char const *const odd = nnt_exchange_names[NNT_EXCHANGE_ALLREDUCE];
  return id == NNT_OPTION_EXCHANGE && strcmp(before, odd) != 0 && strcmp(now, odd) != 0;
}

/* Names of what differs, cut to the length of a message. */
typedef struct differences {
  char text[NNT_MESSAGE_SIZE / 2];
  size_t length;
} differences;

static void note_difference(differences *found, const char *name, const char *before,
                            const char *now)
{
  size_t const room = sizeof found->text - found->length;
  int const written = snprintf(found->text + found->length, room, "%s%s (%.60s, now %.60s)",
                               found->length == 0 ? "" : ", ", name, before, now);
  if (written > 0) found->length += (size_t)written < room ? (size_t)written : room - 1;
}

/* A run that cannot go on like this: what is wrong with it, and what to do. */
static nnt_status refuse(const nnt_run *run, const nnt_start *start, const char *why)
{
  char const *const file = run->config.resume.file;
  if (strcmp(start->path, file) == 0) {
    return nnt_fail(NNT_EUSAGE, "%.180s %s; give other options, or only its weights by --init-from",
                    file, why);
  }
  return nnt_fail(NNT_EUSAGE,
                  "%.180s %s; choose another --output, or move the old run aside with --fresh",
                  run->config.output, why);
}

/* Does the checkpoint belong to a run like this one? */
static nnt_status compare(const nnt_run *run, const nnt_start *start)
{
  nnt_checkpoint const *const checkpoint = &start->checkpoint;
  differences found = {.length = 0};
  for (size_t i = 0; i < run->setting_count; i++) {
    nnt_setting const *const now = &run->settings[i];
    nnt_option const *const option = nnt_option_find(now->name);
    char const *const before = stored_value(checkpoint, now->name);
    if (option == NULL || may_differ(option->id)) continue;
    if (before == NULL || !same_effect(option->id, before, now->value)) {
      note_difference(&found, now->name, before == NULL ? "not stored" : before, now->value);
    }
  }
  uint64_t const microbatches = run->config.microbatches;
  if (microbatches != 0 && microbatches != checkpoint->microbatches) {
    char before[32];
    char now[32];
    (void)snprintf(before, sizeof before, "%llu", (unsigned long long)checkpoint->microbatches);
    (void)snprintf(now, sizeof now, "%llu", (unsigned long long)microbatches);
    note_difference(&found, "microbatches", before, now);
  }
  /* Where an option explains it, the model need not be named as well. */
  if (found.length == 0 && !same_model(nnt_model_spec_of(run->model), &checkpoint->model)) {
    note_difference(&found, "model", "another one", "this one");
  }
  if (strcmp(checkpoint->data_digest, run->data.digest) != 0) {
    note_difference(&found, "data", "others", "these, by their SHA-256");
  }
  if (found.length == 0) return NNT_OK;
  char why[NNT_MESSAGE_SIZE];
  (void)snprintf(why, sizeof why, "holds a run with another configuration: %s", found.text);
  return refuse(run, start, why);
}

/* A checkpoint whose parts contradict each other is as good as damaged. */
static nnt_status check_consistency(const nnt_run *run, const nnt_checkpoint *checkpoint,
                                    const char *path)
{
  nnt_position const *const at = &checkpoint->position;
  char digest[NNT_SHA256_TEXT_SIZE];
  NNT_TRY(nnt_parameters_digest(checkpoint->parameters, checkpoint->parameter_count, digest));
  bool const in_epoch = at->batch < run->batches;
  bool const step_fits = in_epoch && at->epoch <= UINT64_MAX / run->batches - 1 &&
                         at->step == at->epoch * run->batches + at->batch;
  if (checkpoint->parameter_count != nnt_model_parameter_count(run->model) ||
      strcmp(digest, checkpoint->parameter_digest) != 0 || !step_fits ||
      checkpoint->history.epoch_count != at->epoch || checkpoint->history.step_count != at->step ||
      checkpoint->microbatches == 0) {
    return nnt_fail(NNT_ECHECKPOINT,
                    "%s contradicts itself (parameters, position or history); remove it to go on "
                    "from an older one",
                    path);
  }
  return NNT_OK;
}

/* Local, on rank 0: the newest valid checkpoint of the output folder, if any. */
static nnt_status find_in_folder(nnt_start *out, const nnt_run *run)
{
  nnt_damage damaged[DAMAGED_MAX];
  size_t damaged_count = 0;
  bool found = false;
  NNT_TRY(nnt_checkpoint_find(run->config.output, &out->checkpoint, &found, out->path, damaged,
                              DAMAGED_MAX, &damaged_count));
  for (size_t i = 0; i < damaged_count && i < DAMAGED_MAX; i++) {
    warn(run, "passed over a damaged checkpoint: %s", damaged[i].message);
  }
  if (found) out->kind = NNT_START_GO_ON;
  return NNT_OK;
}

/* Local, on rank 0: --resume FILE is where a run begins that has no checkpoint of its own yet, so
 * that the same command may be given again. */
static nnt_status begin_with_file(nnt_start *out, const nnt_run *run)
{
  nnt_config const *const config = &run->config;
  if (out->kind == NNT_START_GO_ON) {
    char text[NNT_MESSAGE_SIZE];
    (void)snprintf(text, sizeof text, "%.200s holds checkpoints of its own: %.200s is not read",
                   config->output, config->resume.file);
    run->observer->note(run->observer->context, text);
    return NNT_OK;
  }
  NNT_TRY(nnt_checkpoint_read(config->resume.file, &out->checkpoint));
  out->kind = NNT_START_GO_ON;
  memcpy(out->path, config->resume.file, sizeof out->path);
  return NNT_OK;
}

/* Local, on rank 0: finds the checkpoint to start from, if any. */
static nnt_status find(nnt_start *out, const nnt_run *run)
{
  nnt_config const *const config = &run->config;
  bool has_run = false;
  NNT_TRY(nnt_folder_has_run(config->output, &has_run));
  if (has_run && config->resume.kind == NNT_RESUME_NEVER) {
    return nnt_fail(NNT_EUSAGE,
                    "%s holds a run: choose another --output, or move it aside with "
                    "--fresh",
                    config->output);
  }
  NNT_TRY(find_in_folder(out, run));
  if (config->resume.kind == NNT_RESUME_FILE) return begin_with_file(out, run);
  if (out->kind == NNT_START_NEW && config->resume.kind == NNT_RESUME_REQUIRE) {
    return nnt_fail(NNT_EUSAGE, "%s holds no checkpoint to go on from, as --resume require demands",
                    config->output);
  }
  return NNT_OK;
}

/* Local, on rank 0: is everything done? Asking for fewer steps than were done is a mistake. */
static nnt_status look_at_end(nnt_start *out, const nnt_run *run)
{
  uint64_t const done = out->checkpoint.position.step;
  if (done > run->steps) {
    char why[NNT_MESSAGE_SIZE];
    (void)snprintf(why, sizeof why, "has done %llu steps, more than the %llu that are asked for",
                   (unsigned long long)done, (unsigned long long)run->steps);
    return refuse(run, out, why);
  }
  if (done < run->steps || !out->checkpoint.complete) return NNT_OK;
  bool const readable = nnt_results_read(run->results, &out->results) == NNT_OK;
  /* A run that was lost between its last checkpoint and its results is finished now. */
  if (readable && out->results.status == NNT_RUN_COMPLETE) out->kind = NNT_START_DONE;
  return NNT_OK;
}

static nnt_status move_old_run(nnt_run *run)
{
  bool has_run = false;
  NNT_TRY(nnt_folder_has_run(run->config.output, &has_run));
  if (!has_run) return NNT_OK;
  char moved_to[NNT_PATH_SIZE];
  NNT_TRY(nnt_folder_move_aside(run->config.output, moved_to));
  char text[NNT_MESSAGE_SIZE];
  (void)snprintf(text, sizeof text, "the old run is now in %.400s", moved_to);
  run->observer->note(run->observer->context, text);
  /* The lock has gone along. */
  nnt_run_leave_folder(run);
  return nnt_run_take_folder(run);
}

/* Local, on rank 0: the folder holds what this is decided on as long as its lock is held. */
static nnt_status decide(nnt_start *out, nnt_run *run)
{
  if (run->config.fresh && run->config.dry_run) return NNT_OK;
  if (run->config.fresh) NNT_TRY(move_old_run(run));
  NNT_TRY(find(out, run));
  if (out->kind == NNT_START_NEW) return NNT_OK;
  NNT_TRY(compare(run, out));
  NNT_TRY(check_consistency(run, &out->checkpoint, out->path));
  NNT_TRY(look_at_end(out, run));
  if (strcmp(out->checkpoint.blas_core, nnt_blas_core()) != 0) {
    warn(run, "%s was made with OpenBLAS kernels for %s, now they are for %s: the bits may differ",
         out->path, out->checkpoint.blas_core, nnt_blas_core());
  }
  nnt_isa const before = out->checkpoint.instructions;
  nnt_isa const now = nnt_model_isa(run->model);
  if (nnt_isa_fuses(before) != nnt_isa_fuses(now)) {
    warn(run, "%s was made with %s kernels, now they are %s: the bits may differ", out->path,
         nnt_isa_names[before], nnt_isa_names[now]);
  }
  return NNT_OK;
}

/* Local, on rank 0: decides without the lock, since a run that is complete may lie on a read-only
 * disk, and be shown to many at a time. If there is more to do after all, the decision stands if no
 * other start has written meanwhile: each writes its id before anything else. */
static nnt_status decide_on_complete(nnt_start *out, nnt_run *run, const char *run_id)
{
  nnt_results_summary now;
  NNT_TRY(decide(out, run));
  if (out->kind == NNT_START_DONE) return NNT_OK;
  NNT_TRY(nnt_run_take_folder(run));
  NNT_TRY(nnt_results_read(run->results, &now));
  if (strcmp(now.run_id, run_id) == 0) return NNT_OK;
  return nnt_fail(NNT_EBUSY, "another run has just begun in %s: start again", run->config.output);
}

/* Local, on rank 0. */
static nnt_status lock_and_decide(nnt_start *out, nnt_run *run)
{
  nnt_results_summary before;
  if (run->config.dry_run) return decide(out, run);
  if (!run->config.fresh && nnt_results_read(run->results, &before) == NNT_OK &&
      before.status == NNT_RUN_COMPLETE) {
    return decide_on_complete(out, run, before.run_id);
  }
  NNT_TRY(nnt_run_take_folder(run));
  return decide(out, run);
}

static uint64_t default_microbatches(int ranks)
{
  uint64_t microbatches = 8;
  while (microbatches < (uint64_t)ranks) {
    microbatches *= 2;
  }
  return microbatches;
}

nnt_status nnt_start_decide(nnt_start *out, nnt_run *run)
{
  memset(out, 0, sizeof *out);
  nnt_status status = NNT_OK;
  if (nnt_run_is_writer(run)) status = lock_and_decide(out, run);
  NNT_TRY(nnt_comm_follow(run->comm, status));
  NNT_TRY(nnt_comm_agree(run->comm, nnt_fault("start", nnt_comm_rank(run->comm))));
  run->microbatches = run->config.microbatches;
  if (run->microbatches == 0) run->microbatches = default_microbatches(nnt_comm_size(run->comm));
  if (nnt_run_is_writer(run) && out->kind != NNT_START_NEW) {
    run->microbatches = out->checkpoint.microbatches;
  }
  nnt_comm_broadcast(run->comm, &run->microbatches, sizeof run->microbatches);
  nnt_comm_broadcast(run->comm, &out->kind, sizeof out->kind);
  return NNT_OK;
}

nnt_status nnt_start_restore(nnt_run *run, nnt_start *start)
{
  nnt_checkpoint *const checkpoint = &start->checkpoint;
  if (nnt_run_is_writer(run)) {
    memcpy(run->parameter_digest, checkpoint->parameter_digest, sizeof run->parameter_digest);
    memcpy(run->checkpoint, start->path, sizeof run->checkpoint);
    run->position = checkpoint->position;
    /* The history moves; what is left of the checkpoint is freed with it. */
    run->history = checkpoint->history;
    run->history_room = (nnt_history_room){run->history.epoch_count, run->history.step_count};
    checkpoint->history = (nnt_history){.epochs = NULL};
  }
  nnt_comm_broadcast(run->comm, &run->position, sizeof run->position);
  return nnt_trainer_distribute(run->trainer, checkpoint->parameters, checkpoint->slots);
}
