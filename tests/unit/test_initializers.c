/* Initial weights: their distributions, by moments and by the test of Kolmogorov and Smirnov. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "definitions.h"
#include "nntrain/model.h"
#include "suite.h"

enum { FAN_IN = 250, FAN_OUT = 120, WEIGHTS = FAN_IN * FAN_OUT };

/* Draws the parameters of one dense layer. The caller frees them. */
static float *drawn(nnt_initializer initializer, uint64_t seed, size_t fan_in, size_t fan_out)
{
  nnt_model_spec spec;
  nnt_model *model = NULL;
  float *w = NULL;
  CU_ASSERT_EQUAL_FATAL(
      nnt_model_spec_dense(&spec, fan_in, NULL, 0, NNT_LINEAR, fan_out, initializer), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&model, &spec, NULL), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&w, nnt_model_parameter_count(model), "weights"), NNT_OK);
  nnt_model_initialize(model, seed, w);
  nnt_model_destroy(model);
  return w;
}

/* P(standard normal < x). */
static double normal_below(double x) { return 0.5 * erfc(-x / sqrt(2.0)); }

/* P(weight < x) for a weight of one of three shapes, x in units of its scale. */
static double uniform_below(double x) { return fmin(fmax(0.5 * (x + 1.0), 0.0), 1.0); }

static double truncated_below(double x)
{
  double const least = normal_below(-2.0);
  return fmin(fmax((normal_below(x) - least) / (1.0 - 2.0 * least), 0.0), 1.0);
}

static int by_value(const void *a, const void *b)
{
  float const x = *(const float *)a;
  float const y = *(const float *)b;
  return (x > y) - (x < y);
}

/* The largest distance between the distribution of n weights and the expected one, times sqrt(n):
 * above 1.95 in one of a thousand sets of true random numbers. Sorts the weights. */
static double distance(float *w, size_t n, double scale, double (*below)(double))
{
  double largest = 0.0;
  qsort(w, n, sizeof *w, by_value);
  for (size_t i = 0; i < n; i++) {
    double const expected = below((double)w[i] / scale);
    largest = fmax(largest, fabs(expected - (double)i / (double)n));
    largest = fmax(largest, fabs(expected - (double)(i + 1) / (double)n));
  }
  return largest * sqrt((double)n);
}

static double deviation(const float *w, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    sum += (double)w[i] * (double)w[i];
  }
  return sqrt(sum / (double)n);
}

/* `scale` is the limit of a uniform distribution, or the standard deviation before truncation;
 * `sd` is the deviation that results, which n weights show to within 3.5 / sqrt(2 n) of it. */
static void check(nnt_initializer initializer, double scale, double sd, double (*below)(double))
{
  float *const w = drawn(initializer, 5, FAN_IN, FAN_OUT);
  CU_ASSERT_DOUBLE_EQUAL(deviation(w, WEIGHTS), sd, 3.5 * sd / sqrt(2.0 * WEIGHTS));
  CU_ASSERT(distance(w, WEIGHTS, scale, below) < 1.95);
  for (size_t i = 0; i < FAN_OUT; i++) {
    CU_ASSERT_EQUAL(w[WEIGHTS + i], 0.0F); /* biases */
  }
  free(w);
}

static void uniform_weights_have_the_limits_of_keras(void)
{
  double const glorot = sqrt(6.0 / (FAN_IN + FAN_OUT));
  check((nnt_initializer){NNT_GLOROT_UNIFORM, 0.0}, glorot, glorot / sqrt(3.0), uniform_below);
  double const he = sqrt(6.0 / FAN_IN);
  check((nnt_initializer){NNT_HE_UNIFORM, 0.0}, he, he / sqrt(3.0), uniform_below);
}

/* Cut at two deviations and widened, so that the deviation is the wanted one after the cut. */
static void normal_weights_are_cut_at_two_deviations(void)
{
  double const glorot = sqrt(2.0 / (FAN_IN + FAN_OUT));
  double const he = sqrt(2.0 / FAN_IN);
  /* Variance of the standard normal within (-2, 2): 1 - 2*2 phi(2) / (1 - 2 P(< -2)). */
  double const density = exp(-2.0) / sqrt(2.0 * acos(-1.0));
  double const cut = sqrt(1.0 - 4.0 * density / (1.0 - 2.0 * normal_below(-2.0)));
  check((nnt_initializer){NNT_GLOROT_NORMAL, 0.0}, glorot / cut, glorot, truncated_below);
  check((nnt_initializer){NNT_HE_NORMAL, 0.0}, he / cut, he, truncated_below);
}

static void plain_normal_weights_are_not_cut(void)
{
  check((nnt_initializer){NNT_NORMAL, 0.05}, 0.05, 0.05, normal_below);
  check((nnt_initializer){NNT_NORMAL, 1.0}, 1.0, 1.0, normal_below);
}

static void no_weight_lies_beyond_its_limit(void)
{
  struct {
    nnt_initializer_kind kind;
    double limit;
  } const cases[] = {
      {NNT_GLOROT_UNIFORM, sqrt(6.0 / (FAN_IN + FAN_OUT))},
      {NNT_HE_UNIFORM, sqrt(6.0 / FAN_IN)},
      {NNT_GLOROT_NORMAL, 2.0 * sqrt(2.0 / (FAN_IN + FAN_OUT)) / 0.87962566103423978},
      {NNT_HE_NORMAL, 2.0 * sqrt(2.0 / FAN_IN) / 0.87962566103423978},
      {NNT_ZEROS, 0.0},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    float *const w = drawn((nnt_initializer){cases[k].kind, 0.0}, 9, FAN_IN, FAN_OUT);
    for (size_t i = 0; i < WEIGHTS; i++) {
      CU_ASSERT(fabsf(w[i]) <= (float)cases[k].limit);
    }
    free(w);
  }
}

static void weights_depend_on_seed_and_index_only(void)
{
  nnt_initializer const normal = {NNT_NORMAL, 1.0};
  float *const w = drawn(normal, 3, FAN_IN, FAN_OUT);
  float *const again = drawn(normal, 3, FAN_IN, FAN_OUT);
  float *const smaller = drawn(normal, 3, FAN_IN / 2, FAN_OUT);
  float *const other = drawn(normal, 4, FAN_IN, FAN_OUT);
  CU_ASSERT(same_bits(w, again, WEIGHTS));
  CU_ASSERT(same_bits(w, smaller, WEIGHTS / 2));
  size_t equal = 0;
  for (size_t i = 0; i < WEIGHTS; i++) {
    equal += w[i] == other[i];
  }
  CU_ASSERT(equal < 5);
  free(w);
  free(again);
  free(smaller);
  free(other);
}

/* Mean 0: the mean of n weights of deviation sd has deviation sd / sqrt(n). */
static void weights_have_mean_zero(void)
{
  for (int kind = 0; kind < NNT_ZEROS; kind++) {
    float *const w = drawn((nnt_initializer){(nnt_initializer_kind)kind, 0.05}, 6, FAN_IN, FAN_OUT);
    double sum = 0.0;
    for (size_t i = 0; i < WEIGHTS; i++) {
      sum += (double)w[i];
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / WEIGHTS, 0.0, 3.5 * deviation(w, WEIGHTS) / sqrt(WEIGHTS));
    free(w);
  }
}

/* Layers without parameters beside a dense layer, and what follows it, change nothing in it. */
static void weights_do_not_depend_on_other_layers(void)
{
  nnt_layer_spec const dense = {.kind = NNT_DENSE,
                                .units = 7,
                                .use_bias = true,
                                .kernel_initializer = {NNT_GLOROT_NORMAL, 0.0},
                                .bias_initializer = {NNT_NORMAL, 1.0}};
  nnt_model_spec const plain = {
      .input_dimensions = 1, .input_shape = {5}, .layer_count = 1, .layers = {dense}};
  nnt_model_spec const beside = {
      .input_dimensions = 1,
      .input_shape = {5},
      .layer_count = 4,
      .layers = {{.kind = NNT_DROPOUT, .rate = 0.5}, {.kind = NNT_FLATTEN}, dense, dense}};
  nnt_model *model = NULL;
  float alone[5 * 7 + 7];
  float among[5 * 7 + 7 + 7 * 7 + 7];
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&model, &plain, NULL), NNT_OK);
  nnt_model_initialize(model, 12, alone);
  nnt_model_destroy(model);
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&model, &beside, NULL), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_model_parameter_count(model), sizeof among / sizeof *among);
  nnt_model_initialize(model, 12, among);
  nnt_model_destroy(model);
  CU_ASSERT(same_bits(alone, among, sizeof alone / sizeof *alone));
}

/* Keras counts both fans of a bias as its length n: glorot_uniform is bounded by sqrt(6 / 2n), and
 * of 400 weights one lies within the outer 5 % (missed with probability 0.95^400 = 1e-9). */
static void a_bias_has_its_length_for_fans(void)
{
  enum { LENGTH = 400 };
  nnt_model_spec const spec = {.input_dimensions = 1,
                               .input_shape = {3},
                               .layer_count = 1,
                               .layers = {{.kind = NNT_DENSE,
                                           .units = LENGTH,
                                           .use_bias = true,
                                           .kernel_initializer = {NNT_ZEROS, 0.0},
                                           .bias_initializer = {NNT_GLOROT_UNIFORM, 0.0}}}};
  nnt_model *model = NULL;
  float w[4 * LENGTH];
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&model, &spec, NULL), NNT_OK);
  nnt_model_initialize(model, 2, w);
  nnt_model_destroy(model);
  float largest = 0.0F;
  for (size_t i = 0; i < LENGTH; i++) {
    largest = fmaxf(largest, fabsf(w[(size_t)3 * LENGTH + i]));
  }
  double const limit = sqrt(6.0 / (2.0 * LENGTH));
  CU_ASSERT((double)largest <= limit && (double)largest > 0.95 * limit);
}

/* Neighbouring weights, and the same weight of two tensors, are not correlated: the mean product
 * of n pairs of standard normals has deviation 1 / sqrt(n). */
static void weights_are_independent_of_each_other(void)
{
  size_t const width = 150;
  size_t const n = width * width;
  nnt_model_spec spec;
  nnt_model *model = NULL;
  float *w = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_model_spec_dense(&spec, width, &width, 1, NNT_TANH, width,
                                             (nnt_initializer){NNT_NORMAL, 1.0}),
                        NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&model, &spec, NULL), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&w, nnt_model_parameter_count(model), "weights"), NNT_OK);
  nnt_model_initialize(model, 11, w);
  float const *const second = w + nnt_model_tensor(model, 2)->offset;
  double along = 0.0;
  double across = 0.0;
  for (size_t i = 0; i + 1 < n; i++) {
    along += (double)w[i] * (double)w[i + 1];
    across += (double)w[i] * (double)second[i];
  }
  CU_ASSERT(fabs(along) < 3.5 * sqrt((double)n));
  CU_ASSERT(fabs(across) < 3.5 * sqrt((double)n));
  free(w);
  nnt_model_destroy(model);
}

static CU_TestInfo tests[] = {
    {"uniform weights have the limits of Keras", uniform_weights_have_the_limits_of_keras},
    {"normal weights are cut at two deviations", normal_weights_are_cut_at_two_deviations},
    {"plain normal weights are not cut", plain_normal_weights_are_not_cut},
    {"no weight lies beyond its limit", no_weight_lies_beyond_its_limit},
    {"weights depend on seed and index only", weights_depend_on_seed_and_index_only},
    {"weights have mean zero", weights_have_mean_zero},
    {"weights do not depend on other layers", weights_do_not_depend_on_other_layers},
    {"a bias has its length for fans", a_bias_has_its_length_for_fans},
    {"weights are independent of each other", weights_are_independent_of_each_other},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("initializers", tests);
