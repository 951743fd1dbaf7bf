/* The library's own exponentials, sigmoid and tanh against float64 over the whole range of float32,
 * in units in the last place.
 *
 * The largest errors, of all arguments between 2^-14 and 2^8 in size:
 *   exponentials  0.991 (baseline), 1.011 (avx2 and avx512)
 *   sigmoid       2.481 in all
 *   tanh          1.331 in all */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel_sample.h"
#include "suite.h"

/* What kernels.h promises, and simd.h of exponentials; beyond lowest and highest, these are 0 and
 * infinity. */
static double const bound = 3.0;
static double const exponential_bound = 1.02;
static double const least = 1.2e-38;
static float const lowest = -87.33F;
static float const highest = 88.37F;

/* Arguments are every 2003rd bit pattern, and every 211th where the functions vary most. */
enum { STRIDE = 2003, CLOSE = 211, AT_A_TIME = 4096, ISAS_MAX = NNT_ISA_COUNT };

typedef void (*function)(const nnt_kernels *kernels, const float *z, float *a, size_t n);

static void exponentials(const nnt_kernels *kernels, const float *z, float *a, size_t n)
{
  kernels->exponentials(z, 0.0F, a, n);
}

static void sigmoids(const nnt_kernels *kernels, const float *z, float *a, size_t n)
{
  kernels->activate(NNT_SIGMOID, z, a, (nnt_block){1, n, n});
}

static void tangents(const nnt_kernels *kernels, const float *z, float *a, size_t n)
{
  kernels->activate(NNT_TANH, z, a, (nnt_block){1, n, n});
}

/* |a - exact| in units of the last place of float32; below 2^-126 these are 2^-149. */
static double in_ulp(float a, double exact)
{
  int exponent = 0;
  (void)frexp(fmax(fabs(exact), 0x1p-126), &exponent);
  return fabs((double)a - exact) / ldexp(1.0, exponent - 24);
}

/* The next arguments from *bits on, in the order of their bits: 0 to infinity, then -0 to minus
 * infinity. Returns their number; 0 at the end. */
static size_t next_arguments(uint64_t *bits, float *z)
{
  size_t n = 0;
  while (n < AT_A_TIME && *bits <= UINT32_MAX) {
    uint32_t const word = (uint32_t)*bits;
    float x = 0.0F;
    memcpy(&x, &word, sizeof x);
    *bits += fabsf(x) > 0x1p-12F && fabsf(x) < 128.0F ? CLOSE : STRIDE;
    if (!isnan(x)) z[n++] = x;
  }
  return n;
}

/* Within `ulp` of the exact value; one too small for full precision has only to be about as small.
 */
static bool is_right(float a, double exact, double ulp)
{
  if (exact > 0.0 && exact < least) return a >= 0.0F && (double)a <= least;
  return isinf(exact) ? isinf(a) : in_ulp(a, exact) <= ulp;
}

/* From one argument to the next, no step goes the wrong way by more than the errors of both. */
static bool goes_wrong_way(const float *z, const float *a, double ulp)
{
  if (signbit(z[0]) != signbit(z[1])) return false;
  double const step = z[1] > z[0] ? (double)a[1] - (double)a[0] : (double)a[0] - (double)a[1];
  return step < -2.0 * ulp * (double)FLT_EPSILON * fabs((double)a[1]);
}

static void check(function of, double (*exact)(double), double ulp)
{
  static float z[AT_A_TIME];
  static float a[ISAS_MAX][AT_A_TIME];
  size_t arguments = 0;
  size_t wrong = 0;
  size_t wrong_way = 0;
  uint64_t bits = 0;
  for (size_t n = 0; (n = next_arguments(&bits, z)) > 0; arguments += n) {
    for (int isa = 0; isa < ISAS_MAX; isa++) {
      if (nnt_isa_runs((nnt_isa)isa)) of(nnt_kernels_of((nnt_isa)isa), z, a[isa], n);
    }
    for (size_t i = 0; i < n; i++) {
      double const expected = exact((double)z[i]);
      for (int isa = 0; isa < ISAS_MAX; isa++) {
        if (!nnt_isa_runs((nnt_isa)isa)) continue;
        wrong += is_right(a[isa][i], expected, ulp) ? 0 : 1;
        wrong_way += i > 0 && goes_wrong_way(z + i - 1, a[isa] + i - 1, ulp) ? 1 : 0;
      }
    }
  }
  CU_ASSERT(arguments > 3000000);
  CU_ASSERT_EQUAL(wrong, 0);
  CU_ASSERT_EQUAL(wrong_way, 0);
}

static double exact_exponential(double x)
{
  return x > (double)highest ? (double)INFINITY : exp(x);
}

static double exact_sigmoid(double z) { return 1.0 / (1.0 + exp(-z)); }

static void exponentials_are_right_everywhere(void)
{
  check(exponentials, exact_exponential, exponential_bound);
}

static void sigmoids_are_right_everywhere(void) { check(sigmoids, exact_sigmoid, bound); }

static void tangents_are_right_everywhere(void) { check(tangents, tanh, bound); }

/* f(z) of one number. */
static float value(const nnt_kernels *kernels, function of, float z)
{
  float a = 0.5F;
  of(kernels, &z, &a, 1);
  return a;
}

static bool is_minus_zero(float x) { return x == 0.0F && signbit(x); }

static void check_special(const nnt_kernels *kernels)
{
  CU_ASSERT_EQUAL(value(kernels, exponentials, 0.0F), 1.0F);
  CU_ASSERT_EQUAL(value(kernels, exponentials, -0.0F), 1.0F);
  CU_ASSERT_EQUAL(value(kernels, exponentials, INFINITY), INFINITY);
  CU_ASSERT_EQUAL(value(kernels, exponentials, -INFINITY), 0.0F);
  CU_ASSERT(value(kernels, exponentials, lowest) >= FLT_MIN);
  CU_ASSERT_EQUAL(value(kernels, exponentials, nextafterf(lowest, -INFINITY)), 0.0F);
  CU_ASSERT(isfinite(value(kernels, exponentials, highest)));
  CU_ASSERT_EQUAL(value(kernels, exponentials, nextafterf(highest, INFINITY)), INFINITY);
  CU_ASSERT_EQUAL(value(kernels, sigmoids, 0.0F), 0.5F);
  CU_ASSERT_EQUAL(value(kernels, sigmoids, -0.0F), 0.5F);
  CU_ASSERT_EQUAL(value(kernels, sigmoids, INFINITY), 1.0F);
  CU_ASSERT_EQUAL(value(kernels, sigmoids, -INFINITY), 0.0F);
  CU_ASSERT_EQUAL(value(kernels, tangents, INFINITY), 1.0F);
  CU_ASSERT_EQUAL(value(kernels, tangents, -INFINITY), -1.0F);
  CU_ASSERT(value(kernels, tangents, 0.0F) == 0.0F &&
            !is_minus_zero(value(kernels, tangents, 0.0F)));
  CU_ASSERT(is_minus_zero(value(kernels, tangents, -0.0F)));
  /* Denormals: e^z and 2 sigmoid(z) are 1 to the last place, tanh(z) is z. */
  float const denormals[] = {0x1p-149F, -0x1p-149F, 0x1.8p-130F, -0x1.8p-130F};
  for (size_t i = 0; i < sizeof denormals / sizeof *denormals; i++) {
    CU_ASSERT_EQUAL(value(kernels, exponentials, denormals[i]), 1.0F);
    CU_ASSERT_EQUAL(value(kernels, sigmoids, denormals[i]), 0.5F);
    CU_ASSERT_EQUAL(value(kernels, tangents, denormals[i]), denormals[i]);
  }
  CU_ASSERT(isnan(value(kernels, exponentials, NAN)));
  CU_ASSERT(isnan(value(kernels, exponentials, -NAN)));
  CU_ASSERT(isnan(value(kernels, sigmoids, NAN)));
  CU_ASSERT(isnan(value(kernels, tangents, -NAN)));
}

static void special_values_are_right(void) { with_all_kernels(check_special); }

/* Any length, anywhere, in place, with a shift, and nothing beside it. */
static void check_lengths(const nnt_kernels *kernels)
{
  enum { LONGEST = 40 };
  size_t wrong = 0;
  for (size_t at = 0; at < 3; at++) {
    for (size_t n = 0; n <= LONGEST; n++) {
      float z[LONGEST + 4];
      float e[LONGEST + 4];
      for (size_t i = 0; i < LONGEST + 4; i++) {
        z[i] = rough_number(3, i);
        e[i] = NAN;
      }
      kernels->exponentials(z + at, 0.5F, e + at, n);
      wrong += written(e, at) + written(e + at + n, LONGEST + 4 - at - n);
      kernels->exponentials(z + at, 0.5F, z + at, n);
      wrong += same_bits(z + at, e + at, n) ? 0 : 1;
      for (size_t i = at; i < at + n; i++) {
        float const shifted = rough_number(3, i) - 0.5F;
        wrong += is_right(e[i], exp((double)shifted), exponential_bound) ? 0 : 1;
      }
    }
  }
  CU_ASSERT_EQUAL(wrong, 0);
}

static void any_length_will_do(void) { with_all_kernels(check_lengths); }

static CU_TestInfo tests[] = {
    {"exponentials are right everywhere", exponentials_are_right_everywhere},
    {"sigmoids are right everywhere", sigmoids_are_right_everywhere},
    {"tangents are right everywhere", tangents_are_right_everywhere},
    {"special values are right", special_values_are_right},
    {"any length will do", any_length_will_do},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("exponentials", tests);
