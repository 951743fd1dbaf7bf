#include "oracle.h"

#include <ftw.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nntrain/store.h"
#include "nntrain/train.h"
#include "suite.h"

typedef struct tolerances {
  double steps;
  double loss;
  double train_samples;
  double test_samples;
  double weights;
} tolerances;

/* What a run is compared with. */
typedef struct oracle {
  char folder[NNT_PATH_SIZE];
  char output[NNT_PATH_SIZE];
  json_t *expected;
  tolerances allowed;
  size_t train;
  size_t test;
} oracle;

static json_t *load_json(const char *folder, const char *file)
{
  char path[NNT_PATH_SIZE];
  (void)snprintf(path, sizeof path, "%.3000s/%s", folder, file);
  return json_load_file(path, 0, NULL);
}

static double number(const json_t *object, const char *key)
{
  return json_number_value(json_object_get(object, key));
}

static bool load_oracle(oracle *self, const char *shared, const char *name)
{
  (void)snprintf(self->folder, sizeof self->folder, "%.3000s/oracles/%s", shared, name);
  self->expected = load_json(self->folder, "oracle.json");
  char folder[NNT_PATH_SIZE];
  (void)snprintf(folder, sizeof folder, "%.3000s/oracles", shared);
  json_t *const all = load_json(folder, "tolerances.json");
  if (self->expected == NULL || all == NULL) return false;
  json_t const *const recommended =
      json_object_get(json_object_get(json_object_get(all, "oracles"), name), "recommended");
  json_t const *const samples = json_object_get(recommended, "accuracy_samples");
  self->allowed = (tolerances){
      .steps = number(recommended, "steps"),
      .loss = number(recommended, "loss"),
      .train_samples = json_number_value(json_array_get(samples, 0)),
      .test_samples = json_number_value(json_array_get(samples, 1)),
      .weights = number(recommended, "weights_rms"),
  };
  json_decref(all);
  json_t const *const data = json_object_get(self->expected, "data");
  self->train = (size_t)json_integer_value(json_object_get(data, "train"));
  self->test = (size_t)json_integer_value(json_object_get(data, "test"));
  return self->allowed.steps > 0.0 && self->allowed.weights > 0.0;
}

static nnt_status set(nnt_config *config, nnt_option_id id, const char *text)
{
  return nnt_config_set(config, id, text, NNT_FROM_COMMAND_LINE);
}

static nnt_status set_count(nnt_config *config, nnt_option_id id, const json_t *value)
{
  char text[32];
  if (!json_is_integer(value)) return NNT_OK;
  (void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
  return set(config, id, text);
}

static nnt_status set_path(nnt_config *config, nnt_option_id id, const char *folder,
                           const char *file)
{
  char path[NNT_PATH_SIZE];
  (void)snprintf(path, sizeof path, "%.3000s/%s", folder, file);
  return set(config, id, path);
}

static nnt_status configure(nnt_config *config, const oracle *self, const char *shared)
{
  json_t const *const expected = self->expected;
  json_t const *const data = json_object_get(expected, "data");
  nnt_config_init(config, NNT_RECIPE_KERAS);
  NNT_TRY(set_path(config, NNT_OPTION_DATA, shared, "mnist"));
  NNT_TRY(set_count(config, NNT_OPTION_TRAIN_SAMPLES, json_object_get(data, "train")));
  NNT_TRY(set_count(config, NNT_OPTION_TEST_SAMPLES, json_object_get(data, "test")));
  NNT_TRY(set_path(config, NNT_OPTION_MODEL, self->folder, "model.json"));
  NNT_TRY(set_path(config, NNT_OPTION_INIT_FROM, self->folder, "init.weights.h5"));
  NNT_TRY(set_count(config, NNT_OPTION_BATCH_SIZE, json_object_get(expected, "batch_size")));
  NNT_TRY(set_count(config, NNT_OPTION_EPOCHS, json_object_get(expected, "epochs")));
  NNT_TRY(set_count(config, NNT_OPTION_STEPS, json_object_get(expected, "steps")));
  NNT_TRY(set(config, NNT_OPTION_NO_SHUFFLE, NULL));
  NNT_TRY(set(config, NNT_OPTION_OUTPUT, self->output));
  return nnt_config_check(config);
}

static void say_nothing(void *context, const char *text)
{
  (void)context;
  (void)text;
}
static void ignore_begin(void *context, const nnt_run_info *info)
{
  (void)context;
  (void)info;
}
static void ignore_view(void *context, const nnt_epoch_view *view)
{
  (void)context;
  (void)view;
}
static void ignore_end(void *context, const nnt_run_summary *summary)
{
  (void)context;
  (void)summary;
}
static void ignore_plan(void *context, const nnt_plan *plan)
{
  (void)context;
  (void)plan;
}
static nnt_observer const silent = {NULL,         say_nothing, say_nothing,
                                    ignore_begin, ignore_view, ignore_view,
                                    ignore_view,  ignore_end,  ignore_plan};

/* Reads a whole one-dimensional dataset; NULL if that fails. */
static double *read_column(hid_t file, const char *name, size_t *count)
{
  hsize_t extent = 0;
  int dimensions = 0;
  if (H5LTget_dataset_ndims(file, name, &dimensions) < 0 || dimensions != 1) return NULL;
  if (H5LTget_dataset_info(file, name, &extent, NULL, NULL) < 0) return NULL;
  double *const values = calloc(extent + 1, sizeof *values);
  if (values != NULL && H5LTread_dataset_double(file, name, values) < 0) {
    free(values);
    return NULL;
  }
  *count = extent;
  return values;
}

static double relative(double value, double expected)
{
  return fabs(value - expected) / fmax(fabs(expected), 1e-30);
}

/* The largest relative difference of a column from a JSON array; infinite if its length differs. */
static double worst_in_array(hid_t file, const char *name, const json_t *array, size_t most)
{
  size_t count = 0;
  double *const values = read_column(file, name, &count);
  size_t const wanted = json_array_size(array) < most ? json_array_size(array) : most;
  double worst = values == NULL || count < wanted || wanted == 0 ? HUGE_VAL : 0.0;
  for (size_t i = 0; i < wanted && values != NULL && i < count; i++) {
    worst = fmax(worst, relative(values[i], json_number_value(json_array_get(array, i))));
  }
  free(values);
  return worst;
}

/* The largest difference of a history column from what Keras's fit() reported. */
static double worst_in_history(hid_t file, const char *key, const json_t *epochs, double samples)
{
  char name[64];
  (void)snprintf(name, sizeof name, "/history/%s", key);
  size_t count = 0;
  double *const values = read_column(file, name, &count);
  double worst = values == NULL || count != json_array_size(epochs) ? HUGE_VAL : 0.0;
  for (size_t i = 0; i < count && values != NULL; i++) {
    double const expected = number(json_array_get(epochs, i), key);
    worst = fmax(worst, samples > 0.0 ? fabs(values[i] - expected) * samples
                                      : relative(values[i], expected));
  }
  free(values);
  return worst;
}

static double attribute(hid_t file, const char *name)
{
  double value = HUGE_VAL;
  if (H5LTget_attribute_double(file, "/evaluation", name, &value) < 0) return HUGE_VAL;
  return value;
}

/* rms difference of each tensor over its rms; the largest over the tensors. */
static double worst_in_weights(const nnt_model *model, const float *got, const float *expected)
{
  double worst = 0.0;
  for (size_t t = 0; t < nnt_model_tensor_count(model); t++) {
    nnt_tensor const *const tensor = nnt_model_tensor(model, t);
    double difference = 0.0;
    double size = 0.0;
    for (size_t i = tensor->offset; i < tensor->offset + tensor->count; i++) {
      difference += pow((double)got[i] - (double)expected[i], 2.0);
      size += pow((double)expected[i], 2.0);
    }
    worst = fmax(worst, sqrt(difference / fmax(size, 1e-30)));
  }
  return worst;
}

static double compare_weights(const oracle *self)
{
  nnt_model_spec *const spec = calloc(1, sizeof *spec);
  nnt_checkpoint *const checkpoint = calloc(1, sizeof *checkpoint);
  nnt_compile compile;
  nnt_model *model = NULL;
  nnt_damage damaged[1];
  size_t damaged_count = 0;
  bool found = false;
  double worst = HUGE_VAL;
  char path[NNT_PATH_SIZE];
  (void)snprintf(path, sizeof path, "%.3000s/model.json", self->folder);
  if (nnt_keras_model_read(path, spec, &compile) == NNT_OK &&
      nnt_model_create(&model, spec, NULL) == NNT_OK &&
      nnt_checkpoint_find(self->output, checkpoint, &found, path, damaged, 1, &damaged_count) ==
          NNT_OK &&
      found && checkpoint->parameter_count == nnt_model_parameter_count(model)) {
    float *const expected = calloc(checkpoint->parameter_count, sizeof *expected);
    (void)snprintf(path, sizeof path, "%.3000s/final.weights.h5", self->folder);
    if (nnt_weights_read(path, model, expected) == NNT_OK) {
      worst = worst_in_weights(model, checkpoint->parameters, expected);
    }
    free(expected);
  }
  nnt_checkpoint_free(checkpoint);
  free(checkpoint);
  nnt_model_destroy(model);
  free(spec);
  return worst;
}

/* Prints what differs most, and asserts that it is allowed. */
static void expect(const char *name, const char *what, double worst, double allowed)
{
  (void)printf("%s: %s: largest difference %.2g, allowed %.2g\n", name, what, worst, allowed);
  if (!(worst <= allowed)) {
    CU_FAIL("differs from Keras by more than is allowed; see the line above");
  }
}

static void compare_files(const oracle *self, const char *name)
{
  char path[NNT_PATH_SIZE];
  (void)snprintf(path, sizeof path, "%.3000s/results.h5", self->output);
  hid_t const file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  CU_ASSERT(file >= 0);
  if (file < 0) return;
  json_t const *const expected = self->expected;
  json_t const *const epochs = json_object_get(expected, "epochs_expected");
  json_t const *const all_steps = json_object_get(expected, "steps_loss");
  json_t const *const test = json_object_get(expected, "test");
  double const train = self->train == 0 ? 60000.0 : (double)self->train;
  double const tests = self->test == 0 ? 10000.0 : (double)self->test;
  tolerances const allowed = self->allowed;
  expect(name, "first 20 step losses (relative)",
         worst_in_array(file, "/steps/loss", json_object_get(expected, "first_steps_loss"), 20),
         allowed.steps);
  if (all_steps != NULL) {
    expect(name, "all step losses (relative)", worst_in_array(file, "/steps/loss", all_steps, 1000),
           allowed.loss);
  }
  if (json_array_size(epochs) > 0) {
    expect(name, "epoch losses (relative)", worst_in_history(file, "loss", epochs, 0.0),
           allowed.loss);
    expect(name, "validation losses (relative)", worst_in_history(file, "val_loss", epochs, 0.0),
           allowed.loss);
    expect(name, "epoch accuracies (samples)", worst_in_history(file, "accuracy", epochs, train),
           allowed.train_samples + 0.01);
    expect(name, "validation accuracies (samples)",
           worst_in_history(file, "val_accuracy", epochs, tests), allowed.test_samples + 0.01);
  }
  expect(name, "test loss (relative)", relative(attribute(file, "loss"), number(test, "loss")),
         allowed.loss);
  expect(name, "test accuracy (samples)",
         fabs(attribute(file, "accuracy") - number(test, "accuracy")) * tests,
         allowed.test_samples + 0.01);
  H5Fclose(file);
  expect(name, "final weights (rms)", compare_weights(self), allowed.weights);
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where)
{
  (void)about;
  (void)kind;
  (void)where;
  return remove(path);
}

static void remove_output(const char *output)
{
  enum { FOLDERS_OPEN = 4 };
  if (nftw(output, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) != 0) {
    CU_FAIL("cannot remove the output of the run");
  }
}

void check_oracle(const char *name)
{
  char const *const shared = getenv("NNT_SHARED");
  oracle *const self = calloc(1, sizeof *self);
  nnt_config *const config = calloc(1, sizeof *config);
  bool const root = nnt_comm_rank(test_comm) == 0;
  bool const present = shared != NULL && load_oracle(self, shared, name);
  nnt_status status = NNT_OK;
  if (!present) {
    if (root) (void)printf("skipped: oracle %s: not in $NNT_SHARED/oracles\n", name);
  } else {
    (void)snprintf(self->output, sizeof self->output, "/tmp/nntrain-oracle-XXXXXX");
    if (root && mkdtemp(self->output) == NULL) status = nnt_fail(NNT_EIO, "no temporary folder");
    nnt_comm_broadcast(test_comm, self->output, sizeof self->output);
    status = nnt_comm_agree(test_comm, status);
    if (status == NNT_OK) status = nnt_comm_agree(test_comm, configure(config, self, shared));
    if (status == NNT_OK) status = nnt_train(test_comm, config, &silent);
    if (status != NNT_OK && root) (void)printf("%s: %s\n", name, nnt_last_error());
    CU_ASSERT_EQUAL(status, NNT_OK);
    if (root && status == NNT_OK) compare_files(self, name);
    if (root) remove_output(self->output);
  }
  json_decref(self->expected);
  free(self);
  free(config);
}
