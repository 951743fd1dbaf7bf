/* The parameters in the arena: forms of layers, the way there and back, and the memory of
 * workspaces. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "definitions.h"
#include "model_sample.h"
#include "nntrain/model.h"
#include "suite.h"

static size_t const widths[] = {1, 2, 15, 16, 17, 33, 63, 64, 65, 127, 129, 200};
enum { WIDTHS = sizeof widths / sizeof *widths };

/* There and back: each parameter has a place of its own, and all other places are zero. */
static void check_round_trip(const nnt_model *model)
{
  size_t const count = nnt_model_parameter_count(model);
  size_t const size = nnt_model_arena_size(model);
  float *const packed = zeros_create(count);
  float *const back = zeros_create(count);
  float *const arena = zeros_create(size);
  for (size_t i = 0; i < count; i++) {
    packed[i] = (float)(i + 1);
    back[i] = NAN;
  }
  for (size_t i = 0; i < size; i++) {
    arena[i] = NAN;
  }
  nnt_model_unpack(model, packed, arena);
  nnt_model_pack(model, arena, back);
  CU_ASSERT(same_bits(packed, back, count));
  size_t used = 0;
  for (size_t i = 0; i < size; i++) {
    used += arena[i] != 0.0F;
  }
  CU_ASSERT_EQUAL(used, count);
  free(packed);
  free(back);
  free(arena);
}

static void parameters_come_back_from_the_arena_on(const nnt_model_plan *plan)
{
  for (size_t i = 0; i < WIDTHS; i++) {
    for (size_t j = 0; j < WIDTHS; j++) {
      nnt_model_spec spec = tanh_stack(widths[i], widths[j], widths[(i + j) % WIDTHS]);
      spec.layers[j % 2].use_bias = i % 2 == 0;
      nnt_model *const model = planned(&spec, plan);
      check_round_trip(model);
      CU_ASSERT_EQUAL(nnt_model_isa(model), plan->isa);
      nnt_model_destroy(model);
    }
  }
}

/* The forms that layers/dense.h describes. */
static const char *form_of(size_t outputs) { return outputs <= 16 ? "narrow" : "product"; }

static void forms_are_chosen_by_outputs_and_input_on(const nnt_model_plan *plan)
{
  for (size_t i = 0; i < WIDTHS; i++) {
    nnt_model_spec const spec = tanh_stack(30, widths[i], widths[(i + 5) % WIDTHS]);
    nnt_model *const model = planned(&spec, plan);
    char const *const first = plan->sparse_input ? "sparse" : form_of(widths[i]);
    CU_ASSERT_STRING_EQUAL(nnt_model_form(model, 0), first);
    CU_ASSERT_STRING_EQUAL(nnt_model_form(model, 1), form_of(widths[(i + 5) % WIDTHS]));
    CU_ASSERT_EQUAL(nnt_model_reads_sparse(model), plan->sparse_input);
    CU_ASSERT_EQUAL(nnt_model_panels(model), plan->sparse_input ? (widths[i] + 63) / 64 : 0);
    nnt_model_destroy(model);
  }
}

/* Is the layer behind this one sparse? Only Flatten may come before it. */
static void check_behind(nnt_layer_kind kind, const nnt_model_plan *plan)
{
  nnt_model_spec const dense = tanh_stack(6, 5, 4);
  nnt_model_spec spec = dense;
  spec.layers[0] = (nnt_layer_spec){.kind = kind, .name = "before", .activation = NNT_RELU};
  spec.layers[1] = dense.layers[0];
  spec.layers[2] = dense.layers[1];
  spec.layer_count = 3;
  nnt_model *const model = planned(&spec, plan);
  bool const expected = plan->sparse_input && kind == NNT_FLATTEN;
  CU_ASSERT_EQUAL(nnt_model_spec_begins_dense(&spec), kind == NNT_FLATTEN);
  CU_ASSERT_EQUAL(nnt_model_reads_sparse(model), expected);
  CU_ASSERT_STRING_EQUAL(nnt_model_form(model, 0), "");
  CU_ASSERT_STRING_EQUAL(nnt_model_form(model, 1), expected ? "sparse" : "narrow");
  nnt_model_destroy(model);
}

static void only_a_first_dense_layer_is_sparse_on(const nnt_model_plan *plan)
{
  check_behind(NNT_FLATTEN, plan);
  check_behind(NNT_ACTIVATION, plan);
  check_behind(NNT_DROPOUT, plan);
  /* Columns are numbered in 16 bits. */
  nnt_model_spec spec = tanh_stack(65536, 3, 2);
  nnt_model *model = planned(&spec, plan);
  CU_ASSERT_EQUAL(nnt_model_reads_sparse(model), plan->sparse_input);
  nnt_model_destroy(model);
  spec = tanh_stack(65537, 3, 2);
  model = planned(&spec, plan);
  CU_ASSERT_FALSE(nnt_model_reads_sparse(model));
  nnt_model_destroy(model);
}

static size_t bytes_of(const nnt_model *model, nnt_workspace_shape shape)
{
  size_t bytes = 0;
  CU_ASSERT_EQUAL_FATAL(nnt_workspace_bytes(model, shape, &bytes), NNT_OK);
  return bytes;
}

/* Two workers on the same memory see each other's rows, and nothing behind it is touched. */
static void workers_share_a_workspace_on(const nnt_model_plan *plan)
{
  enum { ROWS = 9, FEATURES = 21, CLASSES = 5, GUARD = 64 };
  nnt_loss const loss = {NNT_CATEGORICAL_CROSSENTROPY, false, 0.0};
  nnt_model_spec const spec = tanh_stack(FEATURES, 70, CLASSES);
  nnt_model *const model = planned(&spec, plan);
  nnt_workspace_shape const shape = {.rows = ROWS, .leaves = 2, .leaf_rows = 5, .training = true};
  size_t const bytes = bytes_of(model, shape);
  void *memory = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_memory_create(&memory, bytes + GUARD, 1, "memory"), NNT_OK);
  memset((char *)memory + bytes, 0x5A, GUARD);
  nnt_workspace *worker[2] = {NULL, NULL};
  nnt_workspace *const alone = workspace_of(model, ROWS, true);
  float *const packed = zeros_create(nnt_model_parameter_count(model));
  nnt_model_initialize(model, 3, packed);
  float *const arena = arena_of(model, packed);
  float x[ROWS * FEATURES];
  for (size_t i = 0; i < (size_t)ROWS * FEATURES; i++) {
    x[i] = i % 3 == 0 ? 0.0F : (float)test_number(4, i);
  }
  input_rows const inputs = inputs_create(x, ROWS, FEATURES);
  uint16_t const labels[ROWS] = {0, 1, 2, 3, 4, 0, 1, 2, 3};
  nnt_range const parts[2] = {{0, 4}, {4, 5}};
  for (size_t w = 0; w < 2; w++) {
    CU_ASSERT_EQUAL_FATAL(nnt_workspace_create(&worker[w], model, shape, memory), NNT_OK);
  }
  for (size_t w = 0; w < 2; w++) {
    nnt_workspace *const each[2] = {worker[w], alone};
    for (size_t k = 0; k < 2; k++) {
      forward_rows(model, arena, each[k], parts[w], &inputs, parts[w].first, NULL);
      nnt_model_backward(model, &loss, arena, each[k], parts[w], labels);
      index_rows(model, each[k], w, parts[w], &inputs, parts[w].first);
    }
  }
  static size_t const first[] = {0, 4, ROWS};
  nnt_leaves const leaves = {2, first};
  float *const shared = zeros_create(nnt_model_arena_size(model));
  float *const own = zeros_create(nnt_model_arena_size(model));
  arena_gradient(model, worker[0], &leaves, 0, &inputs.sparse, shared);
  arena_gradient(model, alone, &leaves, 0, &inputs.sparse, own);
  CU_ASSERT(same_bits(shared, own, nnt_model_arena_size(model)));
  for (size_t i = 0; i < GUARD; i++) {
    CU_ASSERT_EQUAL(((char *)memory)[bytes + i], 0x5A);
  }
  nnt_workspace_destroy(worker[0]);
  nnt_workspace_destroy(worker[1]);
  nnt_workspace_destroy(alone);
  inputs_destroy(&inputs);
  free(memory);
  free(packed);
  free(arena);
  free(shared);
  free(own);
  nnt_model_destroy(model);
}

/* Inference keeps no deltas, and of sparse rows neither inputs nor an index. */
static void workspaces_take_what_they_need_on(const nnt_model_plan *plan)
{
  nnt_model_spec const spec = tanh_stack(784, 500, 10);
  nnt_model *const model = planned(&spec, plan);
  size_t const line = 64;
  /* Odd numbers of cache lines: 784 = 49, 500 to 33, 10 to 1 lines. */
  size_t const rows = 100;
  size_t const outputs = rows * (33 + 1 + 1) * line; /* the logits are kept too */
  size_t const inputs = plan->sparse_input ? 0 : rows * 49 * line;
  nnt_workspace_shape shape = {.rows = rows};
  CU_ASSERT_EQUAL(bytes_of(model, shape), inputs + outputs);
  shape = (nnt_workspace_shape){.rows = rows, .leaves = 3, .leaf_rows = 40, .training = true};
  size_t const deltas = rows * (33 + 1) * line;
  /* 196 groups: 4 bytes each and one more; 8 bytes and 4 floats for each row, and 16 entries more;
   * in whole cache lines. */
  size_t const starts = (sizeof(uint32_t) * 3 * 197 + line - 1) / line * line;
  size_t const entries = (size_t)3 * (40 * 196 + 16) * 24;
  size_t const index = plan->sparse_input ? starts + entries : 0;
  CU_ASSERT_EQUAL(bytes_of(model, shape), inputs + outputs + deltas + index);
  nnt_model_destroy(model);
}

/* Numbers of entries are 32-bit. */
static void indices_that_cannot_be_numbered_are_refused(void)
{
  nnt_model_spec const spec = tanh_stack(65536, 3, 2);
  nnt_model *const model = planned(&spec, &(nnt_model_plan){nnt_isa_best(), true});
  size_t bytes = 0;
  nnt_workspace_shape shape = {
      .rows = 200000, .leaves = 1, .leaf_rows = UINT32_MAX / 16384, .training = true};
  CU_ASSERT_EQUAL(nnt_workspace_bytes(model, shape, &bytes), NNT_OK);
  shape.leaf_rows++;
  CU_ASSERT_EQUAL(nnt_workspace_bytes(model, shape, &bytes), NNT_ENOMEM);
  nnt_model_destroy(model);
}

TEST_ON_EVERY_PLAN(parameters_come_back_from_the_arena)
TEST_ON_EVERY_PLAN(forms_are_chosen_by_outputs_and_input)
TEST_ON_EVERY_PLAN(only_a_first_dense_layer_is_sparse)
TEST_ON_EVERY_PLAN(workers_share_a_workspace)
TEST_ON_EVERY_PLAN(workspaces_take_what_they_need)

static CU_TestInfo tests[] = {
    {"parameters come back from the arena", parameters_come_back_from_the_arena},
    {"forms are chosen by outputs and input", forms_are_chosen_by_outputs_and_input},
    {"only a first dense layer is sparse", only_a_first_dense_layer_is_sparse},
    {"workers share a workspace", workers_share_a_workspace},
    {"workspaces take what they need", workspaces_take_what_they_need},
    {"indices that cannot be numbered are refused", indices_that_cannot_be_numbered_are_refused},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("arena", tests);
