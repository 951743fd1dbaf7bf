/* Gradients against central differences of the same net computed in float64. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "definitions.h"
#include "model_sample.h"
#include "nntrain/model.h"
#include "suite.h"

enum { ROWS = 5, FEATURES = 6, CLASSES = 4, WIDTH_MAX = 72, PARAMETERS_MAX = 4096, DIRECTIONS = 3 };

static uint16_t const labels[ROWS] = {0, 3, 1, 1, 2};
static size_t const samples[ROWS] = {907, 4, 55, 31, 12};
static nnt_dropout const dropout = {.seed = 7, .epoch = 2, .sample = samples};

static nnt_loss const losses[] = {
    {NNT_CATEGORICAL_CROSSENTROPY, false, 0.0},
    {NNT_CATEGORICAL_CROSSENTROPY, true, 0.0},
    {NNT_CATEGORICAL_CROSSENTROPY, false, 0.1},
    {NNT_CATEGORICAL_CROSSENTROPY, true, 0.3},
    {NNT_SPARSE_CATEGORICAL_CROSSENTROPY, false, 0.0},
    {NNT_SPARSE_CATEGORICAL_CROSSENTROPY, true, 0.0},
    {NNT_MEAN_SQUARED_ERROR, false, 0.0},
};
enum { LOSSES = sizeof losses / sizeof *losses };

static void add_layer(nnt_model_spec *spec, nnt_layer_spec layer)
{
  spec->layers[spec->layer_count++] = layer;
}

static nnt_layer_spec dense(size_t units, nnt_activation activation, bool use_bias)
{
  return (nnt_layer_spec){
      .kind = NNT_DENSE, .units = units, .activation = activation, .use_bias = use_bias};
}

static nnt_layer_spec of_kind(nnt_layer_kind kind, nnt_activation activation, double rate)
{
  return (nnt_layer_spec){.kind = kind, .activation = activation, .rate = rate};
}

/* 6 - 7 - 5 (without bias) - 4. */
static nnt_model_spec stack(nnt_activation hidden, nnt_activation last)
{
  nnt_model_spec spec = {.input_dimensions = 1, .input_shape = {FEATURES}};
  add_layer(&spec, dense(7, hidden, true));
  add_layer(&spec, dense(5, hidden, false));
  add_layer(&spec, dense(CLASSES, last, true));
  return spec;
}

/* y = b + x W; returns what follows the layer's parameters. */
static const double *dense_forward(const nnt_layer_spec *layer, const double *w, double *x,
                                   size_t n)
{
  double y[WIDTH_MAX] = {0.0};
  double const *const bias = w + n * layer->units;
  for (size_t o = 0; o < layer->units; o++) {
    if (layer->use_bias) y[o] = bias[o];
    for (size_t i = 0; i < n; i++) {
      y[o] += x[i] * w[i * layer->units + o];
    }
  }
  memcpy(x, y, layer->units * sizeof *x);
  return bias + (layer->use_bias ? layer->units : 0);
}

/* Element i is dropped if the i-th of the 32-bit numbers drawn for it lies below the rate. */
static void drop(double rate, size_t l, size_t sample, double *x, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    nnt_random_words const drawn =
        nnt_random(dropout.seed, NNT_FOR_DROPOUT, dropout.epoch, sample, l, i / 8);
    uint32_t const bits = (uint32_t)(drawn.word[i % 8 / 2] >> (32 * (i % 2)));
    x[i] = (double)bits * 0x1p-32 < rate ? 0.0 : x[i] / (1.0 - rate);
  }
}

/* The outputs for one row, in float64. Returns their number. */
static size_t outputs_of(const nnt_model_spec *spec, const double *w, size_t sample, double *x)
{
  size_t n = FEATURES;
  for (size_t l = 0; l < spec->layer_count; l++) {
    nnt_layer_spec const *const layer = &spec->layers[l];
    if (layer->kind == NNT_DENSE) {
      w = dense_forward(layer, w, x, n);
      n = layer->units;
    }
    bool const is_dropout = layer->kind == NNT_DROPOUT;
    if (is_dropout) drop(layer->rate, l, sample, x, n);
    if (!is_dropout && layer->kind != NNT_FLATTEN) activate_row(layer->activation, x, n);
  }
  return n;
}

static double target_of(const nnt_loss *loss, bool is_label)
{
  double const hot = is_label ? 1.0 : 0.0;
  return hot * (1.0 - loss->label_smoothing) + loss->label_smoothing / CLASSES;
}

static double clip(double p) { return fmin(fmax(p, (double)1e-7F), 1.0 - (double)1e-7F); }

/* The loss of one row of outputs; `made` says whether a softmax has made probabilities of them. */
static double loss_of(const nnt_loss *loss, double *y, bool made, size_t label)
{
  bool const sparse = loss->kind == NNT_SPARSE_CATEGORICAL_CROSSENTROPY;
  double sum = 0.0;
  if (loss->kind == NNT_MEAN_SQUARED_ERROR) {
    for (size_t c = 0; c < CLASSES; c++) {
      sum += pow(y[c] - (c == label ? 1.0 : 0.0), 2.0) / CLASSES;
    }
    return sum;
  }
  bool const given = !made && !loss->from_logits; /* probabilities without a softmax */
  if (!made && loss->from_logits) softmax_of(y, CLASSES);
  double total = 0.0;
  for (size_t c = 0; c < CLASSES; c++) {
    total += given && sparse ? clip(y[c]) : y[c];
  }
  for (size_t c = 0; c < CLASSES; c++) {
    double p = y[c];
    if (given) p = sparse ? clip(y[c]) / total : clip(y[c] / total);
    sum -= target_of(loss, c == label) * log(p);
  }
  return sum;
}

/* A net with its parameters, its gradient, and all that its loss depends on. */
typedef struct net {
  nnt_model_spec const *spec;
  nnt_loss const *loss;
  nnt_model *model;
  nnt_workspace *workspace;
  float *arena;
  const float *inputs;
  input_rows rows;
  size_t count;
  float parameters[PARAMETERS_MAX];
  float gradient[PARAMETERS_MAX];
  double size[PARAMETERS_MAX]; /* of what was summed up to each element of the gradient */
} net;

/* The loss of all rows with parameters w + h v, in float64. */
static double loss_at(const net *n, const double *v, double h)
{
  double w[PARAMETERS_MAX];
  for (size_t i = 0; i < n->count; i++) {
    w[i] = (double)n->parameters[i] + h * v[i];
  }
  double sum = 0.0;
  for (size_t row = 0; row < ROWS; row++) {
    double x[WIDTH_MAX];
    for (size_t i = 0; i < FEATURES; i++) {
      x[i] = (double)n->inputs[row * FEATURES + i];
    }
    CU_ASSERT_EQUAL(outputs_of(n->spec, w, samples[row], x), CLASSES);
    sum += loss_of(n->loss, x, nnt_model_ends_in_softmax(n->model), labels[row]);
  }
  return sum;
}

/* Rounding is measured by the largest contribution of each row to a tensor: where a number cancels,
 * it is as wrong as its neighbours. */
static void measure_sizes(net *n)
{
  for (size_t row = 0; row < ROWS; row++) {
    float part[PARAMETERS_MAX];
    gradient_of_rows(n->model, n->workspace, (nnt_range){row, 1}, &n->rows, part);
    for (size_t t = 0; t < nnt_model_tensor_count(n->model); t++) {
      nnt_tensor const *const tensor = nnt_model_tensor(n->model, t);
      double largest = 0.0;
      for (size_t i = 0; i < tensor->count; i++) {
        largest = fmax(largest, fabs((double)part[tensor->offset + i]));
      }
      for (size_t i = 0; i < tensor->count; i++) {
        n->size[tensor->offset + i] += largest;
      }
    }
  }
}

/* Every fourth number is a zero. */
static void fill_inputs(float inputs[ROWS * FEATURES])
{
  for (size_t i = 0; i < (size_t)ROWS * FEATURES; i++) {
    inputs[i] = i % 4 == 1 ? 0.0F : (float)test_number(2, i);
  }
}

static net net_create(const nnt_model_spec *spec, const nnt_loss *loss, const nnt_model_plan *plan,
                      const float *inputs)
{
  net n = {.spec = spec, .loss = loss, .inputs = inputs};
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&n.model, spec, plan), NNT_OK);
  n.workspace = workspace_of(n.model, ROWS, true);
  n.count = nnt_model_parameter_count(n.model);
  CU_ASSERT_FATAL(n.count <= PARAMETERS_MAX);
  for (size_t i = 0; i < n.count; i++) {
    n.parameters[i] = (float)(0.6 * test_number(1, i));
  }
  /* Outputs that are to be probabilities should be positive: biases of about 1.5 at the end. */
  nnt_tensor const *const last = nnt_model_tensor(n.model, nnt_model_tensor_count(n.model) - 1);
  for (size_t i = 0; !last->is_kernel && i < last->count; i++) {
    n.parameters[last->offset + i] += 1.5F;
  }
  n.rows = inputs_create(inputs, ROWS, FEATURES);
  n.arena = arena_of(n.model, n.parameters);
  nnt_range const all = {0, ROWS};
  forward_rows(n.model, n.arena, n.workspace, all, &n.rows, 0, &dropout);
  nnt_model_backward(n.model, loss, n.arena, n.workspace, all, labels);
  gradient_of_rows(n.model, n.workspace, all, &n.rows, n.gradient);
  measure_sizes(&n);
  return n;
}

static void net_destroy(const net *n)
{
  free(n->arena);
  inputs_destroy(&n->rows);
  nnt_workspace_destroy(n->workspace);
  nnt_model_destroy(n->model);
}

/* The terms in the sums of all layers. */
static size_t terms_of(const nnt_model_spec *spec)
{
  size_t n = FEATURES;
  size_t terms = 0;
  for (size_t l = 0; l < spec->layer_count; l++) {
    terms += n + 1;
    if (spec->layers[l].kind == NNT_DENSE) n = spec->layers[l].units;
  }
  return terms;
}

/* The derivative along a direction, made of length 1 here, by the gradient and by differences.
 *  Error of the differences: truncation c h^2, where D(2h) - D(h) = 3 c h^2; and rounding, about
 * 2^10 operations on numbers of the size of the loss, divided by the step. Error of the gradient:
 * every number on the way passes at most as many roundings of float32 as there are terms in the
 * sums of all layers, twice (forward and backward), and in the sum over rows; and a few dozen in
 * activations and the loss. */
static void check_direction(const net *n, double v[PARAMETERS_MAX])
{
  double length = 0.0;
  for (size_t i = 0; i < n->count; i++) {
    length += v[i] * v[i];
  }
  if (length == 0.0) return;
  double by_gradient = 0.0;
  double size = 0.0;
  for (size_t i = 0; i < n->count; i++) {
    v[i] /= sqrt(length);
    by_gradient += (double)n->gradient[i] * v[i];
    size += n->size[i] * fabs(v[i]);
  }
  double const h = 1e-5;
  double const here = loss_at(n, v, 0.0);
  double const once = (loss_at(n, v, h) - loss_at(n, v, -h)) / (2.0 * h);
  double const twice = (loss_at(n, v, 2.0 * h) - loss_at(n, v, -2.0 * h)) / (4.0 * h);
  double const roundings = 2.0 * (double)terms_of(n->spec) + ROWS + 30.0;
  double const tolerance =
      fabs(twice - once) + 1024.0 * DBL_EPSILON * fabs(here) / h + roundings * 0x1p-24 * size;
  CU_ASSERT_DOUBLE_EQUAL(by_gradient, once, tolerance);
}

/* Random directions, and that of each tensor's own gradient, along which its errors add up. */
static void check_directions(const net *n)
{
  double v[PARAMETERS_MAX];
  for (uint64_t d = 0; d < DIRECTIONS; d++) {
    for (size_t i = 0; i < n->count; i++) {
      v[i] = test_number(100 + d, i);
    }
    check_direction(n, v);
  }
  for (size_t t = 0; t < nnt_model_tensor_count(n->model); t++) {
    nnt_tensor const *const tensor = nnt_model_tensor(n->model, t);
    memset(v, 0, sizeof v);
    for (size_t i = tensor->offset; i < tensor->offset + tensor->count; i++) {
      v[i] = (double)n->gradient[i];
    }
    check_direction(n, v);
  }
}

static void check(const nnt_model_spec *spec, const nnt_loss *loss, const nnt_model_plan *plan)
{
  float inputs[ROWS * FEATURES];
  fill_inputs(inputs);
  net const n = net_create(spec, loss, plan, inputs);
  double size = 0.0;
  for (size_t i = 0; i < n.count; i++) {
    size += n.size[i];
  }
  CU_ASSERT(isfinite(size));
  check_directions(&n);
  /* The reference computes the same loss. */
  double const none[PARAMETERS_MAX] = {0.0};
  double const expected = loss_at(&n, none, 0.0);
  nnt_tally const tally = nnt_model_loss(n.model, loss, n.workspace, (nnt_range){0, ROWS}, labels);
  CU_ASSERT_DOUBLE_EQUAL(tally.loss, expected, 2e-6 * fabs(expected));
  net_destroy(&n);
}

static void check_all_losses(const nnt_model_spec *spec, const nnt_model_plan *plan)
{
  for (size_t i = 0; i < LOSSES; i++) {
    check(spec, &losses[i], plan);
  }
}

static void every_hidden_activation_with_every_loss_on(const nnt_model_plan *plan)
{
  for (int kind = 0; kind < NNT_ACTIVATION_COUNT; kind++) {
    nnt_model_spec const spec = stack((nnt_activation)kind, NNT_SOFTMAX);
    check_all_losses(&spec, plan);
  }
}

static void every_last_activation_with_every_loss_on(const nnt_model_plan *plan)
{
  for (int kind = 0; kind < NNT_ACTIVATION_COUNT; kind++) {
    nnt_model_spec const spec = stack(NNT_TANH, (nnt_activation)kind);
    check_all_losses(&spec, plan);
  }
}

static void activations_as_layers_on(const nnt_model_plan *plan)
{
  for (int kind = 0; kind < NNT_ACTIVATION_COUNT; kind++) {
    nnt_model_spec spec = {.input_dimensions = 1, .input_shape = {FEATURES}};
    add_layer(&spec, of_kind(NNT_ACTIVATION, (nnt_activation)kind, 0.0));
    add_layer(&spec, dense(7, NNT_LINEAR, true));
    add_layer(&spec, of_kind(NNT_ACTIVATION, (nnt_activation)kind, 0.0));
    add_layer(&spec, dense(CLASSES, NNT_LINEAR, true));
    add_layer(&spec, of_kind(NNT_ACTIVATION, NNT_SOFTMAX, 0.0));
    check_all_losses(&spec, plan);
  }
}

static void flatten_and_dropout_on(const nnt_model_plan *plan)
{
  double const rates[] = {0.0, 0.25, 0.75};
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    nnt_model_spec spec = {.input_dimensions = 3, .input_shape = {1, FEATURES / 2, 2}};
    add_layer(&spec, of_kind(NNT_DROPOUT, NNT_LINEAR, 0.25));
    add_layer(&spec, of_kind(NNT_FLATTEN, NNT_LINEAR, 0.0));
    add_layer(&spec, dense(7, NNT_SILU, true));
    add_layer(&spec, of_kind(NNT_FLATTEN, NNT_LINEAR, 0.0));
    add_layer(&spec, of_kind(NNT_DROPOUT, NNT_LINEAR, rates[i]));
    add_layer(&spec, dense(CLASSES, NNT_SOFTMAX, true));
    check_all_losses(&spec, plan);
  }
}

/* Sparse or product, product, narrow: over two panels, with and without padding and bias. */
static void every_form_of_a_layer_on(const nnt_model_plan *plan)
{
  nnt_model_spec spec = {.input_dimensions = 1, .input_shape = {FEATURES}};
  add_layer(&spec, dense(70, NNT_TANH, true));
  add_layer(&spec, dense(33, NNT_GELU, true));
  add_layer(&spec, dense(17, NNT_SIGMOID, false));
  add_layer(&spec, dense(16, NNT_SELU, true));
  add_layer(&spec, dense(CLASSES, NNT_SOFTMAX, true));
  check_all_losses(&spec, plan);
}

/* The derivative must find its way through layers without parameters at either end. */
static void layers_behind_the_last_dense_one_on(const nnt_model_plan *plan)
{
  nnt_model_spec spec = {.input_dimensions = 1, .input_shape = {FEATURES}};
  add_layer(&spec, of_kind(NNT_FLATTEN, NNT_LINEAR, 0.0));
  add_layer(&spec, dense(CLASSES, NNT_TANH, true));
  add_layer(&spec, of_kind(NNT_ACTIVATION, NNT_SIGMOID, 0.0));
  add_layer(&spec, of_kind(NNT_FLATTEN, NNT_LINEAR, 0.0));
  check_all_losses(&spec, plan);
}

TEST_ON_EVERY_PLAN(every_hidden_activation_with_every_loss)
TEST_ON_EVERY_PLAN(every_last_activation_with_every_loss)
TEST_ON_EVERY_PLAN(activations_as_layers)
TEST_ON_EVERY_PLAN(flatten_and_dropout)
TEST_ON_EVERY_PLAN(every_form_of_a_layer)
TEST_ON_EVERY_PLAN(layers_behind_the_last_dense_one)

static CU_TestInfo tests[] = {
    {"every hidden activation with every loss", every_hidden_activation_with_every_loss},
    {"every last activation with every loss", every_last_activation_with_every_loss},
    {"activations as layers", activations_as_layers},
    {"flatten and dropout", flatten_and_dropout},
    {"every form of a layer", every_form_of_a_layer},
    {"layers behind the last dense one", layers_behind_the_last_dense_one},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("gradients", tests);
