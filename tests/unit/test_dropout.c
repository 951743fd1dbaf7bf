/* Dropout through a net that passes on what dropout leaves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "definitions.h"
#include "model_sample.h"
#include "nntrain/model.h"
#include "suite.h"

enum { WIDTH = 100, ROWS = 60, COUNT = WIDTH * ROWS };

/* dropout, dropout, dense with the unit matrix: the second rate is 0 unless it is given. */
typedef struct dropping {
  nnt_model *model;
  nnt_workspace *workspace;
  float *arena;
  float *outputs; /* (ROWS, WIDTH) */
  size_t samples[ROWS];
} dropping;

static dropping dropping_create(const nnt_model_plan *plan, double first_rate, double second_rate)
{
  dropping d = {NULL, NULL, NULL, NULL, {0}};
  nnt_model_spec spec = {.input_dimensions = 1, .input_shape = {WIDTH}, .layer_count = 3};
  spec.layers[0] = (nnt_layer_spec){.kind = NNT_DROPOUT, .rate = first_rate};
  spec.layers[1] = (nnt_layer_spec){.kind = NNT_DROPOUT, .rate = second_rate};
  spec.layers[2] = (nnt_layer_spec){.kind = NNT_DENSE, .units = WIDTH};
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&d.model, &spec, plan), NNT_OK);
  d.workspace = workspace_of(d.model, ROWS, true);
  float *const unit = zeros_create(nnt_model_parameter_count(d.model));
  for (size_t i = 0; i < WIDTH; i++) {
    unit[i * WIDTH + i] = 1.0F;
  }
  d.arena = arena_of(d.model, unit);
  free(unit);
  d.outputs = zeros_create(COUNT);
  for (size_t row = 0; row < ROWS; row++) {
    d.samples[row] = 1000 + row;
  }
  return d;
}

static void dropping_destroy(const dropping *d)
{
  nnt_workspace_destroy(d->workspace);
  nnt_model_destroy(d->model);
  free(d->arena);
  free(d->outputs);
}

/* What becomes of rows of ones. */
static const float *drop_ones(const dropping *d, uint64_t seed, uint64_t epoch, nnt_range rows)
{
  for (size_t i = 0; i < COUNT; i++) {
    input_row(d->workspace, i / WIDTH)[i % WIDTH] = 1.0F;
  }
  nnt_dropout const dropout = {seed, epoch, d->samples};
  nnt_model_forward(d->model, d->arena, d->workspace, rows, &dropout);
  get_outputs(d->model, d->workspace, (nnt_range){0, ROWS}, d->outputs);
  return d->outputs;
}

static void elements_are_dropped_at_the_rate_on(const nnt_model_plan *plan)
{
  double const rates[] = {0.1, 0.5, 0.8};
  for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
    double const rate = rates[k];
    dropping const d = dropping_create(plan, rate, 0.0);
    float const *const y = drop_ones(&d, 1, 0, (nnt_range){0, ROWS});
    size_t dropped = 0;
    for (size_t i = 0; i < COUNT; i++) {
      dropped += y[i] == 0.0F;
      /* Kept ones are scaled, so that the mean stays. */
      CU_ASSERT(y[i] == 0.0F || y[i] == (float)(1.0 / (1.0 - rate)));
    }
    double const deviation = sqrt(rate * (1.0 - rate) * COUNT);
    CU_ASSERT_DOUBLE_EQUAL((double)dropped, rate * COUNT, 3.5 * deviation);
    dropping_destroy(&d);
  }
}

static void nothing_is_dropped_in_inference_on(const nnt_model_plan *plan)
{
  dropping const d = dropping_create(plan, 0.9, 0.5);
  static float x[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    x[i] = (float)i;
  }
  input_rows const rows = inputs_create(x, ROWS, WIDTH);
  forward_rows(d.model, d.arena, d.workspace, (nnt_range){0, ROWS}, &rows, 0, NULL);
  inputs_destroy(&rows);
  get_outputs(d.model, d.workspace, (nnt_range){0, ROWS}, d.outputs);
  CU_ASSERT(same_bits(d.outputs, x, COUNT));
  dropping_destroy(&d);
}

/* Which rank holds a sample, and in which row, must make no difference. */
static void a_mask_belongs_to_the_sample_on(const nnt_model_plan *plan)
{
  dropping d = dropping_create(plan, 0.5, 0.5);
  float first[WIDTH];
  nnt_range const all = {0, ROWS};
  memcpy(first, drop_ones(&d, 1, 0, all) + (size_t)7 * WIDTH, sizeof first);
  for (size_t row = 0; row < ROWS; row++) {
    d.samples[row] = 1007; /* it was in row 7 */
  }
  float const *const y = drop_ones(&d, 1, 0, all);
  for (size_t row = 0; row < ROWS; row++) {
    CU_ASSERT(same_bits(y + row * WIDTH, first, WIDTH));
  }
  nnt_range const part = {50, 3};
  CU_ASSERT(same_bits(drop_ones(&d, 1, 0, part) + (size_t)51 * WIDTH, first, WIDTH));
  dropping_destroy(&d);
}

/* How many elements are kept in both: a quarter if masks of rate 0.5 are independent. */
static void check_independent(const float *a, const float *b)
{
  size_t both = 0;
  for (size_t i = 0; i < COUNT; i++) {
    both += a[i] != 0.0F && b[i] != 0.0F;
  }
  CU_ASSERT_DOUBLE_EQUAL((double)both, 0.25 * COUNT, 3.5 * sqrt(0.25 * 0.75 * COUNT));
}

static void masks_differ_by_epoch_seed_and_sample_on(const nnt_model_plan *plan)
{
  dropping d = dropping_create(plan, 0.5, 0.0);
  static float first[COUNT];
  nnt_range const all = {0, ROWS};
  memcpy(first, drop_ones(&d, 1, 0, all), sizeof first);
  check_independent(first, drop_ones(&d, 1, 1, all));
  check_independent(first, drop_ones(&d, 2, 0, all));
  for (size_t row = 0; row < ROWS; row++) {
    d.samples[row] += ROWS;
  }
  check_independent(first, drop_ones(&d, 1, 0, all));
  dropping_destroy(&d);
}

static void masks_differ_by_layer_on(const nnt_model_plan *plan)
{
  dropping const first = dropping_create(plan, 0.5, 0.0);
  dropping const second = dropping_create(plan, 0.0, 0.5);
  nnt_range const all = {0, ROWS};
  check_independent(drop_ones(&first, 1, 0, all), drop_ones(&second, 1, 0, all));
  dropping_destroy(&first);
  dropping_destroy(&second);
}

TEST_ON_EVERY_PLAN(elements_are_dropped_at_the_rate)
TEST_ON_EVERY_PLAN(nothing_is_dropped_in_inference)
TEST_ON_EVERY_PLAN(a_mask_belongs_to_the_sample)
TEST_ON_EVERY_PLAN(masks_differ_by_epoch_seed_and_sample)
TEST_ON_EVERY_PLAN(masks_differ_by_layer)

static CU_TestInfo tests[] = {
    {"elements are dropped at the rate", elements_are_dropped_at_the_rate},
    {"nothing is dropped in inference", nothing_is_dropped_in_inference},
    {"a mask belongs to the sample", a_mask_belongs_to_the_sample},
    {"masks differ by epoch, seed and sample", masks_differ_by_epoch_seed_and_sample},
    {"masks differ by layer", masks_differ_by_layer},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("dropout", tests);
