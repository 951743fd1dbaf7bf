/* Losses of given outputs, through models that pass their inputs on unchanged. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "keras_numbers.h"
#include "nntrain/model.h"
#include "suite.h"

enum { CASES = sizeof keras_losses / sizeof *keras_losses, ROWS = 3, CLASSES = 4 };

/* A dense layer with the unit matrix: outputs = activation(inputs). The gradient of its bias over
 * one row is the derivative of that row's loss by the layer's pre-activations. */
typedef struct passage {
  nnt_model *model;
  nnt_workspace *workspace;
  float *parameters;
} passage;

static passage passage_create(nnt_activation activation)
{
  passage p = {NULL, NULL, NULL};
  nnt_model_spec spec;
  nnt_initializer const zeros = {NNT_ZEROS, 0.0};
  CU_ASSERT_EQUAL_FATAL(nnt_model_spec_dense(&spec, CLASSES, NULL, 0, NNT_LINEAR, CLASSES, zeros),
                        NNT_OK);
  spec.layers[0].activation = activation;
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&p.model, &spec), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_workspace_create(&p.workspace, p.model, ROWS, true), NNT_OK);
  size_t const count = nnt_model_parameter_count(p.model);
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&p.parameters, count, "parameters"), NNT_OK);
  nnt_model_initialize(p.model, 1, p.parameters);
  for (size_t i = 0; i < CLASSES; i++) {
    p.parameters[i * CLASSES + i] = 1.0F;
  }
  return p;
}

static void passage_destroy(const passage *p)
{
  nnt_workspace_destroy(p->workspace);
  nnt_model_destroy(p->model);
  free(p->parameters);
}

static void pass(const passage *p, const float *inputs, size_t rows)
{
  memcpy(nnt_workspace_input(p->workspace), inputs, rows * CLASSES * sizeof *inputs);
  nnt_model_forward(p->model, p->parameters, p->workspace, (nnt_range){0, rows}, NULL);
}

static double loss_of_row(const passage *p, const nnt_loss *loss, size_t row)
{
  return nnt_model_loss(p->model, loss, p->workspace, (nnt_range){row, 1}, loss_labels).loss;
}

static void slope_of_row(const passage *p, const nnt_loss *loss, size_t row, float out[CLASSES])
{
  nnt_range const rows = {row, 1};
  nnt_model_backward(p->model, loss, p->parameters, p->workspace, rows, loss_labels);
  size_t const bias = nnt_model_tile_count(p->model) - 1;
  nnt_model_tile_gradient(p->model, p->workspace, bias, rows, out);
}

/* A few roundings of Keras's float32 sums of numbers of the given size. */
static double tolerance(double size) { return 6.0 * (double)FLT_EPSILON * fmax(1.0, fabs(size)); }

static void check_case(const passage *p, const keras_loss *keras, const nnt_loss *loss)
{
  pass(p, keras->outputs[0], ROWS);
  for (size_t row = 0; row < ROWS; row++) {
    float slopes[CLASSES];
    slope_of_row(p, loss, row, slopes);
    CU_ASSERT_DOUBLE_EQUAL(loss_of_row(p, loss, row), (double)keras->value[row],
                           tolerance((double)keras->value[row]));
    double largest = 0.0;
    for (size_t c = 0; c < CLASSES; c++) {
      largest = fmax(largest, fabs((double)keras->slope[row][c]));
    }
    for (size_t c = 0; c < CLASSES; c++) {
      CU_ASSERT_DOUBLE_EQUAL((double)slopes[c], (double)keras->slope[row][c], tolerance(largest));
    }
  }
}

static void values_and_slopes_are_those_of_keras(void)
{
  passage const p = passage_create(NNT_LINEAR);
  for (size_t i = 0; i < CASES; i++) {
    check_case(&p, &keras_losses[i], &keras_losses[i].loss);
  }
  passage_destroy(&p);
}

/* Keras too computes this from what went into the softmax. */
static void cross_entropy_after_softmax_is_that_of_logits(void)
{
  passage const p = passage_create(NNT_SOFTMAX);
  size_t checked = 0;
  for (size_t i = 0; i < CASES; i++) {
    nnt_loss loss = keras_losses[i].loss;
    if (!loss.from_logits) continue;
    check_case(&p, &keras_losses[i], &loss);
    loss.from_logits = false;
    check_case(&p, &keras_losses[i], &loss);
    checked++;
  }
  CU_ASSERT(checked > 0);
  passage_destroy(&p);
}

/* 1000 - 0 is far beyond what a float32 probability can hold. */
static void far_logits_have_a_finite_loss(void)
{
  passage const p = passage_create(NNT_SOFTMAX);
  nnt_loss const loss = {NNT_CATEGORICAL_CROSSENTROPY, false, 0.0};
  float const z[CLASSES] = {1000.0F, 0.0F, -1000.0F, 0.0F};
  pass(&p, z, 1);
  CU_ASSERT_EQUAL(loss_of_row(&p, &loss, 0), 2000.0); /* the label is 2 */
  float slopes[CLASSES];
  slope_of_row(&p, &loss, 0, slopes);
  CU_ASSERT_EQUAL(slopes[0], 1.0F);
  CU_ASSERT_EQUAL(slopes[1], 0.0F);
  CU_ASSERT_EQUAL(slopes[2], -1.0F);
  passage_destroy(&p);
}

static void losses_of_rows_add_up_in_order(void)
{
  passage const p = passage_create(NNT_LINEAR);
  for (size_t i = 0; i < CASES; i++) {
    nnt_loss const *const loss = &keras_losses[i].loss;
    pass(&p, keras_losses[i].outputs[0], ROWS);
    double sum = 0.0;
    for (size_t row = 0; row < ROWS; row++) {
      sum += loss_of_row(&p, loss, row);
    }
    nnt_range const all = {0, ROWS};
    CU_ASSERT_EQUAL(nnt_model_loss(p.model, loss, p.workspace, all, loss_labels).loss, sum);
    nnt_range const none = {1, 0};
    nnt_tally const nothing = nnt_model_loss(p.model, loss, p.workspace, none, loss_labels);
    CU_ASSERT_EQUAL(nothing.loss, 0.0);
    CU_ASSERT_EQUAL(nothing.correct, 0);
  }
  passage_destroy(&p);
}

static int64_t hits(const passage *p, const float z[CLASSES], uint16_t label)
{
  nnt_loss const loss = {NNT_CATEGORICAL_CROSSENTROPY, true, 0.5};
  pass(p, z, 1);
  return nnt_model_loss(p->model, &loss, p->workspace, (nnt_range){0, 1}, &label).correct;
}

static void the_first_of_equal_outputs_is_the_prediction(void)
{
  passage const p = passage_create(NNT_LINEAR);
  float const tie[CLASSES] = {0.0F, 2.0F, 2.0F, 1.0F};
  CU_ASSERT_EQUAL(hits(&p, tie, 0), 0);
  CU_ASSERT_EQUAL(hits(&p, tie, 1), 1);
  CU_ASSERT_EQUAL(hits(&p, tie, 2), 0);
  float const negative[CLASSES] = {-4.0F, -3.0F, -2.0F, -1.0F};
  CU_ASSERT_EQUAL(hits(&p, negative, 3), 1);
  passage_destroy(&p);
}

static void a_loss_of_nan_is_nan(void)
{
  for (size_t i = 0; i < CASES; i++) {
    passage const p = passage_create(i % 2 == 0 ? NNT_LINEAR : NNT_SOFTMAX);
    float const y[CLASSES] = {NAN, NAN, NAN, NAN};
    pass(&p, y, 1);
    CU_ASSERT(isnan(loss_of_row(&p, &keras_losses[i].loss, 0)));
    passage_destroy(&p);
  }
}

/* As in Keras: 0/0. The run ends as diverged instead of going on with a made-up loss. */
static void outputs_that_are_all_zero_have_no_probabilities(void)
{
  passage const p = passage_create(NNT_LINEAR);
  nnt_loss const loss = {NNT_CATEGORICAL_CROSSENTROPY, false, 0.0};
  float const y[CLASSES] = {0.0F, 0.0F, 0.0F, 0.0F};
  pass(&p, y, 1);
  CU_ASSERT(isnan(loss_of_row(&p, &loss, 0)));
  nnt_loss const sparse = {NNT_SPARSE_CATEGORICAL_CROSSENTROPY, false, 0.0};
  CU_ASSERT_DOUBLE_EQUAL(loss_of_row(&p, &sparse, 0), log(CLASSES), 1e-12);
  passage_destroy(&p);
}

static CU_TestInfo tests[] = {
    {"values and slopes are those of Keras", values_and_slopes_are_those_of_keras},
    {"cross-entropy after softmax is that of logits",
     cross_entropy_after_softmax_is_that_of_logits},
    {"far logits have a finite loss", far_logits_have_a_finite_loss},
    {"losses of rows add up in order", losses_of_rows_add_up_in_order},
    {"the first of equal outputs is the prediction", the_first_of_equal_outputs_is_the_prediction},
    {"a loss of NaN is NaN", a_loss_of_nan_is_nan},
    {"outputs that are all zero have no probabilities",
     outputs_that_are_all_zero_have_no_probabilities},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("loss", tests);
