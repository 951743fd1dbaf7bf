/* Products of layers with few outputs, and sums of columns: against plain sums in float64, the
 * fixed tree, and each other. */
#include <stdio.h>
#include <stdlib.h>

#include "kernel_sample.h"
#include "suite.h"

static size_t const row_counts[] = {0, 1, 7};
static size_t const input_counts[] = {1, 15, 16, 17, 33, 64, 101};
enum { ROW_COUNTS = 3, INPUT_COUNTS = 7, GAP = 16 };

/* Operands of one layer: rows of x at a stride of one line more than they need. */
typedef struct narrow_case {
  size_t rows;
  size_t inputs;
  size_t outputs;
  nnt_block block;
  float *x;
  float *w;     /* (outputs, inputs padded) */
  float *bias;  /* (16) */
  float *delta; /* (rows, 16) */
} narrow_case;

static narrow_case case_create(size_t rows, size_t inputs, size_t outputs)
{
  size_t const padded = nnt_padded(inputs);
  nnt_block const block = {rows, inputs, padded + GAP};
  return (narrow_case){.rows = rows,
                       .inputs = inputs,
                       .outputs = outputs,
                       .block = block,
                       .x = block_create(block, 1),
                       .w = block_create((nnt_block){outputs, inputs, padded}, 2),
                       .bias = block_create((nnt_block){1, outputs, NNT_LINE}, 3),
                       .delta = block_create((nnt_block){rows, outputs, NNT_LINE}, 4)};
}

static void case_destroy(const narrow_case *c)
{
  free(c->x);
  free(c->w);
  free(c->bias);
  free(c->delta);
}

/* Calls `check` for all sizes; outputs from 1 to 16. */
static size_t sum_over_cases(size_t (*wrong_in)(const nnt_kernels *, const narrow_case *),
                             const nnt_kernels *kernels)
{
  size_t wrong = 0;
  for (size_t r = 0; r < ROW_COUNTS; r++) {
    for (size_t i = 0; i < INPUT_COUNTS; i++) {
      for (size_t outputs = 1; outputs <= NNT_NARROW_MAX; outputs++) {
        narrow_case const c = case_create(row_counts[r], input_counts[i], outputs);
        wrong += wrong_in(kernels, &c);
        case_destroy(&c);
      }
    }
  }
  return wrong;
}

static float at(const narrow_case *c, const float *array, size_t row, size_t column)
{
  return array[row * c->block.stride + column];
}

static float weight(const narrow_case *c, size_t o, size_t k)
{
  return c->w[o * nnt_padded(c->inputs) + k];
}

static float *forward(const nnt_kernels *kernels, const narrow_case *c)
{
  float *const z = spoilt_create(c->rows * NNT_LINE);
  kernels->narrow_forward(c->x, c->block, c->w, c->bias, c->outputs, z);
  return z;
}

static size_t wrong_in_forward(const nnt_kernels *kernels, const narrow_case *c)
{
  float *const z = forward(kernels, c);
  size_t wrong = written(z + c->rows * NNT_LINE, NNT_LINE);
  for (size_t row = 0; row < c->rows; row++) {
    for (size_t o = 0; o < NNT_LINE; o++) {
      double sum = (double)c->bias[o];
      double size = fabs(sum);
      for (size_t k = 0; o < c->outputs && k < c->inputs; k++) {
        double const term = (double)at(c, c->x, row, k) * (double)weight(c, o, k);
        sum += term;
        size += fabs(term);
      }
      /* Padding is exactly zero: its size is 0. */
      wrong += !is_rounded(z[row * NNT_LINE + o], sum, size, c->inputs + 6);
    }
  }
  free(z);
  return wrong;
}

static float *backward(const nnt_kernels *kernels, const narrow_case *c)
{
  float *const dx = spoilt_create(c->rows * c->block.stride);
  kernels->narrow_backward(c->delta, c->w, c->outputs, dx, c->block);
  return dx;
}

static size_t wrong_in_backward(const nnt_kernels *kernels, const narrow_case *c)
{
  float *const dx = backward(kernels, c);
  size_t const padded = nnt_padded(c->inputs);
  size_t wrong = written(dx + c->rows * c->block.stride, NNT_LINE);
  for (size_t row = 0; row < c->rows; row++) {
    for (size_t k = 0; k < padded; k++) {
      double sum = 0.0;
      double size = 0.0;
      for (size_t o = 0; o < c->outputs; o++) {
        double const term = (double)c->delta[row * NNT_LINE + o] * (double)weight(c, o, k);
        sum += term;
        size += fabs(term);
      }
      wrong += !is_rounded(at(c, dx, row, k), sum, size, c->outputs + 1);
    }
    wrong += written(dx + row * c->block.stride + padded, GAP);
  }
  free(dx);
  return wrong;
}

/* x [in] as the case says, but with as many rows as the leaves have. */
static float *gradient(const nnt_kernels *kernels, const narrow_case *c, size_t leaves,
                       const size_t *first)
{
  float *const dw = spoilt_create(c->outputs * nnt_padded(c->inputs));
  kernels->narrow_gradient(&(nnt_leaves){leaves, first}, c->x, c->block, c->delta, c->outputs, dw);
  return dw;
}

static float *sums(const nnt_kernels *kernels, const narrow_case *c, size_t leaves,
                   const size_t *first)
{
  float *const out = spoilt_create(nnt_padded(c->inputs));
  kernels->column_sums(&(nnt_leaves){leaves, first}, c->x, c->block, out);
  return out;
}

static size_t wrong_in_gradient(const narrow_case *c, const float *dw)
{
  size_t const padded = nnt_padded(c->inputs);
  size_t wrong = written(dw + c->outputs * padded, NNT_LINE);
  for (size_t o = 0; o < c->outputs; o++) {
    for (size_t k = 0; k < padded; k++) {
      double sum = 0.0;
      double size = 0.0;
      for (size_t row = 0; row < c->rows; row++) {
        double const term = (double)c->delta[row * NNT_LINE + o] * (double)at(c, c->x, row, k);
        sum += term;
        size += fabs(term);
      }
      wrong += !is_rounded(dw[o * padded + k], sum, size, c->rows + 5);
    }
  }
  return wrong;
}

static size_t wrong_in_sums(const narrow_case *c, const float *out)
{
  size_t const padded = nnt_padded(c->inputs);
  size_t wrong = written(out + padded, NNT_LINE);
  for (size_t k = 0; k < padded; k++) {
    double sum = 0.0;
    double size = 0.0;
    for (size_t row = 0; row < c->rows; row++) {
      sum += (double)at(c, c->x, row, k);
      size += fabs((double)at(c, c->x, row, k));
    }
    wrong += !is_rounded(out[k], sum, size, c->rows + 5);
  }
  return wrong;
}

typedef float *(*over_leaves)(const nnt_kernels *kernels, const narrow_case *c, size_t leaves,
                              const size_t *first);

/* Each leaf alone, added here in the order of the tree. */
static size_t wrong_in_leaves(const nnt_kernels *kernels, const narrow_case *c, over_leaves form,
                              size_t leaves, const size_t *first, size_t count)
{
  float *const whole = form(kernels, c, leaves, first);
  float *leaf[LEAVES_MAX];
  for (size_t l = 0; l < leaves; l++) {
    leaf[l] = form(kernels, c, 1, first + l);
  }
  size_t const wrong = wrong_in_tree(whole, leaf, leaves, count);
  for (size_t l = 0; l < leaves; l++) {
    free(leaf[l]);
  }
  free(whole);
  return wrong;
}

enum { GRADIENT_CASES = LEAF_COUNTS * INPUT_COUNTS * NNT_NARROW_MAX };

/* A layer with the rows of some leaves. Returns how many leaves. */
static size_t gradient_case_of(size_t i, narrow_case *c, size_t first[LEAVES_MAX + 1])
{
  size_t const leaves = leaf_counts[i % LEAF_COUNTS];
  size_t const inputs = input_counts[i / LEAF_COUNTS % INPUT_COUNTS];
  size_t const outputs = 1 + i / LEAF_COUNTS / INPUT_COUNTS;
  *c = case_create(cut_leaves(leaves, first), inputs, outputs);
  return leaves;
}

static void check_leaves(const nnt_kernels *kernels)
{
  size_t wrong = 0;
  size_t wrong_order = 0;
  for (size_t i = 0; i < GRADIENT_CASES; i++) {
    narrow_case c;
    size_t first[LEAVES_MAX + 1];
    size_t const leaves = gradient_case_of(i, &c, first);
    size_t const padded = nnt_padded(c.inputs);
    float *const dw = gradient(kernels, &c, leaves, first);
    float *const out = sums(kernels, &c, leaves, first);
    wrong += wrong_in_gradient(&c, dw) + wrong_in_sums(&c, out);
    wrong_order += wrong_in_leaves(kernels, &c, gradient, leaves, first, c.outputs * padded);
    wrong_order += wrong_in_leaves(kernels, &c, sums, leaves, first, padded);
    free(dw);
    free(out);
    case_destroy(&c);
  }
  CU_ASSERT_EQUAL(wrong, 0);
  CU_ASSERT_EQUAL(wrong_order, 0);
}

static void check_forward(const nnt_kernels *kernels)
{
  CU_ASSERT_EQUAL(sum_over_cases(wrong_in_forward, kernels), 0);
}

static void check_backward(const nnt_kernels *kernels)
{
  CU_ASSERT_EQUAL(sum_over_cases(wrong_in_backward, kernels), 0);
}

static void forward_is_the_plain_sum(void) { with_all_kernels(check_forward); }

static void backward_is_the_plain_sum(void) { with_all_kernels(check_backward); }

static void sums_over_leaves_are_those_of_the_fixed_tree(void) { with_all_kernels(check_leaves); }

/* The order within a row is promised as well: 16 partial sums, folded by halves. Multiples of 2^-12
 * and few of them: no product is rounded, so that fused and plain sums agree. */
static void check_order(const nnt_kernels *kernels)
{
  enum { INPUTS = 101 };
  narrow_case const c = case_create(1, INPUTS, 1);
  for (size_t k = 0; k < INPUTS; k++) {
    c.x[k] = ldexpf(roundf(c.x[k] * 64.0F), (int)(k * 7 % 31));
    c.w[k] = roundf(c.w[k] * 64.0F);
  }
  float partial[NNT_LINE] = {0.0F};
  for (size_t k = 0; k < INPUTS; k++) {
    partial[k % NNT_LINE] += c.x[k] * c.w[k];
  }
  for (size_t half = NNT_LINE / 2; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) {
      partial[l] += partial[l + half];
    }
  }
  float *const z = forward(kernels, &c);
  CU_ASSERT_EQUAL(z[0], partial[0] + c.bias[0]);
  free(z);
  case_destroy(&c);
}

static void inputs_are_summed_in_the_promised_order(void) { with_all_kernels(check_order); }

static size_t differing_rows(const nnt_kernels *kernels, const narrow_case *c)
{
  nnt_kernels const *const other = nnt_kernels_of(NNT_ISA_AVX512);
  float *const arrays[] = {forward(kernels, c), forward(other, c), backward(kernels, c),
                           backward(other, c)};
  size_t const differ = !same_bits(arrays[0], arrays[1], c->rows * NNT_LINE) +
                        !same_bits(arrays[2], arrays[3], c->rows * c->block.stride);
  for (size_t i = 0; i < 4; i++) {
    free(arrays[i]);
  }
  return differ;
}

static size_t differing_leaves(size_t i)
{
  nnt_kernels const *const one = nnt_kernels_of(NNT_ISA_AVX2);
  nnt_kernels const *const other = nnt_kernels_of(NNT_ISA_AVX512);
  narrow_case c;
  size_t first[LEAVES_MAX + 1];
  size_t const leaves = gradient_case_of(i, &c, first);
  float *const arrays[] = {gradient(one, &c, leaves, first), gradient(other, &c, leaves, first),
                           sums(one, &c, leaves, first), sums(other, &c, leaves, first)};
  size_t const differ = !same_bits(arrays[0], arrays[1], c.outputs * nnt_padded(c.inputs)) +
                        !same_bits(arrays[2], arrays[3], nnt_padded(c.inputs));
  for (size_t k = 0; k < 4; k++) {
    free(arrays[k]);
  }
  case_destroy(&c);
  return differ;
}

static void avx2_and_avx512_give_the_same_bits(void)
{
  if (!has_both_fused()) {
    printf("skipped: this processor does not run both avx2 and avx512\n");
    return;
  }
  CU_ASSERT_EQUAL(sum_over_cases(differing_rows, nnt_kernels_of(NNT_ISA_AVX2)), 0);
  size_t differ = 0;
  for (size_t i = 0; i < GRADIENT_CASES; i++) {
    differ += differing_leaves(i);
  }
  CU_ASSERT_EQUAL(differ, 0);
}

static void check_add(const nnt_kernels *kernels)
{
  enum { LONGEST = 70 };
  size_t wrong = 0;
  for (size_t n = 0; n <= LONGEST; n++) {
    float *const x = block_create((nnt_block){1, LONGEST, nnt_padded(LONGEST)}, 1);
    float *const y = block_create((nnt_block){1, LONGEST, nnt_padded(LONGEST)}, 2);
    kernels->add(x, y, n);
    for (size_t i = 0; i < LONGEST; i++) {
      float const before = rough_number(1, i);
      wrong += x[i] != (i < n ? before + y[i] : before);
    }
    free(x);
    free(y);
  }
  CU_ASSERT_EQUAL(wrong, 0);
}

static void add_adds(void) { with_all_kernels(check_add); }

static CU_TestInfo tests[] = {
    {"forward is the plain sum", forward_is_the_plain_sum},
    {"backward is the plain sum", backward_is_the_plain_sum},
    {"sums over leaves are those of the fixed tree", sums_over_leaves_are_those_of_the_fixed_tree},
    {"inputs are summed in the promised order", inputs_are_summed_in_the_promised_order},
    {"avx2 and avx512 give the same bits", avx2_and_avx512_give_the_same_bits},
    {"add adds", add_adds},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("narrow kernels", tests);
