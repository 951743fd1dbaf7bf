/* The gradient of sparse rows and their index against plain sums in float64, the fixed tree, and each
 * other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sparse_sample.h"
#include "suite.h"

/* One call of sparse_gradient(), with a part of the groups and a panel of a wider array of deltas.
 */
typedef struct gradient_case {
  sparse_rows rows;
  size_t first[LEAVES_MAX + 1];
  size_t count; /* of leaves */
  nnt_group_index index[LEAVES_MAX];
  nnt_range groups;
  size_t width;
  float *delta; /* (rows, width + GAP) */
  float *dw;    /* (4 groups.count, width), and GAP floats that are not written */
} gradient_case;

static size_t groups_of(const gradient_case *c) { return (c->rows.inputs + 3) / 4; }

/* The index of rows first .. end-1, in memory that held something else. */
static nnt_group_index index_create(const nnt_kernels *kernels, const sparse_rows *rows,
                                    size_t first, size_t end)
{
  size_t const groups = (rows->inputs + 3) / 4;
  size_t const room = nnt_index_room(end - first, groups);
  nnt_group_index const index = {.start = array_create(groups + 1, sizeof(uint32_t)),
                                 .entry = array_create(room, sizeof(uint64_t)),
                                 .value = array_create(room * 4, sizeof(float))};
  size_t const bytes = nnt_index_scratch(end - first, groups);
  void *const scratch = array_create(bytes, 1);
  memset(scratch, 0xFF, bytes);
  memset(index.start, 0xFF, (groups + 1) * sizeof *index.start);
  kernels->sparse_index(&rows->x, rows->sample + first, end - first, first, groups, scratch,
                        &index);
  free(scratch);
  return index;
}

static void index_destroy(const nnt_group_index *index)
{
  free(index->start);
  free(index->entry);
  free(index->value);
}

static gradient_case gradient_create(const nnt_kernels *kernels, size_t leaves, size_t inputs,
                                     size_t width, bool levels)
{
  gradient_case c = {.count = leaves, .width = width};
  size_t const count = cut_leaves(leaves, c.first);
  c.rows = rows_create(count, inputs, levels);
  size_t const groups = groups_of(&c);
  c.groups = (nnt_range){groups / 3, groups - groups / 3};
  for (size_t l = 0; l < leaves; l++) {
    c.index[l] = index_create(kernels, &c.rows, c.first[l], c.first[l + 1]);
  }
  c.delta = block_create((nnt_block){count, width, width + GAP}, 3);
  c.dw = spoilt_create(4 * c.groups.count * width + GAP);
  return c;
}

static void gradient_destroy(const gradient_case *c)
{
  for (size_t l = 0; l < c->count; l++) {
    index_destroy(&c->index[l]);
  }
  rows_destroy(&c->rows);
  free(c->delta);
  free(c->dw);
}

static size_t gradient_size(const gradient_case *c) { return 4 * c->groups.count * c->width; }

static void gradient(const nnt_kernels *kernels, const gradient_case *c, nnt_range leaves,
                     float *dw)
{
  float const *const table = c->rows.level == NULL ? NULL : c->rows.value;
  kernels->sparse_gradient(c->index + leaves.first, leaves.count, table, c->groups, c->delta,
                           c->width + GAP, c->width, dw);
}

static size_t wrong_in_gradient(const gradient_case *c)
{
  size_t wrong = written(c->dw + gradient_size(c), GAP);
  for (size_t k = 0; k < 4 * c->groups.count; k++) {
    size_t const column = 4 * c->groups.first + k;
    for (size_t o = 0; o < c->width; o++) {
      double sum = 0.0;
      double size = 0.0;
      for (size_t i = 0; i < c->rows.count && column < c->rows.inputs; i++) {
        double const term =
            value_at(&c->rows, i, column) * (double)c->delta[i * (c->width + GAP) + o];
        sum += term;
        size += fabs(term);
      }
      /* The rows behind the last input, and columns of zeros, are exactly zero. */
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

static gradient_case gradient_case_of(const nnt_kernels *kernels, size_t i)
{
  return gradient_create(kernels, leaf_counts[i % LEAF_COUNTS],
                         input_counts[i / LEAF_COUNTS % INPUT_COUNTS],
                         widths[i / LEAF_COUNTS / INPUT_COUNTS], i % 2 == 1);
}

static void check_gradient(const nnt_kernels *kernels)
{
  size_t wrong = 0;
  size_t wrong_order = 0;
  for (size_t i = 0; i < GRADIENT_CASES; i++) {
    gradient_case const c = gradient_case_of(kernels, i);
    gradient(kernels, &c, (nnt_range){0, c.count}, c.dw);
    wrong += wrong_in_gradient(&c);
    wrong_order += wrong_in_leaves(kernels, &c);
    gradient_destroy(&c);
  }
  CU_ASSERT_EQUAL(wrong, 0);
  CU_ASSERT_EQUAL(wrong_order, 0);
}

static void gradient_is_the_plain_sum_in_the_fixed_tree(void) { with_all_kernels(check_gradient); }

/* A value of an entry. */
static float entry_value(const nnt_group_index *index, const sparse_rows *rows, size_t at)
{
  if (rows->level == NULL) return index->value[at];
  uint8_t levels[4];
  uint32_t const four = (uint32_t)(index->entry[at / 4] >> 32);
  memcpy(levels, &four, sizeof levels);
  return rows->value[levels[at % 4]];
}

/* Does entry k hold the group of this row? */
static bool is_entry(const nnt_group_index *index, const sparse_rows *rows, size_t k, size_t row,
                     const float group[4])
{
  bool same = (uint32_t)index->entry[k] == row;
  for (size_t j = 0; j < 4; j++) {
    same = same && entry_value(index, rows, 4 * k + j) == group[j];
  }
  return same;
}

/* Each group that is not zero in a row, by groups and then by rows. */
static size_t wrong_in_index(const nnt_group_index *index, const sparse_rows *rows, size_t first,
                             size_t end)
{
  size_t wrong = 0;
  size_t k = 0;
  size_t const groups = (rows->inputs + 3) / 4;
  for (size_t g = 0; g < groups; g++) {
    wrong += index->start[g] != k;
    for (size_t row = first; row < end; row++) {
      float group[4] = {0.0F};
      bool is_there = false;
      for (size_t j = 0; j < 4 && 4 * g + j < rows->inputs; j++) {
        group[j] = (float)value_at(rows, row, 4 * g + j);
        is_there = is_there || group[j] != 0.0F;
      }
      if (is_there) wrong += !is_entry(index, rows, k++, row, group);
    }
  }
  return wrong + (index->start[groups] != k);
}

/* Of fewer rows than are taken at a time, as many, and more; of all rows but the first ones. */
static void check_index(const nnt_kernels *kernels)
{
  static size_t const counts[] = {0, 1, 15, 16, 17, 53};
  size_t wrong = 0;
  for (size_t i = 0; i < sizeof counts / sizeof *counts * 4; i++) {
    size_t const first = 3;
    size_t const end = first + counts[i / 4];
    sparse_rows const rows = rows_create(end, i % 2 == 0 ? 101 : 4, i / 2 % 2 == 0);
    nnt_group_index const index = index_create(kernels, &rows, first, end);
    wrong += wrong_in_index(&index, &rows, first, end);
    index_destroy(&index);
    rows_destroy(&rows);
  }
  CU_ASSERT_EQUAL(wrong, 0);
}

static void the_index_holds_the_groups(void) { with_all_kernels(check_index); }

static void avx2_and_avx512_give_the_same_bits(void)
{
  if (!has_both_fused()) {
    printf("skipped: this processor does not run both avx2 and avx512\n");
    return;
  }
  for (size_t i = 0; i < GRADIENT_CASES; i++) {
    gradient_case const c = gradient_case_of(nnt_kernels_of(NNT_ISA_AVX2), i);
    float *const other = spoilt_create(gradient_size(&c));
    gradient(nnt_kernels_of(NNT_ISA_AVX2), &c, (nnt_range){0, c.count}, c.dw);
    gradient(nnt_kernels_of(NNT_ISA_AVX512), &c, (nnt_range){0, c.count}, other);
    CU_ASSERT(same_bits(c.dw, other, gradient_size(&c)));
    free(other);
    gradient_destroy(&c);
  }
}

static CU_TestInfo tests[] = {
    {"gradient is the plain sum in the fixed tree", gradient_is_the_plain_sum_in_the_fixed_tree},
    {"the index holds the groups", the_index_holds_the_groups},
    {"avx2 and avx512 give the same bits", avx2_and_avx512_give_the_same_bits},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("sparse gradient", tests);
