#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nntrain/store.h"
#include "store/checkpoint_layout.h"
#include "store/description.h"
#include "store/hdf5_read.h"

enum { PATH_SIZE = 512 };

static nnt_status check_version(const nnt_h5_source *source)
{
  bool found = false;
  uint64_t version = 0;
  NNT_TRY(nnt_h5_find(source, NNT_OWN_GROUP, &found));
  if (!found) {
    return nnt_fail(source->bad, "%s is not a checkpoint of nntrain: there is no %s", source->name,
                    NNT_OWN_GROUP);
  }
  NNT_TRY(nnt_h5_get_u64(source, NNT_OWN_GROUP, "format_version", &version));
  if (version == NNT_CHECKPOINT_VERSION) return NNT_OK;
  return nnt_fail(source->bad,
                  "%s has the format version %" PRIu64 "; this version of nntrain reads %d",
                  source->name, version, NNT_CHECKPOINT_VERSION);
}

/* Numbers that no run can have written, so that what goes on from them need not expect them. */
static bool is_possible(const nnt_checkpoint *it)
{
  nnt_position const *const at = &it->position;
  bool const counts = at->epoch_correct <= at->epoch_samples && at->batch <= at->epoch_samples &&
                      (at->batch > 0 || at->epoch_samples == 0);
  bool const reals =
      isfinite(at->epoch_loss) && isfinite(at->epoch_seconds) && at->epoch_seconds >= 0.0;
  return counts && reals && it->microbatches > 0 && it->microbatches <= INT32_MAX;
}

static nnt_status get_fields(const nnt_h5_source *source, nnt_checkpoint *out)
{
  uint64_t complete = 0;
  NNT_TRY(nnt_h5_get_u64(source, NNT_OWN_GROUP, "complete", &complete));
  out->complete = complete != 0;
  for (size_t i = 0; i < NNT_CHECKPOINT_FIELD_COUNT; i++) {
    nnt_checkpoint_field const *const field = &nnt_checkpoint_fields[i];
    void *const value = (char *)out + field->offset;
    NNT_TRY(field->is_real ? nnt_h5_get_f64(source, NNT_OWN_GROUP, field->name, value)
                           : nnt_h5_get_u64(source, NNT_OWN_GROUP, field->name, value));
  }
  if (out->position.step == source->step && is_possible(out)) return NNT_OK;
  return nnt_fail(source->bad, "%s: its numbers contradict each other", source->name);
}

/* A text of at most size - 1 bytes. */
static nnt_status get_short_text(const nnt_h5_source *source, const char *name, char *out,
                                 size_t size)
{
  char *text = NULL;
  NNT_TRY(nnt_h5_get_text(source, NNT_OWN_GROUP, name, &text));
  int const length = snprintf(out, size, "%s", text);
  free(text);
  if (length >= 0 && (size_t)length < size) return NNT_OK;
  return nnt_fail(source->bad, "%s: the attribute %s of %s is too long", source->name, name,
                  NNT_OWN_GROUP);
}

static nnt_status get_instructions(const nnt_h5_source *source, nnt_isa *out)
{
  char name[NNT_NAME_SIZE];
  NNT_TRY(get_short_text(source, "instructions", name, sizeof name));
  int const found = nnt_name_find(nnt_isa_names, NNT_ISA_COUNT, name);
  if (found < 0) {
    return nnt_fail(source->bad, "%s: unknown instruction set '%s'", source->name, name);
  }
  *out = (nnt_isa)found;
  return NNT_OK;
}

/* The first checkpoints had none. */
static nnt_status get_run_id(const nnt_h5_source *source, nnt_checkpoint *out)
{
  bool has = false;
  NNT_TRY(nnt_h5_has(source, NNT_OWN_GROUP, "run_id", &has));
  return has ? get_short_text(source, "run_id", out->run_id, sizeof out->run_id) : NNT_OK;
}

static nnt_status get_descriptions(const nnt_h5_source *source, nnt_checkpoint *out)
{
  char *text = NULL;
  NNT_TRY(get_short_text(source, "data_digest", out->data_digest, sizeof out->data_digest));
  NNT_TRY(get_short_text(source, "parameter_digest", out->parameter_digest,
                         sizeof out->parameter_digest));
  NNT_TRY(get_short_text(source, "blas_core", out->blas_core, sizeof out->blas_core));
  NNT_TRY(get_instructions(source, &out->instructions));
  NNT_TRY(get_run_id(source, out));
  NNT_TRY(nnt_h5_get_text(source, NNT_OWN_GROUP, "model_json", &text));
  nnt_status status = nnt_model_understand(text, source->name, &out->model);
  free(text);
  if (status != NNT_OK) return status;
  NNT_TRY(nnt_h5_get_text(source, NNT_OWN_GROUP, "training_json", &text));
  status = nnt_training_understand(text, source->name, &out->loss, &out->optimizer);
  free(text);
  return status;
}

static nnt_status get_settings(const nnt_h5_source *source, nnt_checkpoint *out)
{
  bool found = false;
  nnt_texts names = {0};
  void *memory = NULL;
  NNT_TRY(nnt_h5_find(source, NNT_CONFIG_GROUP, &found));
  if (!found) return nnt_fail(source->bad, "%s: there is no %s", source->name, NNT_CONFIG_GROUP);
  NNT_TRY(nnt_h5_attributes(source, NNT_CONFIG_GROUP, &names));
  nnt_status status = nnt_memory_create(&memory, names.count, sizeof *out->settings, "settings");
  out->settings = memory;
  for (size_t i = 0; status == NNT_OK && i < names.count; i++) {
    nnt_setting *const setting = &out->settings[i];
    int const length = snprintf(setting->name, sizeof setting->name, "%s", names.text[i]);
    if (length < 0 || (size_t)length >= sizeof setting->name) {
      status = nnt_fail(source->bad, "%s: the name of a setting is too long", source->name);
      break;
    }
    status = nnt_h5_get_text(source, NNT_CONFIG_GROUP, names.text[i], &setting->value);
    if (status == NNT_OK) out->setting_count++;
  }
  nnt_texts_free(&names);
  return status;
}

/* Reads a table of the history; its length is that of its first column. */
static nnt_status get_table(const nnt_h5_source *source, const char *group,
                            const char *const *names, nnt_h5_slot *slot, size_t size)
{
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", group, names[0]);
  NNT_TRY(nnt_h5_get_length(source, path, size, &slot->shape[0]));
  NNT_TRY(nnt_memory_create(&slot->data, slot->shape[0], size * slot->columns, "the history"));
  for (slot->column = 0; slot->column < slot->columns; slot->column++) {
    (void)snprintf(path, sizeof path, "%s/%s", group, names[slot->column]);
    NNT_TRY(nnt_h5_get_array(source, path, slot));
  }
  return NNT_OK;
}

static nnt_status get_history(const nnt_h5_source *source, nnt_history *out)
{
  nnt_h5_slot epochs = {
      .class = H5T_FLOAT, .wanted = H5T_NATIVE_DOUBLE, .rank = 1, .columns = NNT_EPOCH_COLUMNS};
  nnt_h5_slot steps = {
      .class = H5T_FLOAT, .wanted = H5T_NATIVE_FLOAT, .rank = 1, .columns = NNT_STEP_COLUMNS};
  nnt_status status =
      get_table(source, NNT_EPOCHS_GROUP, nnt_epoch_columns, &epochs, sizeof(double));
  out->epochs = epochs.data;
  out->epoch_count = epochs.shape[0];
  if (status != NNT_OK) return status;
  status = get_table(source, NNT_STEPS_GROUP, nnt_step_columns, &steps, sizeof(float));
  out->steps = steps.data;
  out->step_count = steps.shape[0];
  return status;
}

static nnt_status get_values(const nnt_h5_source *source, const nnt_model *model,
                             nnt_checkpoint *out)
{
  size_t const slots = nnt_optimizer_slots(&out->optimizer);
  for (size_t t = 0; t < nnt_model_tensor_count(model); t++) {
    nnt_tensor const *const tensor = nnt_model_tensor(model, t);
    char path[PATH_SIZE];
    nnt_tensor_path(&out->model, tensor, path, sizeof path);
    NNT_TRY(nnt_h5_get_tensor(source, path, tensor, out->parameters));
    for (size_t s = 0; s < slots; s++) {
      (void)snprintf(path, sizeof path, "/optimizer/vars/%zu", nnt_slot_number(slots, t, s));
      NNT_TRY(nnt_h5_get_tensor(source, path, tensor, out->slots[s]));
    }
  }
  return NNT_OK;
}

/* Could this file hold the model's parameters? Asked before anything is allocated for the model;
 * sums that overflow count as no. */
static bool could_hold(const nnt_h5_source *source, const nnt_model_spec *spec)
{
  size_t const limit = source->byte_count / sizeof(float);
  size_t width = 1;
  size_t total = 0;
  for (size_t i = 0; i < spec->input_dimensions; i++) {
    if (!nnt_size_multiply(width, spec->input_shape[i], &width)) return false;
  }
  for (size_t i = 0; i < spec->layer_count; i++) {
    size_t kernel = 0;
    if (spec->layers[i].kind != NNT_DENSE) continue;
    if (!nnt_size_multiply(width, spec->layers[i].units, &kernel) || kernel > limit) return false;
    total += kernel;
    if (total > limit) return false;
    width = spec->layers[i].units;
  }
  return true;
}

static nnt_status get_arrays(const nnt_h5_source *source, nnt_checkpoint *out)
{
  nnt_model *model = NULL;
  if (!could_hold(source, &out->model)) {
    return nnt_fail(source->bad, "%s is too short for the parameters of its model", source->name);
  }
  nnt_status status = nnt_model_create(&model, &out->model, NULL);
  if (status == NNT_ENOMEM) return status;
  if (status != NNT_OK) return nnt_fail(source->bad, "%s: %s", source->name, nnt_last_error());
  out->parameter_count = nnt_model_parameter_count(model);
  status = nnt_floats_create(&out->parameters, out->parameter_count, "the parameters");
  for (size_t s = 0; status == NNT_OK && s < nnt_optimizer_slots(&out->optimizer); s++) {
    status = nnt_floats_create(&out->slots[s], out->parameter_count, "the optimizer's state");
  }
  if (status == NNT_OK) status = get_values(source, model, out);
  nnt_model_destroy(model);
  return status;
}

static nnt_status get_all(const nnt_h5_source *source, nnt_checkpoint *out)
{
  NNT_TRY(check_version(source));
  NNT_TRY(get_fields(source, out));
  NNT_TRY(get_descriptions(source, out));
  NNT_TRY(get_settings(source, out));
  NNT_TRY(get_history(source, &out->history));
  return get_arrays(source, out);
}

nnt_status nnt_checkpoint_read(const char *path, nnt_checkpoint *out)
{
  nnt_h5_source source;
  memset(out, 0, sizeof *out);
  NNT_TRY(nnt_h5_source_open(&source, path, NNT_ECHECKPOINT, NNT_TRAILER_REQUIRED));
  nnt_status const status = get_all(&source, out);
  nnt_h5_source_close(&source);
  if (status != NNT_OK) nnt_checkpoint_free(out);
  return status;
}
