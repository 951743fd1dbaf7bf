/* Losses of given outputs, through models that pass their inputs on unchanged. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "keras_numbers.h"
#include "model_sample.h"
#include "nntrain/model.h"
#include "suite.h"

enum { CASES = sizeof keras_losses / sizeof *keras_losses, ROWS = 3, CLASSES = 4 };
enum { PARAMETERS = (CLASSES + 1) * CLASSES };

/* A dense layer with the unit matrix: outputs = activation(inputs). The gradient of its bias over
 * one row is the derivative of that row's loss by the layer's pre-activations. */
typedef struct passage {
  nnt_model *model;
  nnt_workspace *workspace;
  float *arena;
} passage;

static nnt_model_spec passage_spec(nnt_activation activation)
{
  nnt_model_spec spec;
  nnt_initializer const zeros = {NNT_ZEROS, 0.0};
  CU_ASSERT_EQUAL_FATAL(nnt_model_spec_dense(&spec, CLASSES, NULL, 0, NNT_LINEAR, CLASSES, zeros),
                        NNT_OK);
  spec.layers[0].activation = activation;
  return spec;
}

static passage passage_of(const nnt_model_spec *spec, const nnt_model_plan *plan)
{
  passage p = {NULL, NULL, NULL};
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&p.model, spec, plan), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_model_parameter_count(p.model), PARAMETERS);
  p.workspace = workspace_of(p.model, ROWS, true);
  float unit[PARAMETERS];
  nnt_model_initialize(p.model, 1, unit);
  for (size_t i = 0; i < CLASSES; i++) {
    unit[i * CLASSES + i] = 1.0F;
  }
  p.arena = arena_of(p.model, unit);
  return p;
}

static passage passage_create(nnt_activation activation, const nnt_model_plan *plan)
{
  nnt_model_spec const spec = passage_spec(activation);
  return passage_of(&spec, plan);
}

static void passage_destroy(const passage *p)
{
  nnt_workspace_destroy(p->workspace);
  nnt_model_destroy(p->model);
  free(p->arena);
}

static void pass(const passage *p, const float *inputs, size_t rows)
{
  input_rows const in = inputs_create(inputs, rows, CLASSES);
  forward_rows(p->model, p->arena, p->workspace, (nnt_range){0, rows}, &in, 0, NULL);
  inputs_destroy(&in);
}

static double loss_of_row(const passage *p, const nnt_loss *loss, size_t row)
{
  return nnt_model_loss(p->model, loss, p->workspace, (nnt_range){row, 1}, loss_labels).loss;
}

static void slope_of_row(const passage *p, const nnt_loss *loss, size_t row, float out[CLASSES])
{
  nnt_model_backward(p->model, loss, p->arena, p->workspace, (nnt_range){row, 1}, loss_labels);
  size_t const bounds[2] = {row, row + 1};
  size_t const bias = nnt_model_tile_count(p->model) - 1;
  float *const sums = zeros_create(nnt_model_tile(p->model, bias).count);
  nnt_model_tile_gradient(p->model, p->workspace, bias, &(nnt_leaves){1, bounds}, 0, NULL, NULL,
                          sums);
  memcpy(out, sums, CLASSES * sizeof *out);
  free(sums);
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

static void values_and_slopes_are_those_of_keras_on(const nnt_model_plan *plan)
{
  passage const p = passage_create(NNT_LINEAR, plan);
  for (size_t i = 0; i < CASES; i++) {
    check_case(&p, &keras_losses[i], &keras_losses[i].loss);
  }
  passage_destroy(&p);
}

/* Keras too computes this from what went into the softmax. */
static void cross_entropy_after_softmax_is_that_of_logits_on(const nnt_model_plan *plan)
{
  passage const p = passage_create(NNT_SOFTMAX, plan);
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
static void far_logits_have_a_finite_loss_on(const nnt_model_plan *plan)
{
  passage const p = passage_create(NNT_SOFTMAX, plan);
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

/* The same by the formulas of nntrain/model.h, in float64 throughout. */
static double target_of(const nnt_loss *loss, bool is_label)
{
  return (is_label ? 1.0 - loss->label_smoothing : 0.0) + loss->label_smoothing / CLASSES;
}

static double clip(double p) { return fmin(fmax(p, (double)1e-7F), (double)(1.0F - 1e-7F)); }

static double entropy_of_logits(const nnt_loss *loss, const float *z, size_t label)
{
  double largest = -(double)INFINITY;
  double sum = 0.0;
  double expected = 0.0;
  for (size_t c = 0; c < CLASSES; c++) {
    largest = fmax(largest, (double)z[c]);
  }
  for (size_t c = 0; c < CLASSES; c++) {
    sum += exp((double)z[c] - largest);
  }
  for (size_t c = 0; c < CLASSES; c++) {
    /* The difference is exact; with the logarithm in between, digits of it would be lost. */
    expected += target_of(loss, c == label) * ((largest - (double)z[c]) + log(sum));
  }
  return expected;
}

static double entropy_of_probabilities(const nnt_loss *loss, const float *p, size_t label)
{
  bool const sparse = loss->kind == NNT_SPARSE_CATEGORICAL_CROSSENTROPY;
  double total = 0.0;
  double expected = 0.0;
  for (size_t c = 0; c < CLASSES; c++) {
    total += sparse ? clip((double)p[c]) : (double)p[c];
  }
  for (size_t c = 0; c < CLASSES; c++) {
    double const q = sparse ? clip((double)p[c]) / total : clip((double)p[c] / total);
    expected -= target_of(loss, c == label) * log(q);
  }
  return expected;
}

/* Both sides are float64: a few roundings of sums of positive terms. But the exponentials of logits
 * are float32: z - largest is rounded, which moves e^d by |d| e^d 2^-24 < 2^-25, and the
 * exponential is right to an ulp, at most 2^-23; so is the logarithm of a sum of them and of 1. */
static void check_formula(nnt_loss loss, const float values[CLASSES], const nnt_model_plan *plan)
{
  passage const p = passage_create(NNT_LINEAR, plan);
  pass(&p, values, 1);
  for (size_t label = 0; label < CLASSES; label++) {
    nnt_range const row = {0, 1};
    double const expected = loss.from_logits ? entropy_of_logits(&loss, values, label)
                                             : entropy_of_probabilities(&loss, values, label);
    uint16_t const given = (uint16_t)label;
    double const found = nnt_model_loss(p.model, &loss, p.workspace, row, &given).loss;
    double const exponentials = loss.from_logits ? 0x1p-23 + CLASSES * 0x1p-25 : 0.0;
    CU_ASSERT_DOUBLE_EQUAL(found, expected,
                           16.0 * DBL_EPSILON * fmax(1.0, fabs(expected)) + exponentials);
  }
  passage_destroy(&p);
}

static void values_are_those_of_the_formulas_on(const nnt_model_plan *plan)
{
  float const logits[][CLASSES] = {{0.5F, -1.0F, 2.0F, 0.25F},
                                   {1e4F, 0.0F, -1e4F, 5e3F},
                                   {-1e4F, -1e4F, -1e4F, -2e4F},
                                   {1e-30F, -1e-30F, 0.0F, 1e-7F}};
  float const outputs[][CLASSES] = {{0.5F, 0.125F, 0.75F, 0.25F},
                                    {0.0F, 1.5F, 0.5F, 1e-9F},
                                    {1e-8F, 1e-8F, 1e-8F, 1e-8F},
                                    {0.0F, 0.0F, 1.0F, 0.0F},
                                    {3e30F, 1e30F, 0.0F, 2e30F}};
  double const smoothings[] = {0.0, 0.1};
  for (size_t s = 0; s < sizeof smoothings / sizeof *smoothings; s++) {
    for (size_t i = 0; i < sizeof logits / sizeof *logits; i++) {
      check_formula((nnt_loss){NNT_CATEGORICAL_CROSSENTROPY, true, smoothings[s]}, logits[i], plan);
    }
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
      check_formula((nnt_loss){NNT_CATEGORICAL_CROSSENTROPY, false, smoothings[s]}, outputs[i],
                    plan);
    }
  }
  for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
    check_formula((nnt_loss){NNT_SPARSE_CATEGORICAL_CROSSENTROPY, false, 0.0}, outputs[i], plan);
  }
}

/* Keras 3.15.1 on TensorFlow 2.21.0: Dense(4, "sigmoid", kernel_initializer="identity") and
 * Flatten(), labels 2, 0, 3; the slopes are by the bias. Flatten matters: the loss directly behind
 * a sigmoid takes there what went into the sigmoid for logits, whatever from_logits says. */
typedef struct sigmoid_case {
  nnt_loss loss;
  double value[ROWS];
  float slope[ROWS][CLASSES];
} sigmoid_case;

static float const sigmoid_inputs[ROWS][CLASSES] = {
    {0.5F, -1.0F, 2.0F, 0.25F}, {-3.0F, 4.0F, 0.0F, -6.0F}, {-20.0F, 20.0F, 1.0F, -0.5F}};

static sigmoid_case const sigmoid_cases[] = {
    {{NNT_CATEGORICAL_CROSSENTROPY, false, 0.0},
     {0.97467196, 3.47510409, 1.72010076},
     {{0.100670964F, 0.084224686F, -0.0742257386F, 0.105438992F},
      {-0.923083782F, 0.0115298582F, 0.163194701F, 0.00161008502F},
      {9.77499082e-10F, 0.0F, 0.093242906F, -0.511009097F}}},
    {{NNT_CATEGORICAL_CROSSENTROPY, false, 0.1},
     {1.02423429, 3.41430426, 2.03917813},
     {{0.0912324339F, 0.0659482107F, -0.0652855113F, 0.0944933966F},
      {-0.851640642F, 0.0110801999F, 0.150694683F, -0.0233280994F},
      {9.5306163e-10F, 0.0F, 0.0841882974F, -0.467110932F}}},
    {{NNT_SPARSE_CATEGORICAL_CROSSENTROPY, false, 0.0},
     {0.97467196, 3.47510433, 1.72010088},
     {{0.100670949F, 0.0842246786F, -0.0742257386F, 0.105438992F},
      {-0.923083782F, 0.0115298592F, 0.163194716F, 0.00161008479F},
      {0.0F, 0.0F, 0.0932428986F, -0.511009157F}}},
};

static void sigmoid_outputs_behind_flatten_are_probabilities_on(const nnt_model_plan *plan)
{
  nnt_model_spec spec = passage_spec(NNT_SIGMOID);
  spec.layers[spec.layer_count++] = (nnt_layer_spec){.kind = NNT_FLATTEN};
  passage const p = passage_of(&spec, plan);
  pass(&p, sigmoid_inputs[0], ROWS);
  for (size_t i = 0; i < sizeof sigmoid_cases / sizeof *sigmoid_cases; i++) {
    sigmoid_case const *const keras = &sigmoid_cases[i];
    for (size_t row = 0; row < ROWS; row++) {
      float slopes[CLASSES];
      slope_of_row(&p, &keras->loss, row, slopes);
      CU_ASSERT_DOUBLE_EQUAL(loss_of_row(&p, &keras->loss, row), keras->value[row],
                             tolerance(keras->value[row]));
      for (size_t c = 0; c < CLASSES; c++) {
        CU_ASSERT_DOUBLE_EQUAL((double)slopes[c], (double)keras->slope[row][c], tolerance(1.0));
      }
    }
  }
  passage_destroy(&p);
}

static void losses_of_rows_add_up_in_order_on(const nnt_model_plan *plan)
{
  passage const p = passage_create(NNT_LINEAR, plan);
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

static void the_first_of_equal_outputs_is_the_prediction_on(const nnt_model_plan *plan)
{
  passage const p = passage_create(NNT_LINEAR, plan);
  float const tie[CLASSES] = {0.0F, 2.0F, 2.0F, 1.0F};
  CU_ASSERT_EQUAL(hits(&p, tie, 0), 0);
  CU_ASSERT_EQUAL(hits(&p, tie, 1), 1);
  CU_ASSERT_EQUAL(hits(&p, tie, 2), 0);
  float const negative[CLASSES] = {-4.0F, -3.0F, -2.0F, -1.0F};
  CU_ASSERT_EQUAL(hits(&p, negative, 3), 1);
  passage_destroy(&p);
}

static void a_loss_of_nan_is_nan_on(const nnt_model_plan *plan)
{
  for (size_t i = 0; i < CASES; i++) {
    passage const p = passage_create(i % 2 == 0 ? NNT_LINEAR : NNT_SOFTMAX, plan);
    float const y[CLASSES] = {NAN, NAN, NAN, NAN};
    pass(&p, y, 1);
    CU_ASSERT(isnan(loss_of_row(&p, &keras_losses[i].loss, 0)));
    passage_destroy(&p);
  }
}

/* One NaN among numbers: every loss and slope can be computed, and it stays visible in the loss. */
static void one_nan_does_no_harm_on(const nnt_model_plan *plan)
{
  for (size_t i = 0; i < CASES; i++) {
    passage const p = passage_create(NNT_LINEAR, plan);
    for (size_t at = 0; at < CLASSES; at++) {
      nnt_range const row = {0, 1};
      float in[CLASSES];
      float slopes[CLASSES];
      for (size_t c = 0; c < CLASSES; c++) {
        in[c] = c == at ? NAN : 0.25F;
      }
      pass(&p, in, 1);
      nnt_tally const tally =
          nnt_model_loss(p.model, &keras_losses[i].loss, p.workspace, row, loss_labels);
      CU_ASSERT(isnan(tally.loss));
      CU_ASSERT(tally.correct == 0 || tally.correct == 1);
      slope_of_row(&p, &keras_losses[i].loss, 0, slopes);
    }
    passage_destroy(&p);
  }
}

/* As in Keras: 0/0. The run ends as diverged instead of going on with a made-up loss. */
static void outputs_that_are_all_zero_have_no_probabilities_on(const nnt_model_plan *plan)
{
  passage const p = passage_create(NNT_LINEAR, plan);
  nnt_loss const loss = {NNT_CATEGORICAL_CROSSENTROPY, false, 0.0};
  float const y[CLASSES] = {0.0F, 0.0F, 0.0F, 0.0F};
  pass(&p, y, 1);
  CU_ASSERT(isnan(loss_of_row(&p, &loss, 0)));
  nnt_loss const sparse = {NNT_SPARSE_CATEGORICAL_CROSSENTROPY, false, 0.0};
  CU_ASSERT_DOUBLE_EQUAL(loss_of_row(&p, &sparse, 0), log(CLASSES), 1e-12);
  passage_destroy(&p);
}

TEST_ON_EVERY_PLAN(values_and_slopes_are_those_of_keras)
TEST_ON_EVERY_PLAN(cross_entropy_after_softmax_is_that_of_logits)
TEST_ON_EVERY_PLAN(far_logits_have_a_finite_loss)
TEST_ON_EVERY_PLAN(values_are_those_of_the_formulas)
TEST_ON_EVERY_PLAN(sigmoid_outputs_behind_flatten_are_probabilities)
TEST_ON_EVERY_PLAN(losses_of_rows_add_up_in_order)
TEST_ON_EVERY_PLAN(the_first_of_equal_outputs_is_the_prediction)
TEST_ON_EVERY_PLAN(a_loss_of_nan_is_nan)
TEST_ON_EVERY_PLAN(one_nan_does_no_harm)
TEST_ON_EVERY_PLAN(outputs_that_are_all_zero_have_no_probabilities)

static CU_TestInfo tests[] = {
    {"values and slopes are those of Keras", values_and_slopes_are_those_of_keras},
    {"cross-entropy after softmax is that of logits",
     cross_entropy_after_softmax_is_that_of_logits},
    {"far logits have a finite loss", far_logits_have_a_finite_loss},
    {"values are those of the formulas", values_are_those_of_the_formulas},
    {"sigmoid outputs behind Flatten are probabilities",
     sigmoid_outputs_behind_flatten_are_probabilities},
    {"losses of rows add up in order", losses_of_rows_add_up_in_order},
    {"the first of equal outputs is the prediction", the_first_of_equal_outputs_is_the_prediction},
    {"a loss of NaN is NaN", a_loss_of_nan_is_nan},
    {"one NaN does no harm", one_nan_does_no_harm},
    {"outputs that are all zero have no probabilities",
     outputs_that_are_all_zero_have_no_probabilities},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("loss", tests);
