/* Building models: what is refused, the layout of parameters and tiles, and which rows a call
 * touches. */
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "definitions.h"
#include "nntrain/model.h"
#include "suite.h"

static nnt_initializer const glorot = {NNT_GLOROT_UNIFORM, 0.0};
static nnt_loss const entropy = {NNT_CATEGORICAL_CROSSENTROPY, false, 0.0};

static nnt_model_spec stack(size_t features, size_t hidden, size_t classes)
{
  nnt_model_spec spec;
  CU_ASSERT_EQUAL_FATAL(
      nnt_model_spec_dense(&spec, features, &hidden, 1, NNT_TANH, classes, glorot), NNT_OK);
  return spec;
}

static nnt_model *model_of(nnt_model_spec spec)
{
  nnt_model *model = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&model, &spec), NNT_OK);
  return model;
}

static float *parameters_of(const nnt_model *model)
{
  float *w = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&w, nnt_model_parameter_count(model), "weights"), NNT_OK);
  nnt_model_initialize(model, 3, w);
  return w;
}

static void a_dense_stack_is_named_as_keras_names_it(void)
{
  size_t const hidden[] = {30, 20};
  nnt_model_spec spec;
  CU_ASSERT_EQUAL(nnt_model_spec_dense(&spec, 784, hidden, 2, NNT_RELU, 10, glorot), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(spec.layer_count, 3);
  CU_ASSERT_STRING_EQUAL(spec.name, "sequential");
  CU_ASSERT_STRING_EQUAL(spec.layers[0].name, "dense");
  CU_ASSERT_STRING_EQUAL(spec.layers[1].name, "dense_1");
  CU_ASSERT_STRING_EQUAL(spec.layers[2].name, "dense_2");
  CU_ASSERT(spec.layers[1].units == 20 && spec.layers[1].activation == NNT_RELU);
  CU_ASSERT(spec.layers[2].units == 10 && spec.layers[2].activation == NNT_SOFTMAX);
  CU_ASSERT_EQUAL(nnt_model_spec_dense(&spec, 784, hidden, NNT_LAYERS_MAX, NNT_RELU, 10, glorot),
                  NNT_EUSAGE);
}

static void parameters_lie_in_the_order_of_the_layers(void)
{
  nnt_model_spec spec = stack(6, 5, 4);
  spec.layers[0].l2 = 0.125;
  spec.layers[1].use_bias = false;
  nnt_model *const model = model_of(spec);
  CU_ASSERT_EQUAL(nnt_model_features(model), 6);
  CU_ASSERT_EQUAL(nnt_model_outputs(model), 4);
  CU_ASSERT_EQUAL(nnt_model_parameter_count(model), 6 * 5 + 5 + 5 * 4);
  CU_ASSERT_EQUAL_FATAL(nnt_model_tensor_count(model), 3);
  nnt_tensor const *const kernel = nnt_model_tensor(model, 0);
  CU_ASSERT_STRING_EQUAL(kernel->name, "dense/kernel");
  CU_ASSERT(kernel->dimensions == 2 && kernel->shape[0] == 6 && kernel->shape[1] == 5);
  CU_ASSERT(kernel->offset == 0 && kernel->count == 30 && kernel->l2 == 0.125);
  nnt_tensor const *const bias = nnt_model_tensor(model, 1);
  CU_ASSERT_STRING_EQUAL(bias->name, "dense/bias");
  CU_ASSERT(bias->dimensions == 1 && bias->shape[0] == 5);
  CU_ASSERT(bias->offset == 30 && bias->count == 5 && bias->l2 == 0.0);
  nnt_tensor const *const last = nnt_model_tensor(model, 2);
  CU_ASSERT_STRING_EQUAL(last->name, "dense_1/kernel");
  CU_ASSERT(last->layer == 1 && last->offset == 35 && last->count == 20);
  nnt_model_destroy(model);
}

/* The message must name what is wrong. */
static void check_refused(const nnt_model_spec *spec, const char *name)
{
  nnt_model *model = NULL;
  CU_ASSERT_EQUAL(nnt_model_create(&model, spec), NNT_EDATA);
  CU_ASSERT_PTR_NULL(model);
  CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), name));
  nnt_model_destroy(model);
}

static void impossible_layers_are_refused(void)
{
  nnt_model_spec spec = stack(6, 0, 4);
  check_refused(&spec, "'dense'");
  double const rates[] = {1.0, -0.1, 2.0, (double)NAN};
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    spec = stack(6, 5, 4);
    spec.layers[1] = (nnt_layer_spec){.kind = NNT_DROPOUT, .name = "drop", .rate = rates[i]};
    check_refused(&spec, "'drop'");
  }
  spec.layers[0].kind = NNT_ACTIVATION;
  spec.layer_count = 1;
  check_refused(&spec, "nothing to train");
  spec.layer_count = 0;
  check_refused(&spec, "nothing to train");
  spec.layer_count = NNT_LAYERS_MAX + 1;
  check_refused(&spec, "layers");
}

static void impossible_inputs_are_refused(void)
{
  nnt_model_spec spec = stack(0, 5, 4);
  check_refused(&spec, "input");
  spec = stack((size_t)INT_MAX + 1, 5, 4);
  check_refused(&spec, "input");
  spec = stack(6, 5, 4);
  spec.input_dimensions = 0;
  check_refused(&spec, "dimensions");
  spec.input_dimensions = NNT_INPUT_DIMENSIONS_MAX + 1;
  check_refused(&spec, "dimensions");
  spec.input_dimensions = 3;
  spec.input_shape[1] = SIZE_MAX / 2;
  spec.input_shape[2] = 4;
  check_refused(&spec, "input");
}

/* Keras lets a dense layer and softmax work on the last axis of an image; here rows are flat. */
static void images_must_be_flattened_first(void)
{
  nnt_model_spec spec = stack(3, 5, 4);
  spec.input_dimensions = 2;
  spec.input_shape[1] = 2;
  check_refused(&spec, "'dense'");
  spec.layers[0] = (nnt_layer_spec){.kind = NNT_ACTIVATION, .name = "soft"};
  spec.layers[0].activation = NNT_SOFTMAX;
  check_refused(&spec, "'soft'");
  spec.layers[0] = (nnt_layer_spec){.kind = NNT_FLATTEN, .name = "flatten"};
  nnt_model *const model = model_of(spec);
  CU_ASSERT_EQUAL(nnt_model_features(model), 6);
  nnt_model_destroy(model);
}

/* Sizes whose products, or whose sum with a bias, wrap around. */
static void huge_layers_are_refused(void)
{
  nnt_model_spec spec = stack(INT_MAX, INT_MAX, 4);
  check_refused(&spec, "'dense'");
  spec = stack(6, (size_t)INT_MAX + 1, 4);
  check_refused(&spec, "'dense'");
  spec = stack(6, SIZE_MAX / 4, 4);
  check_refused(&spec, "'dense'");
  /* The kernel just fits below PTRDIFF_MAX / 16; with the bias it does not. */
  size_t const width = (size_t)1 << 29;
  spec = stack(2 * width - 1, width, 4);
  check_refused(&spec, "'dense'");
}

static void softmax_is_seen_as_layer_and_as_activation(void)
{
  nnt_model_spec spec = stack(6, 5, 4);
  nnt_model *model = model_of(spec);
  CU_ASSERT_TRUE(nnt_model_ends_in_softmax(model));
  nnt_model_destroy(model);
  spec.layers[1].activation = NNT_SIGMOID;
  model = model_of(spec);
  CU_ASSERT_FALSE(nnt_model_ends_in_softmax(model));
  nnt_model_destroy(model);
  spec.layers[2] = (nnt_layer_spec){.kind = NNT_ACTIVATION, .activation = NNT_SOFTMAX};
  spec.layer_count = 3;
  model = model_of(spec);
  CU_ASSERT_TRUE(nnt_model_ends_in_softmax(model));
  nnt_model_destroy(model);
}

static void tiles_cut_the_parameters_without_gaps(void)
{
  size_t const widths[][3] = {{784, 500, 10}, {6, 5, 4}, {1, 1, 1}, {3, 40000, 2}, {33, 1000, 7}};
  for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
    nnt_model *const model = model_of(stack(widths[k][0], widths[k][1], widths[k][2]));
    size_t end = 0;
    size_t tensor = 0;
    for (size_t i = 0; i < nnt_model_tile_count(model); i++) {
      nnt_range const tile = nnt_model_tile(model, i);
      CU_ASSERT_EQUAL(tile.first, end);
      CU_ASSERT(tile.count > 0 && tile.count <= nnt_model_tile_size_max(model));
      end += tile.count;
      /* Each lies within one tensor, and those of a kernel are whole rows. */
      nnt_tensor const *const of = nnt_model_tensor(model, tensor);
      CU_ASSERT(tile.first >= of->offset && end <= of->offset + of->count);
      CU_ASSERT_EQUAL(tile.count % of->shape[of->dimensions - 1], 0);
      tensor += end == of->offset + of->count;
    }
    CU_ASSERT_EQUAL(end, nnt_model_parameter_count(model));
    CU_ASSERT_EQUAL(tensor, nnt_model_tensor_count(model));
    nnt_model_destroy(model);
  }
}

/* A net with rows computed to the end. */
typedef struct computed {
  nnt_model *model;
  nnt_workspace *workspace;
  float *parameters;
} computed;

enum { ROWS = 23, FEATURES = 37, HIDDEN = 301, CLASSES = 5 };
static uint16_t const labels[ROWS] = {0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 1, 1,
                                      2, 2, 3, 3, 4, 4, 0, 0, 1, 2, 3};

static computed computed_create(void)
{
  computed c;
  c.model = model_of(stack(FEATURES, HIDDEN, CLASSES));
  c.parameters = parameters_of(c.model);
  CU_ASSERT_EQUAL_FATAL(nnt_workspace_create(&c.workspace, c.model, ROWS, true), NNT_OK);
  for (size_t i = 0; i < (size_t)ROWS * FEATURES; i++) {
    nnt_workspace_input(c.workspace)[i] = (float)test_number(4, i);
  }
  return c;
}

static void computed_destroy(const computed *c)
{
  nnt_workspace_destroy(c->workspace);
  nnt_model_destroy(c->model);
  free(c->parameters);
}

static void compute(const computed *c, nnt_range rows)
{
  nnt_model_forward(c->model, c->parameters, c->workspace, rows, NULL);
  nnt_model_backward(c->model, &entropy, c->parameters, c->workspace, rows, labels);
}

/* Sum over parts against the whole: each sum of 23 products is rounded in its own order. */
static void check_sum_over_parts(const computed *c, size_t tile, size_t part)
{
  size_t const count = nnt_model_tile(c->model, tile).count;
  static float whole[FEATURES * HIDDEN];
  static float term[FEATURES * HIDDEN];
  static double sum[FEATURES * HIDDEN];
  static double size[FEATURES * HIDDEN];
  memset(sum, 0, sizeof sum);
  memset(size, 0, sizeof size);
  nnt_model_tile_gradient(c->model, c->workspace, tile, (nnt_range){0, ROWS}, whole);
  for (size_t first = 0; first < ROWS; first += part) {
    nnt_range const rows = {first, ROWS - first < part ? ROWS - first : part};
    nnt_model_tile_gradient(c->model, c->workspace, tile, rows, term);
    for (size_t i = 0; i < count; i++) {
      sum[i] += (double)term[i];
    }
  }
  for (size_t row = 0; row < ROWS; row++) {
    nnt_model_tile_gradient(c->model, c->workspace, tile, (nnt_range){row, 1}, term);
    for (size_t i = 0; i < count; i++) {
      size[i] += fabs((double)term[i]);
    }
  }
  for (size_t i = 0; i < count; i++) {
    CU_ASSERT(fabs((double)whole[i] - sum[i]) <= 2.0 * ROWS * 0x1p-24 * size[i]);
  }
}

static void gradients_of_parts_add_up_to_that_of_the_whole(void)
{
  size_t const parts[] = {1, 2, 7, ROWS};
  computed const c = computed_create();
  compute(&c, (nnt_range){0, ROWS});
  for (size_t tile = 0; tile < nnt_model_tile_count(c.model); tile++) {
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
      check_sum_over_parts(&c, tile, parts[k]);
    }
  }
  computed_destroy(&c);
}

static void no_rows_give_nothing(void)
{
  computed const c = computed_create();
  nnt_range const all = {0, ROWS};
  compute(&c, all);
  float before[ROWS * CLASSES];
  memcpy(before, nnt_workspace_outputs(c.workspace), sizeof before);
  compute(&c, (nnt_range){ROWS, 0});
  compute(&c, (nnt_range){3, 0});
  CU_ASSERT(same_bits(before, nnt_workspace_outputs(c.workspace), (size_t)ROWS * CLASSES));
  for (size_t tile = 0; tile < nnt_model_tile_count(c.model); tile++) {
    static float g[FEATURES * HIDDEN];
    size_t const count = nnt_model_tile(c.model, tile).count;
    for (size_t i = 0; i < count; i++) {
      g[i] = NAN;
    }
    nnt_model_tile_gradient(c.model, c.workspace, tile, (nnt_range){ROWS, 0}, g);
    for (size_t i = 0; i < count; i++) {
      CU_ASSERT_EQUAL(g[i], 0.0F);
    }
  }
  computed_destroy(&c);
}

/* A microbatch has the same bits wherever its rows lie and whatever lies beside them: ranks hold
 * different numbers of microbatches. */
static void a_call_touches_its_own_rows_only(void)
{
  enum { PART = 5 };
  computed const c = computed_create();
  float *const x = nnt_workspace_input(c.workspace);
  float const *const y = nnt_workspace_outputs(c.workspace);
  static float first[HIDDEN * FEATURES];
  static float again[HIDDEN * FEATURES];
  float outputs[PART * CLASSES];
  compute(&c, (nnt_range){0, PART});
  memcpy(outputs, y, sizeof outputs);
  nnt_model_tile_gradient(c.model, c.workspace, 0, (nnt_range){0, PART}, first);
  for (size_t at = PART; at + PART <= ROWS; at++) {
    nnt_range const rows = {at, PART};
    memcpy(x + at * FEATURES, x, (size_t)PART * FEATURES * sizeof *x);
    nnt_model_forward(c.model, c.parameters, c.workspace, rows, NULL);
    /* Labels go by row: shift them along. */
    uint16_t shifted[ROWS] = {0};
    memcpy(shifted + at, labels, PART * sizeof *labels);
    nnt_model_backward(c.model, &entropy, c.parameters, c.workspace, rows, shifted);
    nnt_model_tile_gradient(c.model, c.workspace, 0, rows, again);
    CU_ASSERT(same_bits(y + at * CLASSES, outputs, (size_t)PART * CLASSES));
    CU_ASSERT(same_bits(again, first, nnt_model_tile(c.model, 0).count));
  }
  CU_ASSERT(same_bits(y, outputs, (size_t)PART * CLASSES));
  computed_destroy(&c);
}

static void too_many_rows_are_refused(void)
{
  nnt_model *const model = model_of(stack(6, 5, 4));
  nnt_workspace *workspace = NULL;
  CU_ASSERT_EQUAL(nnt_workspace_create(&workspace, model, (size_t)INT_MAX + 1, false), NNT_ENOMEM);
  CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), "BLAS"));
  CU_ASSERT_EQUAL(nnt_workspace_create(&workspace, model, SIZE_MAX / 4, true), NNT_ENOMEM);
  CU_ASSERT_PTR_NULL(workspace);
  nnt_model_destroy(model);
}

static void the_penalty_is_the_sum_of_squares_of_kernels(void)
{
  nnt_model_spec spec = stack(784, 50, 10); /* more than one block of parameters */
  spec.layers[0].l2 = 0.01;
  nnt_model *const model = model_of(spec);
  float *const w = parameters_of(model);
  size_t const kernel = (size_t)784 * 50;
  for (size_t i = kernel; i < nnt_model_parameter_count(model); i++) {
    w[i] = 1000.0F; /* neither a bias nor the other kernel counts */
  }
  double sum = 0.0;
  for (size_t i = 0; i < kernel; i++) {
    sum += (double)w[i] * (double)w[i];
  }
  CU_ASSERT_DOUBLE_EQUAL(nnt_model_penalty(model, w), 0.01 * sum, 1e-12 * sum);
  free(w);
  nnt_model_destroy(model);
}

/* Of the bytes 00 00 00 00 00 00 80 3f, by sha256sum. */
static void the_digest_is_that_of_the_bytes(void)
{
  float const w[2] = {0.0F, 1.0F};
  char text[NNT_SHA256_TEXT_SIZE];
  CU_ASSERT_EQUAL(nnt_parameters_digest(w, 2, text), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text, "22b6f43bd8d27738d3213f29e96b62d01d9d6c0ab4f9732aaae803186f51eab7");
}

static CU_TestInfo tests[] = {
    {"a dense stack is named as Keras names it", a_dense_stack_is_named_as_keras_names_it},
    {"parameters lie in the order of the layers", parameters_lie_in_the_order_of_the_layers},
    {"impossible layers are refused", impossible_layers_are_refused},
    {"impossible inputs are refused", impossible_inputs_are_refused},
    {"images must be flattened first", images_must_be_flattened_first},
    {"huge layers are refused", huge_layers_are_refused},
    {"softmax is seen as layer and as activation", softmax_is_seen_as_layer_and_as_activation},
    {"tiles cut the parameters without gaps", tiles_cut_the_parameters_without_gaps},
    {"gradients of parts add up to that of the whole",
     gradients_of_parts_add_up_to_that_of_the_whole},
    {"no rows give nothing", no_rows_give_nothing},
    {"a call touches its own rows only", a_call_touches_its_own_rows_only},
    {"too many rows are refused", too_many_rows_are_refused},
    {"the penalty is the sum of squares of kernels", the_penalty_is_the_sum_of_squares_of_kernels},
    {"the digest is that of the bytes", the_digest_is_that_of_the_bytes},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("model", tests);
