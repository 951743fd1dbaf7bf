/* Files as a run leaves them, and what they must predict. With NNT_KERAS_FILES=<folder> they stay
 * there, for tests/keras/check.sh. */
#include <hdf5.h>
#include <hdf5_hl.h>

#include "model_sample.h"
#include "store_sample.h"

enum { SAMPLES = 40, INPUTS = 12, CLASSES = 3, WIDTH_MAX = 12 };

static double input_value(size_t sample, size_t i)
{
  return (double)((sample * 7 + i * 5) % 16) / 15.0;
}

/* y = x W + b in float64; returns the number of values read. */
static size_t dense(const float *w, const double *x, size_t in, double *y, size_t out, bool bias)
{
  for (size_t o = 0; o < out; o++) {
    y[o] = bias ? (double)w[in * out + o] : 0.0;
    for (size_t i = 0; i < in; i++) {
      y[o] += x[i] * (double)w[i * out + o];
    }
  }
  return in * out + (bias ? out : 0);
}

/* The sample model by its formulas: silu, nothing (dropout), tanh, softmax. */
static void predict(const float *w, size_t sample, double p[CLASSES])
{
  double x[WIDTH_MAX];
  double y[WIDTH_MAX];
  double sum = 0.0;
  for (size_t i = 0; i < INPUTS; i++) {
    x[i] = (double)(float)input_value(sample, i);
  }
  w += dense(w, x, 12, y, 7, true);
  for (size_t i = 0; i < 7; i++) {
    x[i] = y[i] / (1.0 + exp(-y[i]));
  }
  w += dense(w, x, 7, y, 5, false);
  for (size_t i = 0; i < 5; i++) {
    x[i] = tanh(y[i]);
  }
  (void)dense(w, x, 5, y, CLASSES, true);
  for (size_t c = 0; c < CLASSES; c++) {
    sum += exp(y[c]);
  }
  for (size_t c = 0; c < CLASSES; c++) {
    p[c] = exp(y[c]) / sum;
  }
}

static void write_expected(const char *path, const float *parameters)
{
  FILE *const file = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  for (int part = 0; part < 2; part++) {
    (void)fprintf(file, part == 0 ? "{\"x\": [" : "], \"y\": [");
    for (size_t s = 0; s < SAMPLES; s++) {
      double p[CLASSES];
      predict(parameters, s, p);
      (void)fprintf(file, s == 0 ? "[" : ", [");
      for (size_t i = 0; i < (part == 0 ? (size_t)INPUTS : (size_t)CLASSES); i++) {
        (void)fprintf(file, "%s%.17g", i == 0 ? "" : ", ", part == 0 ? input_value(s, i) : p[i]);
      }
      (void)fprintf(file, "]");
    }
  }
  (void)fprintf(file, "]}\n");
  CU_ASSERT_EQUAL(fclose(file), 0);
}

/* Adam takes the root of its second moment. */
static void make_squares_positive(nnt_checkpoint *it)
{
  if (nnt_optimizer_slots(&it->optimizer) < 2) return;
  for (size_t i = 0; i < it->parameter_count; i++) {
    it->slots[1][i] = fabsf(it->slots[1][i]);
  }
}

static void write_results(const char *path, const nnt_checkpoint *it)
{
  uint16_t truth[SAMPLES];
  uint16_t guess[SAMPLES];
  float probability[SAMPLES * CLASSES];
  double loss = 0.0;
  size_t correct = 0;
  for (size_t s = 0; s < SAMPLES; s++) {
    double p[CLASSES];
    predict(it->parameters, s, p);
    truth[s] = (uint16_t)(s % CLASSES);
    guess[s] = 0;
    for (size_t c = 0; c < CLASSES; c++) {
      probability[s * CLASSES + c] = (float)p[c];
      if (p[c] > p[guess[s]]) guess[s] = (uint16_t)c;
    }
    correct += truth[s] == guess[s];
    loss -= log(p[truth[s]]) / SAMPLES;
  }
  nnt_evaluation const evaluation = {"test", SAMPLES, CLASSES,    loss, (double)correct / SAMPLES,
                                     truth,  guess,   probability};
  char const *const names[] = {"forward", "exchange"};
  nnt_phase const phases[] = {{1.0, 1.5, 2.5, 1.75}, {0.25, 0.25, 0.25, 0.25}};
  nnt_peak_memory const peak = {2 << 20, 3 << 20, 5 << 20};
  nnt_results const results = {.status = NNT_RUN_COMPLETE,
                               .peak_memory = &peak,
                               .history = &it->history,
                               .evaluation = &evaluation,
                               .settings = it->settings,
                               .setting_count = it->setting_count,
                               .data_description = "forty samples",
                               .data_digest = "0123",
                               .parameter_digest = "4567",
                               .phases = phases,
                               .phase_names = names,
                               .phase_count = 2,
                               .advice = "",
                               .ranks = 3,
                               .microbatches = 8};
  CU_ASSERT_EQUAL(nnt_results_write(path, NULL, &results), NNT_OK);
}

/* The model as it is described for Keras, with the weights where Keras looks for them. */
static void expect_predictions(const char *path, const float *parameters)
{
  nnt_model_spec spec;
  nnt_compile compile;
  nnt_model *model = NULL;
  float read[SAMPLE_PARAMETERS];
  CU_ASSERT_EQUAL_FATAL(nnt_keras_model_read(path, &spec, &compile), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&model, &spec, NULL), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_weights_read(path, model, read), NNT_OK);
  nnt_workspace *const workspace = workspace_of(model, SAMPLES, false);
  float *const arena = arena_of(model, read);
  for (size_t i = 0; i < (size_t)SAMPLES * INPUTS; i++) {
    input_row(workspace, i / INPUTS)[i % INPUTS] = (float)input_value(i / INPUTS, i % INPUTS);
  }
  nnt_range const all = {0, SAMPLES};
  float output[SAMPLES * CLASSES];
  nnt_model_forward(model, arena, workspace, all, NULL);
  get_outputs(model, workspace, all, output);
  for (size_t s = 0; s < SAMPLES; s++) {
    double p[CLASSES];
    predict(parameters, s, p);
    for (size_t c = 0; c < CLASSES; c++) {
      CU_ASSERT_DOUBLE_EQUAL((double)output[s * CLASSES + c], p[c], 1e-6);
    }
  }
  free(arena);
  nnt_workspace_destroy(workspace);
  nnt_model_destroy(model);
}

static void a_checkpoint_predicts_what_the_formulas_say(void)
{
  static char const *const names[SAMPLE_OPTIMIZERS] = {"sgd", "momentum", "adam", "adamw"};
  char const *const wanted = getenv("NNT_KERAS_FILES");
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  for (int which = 0; which < SAMPLE_OPTIMIZERS; which++) {
    char part[NNT_PATH_SIZE];
    char path[NNT_PATH_SIZE];
    nnt_checkpoint it;
    path_in(part, wanted == NULL ? folder : wanted, names[which]);
    CU_ASSERT_EQUAL_FATAL(nnt_folder_create(part), NNT_OK);
    sample_checkpoint(&it, which);
    /* The check knows no decay of sgd, and gives whole numbers as labels, which smoothing excludes.
     */
    if (it.optimizer.kind == NNT_SGD) it.optimizer.weight_decay = 0.0;
    it.loss.label_smoothing = 0.0;
    make_squares_positive(&it);
    CU_ASSERT_EQUAL_FATAL(
        nnt_checkpoint_write(part, &it, &(nnt_checkpoint_policy){.keep = 1}, path), NNT_OK);
    expect_predictions(path, it.parameters);
    path_in(path, part, "expected.json");
    write_expected(path, it.parameters);
    path_in(path, part, "results.h5");
    write_results(path, &it);
    nnt_checkpoint_free(&it);
    if (wanted == NULL) folder_remove(part);
  }
  folder_remove(folder);
}

/* Results are figures of certain kernels, libraries and microbatches: they say which. */
static void results_tell_what_they_depend_on(void)
{
  static char const *const texts[] = {"mpi_version", "blas_version", "blas_core"};
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint it;
  folder_make(folder);
  path_in(path, folder, "results.h5");
  sample_checkpoint(&it, 0);
  write_results(path, &it);
  nnt_checkpoint_free(&it);
  hid_t const file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char *text = NULL;
    CU_ASSERT_FATAL(H5Aexists(file, texts[i]) > 0);
    CU_ASSERT(H5LTget_attribute_string(file, "/", texts[i], (char *)&text) >= 0);
    CU_ASSERT(text != NULL && strlen(text) > 0);
    H5free_memory(text);
  }
  unsigned long long microbatches = 0;
  CU_ASSERT(H5LTget_attribute(file, "/", "microbatches", H5T_NATIVE_ULLONG, &microbatches) >= 0);
  CU_ASSERT_EQUAL(microbatches, 8);
  CU_ASSERT(H5Fclose(file) >= 0);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"a checkpoint predicts what the formulas say", a_checkpoint_predicts_what_the_formulas_say},
    {"results tell what they depend on", results_tell_what_they_depend_on},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("keras files", tests);
