/* Which rows a call touches, and how gradients of rows add up, in all forms of layers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "definitions.h"
#include "model_sample.h"
#include "nntrain/model.h"
#include "suite.h"

static nnt_loss const entropy = {NNT_CATEGORICAL_CROSSENTROPY, false, 0.0};

/* A net with rows computed to the end. */
typedef struct computed {
  nnt_model *model;
  nnt_workspace *workspace;
  float *arena;
  float *x;
  input_rows rows;
  float *scratch;
  float *whole; /* room for a tile each */
  float *term;
} computed;

enum { ROWS = 23, FEATURES = 37, HIDDEN = 301, SECOND = 23, CLASSES = 5 };
static uint16_t const labels[ROWS] = {0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 1, 1,
                                      2, 2, 3, 3, 4, 4, 0, 0, 1, 2, 3};

static computed computed_create(const nnt_model_plan *plan)
{
  computed c;
  size_t const hidden[] = {HIDDEN, SECOND};
  nnt_model_spec spec;
  CU_ASSERT_EQUAL_FATAL(nnt_model_spec_dense(&spec, FEATURES, hidden, 2, NNT_TANH, CLASSES,
                                             (nnt_initializer){NNT_GLOROT_UNIFORM, 0.0}),
                        NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&c.model, &spec, plan), NNT_OK);
  float *const packed = zeros_create(nnt_model_parameter_count(c.model));
  nnt_model_initialize(c.model, 3, packed);
  c.arena = arena_of(c.model, packed);
  free(packed);
  c.workspace = workspace_of(c.model, ROWS, true);
  c.x = zeros_create((size_t)ROWS * FEATURES);
  for (size_t i = 0; i < (size_t)ROWS * FEATURES; i++) {
    if (i % 3 != 0) c.x[i] = (float)test_number(4, i);
  }
  c.rows = inputs_create(c.x, ROWS, FEATURES);
  c.scratch = zeros_create(nnt_model_scratch_size(c.model, ROWS));
  c.whole = zeros_create(nnt_model_tile_size_max(c.model));
  c.term = zeros_create(nnt_model_tile_size_max(c.model));
  return c;
}

static void computed_destroy(const computed *c)
{
  nnt_workspace_destroy(c->workspace);
  nnt_model_destroy(c->model);
  free(c->arena);
  free(c->x);
  inputs_destroy(&c->rows);
  free(c->scratch);
  free(c->whole);
  free(c->term);
}

static void compute(const computed *c, nnt_range rows)
{
  size_t const sample = rows.count == 0 ? 0 : rows.first;
  forward_rows(c->model, c->arena, c->workspace, rows, &c->rows, sample, NULL);
  nnt_model_backward(c->model, &entropy, c->arena, c->workspace, rows, labels);
}

/* The gradient of one tile over some rows, as one leaf; `sample` is that of the first row. */
static void tile_gradient_of(const computed *c, size_t tile, nnt_range rows, size_t sample,
                             float *out)
{
  index_rows(c->model, c->workspace, 0, rows, &c->rows, sample);
  size_t const first[2] = {rows.first, rows.first + rows.count};
  nnt_leaves const leaf = {1, first};
  nnt_model_tile_gradient(c->model, c->workspace, tile, &leaf, 0, &c->rows.sparse, c->scratch, out);
}

static void tile_gradient(const computed *c, size_t tile, nnt_range rows, float *out)
{
  tile_gradient_of(c, tile, rows, rows.count == 0 ? 0 : rows.first, out);
}

/* Sum over parts against the whole: each sum of 23 products is rounded in its own order. */
static void check_sum_over_parts(const computed *c, size_t tile, size_t part)
{
  size_t const count = nnt_model_tile(c->model, tile).count;
  float *const whole = c->whole;
  float *const term = c->term;
  double *const sum = calloc(count, sizeof *sum);
  double *const size = calloc(count, sizeof *size);
  CU_ASSERT_FATAL(sum != NULL && size != NULL);
  tile_gradient(c, tile, (nnt_range){0, ROWS}, whole);
  for (size_t first = 0; first < ROWS; first += part) {
    nnt_range const rows = {first, ROWS - first < part ? ROWS - first : part};
    tile_gradient(c, tile, rows, term);
    for (size_t i = 0; i < count; i++) {
      sum[i] += (double)term[i];
    }
  }
  for (size_t row = 0; row < ROWS; row++) {
    tile_gradient(c, tile, (nnt_range){row, 1}, term);
    for (size_t i = 0; i < count; i++) {
      size[i] += fabs((double)term[i]);
    }
  }
  for (size_t i = 0; i < count; i++) {
    CU_ASSERT(fabs((double)whole[i] - sum[i]) <= 2.0 * ROWS * 0x1p-24 * size[i]);
  }
  free(sum);
  free(size);
}

static void gradients_of_parts_add_up_to_that_of_the_whole_on(const nnt_model_plan *plan)
{
  size_t const parts[] = {1, 2, 7, ROWS};
  computed const c = computed_create(plan);
  compute(&c, (nnt_range){0, ROWS});
  for (size_t tile = 0; tile < nnt_model_tile_count(c.model); tile++) {
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
      check_sum_over_parts(&c, tile, parts[k]);
    }
  }
  computed_destroy(&c);
}

static void no_rows_give_nothing_on(const nnt_model_plan *plan)
{
  computed const c = computed_create(plan);
  nnt_range const all = {0, ROWS};
  compute(&c, all);
  float before[ROWS * CLASSES];
  float after[ROWS * CLASSES];
  get_outputs(c.model, c.workspace, all, before);
  compute(&c, (nnt_range){ROWS, 0});
  compute(&c, (nnt_range){3, 0});
  get_outputs(c.model, c.workspace, all, after);
  CU_ASSERT(same_bits(before, after, (size_t)ROWS * CLASSES));
  for (size_t tile = 0; tile < nnt_model_tile_count(c.model); tile++) {
    float *const g = c.whole;
    size_t const count = nnt_model_tile(c.model, tile).count;
    for (size_t i = 0; i < count; i++) {
      g[i] = NAN;
    }
    tile_gradient(&c, tile, (nnt_range){ROWS, 0}, g);
    for (size_t i = 0; i < count; i++) {
      CU_ASSERT_EQUAL(g[i], 0.0F);
    }
  }
  computed_destroy(&c);
}

/* A microbatch has the same bits wherever its rows lie and whatever lies beside them: ranks hold
 * different numbers of microbatches. */
static void a_call_touches_its_own_rows_only_on(const nnt_model_plan *plan)
{
  enum { PART = 5 };
  computed const c = computed_create(plan);
  nnt_range const part = {0, PART};
  float outputs[PART * CLASSES];
  float again[PART * CLASSES];
  compute(&c, part);
  get_outputs(c.model, c.workspace, part, outputs);
  tile_gradient(&c, 0, part, c.whole);
  for (size_t at = PART; at + PART <= ROWS; at++) {
    nnt_range const rows = {at, PART};
    forward_rows(c.model, c.arena, c.workspace, rows, &c.rows, 0, NULL);
    /* Labels go by row: shift them along. */
    uint16_t shifted[ROWS] = {0};
    memcpy(shifted + at, labels, PART * sizeof *labels);
    nnt_model_backward(c.model, &entropy, c.arena, c.workspace, rows, shifted);
    tile_gradient_of(&c, 0, rows, 0, c.term);
    get_outputs(c.model, c.workspace, rows, again);
    CU_ASSERT(same_bits(again, outputs, (size_t)PART * CLASSES));
    CU_ASSERT(same_bits(c.term, c.whole, nnt_model_tile(c.model, 0).count));
  }
  get_outputs(c.model, c.workspace, part, again);
  CU_ASSERT(same_bits(again, outputs, (size_t)PART * CLASSES));
  computed_destroy(&c);
}

/* The tree over leaves, added here from each leaf alone. */
static void add_leaves(const computed *c, size_t tile, const size_t *first, size_t leaf,
                       size_t count, float *out)
{
  size_t const n = nnt_model_tile(c->model, tile).count;
  if (count == 1) {
    tile_gradient(c, tile, (nnt_range){first[leaf], first[leaf + 1] - first[leaf]}, out);
    return;
  }
  size_t half = 1;
  while (2 * half < count) {
    half *= 2;
  }
  float *const right = zeros_create(n);
  add_leaves(c, tile, first, leaf, half, out);
  add_leaves(c, tile, first, leaf + half, count - half, right);
  for (size_t i = 0; i < n; i++) {
    out[i] += right[i];
  }
  free(right);
}

/* Leaves from first_leaf on, with what was in the memory before: NaN. */
static void check_leaves(const computed *c, size_t tile, const nnt_leaves *leaves,
                         size_t first_leaf)
{
  size_t const n = nnt_model_tile(c->model, tile).count;
  add_leaves(c, tile, leaves->first, 0, leaves->count, c->whole);
  for (size_t l = 0; l < leaves->count; l++) {
    nnt_range const rows = {leaves->first[l], leaves->first[l + 1] - leaves->first[l]};
    index_rows(c->model, c->workspace, first_leaf + l, rows, &c->rows,
               rows.count == 0 ? 0 : rows.first);
  }
  for (size_t i = 0; i < n; i++) {
    c->term[i] = NAN;
  }
  size_t const scratch = nnt_model_scratch_size(c->model, leaves->count);
  for (size_t i = 0; i < scratch; i++) {
    c->scratch[i] = NAN;
  }
  nnt_model_tile_gradient(c->model, c->workspace, tile, leaves, first_leaf, &c->rows.sparse,
                          c->scratch, c->term);
  CU_ASSERT(same_bits(c->term, c->whole, n));
}

static void leaves_are_added_in_the_fixed_tree_on(const nnt_model_plan *plan)
{
  static size_t const first[] = {0, 3, 3, 4, 11, 11, 12, 17, ROWS, ROWS, ROWS, ROWS};
  size_t const counts[] = {1, 2, 3, 5, 8, 11};
  computed const c = computed_create(plan);
  compute(&c, (nnt_range){0, ROWS});
  for (size_t tile = 0; tile < nnt_model_tile_count(c.model); tile++) {
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
      check_leaves(&c, tile, &(nnt_leaves){counts[k], first}, 0);
      check_leaves(&c, tile, &(nnt_leaves){counts[k], first}, ROWS - counts[k]);
    }
  }
  computed_destroy(&c);
}

/* Places of the arena that hold no parameter have no gradient: what they hold would count in norms
 * and penalties. */
static void padding_has_no_gradient_on(const nnt_model_plan *plan)
{
  static size_t const first[] = {0, 7, 9, ROWS};
  computed const c = computed_create(plan);
  compute(&c, (nnt_range){0, ROWS});
  float *const packed = zeros_create(nnt_model_parameter_count(c.model));
  for (size_t i = 0; i < nnt_model_parameter_count(c.model); i++) {
    packed[i] = 1.0F;
  }
  float *const used = arena_of(c.model, packed);
  nnt_leaves const leaves = {3, first};
  for (size_t l = 0; l < leaves.count; l++) {
    nnt_range const rows = {first[l], first[l + 1] - first[l]};
    index_rows(c.model, c.workspace, l, rows, &c.rows, first[l]);
  }
  size_t wrong = 0;
  for (size_t tile = 0; tile < nnt_model_tile_count(c.model); tile++) {
    nnt_range const part = nnt_model_tile(c.model, tile);
    for (size_t i = 0; i < part.count; i++) {
      c.whole[i] = 1e30F;
    }
    nnt_model_tile_gradient(c.model, c.workspace, tile, &leaves, 0, &c.rows.sparse, c.scratch,
                            c.whole);
    for (size_t i = 0; i < part.count; i++) {
      wrong += used[part.first + i] == 0.0F && c.whole[i] != 0.0F;
      wrong += fabs((double)c.whole[i]) < 1e6 ? 0 : 1;
    }
  }
  CU_ASSERT_EQUAL(wrong, 0);
  free(packed);
  free(used);
  computed_destroy(&c);
}

TEST_ON_EVERY_PLAN(gradients_of_parts_add_up_to_that_of_the_whole)
TEST_ON_EVERY_PLAN(no_rows_give_nothing)
TEST_ON_EVERY_PLAN(a_call_touches_its_own_rows_only)
TEST_ON_EVERY_PLAN(leaves_are_added_in_the_fixed_tree)
TEST_ON_EVERY_PLAN(padding_has_no_gradient)

static CU_TestInfo tests[] = {
    {"gradients of parts add up to that of the whole",
     gradients_of_parts_add_up_to_that_of_the_whole},
    {"no rows give nothing", no_rows_give_nothing},
    {"a call touches its own rows only", a_call_touches_its_own_rows_only},
    {"leaves are added in the fixed tree", leaves_are_added_in_the_fixed_tree},
    {"padding has no gradient", padding_has_no_gradient},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("model rows", tests);
