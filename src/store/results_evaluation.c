#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/results_layout.h"

/* The table of all pairs of classes is kept up to this many, where it has 32 MiB. */
enum { CONFUSION_CLASSES_MAX = 2048, NUMBER_SIZE = 24, CHUNK_BYTES = 1 << 18 };

#define GROUP "/evaluation"
#define CLASS GROUP "/class"

/* How often each class was there, was predicted, and both; and per-class figures made of that. */
typedef struct tally {
  size_t classes;
  int64_t *support;
  int64_t *predicted;
  int64_t *correct;
  double *precision;
  double *recall;
  double *f1;
} tally;

static double ratio(int64_t part, int64_t whole)
{
  return whole == 0 ? 0.0 : (double)part / (double)whole;
}

static void count(tally *it, const nnt_evaluation *evaluation)
{
  for (size_t i = 0; i < evaluation->samples; i++) {
    uint16_t const truth = evaluation->true_label[i];
    uint16_t const guess = evaluation->predicted_label[i];
    it->support[truth]++;
    it->predicted[guess]++;
    it->correct[truth] += truth == guess;
  }
  for (size_t c = 0; c < it->classes; c++) {
    it->precision[c] = ratio(it->correct[c], it->predicted[c]);
    it->recall[c] = ratio(it->correct[c], it->support[c]);
    it->f1[c] = ratio(2 * it->correct[c], it->support[c] + it->predicted[c]);
  }
}

static nnt_status put_counted(hid_t file, const char *path, const nnt_h5_array *array,
                              const char *rows, const char *columns)
{
  NNT_TRY(nnt_h5_put_array(file, path, array));
  NNT_TRY(nnt_scale_attach(file, path, rows, 0));
  return columns == NULL ? NNT_OK : nnt_scale_attach(file, path, columns, 1);
}

static nnt_status put_class_names(hid_t file, size_t classes)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, classes, NUMBER_SIZE + sizeof(char *), "the class names"));
  char const **const name = memory;
  char *const text = (char *)(name + classes);
  for (size_t c = 0; c < classes; c++) {
    name[c] = text + c * NUMBER_SIZE;
    (void)snprintf(text + c * NUMBER_SIZE, NUMBER_SIZE, "%zu", c);
  }
  nnt_status const status =
      nnt_texts_put(file, GROUP "/per_class/class_name", name, classes, CLASS);
  free(memory);
  return status;
}

static nnt_status put_per_class(hid_t file, const tally *it)
{
  size_t const classes = it->classes;
  nnt_h5_array reals = {
      .stored = H5T_IEEE_F64LE, .given = H5T_NATIVE_DOUBLE, .rank = 1, .shape = {classes, 0}};
  nnt_h5_array const support = {.stored = H5T_STD_I64LE,
                                .given = H5T_NATIVE_INT64,
                                .rank = 1,
                                .shape = {classes, 0},
                                .data = it->support};
  NNT_TRY(nnt_h5_put_group(file, GROUP "/per_class", true));
  reals.data = it->precision;
  NNT_TRY(put_counted(file, GROUP "/per_class/precision", &reals, CLASS, NULL));
  reals.data = it->recall;
  NNT_TRY(put_counted(file, GROUP "/per_class/recall", &reals, CLASS, NULL));
  reals.data = it->f1;
  NNT_TRY(put_counted(file, GROUP "/per_class/f1", &reals, CLASS, NULL));
  NNT_TRY(put_counted(file, GROUP "/per_class/support", &support, CLASS, NULL));
  NNT_TRY(nnt_h5_put_utf8(file, GROUP "/per_class", "description",
                          "precision, recall and f1 are 0 where they are not defined"));
  return put_class_names(file, classes);
}

static nnt_status count_classes(hid_t file, const nnt_evaluation *evaluation)
{
  size_t const classes = evaluation->classes;
  void *integers = NULL;
  void *reals = NULL;
  nnt_status status =
      nnt_memory_create(&integers, 3 * classes, sizeof(int64_t), "per-class figures");
  if (status == NNT_OK) {
    status = nnt_memory_create(&reals, 3 * classes, sizeof(double), "per-class figures");
  }
  if (status == NNT_OK) {
    int64_t *const counts = integers;
    double *const figures = reals;
    tally it = {.classes = classes,
                .support = counts,
                .predicted = counts + classes,
                .correct = counts + 2 * classes,
                .precision = figures,
                .recall = figures + classes,
                .f1 = figures + 2 * classes};
    count(&it, evaluation);
    status = put_per_class(file, &it);
  }
  free(integers);
  free(reals);
  return status;
}

static nnt_status put_confusion(hid_t file, const nnt_evaluation *evaluation)
{
  char const *const axes[] = {"true_label", "predicted_label"};
  size_t const classes = evaluation->classes;
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, classes * classes, sizeof(int64_t), "the confusion matrix"));
  int64_t *const counts = memory;
  for (size_t i = 0; i < evaluation->samples; i++) {
    counts[evaluation->true_label[i] * classes + evaluation->predicted_label[i]]++;
  }
  nnt_h5_array const table = {.stored = H5T_STD_I64LE,
                              .given = H5T_NATIVE_INT64,
                              .rank = 2,
                              .shape = {classes, classes},
                              .data = counts};
  nnt_h5_array const numbers = {.stored = H5T_STD_I32LE};
#define MATRIX GROUP "/confusion_matrix"
  nnt_status status = nnt_h5_put_group(file, MATRIX, true);
  if (status == NNT_OK) status = nnt_scale_put(file, MATRIX "/true_label", classes, 0, &numbers);
  if (status == NNT_OK) {
    status = nnt_scale_put(file, MATRIX "/predicted_label", classes, 0, &numbers);
  }
  if (status == NNT_OK) {
    status = put_counted(file, MATRIX "/counts", &table, MATRIX "/true_label",
                         MATRIX "/predicted_label");
  }
  free(memory);
  NNT_TRY(status);
  NNT_TRY(nnt_h5_put_utf8(file, MATRIX, "NX_class", "NXdata"));
  NNT_TRY(nnt_h5_put_utf8(file, MATRIX, "signal", "counts"));
  NNT_TRY(
      nnt_h5_put_utf8(file, MATRIX, "description", "row = true label, column = predicted label"));
  return nnt_h5_put_utf8s(file, MATRIX, "axes", axes, 2);
#undef MATRIX
}

static nnt_status put_labels(hid_t file, const char *path, const uint16_t *labels, size_t samples)
{
  nnt_h5_array const array = {.stored = H5T_STD_I32LE,
                              .given = H5T_NATIVE_UINT16,
                              .rank = 1,
                              .shape = {samples, 0},
                              .data = labels};
  return put_counted(file, path, &array, GROUP "/predictions/sample", NULL);
}

static nnt_status put_predictions(hid_t file, const nnt_evaluation *evaluation)
{
  size_t const samples = evaluation->samples;
  size_t const classes = evaluation->classes;
  nnt_h5_array const numbers = {.stored = H5T_STD_I64LE};
  size_t const rows = CHUNK_BYTES / sizeof(float) / classes + 1;
  nnt_h5_array const probability = {.stored = H5T_IEEE_F32LE,
                                    .given = H5T_NATIVE_FLOAT,
                                    .rank = 2,
                                    .shape = {samples, classes},
                                    .data = evaluation->probability,
                                    .chunk = rows < samples ? rows : samples,
                                    .deflated = true};
  NNT_TRY(nnt_h5_put_group(file, GROUP "/predictions", true));
  NNT_TRY(nnt_scale_put(file, GROUP "/predictions/sample", samples, 0, &numbers));
  NNT_TRY(put_labels(file, GROUP "/predictions/true_label", evaluation->true_label, samples));
  NNT_TRY(
      put_labels(file, GROUP "/predictions/predicted_label", evaluation->predicted_label, samples));
  if (evaluation->probability == NULL) return NNT_OK;
  return put_counted(file, GROUP "/predictions/probability", &probability,
                     GROUP "/predictions/sample", CLASS);
}

static nnt_status check_labels(const nnt_evaluation *evaluation)
{
  for (size_t i = 0; i < evaluation->samples; i++) {
    if (evaluation->true_label[i] < evaluation->classes &&
        evaluation->predicted_label[i] < evaluation->classes) {
      continue;
    }
    return nnt_fail(NNT_EINTERNAL, "sample %zu is evaluated as class %d, predicted %d, of %zu", i,
                    evaluation->true_label[i], evaluation->predicted_label[i], evaluation->classes);
  }
  return NNT_OK;
}

nnt_status nnt_evaluation_put(hid_t file, const nnt_evaluation *evaluation)
{
  bool const has_matrix = evaluation->classes <= CONFUSION_CLASSES_MAX;
  nnt_h5_array const numbers = {.stored = H5T_STD_I32LE};
  NNT_TRY(check_labels(evaluation));
  NNT_TRY(nnt_h5_put_group(file, GROUP, true));
  NNT_TRY(nnt_h5_put_utf8(file, GROUP, "NX_class", "NXentry"));
  if (has_matrix) NNT_TRY(nnt_h5_put_utf8(file, GROUP, "default", "confusion_matrix"));
  NNT_TRY(nnt_h5_put_utf8(file, GROUP, "dataset", evaluation->dataset));
  NNT_TRY(nnt_h5_put_u64(file, GROUP, "n_samples", evaluation->samples));
  NNT_TRY(nnt_h5_put_f64(file, GROUP, "loss", evaluation->loss));
  NNT_TRY(nnt_h5_put_f64(file, GROUP, "accuracy", evaluation->accuracy));
  NNT_TRY(nnt_scale_put(file, CLASS, evaluation->classes, 0, &numbers));
  if (has_matrix) NNT_TRY(put_confusion(file, evaluation));
  NNT_TRY(count_classes(file, evaluation));
  return put_predictions(file, evaluation);
}
