/* Building models: what is refused, and the layout of parameters and tiles. */
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "definitions.h"
#include "model_sample.h"
#include "nntrain/model.h"
#include "suite.h"

static nnt_model *model_of(nnt_model_spec spec) { return planned(&spec, NULL); }

static float *parameters_of(const nnt_model *model)
{
  float *const w = zeros_create(nnt_model_parameter_count(model));
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
  nnt_model_spec spec = tanh_stack(6, 5, 4);
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
  CU_ASSERT_EQUAL(nnt_model_create(&model, spec, NULL), NNT_EDATA);
  CU_ASSERT_PTR_NULL(model);
  CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), name));
  nnt_model_destroy(model);
}

static void impossible_layers_are_refused(void)
{
  nnt_model_spec spec = tanh_stack(6, 0, 4);
  check_refused(&spec, "'dense'");
  double const rates[] = {1.0, -0.1, 2.0, (double)NAN};
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    spec = tanh_stack(6, 5, 4);
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
  nnt_model_spec spec = tanh_stack(0, 5, 4);
  check_refused(&spec, "input");
  spec = tanh_stack((size_t)INT_MAX + 1, 5, 4);
  check_refused(&spec, "input");
  spec = tanh_stack(6, 5, 4);
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
  nnt_model_spec spec = tanh_stack(3, 5, 4);
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
  nnt_model_spec spec = tanh_stack(INT_MAX, INT_MAX, 4);
  check_refused(&spec, "'dense'");
  spec = tanh_stack(6, (size_t)INT_MAX + 1, 4);
  check_refused(&spec, "'dense'");
  spec = tanh_stack(6, SIZE_MAX / 4, 4);
  check_refused(&spec, "'dense'");
  /* The kernel just fits below PTRDIFF_MAX / 16; with the bias it does not. */
  size_t const width = (size_t)1 << 29;
  spec = tanh_stack(2 * width - 1, width, 4);
  check_refused(&spec, "'dense'");
}

static void softmax_is_seen_as_layer_and_as_activation(void)
{
  nnt_model_spec spec = tanh_stack(6, 5, 4);
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

/* Marks the places of one tensor in the arena. */
static void mark_tensor(const nnt_model *model, const nnt_tensor *tensor, float *arena)
{
  float *const packed = zeros_create(nnt_model_parameter_count(model));
  for (size_t i = 0; i < tensor->count; i++) {
    packed[tensor->offset + i] = 1.0F;
  }
  nnt_model_unpack(model, packed, arena);
  free(packed);
}

/* How many places of the arena within `range` are marked. */
static size_t marked(const float *arena, nnt_range range)
{
  size_t count = 0;
  for (size_t i = 0; i < range.count; i++) {
    count += arena[range.first + i] != 0.0F;
  }
  return count;
}

/* The tiles of a tensor hold all its parameters; gaps between tiles hold none. Returns the first
 * tile of the next tensor. */
static size_t check_tiles_of(const nnt_model *model, const nnt_tensor *tensor, size_t tile)
{
  float *const arena = zeros_create(nnt_model_arena_size(model));
  size_t found = 0;
  mark_tensor(model, tensor, arena);
  CU_ASSERT_EQUAL(marked(arena, (nnt_range){0, nnt_model_arena_size(model)}), tensor->count);
  while (found < tensor->count && tile < nnt_model_tile_count(model)) {
    nnt_range const range = nnt_model_tile(model, tile);
    size_t const here = marked(arena, range);
    CU_ASSERT(here > 0);
    CU_ASSERT_EQUAL(nnt_model_tile_l2(model, tile), tensor->l2);
    found += here;
    tile++;
  }
  CU_ASSERT_EQUAL(found, tensor->count);
  free(arena);
  return tile;
}

static void check_tiles(nnt_model_spec spec, const nnt_model_plan *plan)
{
  spec.layers[0].l2 = 0.25;
  nnt_model *const model = planned(&spec, plan);
  size_t end = 0;
  for (size_t i = 0; i < nnt_model_tile_count(model); i++) {
    nnt_range const tile = nnt_model_tile(model, i);
    CU_ASSERT(tile.count > 0 && tile.count <= nnt_model_tile_size_max(model));
    CU_ASSERT(tile.first >= end && tile.first % 16 == 0);
    end = tile.first + tile.count;
  }
  CU_ASSERT(end <= nnt_model_arena_size(model));
  size_t tile = 0;
  for (size_t t = 0; t < nnt_model_tensor_count(model); t++) {
    tile = check_tiles_of(model, nnt_model_tensor(model, t), tile);
  }
  CU_ASSERT_EQUAL(tile, nnt_model_tile_count(model));
  nnt_model_destroy(model);
}

static void tiles_cover_the_parameters_tensor_by_tensor_on(const nnt_model_plan *plan)
{
  size_t const widths[][3] = {{784, 500, 10}, {6, 5, 4}, {1, 1, 1}, {3, 40000, 2}, {33, 1000, 7}};
  for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
    nnt_model_spec spec = tanh_stack(widths[k][0], widths[k][1], widths[k][2]);
    check_tiles(spec, plan);
    spec.layers[0].use_bias = false;
    check_tiles(spec, plan);
  }
}

TEST_ON_EVERY_PLAN(tiles_cover_the_parameters_tensor_by_tensor)

static void too_many_rows_are_refused(void)
{
  nnt_model *const model = model_of(tanh_stack(6, 5, 4));
  nnt_workspace *workspace = NULL;
  nnt_workspace_shape shape = {.rows = (size_t)INT_MAX + 1};
  size_t bytes = 0;
  CU_ASSERT_EQUAL(nnt_workspace_create(&workspace, model, shape, NULL), NNT_ENOMEM);
  CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), "2147483648 rows"));
  CU_ASSERT_EQUAL(nnt_workspace_bytes(model, shape, &bytes), NNT_ENOMEM);
  shape = (nnt_workspace_shape){.rows = SIZE_MAX / 4, .training = true};
  CU_ASSERT_EQUAL(nnt_workspace_create(&workspace, model, shape, NULL), NNT_ENOMEM);
  CU_ASSERT_PTR_NULL(workspace);
  nnt_model_destroy(model);
}

static void the_penalty_is_the_sum_of_squares_of_kernels_on(const nnt_model_plan *plan)
{
  nnt_model_spec spec = tanh_stack(784, 50, 10); /* more than one tile */
  spec.layers[0].l2 = 0.01;
  nnt_model *const model = planned(&spec, plan);
  float *const w = parameters_of(model);
  size_t const kernel = (size_t)784 * 50;
  for (size_t i = kernel; i < nnt_model_parameter_count(model); i++) {
    w[i] = 1000.0F; /* neither a bias nor the other kernel counts */
  }
  double sum = 0.0;
  for (size_t i = 0; i < kernel; i++) {
    sum += (double)w[i] * (double)w[i];
  }
  float *const arena = arena_of(model, w);
  CU_ASSERT_DOUBLE_EQUAL(nnt_model_penalty(model, arena), 0.01 * sum, 1e-12 * sum);
  free(arena);
  free(w);
  nnt_model_destroy(model);
}

TEST_ON_EVERY_PLAN(the_penalty_is_the_sum_of_squares_of_kernels)

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
    {"tiles cover the parameters tensor by tensor", tiles_cover_the_parameters_tensor_by_tensor},
    {"too many rows are refused", too_many_rows_are_refused},
    {"the penalty is the sum of squares of kernels", the_penalty_is_the_sum_of_squares_of_kernels},
    {"the digest is that of the bytes", the_digest_is_that_of_the_bytes},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("model", tests);
