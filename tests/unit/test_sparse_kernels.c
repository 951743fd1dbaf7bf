/* The forward product of sparse rows against plain sums in float64, and across instruction sets. */
#include <stdio.h>
#include <stdlib.h>

#include "sparse_sample.h"
#include "suite.h"

/* One call of sparse_forward(): (rows, width) at a stride of width + GAP. */
typedef struct forward_case {
  sparse_rows rows;
  size_t width;
  float *w;
  float *bias;
  float *z;
} forward_case;

static forward_case forward_create(size_t rows, size_t inputs, size_t width, bool levels)
{
  forward_case c = {.rows = rows_create(rows, inputs, levels),
                    .width = width,
                    .w = block_create((nnt_block){inputs, width, width}, 1),
                    .bias = block_create((nnt_block){1, width, width}, 2),
                    .z = spoilt_create(rows * (width + GAP))};
  return c;
}

static void forward_destroy(const forward_case *c)
{
  rows_destroy(&c->rows);
  free(c->w);
  free(c->bias);
  free(c->z);
}

static void forward(const nnt_kernels *kernels, const forward_case *c)
{
  kernels->sparse_forward(&c->rows.x, c->rows.sample, c->rows.count, c->rows.inputs, c->w, c->bias,
                          c->width, c->z, c->width + GAP);
}

static size_t wrong_in_forward(const forward_case *c)
{
  size_t wrong = 0;
  size_t const stride = c->width + GAP;
  for (size_t i = 0; i < c->rows.count; i++) {
    for (size_t o = 0; o < c->width; o++) {
      double sum = (double)c->bias[o];
      double size = fabs(sum);
      for (size_t k = 0; k < c->rows.inputs; k++) {
        double const term = value_at(&c->rows, i, k) * (double)c->w[k * c->width + o];
        sum += term;
        size += fabs(term);
      }
      wrong += !is_rounded(c->z[i * stride + o], sum, size, c->rows.inputs + 2);
    }
    wrong += written(c->z + i * stride + c->width, GAP);
  }
  return wrong;
}

static size_t const row_counts[] = {0, 1, 2, 13};
enum { ROW_COUNTS = 4 };
enum { FORWARD_CASES = ROW_COUNTS * INPUT_COUNTS * WIDTHS * 2 };

static forward_case forward_case_of(size_t i)
{
  return forward_create(row_counts[i / 2 % ROW_COUNTS],
                        input_counts[i / 2 / ROW_COUNTS % INPUT_COUNTS],
                        widths[i / 2 / ROW_COUNTS / INPUT_COUNTS], i % 2 == 1);
}

static void check_forward(const nnt_kernels *kernels)
{
  size_t wrong = 0;
  for (size_t i = 0; i < FORWARD_CASES; i++) {
    forward_case const c = forward_case_of(i);
    forward(kernels, &c);
    wrong += wrong_in_forward(&c);
    forward_destroy(&c);
  }
  CU_ASSERT_EQUAL(wrong, 0);
}

static void forward_is_the_plain_sum(void) { with_all_kernels(check_forward); }

/* More rows than pass over the weights together, and more columns than lie in a band: one more, and
 * several bands. */
static void check_long_forward(const nnt_kernels *kernels)
{
  static struct {
    size_t rows, inputs, width;
    bool levels;
  } const cases[] = {
      {67, 393, 64, true}, {3, 392, 64, false}, {130, 784, 16, true}, {2, 1500, 48, false}};
  size_t wrong = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    forward_case const c =
        forward_create(cases[i].rows, cases[i].inputs, cases[i].width, cases[i].levels);
    forward(kernels, &c);
    wrong += wrong_in_forward(&c);
    forward_destroy(&c);
  }
  CU_ASSERT_EQUAL(wrong, 0);
}

static void forward_in_bands_is_the_plain_sum(void) { with_all_kernels(check_long_forward); }

static void an_empty_row_gives_the_bias(void)
{
  forward_case const c = forward_create(1, 17, 64, true);
  CU_ASSERT_EQUAL(c.rows.start[1], 0);
  for (int isa = 0; isa < NNT_ISA_COUNT; isa++) {
    if (!nnt_isa_runs((nnt_isa)isa)) continue;
    forward(nnt_kernels_of((nnt_isa)isa), &c);
    CU_ASSERT(same_bits(c.z, c.bias, 64));
  }
  forward_destroy(&c);
}

static void avx2_and_avx512_give_the_same_bits(void)
{
  if (!has_both_fused()) {
    printf("skipped: this processor does not run both avx2 and avx512\n");
    return;
  }
  for (size_t i = 0; i < FORWARD_CASES; i++) {
    forward_case const one = forward_case_of(i);
    forward_case const other = forward_case_of(i);
    forward(nnt_kernels_of(NNT_ISA_AVX2), &one);
    forward(nnt_kernels_of(NNT_ISA_AVX512), &other);
    CU_ASSERT(same_bits(one.z, other.z, one.rows.count * (one.width + GAP)));
    forward_destroy(&one);
    forward_destroy(&other);
  }
}

static CU_TestInfo tests[] = {
    {"forward is the plain sum", forward_is_the_plain_sum},
    {"forward in bands is the plain sum", forward_in_bands_is_the_plain_sum},
    {"an empty row gives the bias", an_empty_row_gives_the_bias},
    {"avx2 and avx512 give the same bits", avx2_and_avx512_give_the_same_bits},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("sparse kernels", tests);
