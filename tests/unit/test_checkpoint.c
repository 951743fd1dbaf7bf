#include <hdf5.h>
#include <hdf5_hl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store_sample.h"

/* Doubles are compared by their bits, so that NaN equals itself. */
static void expect_same_bytes(const void *a, const void *b, size_t bytes)
{
  CU_ASSERT_EQUAL(memcmp(a, b, bytes), 0);
}

static void expect_same_layer(const nnt_layer_spec *a, const nnt_layer_spec *b)
{
  CU_ASSERT_EQUAL(a->kind, b->kind);
  CU_ASSERT_STRING_EQUAL(a->name, b->name);
  CU_ASSERT_EQUAL(a->units, b->units);
  CU_ASSERT_EQUAL(a->activation, b->activation);
  CU_ASSERT_EQUAL(a->use_bias, b->use_bias);
  CU_ASSERT_EQUAL(a->l2, b->l2);
  CU_ASSERT_EQUAL(a->kernel_initializer.kind, b->kernel_initializer.kind);
  CU_ASSERT_EQUAL(a->kernel_initializer.stddev, b->kernel_initializer.stddev);
  CU_ASSERT_EQUAL(a->bias_initializer.kind, b->bias_initializer.kind);
  CU_ASSERT_EQUAL(a->bias_initializer.stddev, b->bias_initializer.stddev);
  CU_ASSERT_EQUAL(a->rate, b->rate);
}

static void expect_same_model(const nnt_model_spec *a, const nnt_model_spec *b)
{
  CU_ASSERT_STRING_EQUAL(a->name, b->name);
  CU_ASSERT_EQUAL(a->input_dimensions, b->input_dimensions);
  expect_same_bytes(a->input_shape, b->input_shape, sizeof a->input_shape);
  CU_ASSERT_EQUAL_FATAL(a->layer_count, b->layer_count);
  for (size_t i = 0; i < a->layer_count; i++) {
    expect_same_layer(&a->layers[i], &b->layers[i]);
  }
}

static void expect_same_optimizer(const nnt_optimizer *a, const nnt_optimizer *b)
{
  CU_ASSERT_EQUAL(a->kind, b->kind);
  CU_ASSERT_EQUAL(a->learning_rate, b->learning_rate);
  CU_ASSERT_EQUAL(a->momentum, b->momentum);
  CU_ASSERT_EQUAL(a->nesterov, b->nesterov);
  CU_ASSERT_EQUAL(a->beta_1, b->beta_1);
  CU_ASSERT_EQUAL(a->beta_2, b->beta_2);
  CU_ASSERT_EQUAL(a->epsilon, b->epsilon);
  CU_ASSERT_EQUAL(a->weight_decay, b->weight_decay);
  CU_ASSERT_EQUAL(a->clip_norm, b->clip_norm);
}

static void expect_same_arrays(const nnt_checkpoint *a, const nnt_checkpoint *b)
{
  CU_ASSERT_EQUAL_FATAL(a->parameter_count, b->parameter_count);
  expect_same_bytes(a->parameters, b->parameters, SAMPLE_PARAMETERS * sizeof(float));
  for (size_t s = 0; s < NNT_SLOTS_MAX; s++) {
    CU_ASSERT_EQUAL_FATAL(a->slots[s] == NULL, b->slots[s] == NULL);
    if (a->slots[s] == NULL) continue;
    expect_same_bytes(a->slots[s], b->slots[s], SAMPLE_PARAMETERS * sizeof(float));
  }
  CU_ASSERT_EQUAL_FATAL(a->history.epoch_count, b->history.epoch_count);
  CU_ASSERT_EQUAL_FATAL(a->history.step_count, b->history.step_count);
  expect_same_bytes(a->history.epochs, b->history.epochs,
                    a->history.epoch_count * sizeof *a->history.epochs);
  expect_same_bytes(a->history.steps, b->history.steps,
                    a->history.step_count * sizeof *a->history.steps);
}

static void expect_same_position(const nnt_position *a, const nnt_position *b)
{
  CU_ASSERT_EQUAL(a->step, b->step);
  CU_ASSERT_EQUAL(a->epoch, b->epoch);
  CU_ASSERT_EQUAL(a->batch, b->batch);
  CU_ASSERT_EQUAL(a->epoch_loss, b->epoch_loss);
  CU_ASSERT_EQUAL(a->epoch_correct, b->epoch_correct);
  CU_ASSERT_EQUAL(a->epoch_samples, b->epoch_samples);
  CU_ASSERT_EQUAL(a->epoch_seconds, b->epoch_seconds);
}

static void expect_same(const nnt_checkpoint *a, const nnt_checkpoint *b)
{
  expect_same_model(&a->model, &b->model);
  expect_same_optimizer(&a->optimizer, &b->optimizer);
  CU_ASSERT_EQUAL(a->loss.kind, b->loss.kind);
  CU_ASSERT_EQUAL(a->loss.from_logits, b->loss.from_logits);
  CU_ASSERT_EQUAL(a->loss.label_smoothing, b->loss.label_smoothing);
  expect_same_arrays(a, b);
  expect_same_position(&a->position, &b->position);
  CU_ASSERT_EQUAL(a->microbatches, b->microbatches);
  CU_ASSERT_EQUAL(a->seed, b->seed);
  CU_ASSERT_STRING_EQUAL(a->data_digest, b->data_digest);
  CU_ASSERT_STRING_EQUAL(a->parameter_digest, b->parameter_digest);
  CU_ASSERT_STRING_EQUAL(a->blas_core, b->blas_core);
  CU_ASSERT_STRING_EQUAL(a->run_id, b->run_id);
  CU_ASSERT_EQUAL(a->instructions, b->instructions);
  CU_ASSERT_EQUAL(a->complete, b->complete);
  CU_ASSERT_EQUAL_FATAL(a->setting_count, b->setting_count);
  for (size_t i = 0; i < a->setting_count; i++) {
    CU_ASSERT_STRING_EQUAL(a->settings[i].name, b->settings[i].name);
    CU_ASSERT_STRING_EQUAL(a->settings[i].value, b->settings[i].value);
  }
}

static void what_is_written_is_read_again(void)
{
  for (int which = 0; which < SAMPLE_OPTIMIZERS; which++) {
    char folder[NNT_PATH_SIZE];
    char path[NNT_PATH_SIZE];
    char expected[NNT_PATH_SIZE];
    nnt_checkpoint written;
    nnt_checkpoint got;
    folder_make(folder);
    sample_checkpoint(&written, which);
    CU_ASSERT_EQUAL_FATAL(
        nnt_checkpoint_write(folder, &written, &(nnt_checkpoint_policy){.keep = 2}, path), NNT_OK);
    path_in(expected, folder, "checkpoint-47.weights.h5");
    CU_ASSERT_STRING_EQUAL(path, expected);
    CU_ASSERT_EQUAL_FATAL(nnt_checkpoint_read(path, &got), NNT_OK);
    expect_same(&written, &got);
    nnt_checkpoint_free(&got);
    nnt_checkpoint_free(&written);
    folder_remove(folder);
  }
}

static void the_first_checkpoint_has_no_history(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint written;
  nnt_checkpoint got;
  folder_make(folder);
  sample_checkpoint(&written, 0);
  written.history.epoch_count = 0;
  written.history.step_count = 0;
  written.position.step = 0;
  CU_ASSERT_EQUAL_FATAL(
      nnt_checkpoint_write(folder, &written, &(nnt_checkpoint_policy){.keep = 2}, path), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_checkpoint_read(path, &got), NNT_OK);
  expect_same(&written, &got);
  nnt_checkpoint_free(&got);
  nnt_checkpoint_free(&written);
  folder_remove(folder);
}

/* Fresh memory is filled with another byte the second time: what leaks into the file shows. */
static void writing_twice_gives_equal_bytes(void)
{
  for (int which = 0; which < SAMPLE_OPTIMIZERS; which++) {
    char folder[NNT_PATH_SIZE];
    char path[NNT_PATH_SIZE];
    unsigned char *data[2] = {NULL, NULL};
    size_t bytes[2] = {0, 0};
    nnt_checkpoint written;
    folder_make(folder);
    sample_checkpoint(&written, which);
    for (int i = 0; i < 2; i++) {
      (void)mallopt(M_PERTURB, 0x5a + i);
      CU_ASSERT_EQUAL(
          nnt_checkpoint_write(folder, &written, &(nnt_checkpoint_policy){.keep = 2}, path),
          NNT_OK);
      (void)mallopt(M_PERTURB, 0);
      data[i] = file_load(path, &bytes[i]);
    }
    CU_ASSERT_EQUAL_FATAL(bytes[0], bytes[1]);
    expect_same_bytes(data[0], data[1], bytes[0]);
    free(data[0]);
    free(data[1]);
    nnt_checkpoint_free(&written);
    folder_remove(folder);
  }
}

static void expect_dataset(hid_t file, const char *path, const float *values, size_t count)
{
  float *const got = calloc(count, sizeof *got);
  CU_ASSERT_PTR_NOT_NULL_FATAL(got);
  CU_ASSERT(H5LTread_dataset_float(file, path, got) >= 0);
  expect_same_bytes(got, values, count * sizeof *got);
  free(got);
}

static bool same_object(hid_t file, const char *a, const char *b)
{
  H5O_info_t x;
  H5O_info_t y;
  return H5Oget_info_by_name(file, a, &x, H5P_DEFAULT) >= 0 &&
         H5Oget_info_by_name(file, b, &y, H5P_DEFAULT) >= 0 && x.addr == y.addr && x.rc == 2;
}

/* Where Keras looks for things; the offsets of the tensors follow from the shapes. */
static void tensors_are_where_keras_looks(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint it;
  long long iteration = 0;
  float rate = 0;
  folder_make(folder);
  sample_checkpoint(&it, 3);
  CU_ASSERT_EQUAL_FATAL(
      nnt_checkpoint_write(folder, &it, &(nnt_checkpoint_policy){.keep = 2}, path), NNT_OK);
  hid_t const file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0);
  expect_dataset(file, "/layers/dense/vars/0", it.parameters, 84);
  expect_dataset(file, "/layers/dense/vars/1", it.parameters + 84, 7);
  expect_dataset(file, "/layers/dense_1/vars/0", it.parameters + 91, 35);
  expect_dataset(file, "/layers/dense_2/vars/0", it.parameters + 126, 15);
  expect_dataset(file, "/layers/dense_2/vars/1", it.parameters + 141, 3);
  CU_ASSERT(same_object(file, "/layers/dense/vars/0", "/model_weights/dense/dense/kernel:0"));
  CU_ASSERT(same_object(file, "/layers/dense_1/vars/0", "/model_weights/middle/middle/kernel:0"));
  CU_ASSERT(same_object(file, "/layers/dense_2/vars/1", "/model_weights/out/out/bias:0"));
  CU_ASSERT(H5LTread_dataset(file, "/optimizer/vars/0", H5T_NATIVE_LLONG, &iteration) >= 0);
  CU_ASSERT_EQUAL(iteration, SAMPLE_STEP);
  CU_ASSERT(H5LTread_dataset_float(file, "/optimizer/vars/1", &rate) >= 0);
  CU_ASSERT_EQUAL(rate, 0.002F);
  expect_dataset(file, "/optimizer/vars/2", it.slots[0], 84);
  expect_dataset(file, "/optimizer/vars/3", it.slots[1], 84);
  expect_dataset(file, "/optimizer/vars/10", it.slots[0] + 141, 3);
  expect_dataset(file, "/optimizer/vars/11", it.slots[1] + 141, 3);
  CU_ASSERT_EQUAL(H5Lexists(file, "/optimizer/vars/12", H5P_DEFAULT), 0);
  CU_ASSERT_EQUAL(H5Lexists(file, "/vars", H5P_DEFAULT), 1);
  CU_ASSERT_EQUAL(H5Lexists(file, "/optimizer_weights", H5P_DEFAULT), 0);
  (void)H5Fclose(file);
  nnt_checkpoint_free(&it);
  folder_remove(folder);
}

/* Initializers and regularizers are left out for Keras; all else must come back. */
static void the_description_for_keras_is_the_model(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint it;
  nnt_model_spec model;
  nnt_compile compile;
  folder_make(folder);
  for (int which = 0; which < SAMPLE_OPTIMIZERS; which++) {
    sample_checkpoint(&it, which);
    CU_ASSERT_EQUAL_FATAL(
        nnt_checkpoint_write(folder, &it, &(nnt_checkpoint_policy){.keep = 2}, path), NNT_OK);
    CU_ASSERT_EQUAL_FATAL(nnt_keras_model_read(path, &model, &compile), NNT_OK);
    for (size_t i = 0; i < it.model.layer_count; i++) {
      nnt_initializer const glorot = {NNT_GLOROT_UNIFORM, 0.0};
      nnt_layer_spec *const layer = &it.model.layers[i];
      if (layer->kind == NNT_DENSE) {
        layer->kernel_initializer = glorot;
        layer->bias_initializer.kind = NNT_ZEROS;
      }
      layer->l2 = 0.0;
    }
    expect_same_model(&it.model, &model);
    CU_ASSERT_TRUE(compile.has_optimizer);
    expect_same_optimizer(&it.optimizer, &compile.optimizer);
    CU_ASSERT_TRUE(compile.has_loss);
    CU_ASSERT_EQUAL(compile.loss.kind, which == 2 ? NNT_CATEGORICAL_CROSSENTROPY
                                                  : NNT_SPARSE_CATEGORICAL_CROSSENTROPY);
    CU_ASSERT_EQUAL(compile.loss.label_smoothing, it.loss.label_smoothing);
    nnt_checkpoint_free(&it);
  }
  folder_remove(folder);
}

/* 200 layers: their description is longer than the 60,000 bytes of a text of fixed length. */
static void a_deep_model_has_a_long_description(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint it;
  nnt_checkpoint got;
  nnt_model_spec model;
  nnt_compile compile;
  folder_make(folder);
  sample_checkpoint(&it, 0);
  for (size_t i = 6; i < NNT_LAYERS_MAX; i++) {
    it.model.layers[i] = (nnt_layer_spec){.kind = NNT_DROPOUT, .rate = 0.1};
    (void)snprintf(it.model.layers[i].name, NNT_NAME_SIZE, "%s_%zu",
                   "a_layer_with_a_long_name_that_needs_all_of_its_space", i);
  }
  it.model.layer_count = NNT_LAYERS_MAX;
  CU_ASSERT_EQUAL_FATAL(
      nnt_checkpoint_write(folder, &it, &(nnt_checkpoint_policy){.keep = 2}, path), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_checkpoint_read(path, &got), NNT_OK);
  expect_same(&it, &got);
  CU_ASSERT_EQUAL(nnt_keras_model_read(path, &model, &compile), NNT_OK);
  CU_ASSERT_EQUAL(model.layer_count, NNT_LAYERS_MAX);
  nnt_checkpoint_free(&got);
  nnt_checkpoint_free(&it);
  folder_remove(folder);
}

static void write_step(const char *folder, nnt_checkpoint *it, uint64_t step, size_t keep)
{
  char path[NNT_PATH_SIZE];
  it->position.step = step;
  CU_ASSERT_EQUAL_FATAL(
      nnt_checkpoint_write(folder, it, &(nnt_checkpoint_policy){.keep = keep}, path), NNT_OK);
}

static bool has_step(const char *folder, const char *name)
{
  char path[NNT_PATH_SIZE];
  path_in(path, folder, name);
  return access(path, F_OK) == 0;
}

static void the_newest_are_kept(void)
{
  char folder[NNT_PATH_SIZE];
  nnt_checkpoint it;
  folder_make(folder);
  sample_checkpoint(&it, 0);
  /* Sorted as text, 9 would be the newest. */
  write_step(folder, &it, 8, 2);
  write_step(folder, &it, 9, 2);
  write_step(folder, &it, 10, 2);
  write_step(folder, &it, 100, 2);
  CU_ASSERT_EQUAL(folder_count(folder), 2);
  CU_ASSERT(has_step(folder, "checkpoint-100.weights.h5"));
  CU_ASSERT(has_step(folder, "checkpoint-10.weights.h5"));
  /* A run that has gone back does not lose what it has just written. */
  write_step(folder, &it, 20, 1);
  CU_ASSERT_EQUAL(folder_count(folder), 2);
  CU_ASSERT(has_step(folder, "checkpoint-100.weights.h5"));
  CU_ASSERT(has_step(folder, "checkpoint-20.weights.h5"));
  write_step(folder, &it, 101, 0);
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  CU_ASSERT(has_step(folder, "checkpoint-101.weights.h5"));
  nnt_checkpoint_free(&it);
  folder_remove(folder);
}

static void nothing_is_found_where_nothing_is(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint it;
  nnt_damage damaged[2];
  size_t count = 1;
  bool found = true;
  folder_make(folder);
  CU_ASSERT_EQUAL(nnt_checkpoint_find(folder, &it, &found, path, damaged, 2, &count), NNT_OK);
  CU_ASSERT_FALSE(found);
  CU_ASSERT_EQUAL(count, 0);
  folder_remove(folder);
  found = true;
  CU_ASSERT_EQUAL(nnt_checkpoint_find(folder, &it, &found, path, damaged, 2, &count), NNT_OK);
  CU_ASSERT_FALSE(found);
}

static void the_newest_valid_one_is_found(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  char expected[NNT_PATH_SIZE];
  nnt_checkpoint it;
  nnt_damage damaged[2];
  size_t count = 0;
  bool found = false;
  folder_make(folder);
  sample_checkpoint(&it, 1);
  write_step(folder, &it, 5, 9);
  write_step(folder, &it, 50, 9);
  write_step(folder, &it, 500, 9);
  path_in(path, folder, "checkpoint-500.weights.h5");
  CU_ASSERT_EQUAL(truncate(path, 1000), 0);
  path_in(path, folder, "checkpoint-50.weights.h5");
  path_in(expected, folder, "checkpoint-60.weights.h5");
  CU_ASSERT_EQUAL(rename(path, expected), 0);
  nnt_checkpoint_free(&it);

  CU_ASSERT_EQUAL(nnt_checkpoint_find(folder, &it, &found, path, damaged, 2, &count), NNT_OK);
  CU_ASSERT_TRUE_FATAL(found);
  CU_ASSERT_EQUAL(it.position.step, 5);
  path_in(expected, folder, "checkpoint-5.weights.h5");
  CU_ASSERT_STRING_EQUAL(path, expected);
  CU_ASSERT_EQUAL_FATAL(count, 2);
  CU_ASSERT_PTR_NOT_NULL(strstr(damaged[0].message, "checkpoint-500.weights.h5 is cut short"));
  CU_ASSERT_PTR_NOT_NULL(strstr(damaged[1].message, "checkpoint-60.weights.h5 holds step 50"));
  nnt_checkpoint_free(&it);

  CU_ASSERT_EQUAL(truncate(path, 0), 0);
  CU_ASSERT_EQUAL(nnt_checkpoint_find(folder, &it, &found, path, damaged, 2, &count),
                  NNT_ECHECKPOINT);
  CU_ASSERT_FALSE(found);
  CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), "none of the 3 checkpoints"));
  folder_remove(folder);
}

static void expect_impossible(nnt_position position, uint64_t microbatches)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint written;
  nnt_checkpoint read;
  folder_make(folder);
  sample_checkpoint(&written, 0);
  written.position = position;
  written.microbatches = microbatches;
  CU_ASSERT_EQUAL(nnt_checkpoint_write(folder, &written, &(nnt_checkpoint_policy){.keep = 1}, path),
                  NNT_OK);
  CU_ASSERT_EQUAL(nnt_checkpoint_read(path, &read), NNT_ECHECKPOINT);
  CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), "its numbers contradict each other"));
  nnt_checkpoint_free(&written);
  folder_remove(folder);
}

/* A digest guards against damage only; whoever writes such numbers gives them a digest, too. */
static void impossible_numbers_are_refused(void)
{
  nnt_position const good = {SAMPLE_STEP, 2, 5, 12.0 / 7.0, 33, 640, 0.1};
  nnt_position bad = good;
  bad.epoch_correct = 641;
  expect_impossible(bad, 8);
  bad = good;
  bad.batch = 0;
  expect_impossible(bad, 8);
  bad = good;
  bad.epoch_samples = 4;
  bad.epoch_correct = 4;
  expect_impossible(bad, 8);
  bad = good;
  bad.epoch_loss = (double)NAN;
  expect_impossible(bad, 8);
  bad = good;
  bad.epoch_seconds = (double)INFINITY;
  expect_impossible(bad, 8);
  bad = good;
  bad.epoch_seconds = -1.0;
  expect_impossible(bad, 8);
  expect_impossible(good, 0);
  expect_impossible(good, (uint64_t)INT32_MAX + 1);
}

static int write_on_a_full_disk(const char *folder)
{
  struct rlimit const limit = {4096, 4096};
  char path[NNT_PATH_SIZE];
  nnt_checkpoint it;
  sample_checkpoint(&it, 2);
  it.position.step = SAMPLE_STEP + 1;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  nnt_status const status =
      nnt_checkpoint_write(folder, &it, &(nnt_checkpoint_policy){.keep = 1}, path);
  nnt_checkpoint_free(&it);
  return status == NNT_EIO && strstr(nnt_last_error(), path) != NULL ? 0 : 3;
}

static void a_full_disk_keeps_the_old_checkpoint(void)
{
  char folder[NNT_PATH_SIZE];
  nnt_checkpoint it;
  folder_make(folder);
  sample_checkpoint(&it, 2);
  write_step(folder, &it, SAMPLE_STEP, 1);
  (void)fflush(stdout);
  pid_t const child = fork();
  if (child == 0) _exit(write_on_a_full_disk(folder));
  int status = -1;
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT_EQUAL(status, 0);
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  CU_ASSERT(has_step(folder, "checkpoint-47.weights.h5"));
  nnt_checkpoint_free(&it);
  folder_remove(folder);
}

static void a_missing_folder_is_named(void)
{
  char path[NNT_PATH_SIZE];
  nnt_checkpoint it;
  sample_checkpoint(&it, 0);
  CU_ASSERT_EQUAL(
      nnt_checkpoint_write("/dev/null/none", &it, &(nnt_checkpoint_policy){.keep = 1}, path),
      NNT_EIO);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), "cannot write /dev/null/none/checkpoint-47.weights.h5: "
                                           "Not a directory");
  nnt_checkpoint_free(&it);
  CU_ASSERT_EQUAL(nnt_checkpoint_read("/dev/null/none", &it), NNT_EIO);
}

static CU_TestInfo tests[] = {
    {"what is written is read again", what_is_written_is_read_again},
    {"the first checkpoint has no history", the_first_checkpoint_has_no_history},
    {"writing twice gives equal bytes", writing_twice_gives_equal_bytes},
    {"tensors are where Keras looks", tensors_are_where_keras_looks},
    {"the description for Keras is the model", the_description_for_keras_is_the_model},
    {"a deep model has a long description", a_deep_model_has_a_long_description},
    {"the newest are kept", the_newest_are_kept},
    {"nothing is found where nothing is", nothing_is_found_where_nothing_is},
    {"the newest valid one is found", the_newest_valid_one_is_found},
    {"impossible numbers are refused", impossible_numbers_are_refused},
    {"a full disk keeps the old checkpoint", a_full_disk_keeps_the_old_checkpoint},
    {"a missing folder is named", a_missing_folder_is_named},
    CU_TEST_INFO_NULL,
};

static int start(void) { return nnt_store_init() == NNT_OK ? 0 : 1; }

CU_SuiteInfo test_suites[] = {{"checkpoint", start, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
