/* Products with sparse rows against plain sums in float64, the fixed tree, and each other. */
#include <stdio.h>
#include <stdlib.h>

#include "kernel_sample.h"
#include "suite.h"

/* Rows with their zeros and without. Row 0 is empty, row 1 full, two columns are zero throughout.
 */
typedef struct sparse_rows {
  size_t count;
  size_t inputs;
  float *dense; /* (count, inputs) */
  uint64_t *start;
  uint16_t *column;
  uint8_t *level; /* NULL: values are not taken from a table */
  float *value;
  size_t *sample; /* all rows, from the last to the first */
  nnt_sparse x;
} sparse_rows;

static void *array_create(size_t count, size_t size)
{
  void *memory = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_memory_create(&memory, count + 1, size, "an array"), NNT_OK);
  return memory;
}

static bool is_zero(size_t row, size_t column, size_t inputs)
{
  if (row == 0 || (row > 1 && (column == 4 || column == 5))) return true;
  return row > 1 && test_number(7, row * inputs + column) < 0.2;
}

static void add_element(sparse_rows *rows, size_t row, size_t column, uint64_t *k)
{
  size_t const at = row * rows->inputs + column;
  if (is_zero(row, column, rows->inputs)) return;
  rows->column[*k] = (uint16_t)column;
  if (rows->level != NULL) {
    rows->level[*k] = (uint8_t)(1 + at % 255);
  } else {
    rows->value[*k] = rough_number(8, at);
  }
  rows->dense[at] = rows->level != NULL ? rows->value[1 + at % 255] : rows->value[*k];
  ++*k;
}

static sparse_rows rows_create(size_t count, size_t inputs, bool levels)
{
  size_t const places = count * inputs;
  sparse_rows rows = {.count = count,
                      .inputs = inputs,
                      .dense = array_create(places, sizeof(float)),
                      .start = array_create(count, sizeof(uint64_t)),
                      .column = array_create(places, sizeof(uint16_t)),
                      .level = levels ? array_create(places, 1) : NULL,
                      .value = array_create(levels ? 256 : places, sizeof(float)),
                      .sample = array_create(count, sizeof(size_t))};
  for (size_t i = 0; levels && i < 256; i++) {
    rows.value[i] = (float)i / 255.0F;
  }
  uint64_t k = 0;
  for (size_t row = 0; row < count; row++) {
    rows.start[row] = k;
    rows.sample[row] = count - 1 - row;
    for (size_t column = 0; column < inputs; column++) {
      add_element(&rows, row, column, &k);
    }
  }
  rows.start[count] = k;
  rows.x = (nnt_sparse){rows.start, rows.column, rows.level, rows.value};
  return rows;
}

static void rows_destroy(const sparse_rows *rows)
{
  free(rows->dense);
  free(rows->start);
  free(rows->column);
  free(rows->level);
  free(rows->value);
  free(rows->sample);
}

/* The value of a column in the i-th row of `sample`. */
static double value_at(const sparse_rows *rows, size_t i, size_t column)
{
  return (double)rows->dense[rows->sample[i] * rows->inputs + column];
}

enum { GAP = 32 };

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
static size_t const input_counts[] = {1, 2, 3, 17, 64, 101};
static size_t const widths[] = {16, 32, 48, 64};
enum { ROW_COUNTS = 4, INPUT_COUNTS = 6, WIDTHS = 4 };
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

/* One call of sparse_gradient(), with a part of the pairs and a panel of a wider array of deltas.
 */
typedef struct gradient_case {
  sparse_rows rows;
  size_t first[LEAVES_MAX + 1];
  size_t count; /* of leaves */
  nnt_pair_index index[LEAVES_MAX];
  uint32_t *start[LEAVES_MAX];
  nnt_pair *entry[LEAVES_MAX];
  nnt_range pairs;
  size_t width;
  float *delta; /* (rows, width + GAP) */
  float *dw;    /* (2 pairs.count, width), and GAP floats that are not written */
} gradient_case;

static size_t pairs_of(const gradient_case *c) { return (c->rows.inputs + 1) / 2; }

static gradient_case gradient_create(size_t leaves, size_t inputs, size_t width, bool levels)
{
  gradient_case c = {.count = leaves, .width = width};
  size_t const count = cut_leaves(leaves, c.first);
  c.rows = rows_create(count, inputs, levels);
  size_t const pairs = pairs_of(&c);
  c.pairs = (nnt_range){pairs / 3, pairs - pairs / 3};
  for (size_t l = 0; l < leaves; l++) {
    size_t const rows = c.first[l + 1] - c.first[l];
    c.start[l] = array_create(pairs + 1, sizeof(uint32_t));
    c.entry[l] = array_create(rows * pairs, sizeof(nnt_pair));
    nnt_pair_index_build(&c.rows.x, c.rows.sample + c.first[l], rows, c.first[l], pairs, c.start[l],
                         c.entry[l]);
    c.index[l] = (nnt_pair_index){c.start[l], c.entry[l]};
  }
  c.delta = block_create((nnt_block){count, width, width + GAP}, 3);
  c.dw = spoilt_create(2 * c.pairs.count * width + GAP);
  return c;
}

static void gradient_destroy(const gradient_case *c)
{
  for (size_t l = 0; l < c->count; l++) {
    free(c->start[l]);
    free(c->entry[l]);
  }
  rows_destroy(&c->rows);
  free(c->delta);
  free(c->dw);
}

static size_t gradient_size(const gradient_case *c) { return 2 * c->pairs.count * c->width; }

static void gradient(const nnt_kernels *kernels, const gradient_case *c, nnt_range leaves,
                     float *dw)
{
  kernels->sparse_gradient(c->index + leaves.first, leaves.count, c->pairs, c->delta,
                           c->width + GAP, c->width, dw);
}

static size_t wrong_in_gradient(const gradient_case *c)
{
  size_t wrong = written(c->dw + gradient_size(c), GAP);
  for (size_t k = 0; k < 2 * c->pairs.count; k++) {
    size_t const column = 2 * c->pairs.first + k;
    for (size_t o = 0; o < c->width; o++) {
      double sum = 0.0;
      double size = 0.0;
      for (size_t i = 0; i < c->rows.count && column < c->rows.inputs; i++) {
        double const term =
            value_at(&c->rows, i, column) * (double)c->delta[i * (c->width + GAP) + o];
        sum += term;
        size += fabs(term);
      }
      /* The row behind an odd number of inputs, and columns of zeros, are exactly zero. */
      wrong += !is_rounded(c->dw[k * c->width + o], sum, size, c->rows.count + 5);
    }
  }
  return wrong;
}

/* Each leaf alone, added here in the order of the tree. */
static size_t wrong_in_leaves(const nnt_kernels *kernels, const gradient_case *c)
{
  float *leaf[LEAVES_MAX];
  for (size_t l = 0; l < c->count; l++) {
    leaf[l] = spoilt_create(gradient_size(c));
    gradient(kernels, c, (nnt_range){l, 1}, leaf[l]);
  }
  size_t const wrong = wrong_in_tree(c->dw, leaf, c->count, gradient_size(c));
  for (size_t l = 0; l < c->count; l++) {
    free(leaf[l]);
  }
  return wrong;
}

enum { GRADIENT_CASES = LEAF_COUNTS * INPUT_COUNTS * WIDTHS };

static gradient_case gradient_case_of(size_t i)
{
  return gradient_create(leaf_counts[i % LEAF_COUNTS], input_counts[i / LEAF_COUNTS % INPUT_COUNTS],
                         widths[i / LEAF_COUNTS / INPUT_COUNTS], i % 2 == 1);
}

static void check_gradient(const nnt_kernels *kernels)
{
  size_t wrong = 0;
  size_t wrong_order = 0;
  for (size_t i = 0; i < GRADIENT_CASES; i++) {
    gradient_case const c = gradient_case_of(i);
    gradient(kernels, &c, (nnt_range){0, c.count}, c.dw);
    wrong += wrong_in_gradient(&c);
    wrong_order += wrong_in_leaves(kernels, &c);
    gradient_destroy(&c);
  }
  CU_ASSERT_EQUAL(wrong, 0);
  CU_ASSERT_EQUAL(wrong_order, 0);
}

static void gradient_is_the_plain_sum_in_the_fixed_tree(void) { with_all_kernels(check_gradient); }

/* The index holds each pair that is not zero in a row, by pairs and then by rows. */
static void the_index_holds_the_pairs(void)
{
  gradient_case const c = gradient_create(5, 101, 16, false);
  size_t wrong = 0;
  for (size_t l = 0; l < c.count; l++) {
    uint32_t k = 0;
    for (size_t p = 0; p < pairs_of(&c); p++) {
      wrong += c.start[l][p] != k;
      for (size_t i = c.first[l]; i < c.first[l + 1]; i++) {
        float const first = (float)value_at(&c.rows, i, 2 * p);
        float const second = 2 * p + 1 < 101 ? (float)value_at(&c.rows, i, 2 * p + 1) : 0.0F;
        if (first == 0.0F && second == 0.0F) continue;
        nnt_pair const *const entry = &c.entry[l][k++];
        wrong += entry->row != i || entry->value[0] != first || entry->value[1] != second;
      }
    }
    wrong += c.start[l][pairs_of(&c)] != k;
  }
  CU_ASSERT_EQUAL(wrong, 0);
  gradient_destroy(&c);
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
  for (size_t i = 0; i < GRADIENT_CASES; i++) {
    gradient_case const c = gradient_case_of(i);
    float *const other = spoilt_create(gradient_size(&c));
    gradient(nnt_kernels_of(NNT_ISA_AVX2), &c, (nnt_range){0, c.count}, c.dw);
    gradient(nnt_kernels_of(NNT_ISA_AVX512), &c, (nnt_range){0, c.count}, other);
    CU_ASSERT(same_bits(c.dw, other, gradient_size(&c)));
    free(other);
    gradient_destroy(&c);
  }
}

static CU_TestInfo tests[] = {
    {"forward is the plain sum", forward_is_the_plain_sum},
    {"forward in bands is the plain sum", forward_in_bands_is_the_plain_sum},
    {"an empty row gives the bias", an_empty_row_gives_the_bias},
    {"gradient is the plain sum in the fixed tree", gradient_is_the_plain_sum_in_the_fixed_tree},
    {"the index holds the pairs", the_index_holds_the_pairs},
    {"avx2 and avx512 give the same bits", avx2_and_avx512_give_the_same_bits},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("sparse kernels", tests);
