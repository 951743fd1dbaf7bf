/* Activations against real Keras, against formulas in float64, and at the ends of the range. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "definitions.h"
#include "keras_numbers.h"
#include "kernels/kernels.h"
#include "model_sample.h"
#include "suite.h"

enum { ARGUMENTS = sizeof activation_arguments / sizeof *activation_arguments };
enum { KINDS = sizeof keras_activations / sizeof *keras_activations };
enum { ROW = sizeof softmax_arguments / sizeof *softmax_arguments };

enum { GRID = 163 };

static nnt_block const one = {1, 1, 1};

/* From -30 to 30, avoiding 0. */
static float grid(int i) { return -30.0F + 0.37F * (float)i; }

static float activated(nnt_isa isa, nnt_activation kind, float z)
{
  float a = NAN;
  nnt_kernels_of(isa)->activate(kind, &z, &a, one);
  return a;
}

static float slope(nnt_isa isa, nnt_activation kind, float z)
{
  float const a = activated(isa, kind, z);
  float d = 1.0F;
  nnt_kernels_of(isa)->activate_backward(kind, &z, &a, &d, one);
  return d;
}

/* Keras's numbers and ours each lie within a few roundings of the true ones; gelu and the slopes
 * subtract numbers of the size of z or 1. */
static double tolerance(double z) { return 4.0 * (double)FLT_EPSILON * fmax(1.0, fabs(z)); }

static void values_of_keras_on(nnt_isa isa)
{
  CU_ASSERT_EQUAL(KINDS, NNT_ACTIVATION_COUNT - 1); /* all but softmax */
  for (size_t k = 0; k < KINDS; k++) {
    keras_activation const *const keras = &keras_activations[k];
    for (size_t i = 0; i < ARGUMENTS; i++) {
      float const z = activation_arguments[i];
      CU_ASSERT_DOUBLE_EQUAL((double)activated(isa, keras->kind, z), (double)keras->value[i],
                             tolerance((double)z));
      CU_ASSERT_DOUBLE_EQUAL((double)slope(isa, keras->kind, z), (double)keras->slope[i],
                             tolerance((double)z));
    }
  }
}

/* Where nothing cancels, each value is right to a few units in the last place, however small. The
 * C library's float32 functions are right to 2 units. */
static void last_digits_on(nnt_isa isa)
{
  for (size_t k = 0; k < KINDS; k++) {
    nnt_activation const kind = keras_activations[k].kind;
    for (int i = 0; i < GRID; i++) {
      float const z = grid(i);
      double const expected = activation_of(kind, (double)z);
      double const relative = 6.0 * (double)FLT_EPSILON * fabs(expected);
      /* 1 + erf cancels for negative z, in Keras as well. */
      double const cancelled = kind == NNT_GELU ? (double)FLT_EPSILON * fabs((double)z) : 0.0;
      CU_ASSERT_DOUBLE_EQUAL((double)activated(isa, kind, z), expected, relative + cancelled);
    }
  }
}

/* Central differences of the float64 definitions, h = 1e-5: truncated at h^2 f'''/6 < 1e-10,
 * rounded to 30 * 2^-53 / h < 1e-9; both are far below the tolerance. No z is at a kink. */
static void definitions_on(nnt_isa isa)
{
  double const h = 1e-5;
  for (size_t k = 0; k < KINDS; k++) {
    nnt_activation const kind = keras_activations[k].kind;
    for (int i = 0; i < GRID; i++) {
      float const z = grid(i);
      double const expected =
          (activation_of(kind, (double)z + h) - activation_of(kind, (double)z - h)) / (2.0 * h);
      CU_ASSERT_DOUBLE_EQUAL((double)slope(isa, kind, z), expected, tolerance((double)z));
    }
  }
}

/* Zeros, the least and the least normal number, and where exponentials run out of range. */
static float const special[] = {0.0F,   -0.0F,   0x1p-149F, -0x1p-149F, 0x1p-126F, -0x1p-126F,
                                1e-20F, -1e-20F, 1e-6F,     -1e-6F,     87.0F,     -87.0F,
                                88.8F,  -88.8F,  100.0F,    -100.0F,    104.0F,    -104.0F};
enum { SPECIALS = sizeof special / sizeof *special };

/* 6 units in the last place as above; and a few of the least number 2^-149, since products and
 * exponentials below 2^-126 keep no full last place. */
static void values_at_the_ends_on(nnt_isa isa)
{
  for (size_t k = 0; k < KINDS; k++) {
    nnt_activation const kind = keras_activations[k].kind;
    for (size_t i = 0; i < SPECIALS; i++) {
      double const z = (double)special[i];
      double const expected = activation_of(kind, z);
      double const cancelled = kind == NNT_GELU && z < -1.0 ? (double)FLT_EPSILON * fabs(z) : 0.0;
      /* silu multiplies the sigmoid, which is off by some 2^-149, by z; below 2^-126 the sigmoid
       * may be 0. */
      bool const sigmoid = kind == NNT_SIGMOID || kind == NNT_SILU;
      double const least =
          (sigmoid && z < 0.0 ? 1.01 * 0x1p-126 : 4.0 * 0x1p-149) * fmax(1.0, fabs(z));
      CU_ASSERT_DOUBLE_EQUAL((double)activated(isa, kind, special[i]), expected,
                             6.0 * (double)FLT_EPSILON * fabs(expected) + cancelled + least);
    }
  }
}

/* Beside 0 the slope is that of its own side, up to the curvature over 1e-6; -0 is as 0. */
static void slopes_at_the_ends_on(nnt_isa isa)
{
  double const h = 1e-7;
  for (size_t k = 0; k < KINDS; k++) {
    nnt_activation const kind = keras_activations[k].kind;
    CU_ASSERT_EQUAL(slope(isa, kind, -0.0F), slope(isa, kind, 0.0F));
    for (size_t i = 2; i < SPECIALS; i++) {
      double const z = (double)special[i];
      double const away = z < 0.0 ? -h : h;
      double const expected = (activation_of(kind, z + away) - activation_of(kind, z)) / away;
      /* Truncated at h f''/2 with |f''| < 2, rounded to 2^-53 max(1, |z|) / h. */
      double const difference = h + 2.0 * DBL_EPSILON * fmax(1.0, fabs(z)) / h;
      CU_ASSERT_DOUBLE_EQUAL((double)slope(isa, kind, special[i]), expected,
                             tolerance(1.0) + difference);
    }
  }
}

static void far_out_on(nnt_isa isa)
{
  for (size_t k = 0; k < KINDS; k++) {
    nnt_activation const kind = keras_activations[k].kind;
    for (int sign = -1; sign <= 1; sign += 2) {
      float const z = (float)sign * 1e30F;
      double const expected = activation_of(kind, (double)z);
      CU_ASSERT_DOUBLE_EQUAL((double)activated(isa, kind, z), expected, 1e-6 * fabs(expected));
      CU_ASSERT(isfinite(slope(isa, kind, z)));
    }
  }
}

static void nan_on(nnt_isa isa)
{
  for (size_t kind = 0; kind < NNT_ACTIVATION_COUNT; kind++) {
    float const z[2] = {0.5F, NAN};
    float a[2] = {0.0F, 0.0F};
    nnt_kernels_of(isa)->activate((nnt_activation)kind, z, a, (nnt_block){1, 2, 2});
    CU_ASSERT(isnan(a[1]));
  }
}

static void softmax_of_keras_on(nnt_isa isa)
{
  float a[ROW];
  float d[ROW];
  nnt_kernels const *const kernels = nnt_kernels_of(isa);
  nnt_block const row = {1, ROW, ROW};
  kernels->activate(NNT_SOFTMAX, softmax_arguments, a, row);
  memcpy(d, softmax_upstream, sizeof d);
  kernels->activate_backward(NNT_SOFTMAX, softmax_arguments, a, d, row);
  for (size_t i = 0; i < ROW; i++) {
    CU_ASSERT_DOUBLE_EQUAL((double)a[i], (double)softmax_value[i], tolerance(1.0));
    CU_ASSERT_DOUBLE_EQUAL((double)d[i], (double)softmax_slope[i], tolerance(1.0));
  }
}

/* Rows do not mix, a shift by a power of two changes nothing, and far logits do not overflow. */
static void softmax_by_rows_on(nnt_isa isa)
{
  enum { STRIDE = ROW + 3 };
  float z[4 * STRIDE];
  float a[4 * STRIDE];
  for (size_t i = 0; i < sizeof a / sizeof *a; i++) {
    z[i] = a[i] = NAN;
  }
  for (size_t i = 0; i < ROW; i++) {
    z[i] = softmax_arguments[i];
    z[STRIDE + i] = softmax_arguments[i] + 1024.0F;
    z[(size_t)3 * STRIDE + i] = softmax_arguments[i] - 1024.0F;
    z[(size_t)2 * STRIDE + i] = i == 2 ? 3e38F : -3e38F;
  }
  nnt_kernels_of(isa)->activate(NNT_SOFTMAX, z, a, (nnt_block){4, ROW, STRIDE});
  for (size_t i = 0; i < ROW; i++) {
    CU_ASSERT_DOUBLE_EQUAL((double)a[i], (double)softmax_value[i], tolerance(1.0));
    CU_ASSERT_EQUAL(a[STRIDE + i], a[i]);
    CU_ASSERT_EQUAL(a[(size_t)3 * STRIDE + i], a[i]);
    CU_ASSERT_EQUAL(a[(size_t)2 * STRIDE + i], i == 2 ? 1.0F : 0.0F);
  }
  for (size_t row = 0; row < 4; row++) {
    for (size_t i = ROW; i < STRIDE; i++) {
      CU_ASSERT(isnan(a[row * STRIDE + i]));
    }
  }
}

static void in_place_on(nnt_isa isa)
{
  nnt_kernels const *const kernels = nnt_kernels_of(isa);
  nnt_block const row = {1, ROW, ROW};
  nnt_block const none = {0, ROW, ROW};
  for (size_t kind = 0; kind < NNT_ACTIVATION_COUNT; kind++) {
    float z[ROW];
    float a[ROW];
    memcpy(z, softmax_arguments, sizeof z);
    kernels->activate((nnt_activation)kind, z, a, row);
    kernels->activate((nnt_activation)kind, z, z, row);
    CU_ASSERT(same_bits(z, a, ROW));
    kernels->activate((nnt_activation)kind, NULL, NULL, none);
    kernels->activate_backward((nnt_activation)kind, NULL, NULL, NULL, none);
  }
}

static void values_and_slopes_are_those_of_keras(void) { on_every_isa(values_of_keras_on); }

static void values_are_right_to_the_last_digits(void) { on_every_isa(last_digits_on); }

static void slopes_are_those_of_the_definitions(void) { on_every_isa(definitions_on); }

static void values_are_right_at_the_ends_of_the_range(void) { on_every_isa(values_at_the_ends_on); }

static void slopes_are_right_at_the_ends_of_the_range(void) { on_every_isa(slopes_at_the_ends_on); }

static void nothing_overflows_far_out(void) { on_every_isa(far_out_on); }

static void nan_comes_through(void) { on_every_isa(nan_on); }

static void softmax_is_that_of_keras(void) { on_every_isa(softmax_of_keras_on); }

static void softmax_is_by_rows_and_stable(void) { on_every_isa(softmax_by_rows_on); }

static void works_in_place_and_on_nothing(void) { on_every_isa(in_place_on); }

static CU_TestInfo tests[] = {
    {"values and slopes are those of Keras", values_and_slopes_are_those_of_keras},
    {"values are right to the last digits", values_are_right_to_the_last_digits},
    {"slopes are those of the definitions", slopes_are_those_of_the_definitions},
    {"values are right at the ends of the range", values_are_right_at_the_ends_of_the_range},
    {"slopes are right at the ends of the range", slopes_are_right_at_the_ends_of_the_range},
    {"nothing overflows far out", nothing_overflows_far_out},
    {"NaN comes through", nan_comes_through},
    {"softmax is that of Keras", softmax_is_that_of_keras},
    {"softmax is by rows and stable", softmax_is_by_rows_and_stable},
    {"works in place and on nothing", works_in_place_and_on_nothing},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("activations", tests);
