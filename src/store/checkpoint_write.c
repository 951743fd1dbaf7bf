#include <stdio.h>
#include <stdlib.h>

#include "nntrain/store.h"
#include "store/atomic_file.h"
#include "store/checkpoint_folder.h"
#include "store/checkpoint_layout.h"
#include "store/description.h"
#include "store/hdf5_write.h"
#include "store/keras_write.h"
#include "store/names.h"
#include "store/trailer.h"

enum { PATH_SIZE = 512, INCREMENT_MIN = 1 << 16 };

/* What the parts of the writer need. */
typedef struct writer {
  hid_t file;
  const nnt_checkpoint *checkpoint;
  const nnt_model *model;
} writer;

static nnt_status put_floats(hid_t file, const char *path, const nnt_tensor *tensor,
                             const float *values)
{
  nnt_h5_array array = {.stored = H5T_IEEE_F32LE,
                        .given = H5T_NATIVE_FLOAT,
                        .rank = tensor->dimensions,
                        .shape = {tensor->shape[0], tensor->shape[1]},
                        .data = values + tensor->offset};
  return nnt_h5_put_array(file, path, &array);
}

/* Takes over `text`. */
static nnt_status put_json(hid_t file, const char *path, const char *name, char *text)
{
  nnt_status const status = nnt_h5_put_text(file, path, name, text);
  free(text);
  return status;
}

static nnt_status put_root(const writer *it)
{
  nnt_checkpoint const *const checkpoint = it->checkpoint;
  char *text = NULL;
  /* A version that both Keras 2 and 3 take as one whose layout they know. */
  NNT_TRY(nnt_h5_put_text(it->file, "/", "keras_version", "2.15.0"));
  NNT_TRY(nnt_h5_put_text(it->file, "/", "backend", "tensorflow"));
  NNT_TRY(nnt_h5_put_text(it->file, "/", "nntrain_version", nnt_store_version));
  NNT_TRY(nnt_keras_model_text(&checkpoint->model, &text));
  NNT_TRY(put_json(it->file, "/", "model_config", text));
  NNT_TRY(nnt_keras_training_text(&checkpoint->model, &checkpoint->loss, &checkpoint->optimizer,
                                  &text));
  NNT_TRY(put_json(it->file, "/", "training_config", text));
  NNT_TRY(nnt_h5_put_group(it->file, "/vars", false));
  return nnt_h5_put_text(it->file, "/vars", "name", checkpoint->model.name);
}

static nnt_status put_tensors(const writer *it)
{
  nnt_model_spec const *const spec = &it->checkpoint->model;
  char path[PATH_SIZE];
  NNT_TRY(nnt_h5_put_group(it->file, "/layers", false));
  for (size_t i = 0; i < spec->layer_count; i++) {
    char key[NNT_KEY_SIZE];
    if (spec->layers[i].kind != NNT_DENSE) continue;
    nnt_layer_key(spec, i, key);
    (void)snprintf(path, sizeof path, "/layers/%s", key);
    NNT_TRY(nnt_h5_put_group(it->file, path, false));
    (void)snprintf(path, sizeof path, "/layers/%s/vars", key);
    NNT_TRY(nnt_h5_put_group(it->file, path, false));
    NNT_TRY(nnt_h5_put_text(it->file, path, "name", spec->layers[i].name));
  }
  for (size_t t = 0; t < nnt_model_tensor_count(it->model); t++) {
    nnt_tensor const *const tensor = nnt_model_tensor(it->model, t);
    nnt_tensor_path(spec, tensor, path, sizeof path);
    NNT_TRY(put_floats(it->file, path, tensor, it->checkpoint->parameters));
  }
  return NNT_OK;
}

/* The older layout, by layer names; the tensors are those under /layers. */
static nnt_status put_legacy_tensors(const writer *it, size_t layer)
{
  char const *const name = it->checkpoint->model.layers[layer].name;
  char names[2][2 * NNT_NAME_SIZE];
  char const *list[2] = {names[0], names[1]};
  size_t count = 0;
  char path[PATH_SIZE];
  char target[PATH_SIZE];
  for (size_t t = 0; t < nnt_model_tensor_count(it->model); t++) {
    nnt_tensor const *const tensor = nnt_model_tensor(it->model, t);
    if (tensor->layer != layer) continue;
    if (count == 0) {
      (void)snprintf(path, sizeof path, "/model_weights/%s/%s", name, name);
      NNT_TRY(nnt_h5_put_group(it->file, path, false));
    }
    (void)snprintf(names[count], sizeof names[count], "%s/%s:0", name,
                   tensor->is_kernel ? "kernel" : "bias");
    nnt_tensor_path(&it->checkpoint->model, tensor, target, sizeof target);
    (void)snprintf(path, sizeof path, "/model_weights/%s/%s", name, names[count]);
    NNT_TRY(nnt_h5_put_link(it->file, target, path));
    count++;
  }
  (void)snprintf(path, sizeof path, "/model_weights/%s", name);
  return nnt_h5_put_texts(it->file, path, "weight_names", list, count);
}

static nnt_status put_legacy(const writer *it)
{
  nnt_model_spec const *const spec = &it->checkpoint->model;
  char const *names[NNT_LAYERS_MAX];
  NNT_TRY(nnt_h5_put_group(it->file, "/model_weights", false));
  NNT_TRY(nnt_h5_put_text(it->file, "/model_weights", "keras_version", "2.15.0"));
  NNT_TRY(nnt_h5_put_text(it->file, "/model_weights", "backend", "tensorflow"));
  for (size_t i = 0; i < spec->layer_count; i++) {
    char path[PATH_SIZE];
    names[i] = spec->layers[i].name;
    (void)snprintf(path, sizeof path, "/model_weights/%s", names[i]);
    NNT_TRY(nnt_h5_put_group(it->file, path, false));
    NNT_TRY(put_legacy_tensors(it, i));
  }
  return nnt_h5_put_texts(it->file, "/model_weights", "layer_names", names, spec->layer_count);
}

static nnt_status put_optimizer(const writer *it)
{
  nnt_checkpoint const *const checkpoint = it->checkpoint;
  char const *const name = nnt_optimizer_names[checkpoint->optimizer.kind];
  size_t const slots = nnt_optimizer_slots(&checkpoint->optimizer);
  int64_t const iteration = (int64_t)checkpoint->position.step;
  float const rate = (float)checkpoint->optimizer.learning_rate;
  nnt_h5_array const step = {
      .stored = H5T_STD_I64LE, .given = H5T_NATIVE_INT64, .data = &iteration};
  nnt_h5_array const learning_rate = {
      .stored = H5T_IEEE_F32LE, .given = H5T_NATIVE_FLOAT, .data = &rate};
  NNT_TRY(nnt_h5_put_group(it->file, "/optimizer", false));
  NNT_TRY(nnt_h5_put_group(it->file, "/optimizer/vars", false));
  NNT_TRY(nnt_h5_put_text(it->file, "/optimizer/vars", "name", name));
  NNT_TRY(nnt_h5_put_array(it->file, "/optimizer/vars/0", &step));
  NNT_TRY(nnt_h5_put_array(it->file, "/optimizer/vars/1", &learning_rate));
  for (size_t t = 0; t < nnt_model_tensor_count(it->model); t++) {
    for (size_t s = 0; s < slots; s++) {
      char path[PATH_SIZE];
      (void)snprintf(path, sizeof path, "/optimizer/vars/%zu", nnt_slot_number(slots, t, s));
      NNT_TRY(put_floats(it->file, path, nnt_model_tensor(it->model, t), checkpoint->slots[s]));
    }
  }
  return NNT_OK;
}

static nnt_status put_columns(hid_t file, const char *group, const char *const *names,
                              const nnt_h5_array *table)
{
  NNT_TRY(nnt_h5_put_group(file, group, false));
  for (size_t c = 0; c < table->columns; c++) {
    char path[PATH_SIZE];
    nnt_h5_array column = *table;
    column.column = c;
    (void)snprintf(path, sizeof path, "%s/%s", group, names[c]);
    NNT_TRY(nnt_h5_put_array(file, path, &column));
  }
  return NNT_OK;
}

static nnt_status put_history(const writer *it)
{
  nnt_history const *const history = &it->checkpoint->history;
  nnt_h5_array const epochs = {.stored = H5T_IEEE_F64LE,
                               .given = H5T_NATIVE_DOUBLE,
                               .rank = 1,
                               .shape = {history->epoch_count, 0},
                               .data = history->epochs,
                               .columns = NNT_EPOCH_COLUMNS};
  nnt_h5_array const steps = {.stored = H5T_IEEE_F32LE,
                              .given = H5T_NATIVE_FLOAT,
                              .rank = 1,
                              .shape = {history->step_count, 0},
                              .data = history->steps,
                              .columns = NNT_STEP_COLUMNS};
  NNT_TRY(put_columns(it->file, NNT_EPOCHS_GROUP, nnt_epoch_columns, &epochs));
  return put_columns(it->file, NNT_STEPS_GROUP, nnt_step_columns, &steps);
}

static nnt_status put_own_texts(const writer *it)
{
  nnt_checkpoint const *const checkpoint = it->checkpoint;
  char *text = NULL;
  NNT_TRY(nnt_h5_put_text(it->file, NNT_OWN_GROUP, "hdf5_version", H5_VERS_INFO));
  NNT_TRY(nnt_h5_put_text(it->file, NNT_OWN_GROUP, "data_digest", checkpoint->data_digest));
  NNT_TRY(
      nnt_h5_put_text(it->file, NNT_OWN_GROUP, "parameter_digest", checkpoint->parameter_digest));
  NNT_TRY(nnt_h5_put_text(it->file, NNT_OWN_GROUP, "blas_core", checkpoint->blas_core));
  NNT_TRY(nnt_h5_put_text(it->file, NNT_OWN_GROUP, "instructions",
                          nnt_isa_names[checkpoint->instructions]));
  if (checkpoint->run_id[0] != '\0') {
    NNT_TRY(nnt_h5_put_text(it->file, NNT_OWN_GROUP, "run_id", checkpoint->run_id));
  }
  NNT_TRY(nnt_model_describe(&checkpoint->model, &text));
  NNT_TRY(put_json(it->file, NNT_OWN_GROUP, "model_json", text));
  NNT_TRY(nnt_training_describe(&checkpoint->loss, &checkpoint->optimizer, &text));
  return put_json(it->file, NNT_OWN_GROUP, "training_json", text);
}

static nnt_status put_own_state(const writer *it)
{
  nnt_checkpoint const *const checkpoint = it->checkpoint;
  NNT_TRY(nnt_h5_put_group(it->file, NNT_OWN_GROUP, false));
  NNT_TRY(nnt_h5_put_u64(it->file, NNT_OWN_GROUP, "format_version", NNT_CHECKPOINT_VERSION));
  NNT_TRY(nnt_h5_put_u64(it->file, NNT_OWN_GROUP, "complete", checkpoint->complete ? 1 : 0));
  for (size_t i = 0; i < NNT_CHECKPOINT_FIELD_COUNT; i++) {
    nnt_checkpoint_field const *const field = &nnt_checkpoint_fields[i];
    void const *const value = (const char *)checkpoint + field->offset;
    NNT_TRY(field->is_real
                ? nnt_h5_put_f64(it->file, NNT_OWN_GROUP, field->name, *(const double *)value)
                : nnt_h5_put_u64(it->file, NNT_OWN_GROUP, field->name, *(const uint64_t *)value));
  }
  NNT_TRY(put_own_texts(it));
  NNT_TRY(nnt_h5_put_group(it->file, NNT_CONFIG_GROUP, true));
  for (size_t i = 0; i < checkpoint->setting_count; i++) {
    nnt_setting const *const setting = &checkpoint->settings[i];
    NNT_TRY(nnt_h5_put_text(it->file, NNT_CONFIG_GROUP, setting->name, setting->value));
  }
  return put_history(it);
}

static nnt_status put_all(const writer *it)
{
  NNT_TRY(put_root(it));
  NNT_TRY(put_tensors(it));
  NNT_TRY(put_legacy(it));
  NNT_TRY(put_optimizer(it));
  return put_own_state(it);
}

static nnt_status write_file(hid_t file, uint64_t step, const nnt_checkpoint_policy *policy,
                             const char *path)
{
  unsigned char trailer[NNT_TRAILER_SIZE];
  void const *data = NULL;
  size_t bytes = 0;
  NNT_TRY(nnt_h5_image(file, &data, &bytes));
  NNT_TRY(nnt_trailer_make(data, bytes, step, trailer));
  nnt_piece const pieces[] = {{data, bytes}, {trailer, sizeof trailer}};
  return nnt_file_replace(path, policy->lock, pieces, sizeof pieces / sizeof *pieces,
                          policy->verify);
}

static nnt_status write_checkpoint(const nnt_model *model, const nnt_checkpoint *checkpoint,
                                   const nnt_checkpoint_policy *policy, const char *path)
{
  if (nnt_model_parameter_count(model) != checkpoint->parameter_count) {
    return nnt_fail(NNT_EINTERNAL, "a checkpoint of %zu parameters for a model of %zu",
                    checkpoint->parameter_count, nnt_model_parameter_count(model));
  }
  writer it = {.checkpoint = checkpoint, .model = model};
  /* Memory that grows in large pieces is not moved so often. */
  NNT_TRY(nnt_h5_image_create(&it.file, checkpoint->parameter_count + INCREMENT_MIN, false));
  nnt_status status = put_all(&it);
  if (status == NNT_OK) status = write_file(it.file, checkpoint->position.step, policy, path);
  (void)H5Fclose(it.file);
  return status;
}

nnt_status nnt_checkpoint_write(const char *folder, const nnt_checkpoint *checkpoint,
                                const nnt_checkpoint_policy *policy, char path[NNT_PATH_SIZE])
{
  char name[NNT_CHECKPOINT_NAME_SIZE];
  nnt_checkpoint_name(checkpoint->position.step, name);
  int const length = snprintf(path, NNT_PATH_SIZE, "%s/%s", folder, name);
  if (length < 0 || length >= NNT_PATH_SIZE) {
    return nnt_fail(NNT_EIO, "cannot write a checkpoint to %s: the path is too long", folder);
  }
  nnt_model *model = NULL;
  NNT_TRY(nnt_model_create(&model, &checkpoint->model, NULL));
  nnt_status const status = write_checkpoint(model, checkpoint, policy, path);
  nnt_model_destroy(model);
  if (status == NNT_OK) {
    nnt_checkpoint_prune(folder, policy->lock, checkpoint->position.step, policy->keep);
  }
  return status;
}
