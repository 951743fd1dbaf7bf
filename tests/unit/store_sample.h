/** What the tests of the files share: a folder of their own, and a checkpoint to write. */
#ifndef UNIT_STORE_SAMPLE_H
#define UNIT_STORE_SAMPLE_H

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "nntrain/store.h"
#include "suite.h"

/* 12 -> dense 7 -> dropout -> dense 5 without bias -> tanh -> dense 3. */
enum { SAMPLE_PARAMETERS = 12 * 7 + 7 + 7 * 5 + 5 * 3 + 3, SAMPLE_STEP = 47 };

/* The number of files in a folder. */
static inline size_t folder_count(const char *folder)
{
  size_t count = 0;
  DIR *const entries = opendir(folder);
  CU_ASSERT_PTR_NOT_NULL_FATAL(entries);
  for (struct dirent *it = readdir(entries); it != NULL; it = readdir(entries)) {
    count += strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0;
  }
  (void)closedir(entries);
  return count;
}

static inline unsigned char *file_load(const char *path, size_t *bytes)
{
  FILE *const file = fopen(path, "rb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  (void)fseek(file, 0, SEEK_END);
  long const size = ftell(file);
  rewind(file);
  CU_ASSERT_FATAL(size >= 0);
  unsigned char *const data = malloc((size_t)size + 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(data);
  *bytes = fread(data, 1, (size_t)size, file);
  (void)fclose(file);
  return data;
}

static inline void file_store(const char *path, const void *data, size_t bytes)
{
  FILE *const file = fopen(path, "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(fwrite(data, 1, bytes, file), bytes);
  CU_ASSERT_EQUAL(fclose(file), 0);
}

static inline void sample_model(nnt_model_spec *out)
{
  nnt_initializer const kernel = {NNT_GLOROT_UNIFORM, 0.0};
  nnt_initializer const normal = {NNT_NORMAL, 1.0 / 3.0};
  nnt_initializer const zeros = {NNT_ZEROS, 0.0};
  *out = (nnt_model_spec){.name = "sample",
                          .input_dimensions = 2,
                          .input_shape = {3, 4},
                          .layer_count = 6,
                          .layers = {
                              {.kind = NNT_FLATTEN, .name = "flatten"},
                              {.kind = NNT_DENSE,
                               .name = "dense",
                               .units = 7,
                               .activation = NNT_SILU,
                               .use_bias = true,
                               .l2 = 0.1,
                               .kernel_initializer = normal,
                               .bias_initializer = zeros},
                              {.kind = NNT_DROPOUT, .name = "drop", .rate = 0.3},
                              {.kind = NNT_DENSE,
                               .name = "middle",
                               .units = 5,
                               .kernel_initializer = kernel,
                               .bias_initializer = zeros},
                              {.kind = NNT_ACTIVATION, .name = "act", .activation = NNT_TANH},
                              {.kind = NNT_DENSE,
                               .name = "out",
                               .units = 3,
                               .activation = NNT_SOFTMAX,
                               .use_bias = true,
                               .kernel_initializer = kernel,
                               .bias_initializer = zeros},
                          }};
}

/* The optimizers of the round trips: sgd, sgd with momentum, adam, adamw. */
enum { SAMPLE_OPTIMIZERS = 4 };

static inline nnt_optimizer sample_optimizer(int which)
{
  nnt_optimizer it = {.kind = NNT_SGD, .learning_rate = 0.1, .clip_norm = 0.7};
  if (which == 1) {
    it.momentum = 0.9;
    it.nesterov = true;
    it.weight_decay = 1e-4;
  }
  if (which >= 2) {
    it = (nnt_optimizer){.kind = which == 2 ? NNT_ADAM : NNT_ADAMW,
                         .learning_rate = 0.002,
                         .beta_1 = 0.9,
                         .beta_2 = 0.999,
                         .epsilon = 1e-7,
                         .weight_decay = which == 2 ? 0.0 : 0.05};
  }
  return it;
}

static inline float sample_value(size_t i, unsigned salt)
{
  return (float)((i * 37 + (size_t)salt * 101) % 211) / 97.0F - 1.0F;
}

static inline float *sample_floats(unsigned salt)
{
  float *const values = malloc(SAMPLE_PARAMETERS * sizeof *values);
  CU_ASSERT_PTR_NOT_NULL_FATAL(values);
  for (size_t i = 0; i < SAMPLE_PARAMETERS; i++) {
    values[i] = sample_value(i, salt);
  }
  return values;
}

static inline void sample_history(nnt_history *out)
{
  out->epoch_count = 2;
  out->step_count = 5;
  out->epochs = calloc(out->epoch_count, sizeof *out->epochs);
  out->steps = calloc(out->step_count, sizeof *out->steps);
  CU_ASSERT_FATAL(out->epochs != NULL && out->steps != NULL);
  for (size_t i = 0; i < out->epoch_count; i++) {
    double const x = (double)(i + 1);
    out->epochs[i] =
        (nnt_epoch_record){1.0 / x, 0.5 + x / 7.0, (double)NAN, 0.25 * x, 0.1, x / 3.0};
  }
  for (size_t i = 0; i < out->step_count; i++) {
    out->steps[i] = (nnt_step_record){1.0F / (float)(i + 3), 0.125F * (float)i, 0.1F};
  }
}

static inline void sample_setting(nnt_setting *out, const char *name, const char *value)
{
  (void)snprintf(out->name, sizeof out->name, "%s", name);
  out->value = strdup(value);
}

/* The caller frees it with nnt_checkpoint_free(). */
static inline void sample_checkpoint(nnt_checkpoint *out, int which)
{
  memset(out, 0, sizeof *out);
  sample_model(&out->model);
  out->optimizer = sample_optimizer(which);
  out->loss = (nnt_loss){NNT_CATEGORICAL_CROSSENTROPY, false, which == 2 ? 0.1 : 0.0};
  out->parameter_count = SAMPLE_PARAMETERS;
  out->parameters = sample_floats(0);
  for (unsigned s = 0; s < nnt_optimizer_slots(&out->optimizer); s++) {
    out->slots[s] = sample_floats(s + 1);
  }
  out->position = (nnt_position){SAMPLE_STEP, 2, 5, 12.0 / 7.0, 33, 640, 0.1};
  sample_history(&out->history);
  out->microbatches = 8;
  out->seed = UINT64_MAX - 4;
  out->setting_count = 3;
  out->settings = calloc(out->setting_count, sizeof *out->settings);
  CU_ASSERT_PTR_NOT_NULL_FATAL(out->settings);
  sample_setting(&out->settings[0], "recipe", "keras");
  sample_setting(&out->settings[1], "data", "");
  sample_setting(&out->settings[2], "batch-size", "ma\xc3\x9f 128");
  (void)snprintf(out->data_digest, sizeof out->data_digest, "%064d", 7);
  (void)snprintf(out->parameter_digest, sizeof out->parameter_digest, "%064d", 9);
  (void)snprintf(out->blas_core, sizeof out->blas_core, "Haswell");
  (void)snprintf(out->run_id, sizeof out->run_id, "%s",
                 which % 2 == 1 ? "0123456789abcdef0123456789abcdef" : "");
  out->instructions = NNT_ISA_AVX2;
  out->complete = which % 2 == 1;
}

#endif
