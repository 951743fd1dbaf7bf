/* Matrix products against the plain sum, over odd sizes. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "definitions.h"
#include "kernels/blas.h"
#include "nntrain/kernels.h"
#include "suite.h"

static size_t const sizes[] = {1, 2, 3, 5, 16, 17, 31, 64, 65, 127};
enum { SIZE_COUNT = sizeof sizes / sizeof *sizes, LARGEST = 127 };

/* OpenBLAS cuts long sums at multiples of 64 up to 1024: one of the three sizes lies just above. */
static size_t const long_sizes[] = {193, 257, 321, 385, 449, 513, 769, 1025};
enum { LONG_COUNT = sizeof long_sizes / sizeof *long_sizes, LONGEST = 1025, SHORT = 17 };
enum { ELEMENTS = (LONGEST + 8) * (SHORT + 8) }; /* more than (LARGEST + 5) squared */

typedef struct matrices {
  float *a;
  float *b;
  float *c;
} matrices;

static void fill(float *x, size_t n, uint64_t seed)
{
  for (size_t i = 0; i < n; i++) {
    x[i] = (float)test_number(seed, i);
  }
}

static matrices matrices_create(void)
{
  matrices m = {NULL, NULL, NULL};
  size_t const n = ELEMENTS;
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&m.a, n, "a"), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&m.b, n, "b"), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&m.c, n, "c"), NNT_OK);
  fill(m.a, n, 1);
  fill(m.b, n, 2);
  return m;
}

static void matrices_destroy(const matrices *m)
{
  free(m->a);
  free(m->b);
  free(m->c);
}

/* What was in the result before must not matter. */
static void spoil(float *c, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    c[i] = NAN;
  }
}

/* Is c the sum over k of a(k) b(k), up to the rounding of any order of summation?
 * |error| <= n u / (1 - n u) sum |a b|, u = 2^-24 (Higham 2002, section 3.1). */
static bool is_sum(float c, const float *a, size_t a_step, const float *b, size_t b_step, size_t n)
{
  double sum = 0.0;
  double size = 0.0;
  for (size_t k = 0; k < n; k++) {
    double const term = (double)a[k * a_step] * (double)b[k * b_step];
    sum += term;
    size += fabs(term);
  }
  double const nu = (double)n * 0x1p-24;
  return fabs((double)c - sum) <= nu / (1.0 - nu) * size + DBL_EPSILON;
}

/* Rows lie apart, and nothing is written in between. */
enum { GAP_X = 3, GAP_Y = 5 };

static nnt_product_shape shape_of(size_t rows, size_t in, size_t out)
{
  return (nnt_product_shape){rows, in, out, in + GAP_X, out + GAP_Y};
}

/* How many floats between the rows of c are not what spoil() has put there. */
static size_t written_between(const float *c, size_t rows, size_t columns, size_t stride)
{
  size_t written = 0;
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = columns; i < stride; i++) {
      written += isnan(c[r * stride + i]) ? 0 : 1;
    }
  }
  return written;
}

/* Y = X W for one shape. */
static size_t wrong_in_product(const matrices *m, size_t rows, size_t in, size_t out)
{
  nnt_product_shape const shape = shape_of(rows, in, out);
  spoil(m->c, rows * shape.y_stride);
  nnt_product(m->a, m->b, m->c, shape);
  size_t wrong = written_between(m->c, rows, out, shape.y_stride);
  for (size_t r = 0; r < rows; r++) {
    for (size_t o = 0; o < out; o++) {
      wrong += !is_sum(m->c[r * shape.y_stride + o], m->a + r * shape.x_stride, 1, m->b + o,
                       shape.y_stride, in);
    }
  }
  return wrong;
}

/* dX = dY W^T. */
static size_t wrong_in_transposed_right(const matrices *m, size_t rows, size_t in, size_t out)
{
  nnt_product_shape const shape = shape_of(rows, in, out);
  spoil(m->c, rows * shape.x_stride);
  nnt_product_transposed_right(m->a, m->b, m->c, shape);
  size_t wrong = written_between(m->c, rows, in, shape.x_stride);
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < in; i++) {
      wrong += !is_sum(m->c[r * shape.x_stride + i], m->a + r * shape.y_stride, 1,
                       m->b + i * shape.y_stride, 1, out);
    }
  }
  return wrong;
}

/* dW = X^T dY, its rows from a third of the way on. */
static size_t wrong_in_transposed_left(const matrices *m, size_t rows, size_t in, size_t out)
{
  size_t const first = in / 3;
  size_t const count = in - first;
  nnt_product_shape shape = shape_of(rows, in, out);
  shape.in = count;
  spoil(m->c, count * shape.y_stride);
  nnt_product_transposed_left(m->a + first, m->b, m->c, shape);
  size_t wrong = written_between(m->c, count, out, shape.y_stride);
  for (size_t i = 0; i < count; i++) {
    for (size_t o = 0; o < out; o++) {
      wrong += !is_sum(m->c[i * shape.y_stride + o], m->a + first + i, shape.x_stride, m->b + o,
                       shape.y_stride, rows);
    }
  }
  return wrong;
}

static void check_all_shapes(size_t (*wrong_in)(const matrices *, size_t, size_t, size_t))
{
  matrices const m = matrices_create();
  size_t wrong = 0;
  for (size_t r = 0; r < SIZE_COUNT; r++) {
    for (size_t i = 0; i < SIZE_COUNT; i++) {
      for (size_t o = 0; o < SIZE_COUNT; o++) {
        wrong += wrong_in(&m, sizes[r], sizes[i], sizes[o]);
      }
    }
  }
  for (size_t i = 0; i < LONG_COUNT; i++) {
    wrong += wrong_in(&m, long_sizes[i], SHORT, SHORT);
    wrong += wrong_in(&m, SHORT, long_sizes[i], SHORT);
    wrong += wrong_in(&m, SHORT, SHORT, long_sizes[i]);
  }
  CU_ASSERT_EQUAL(wrong, 0);
  matrices_destroy(&m);
}

static void product_is_the_plain_sum(void) { check_all_shapes(wrong_in_product); }

static void product_with_transposed_weights_is_the_plain_sum(void)
{
  check_all_shapes(wrong_in_transposed_right);
}

static void product_with_transposed_inputs_is_the_plain_sum(void)
{
  check_all_shapes(wrong_in_transposed_left);
}

static void no_rows_change_no_outputs(void)
{
  float y[2] = {1.0F, 2.0F};
  float const w[2] = {3.0F, 4.0F};
  nnt_product(w, w, y, (nnt_product_shape){0, 1, 2, 1, 2});
  nnt_product_transposed_right(w, w, y, (nnt_product_shape){0, 2, 1, 2, 1});
  CU_ASSERT_EQUAL(y[0], 1.0F);
  CU_ASSERT_EQUAL(y[1], 2.0F);
}

static void no_rows_give_a_gradient_of_zero(void)
{
  float const x[2] = {3.0F, 4.0F};
  float dw[3] = {NAN, NAN, 7.0F};
  nnt_product_transposed_left(x + 1, x, dw, (nnt_product_shape){0, 1, 2, 2, 2});
  CU_ASSERT_EQUAL(dw[0], 0.0F);
  CU_ASSERT_EQUAL(dw[1], 0.0F);
  CU_ASSERT_EQUAL(dw[2], 7.0F);
}

static void the_same_call_gives_the_same_bits(void)
{
  nnt_product_shape const shape = {17, LARGEST, 65, LARGEST, 65};
  matrices const m = matrices_create();
  float *first = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&first, (size_t)LARGEST * LARGEST, "c"), NNT_OK);
  nnt_product(m.a, m.b, first, shape);
  for (int i = 0; i < 3; i++) {
    spoil(m.c, (size_t)LARGEST * LARGEST);
    nnt_product(m.a, m.b, m.c, shape);
    CU_ASSERT(same_bits(first, m.c, (size_t)17 * 65));
  }
  free(first);
  matrices_destroy(&m);
}

static void blas_says_what_it_is(void)
{
  nnt_blas_init();
  CU_ASSERT(strlen(nnt_blas_core()) > 0);
  CU_ASSERT_EQUAL(strncmp(nnt_blas_version(), "OpenBLAS", strlen("OpenBLAS")), 0);
}

static CU_TestInfo tests[] = {
    {"product is the plain sum", product_is_the_plain_sum},
    {"product with transposed weights is the plain sum",
     product_with_transposed_weights_is_the_plain_sum},
    {"product with transposed inputs is the plain sum",
     product_with_transposed_inputs_is_the_plain_sum},
    {"no rows change no outputs", no_rows_change_no_outputs},
    {"no rows give a gradient of zero", no_rows_give_a_gradient_of_zero},
    {"the same call gives the same bits", the_same_call_gives_the_same_bits},
    {"BLAS says what it is", blas_says_what_it_is},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("kernels", tests);
