/** Operands for tests of the kernels: aligned, padded with zeros, and spoilt where nothing should
 *  be read. The caller frees all arrays. */
#ifndef UNIT_KERNEL_SAMPLE_H
#define UNIT_KERNEL_SAMPLE_H

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "definitions.h"
#include "kernels/kernels.h"

enum { LEAF_ROWS_MAX = 7, LEAVES_MAX = 11 };
static size_t const leaf_counts[] = {1, 2, 3, 5, 8, 11};
enum { LEAF_COUNTS = sizeof leaf_counts / sizeof *leaf_counts };

/** Calls `check` with the kernels of every instruction set that this processor runs. */
static inline void with_all_kernels(void (*check)(const nnt_kernels *kernels))
{
  for (int isa = 0; isa < NNT_ISA_COUNT; isa++) {
    if (nnt_isa_runs((nnt_isa)isa)) check(nnt_kernels_of((nnt_isa)isa));
  }
}

/** Can the two fused instruction sets be compared here? */
static inline bool has_both_fused(void)
{
  return nnt_isa_runs(NNT_ISA_AVX2) && nnt_isa_runs(NNT_ISA_AVX512);
}

/** n floats that are NaN. */
static inline float *spoilt_create(size_t n)
{
  float *x = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&x, n + NNT_LINE, "floats"), NNT_OK);
  for (size_t i = 0; i < n + NNT_LINE; i++) {
    x[i] = NAN;
  }
  return x;
}

/** A number of the sequence, of very different sizes, so that another order of addition shows. */
static inline float rough_number(uint64_t sequence, uint64_t i)
{
  double const exponent = 4.0 * test_number(sequence + 1000, i);
  return (float)ldexp(test_number(sequence, i), (int)exponent);
}

/** Numbers in the columns of a block, zeros in its padding, NaN from there to the next row. */
static inline float *block_create(nnt_block block, uint64_t seed)
{
  float *const x = spoilt_create(block.rows * block.stride);
  for (size_t row = 0; row < block.rows; row++) {
    for (size_t c = 0; c < nnt_padded(block.columns); c++) {
      x[row * block.stride + c] =
          c < block.columns ? rough_number(seed, row * block.columns + c) : 0.0F;
    }
  }
  return x;
}

/** Is c the sum of numbers whose sizes add up to `size`, up to `roundings` roundings of float32?
 *  |error| <= n u / (1 - n u) size, u = 2^-24 (Higham 2002, section 3.1). */
static inline bool is_rounded(float c, double sum, double size, size_t roundings)
{
  double const nu = (double)roundings * 0x1p-24;
  return fabs((double)c - sum) <= nu / (1.0 - nu) * size;
}

/** Leaves of 3, 0, 1, 7, 0, 2, ... rows. Returns all their rows. */
static inline size_t cut_leaves(size_t count, size_t first[LEAVES_MAX + 1])
{
  static size_t const rows[LEAVES_MAX] = {3, 0, 1, LEAF_ROWS_MAX, 0, 2, 5, 0, 0, 4, 1};
  first[0] = 0;
  for (size_t l = 0; l < count; l++) {
    first[l + 1] = first[l] + rows[l];
  }
  return first[count];
}

/** The sum in the fixed tree over n arrays of `count` floats, written once more. */
static inline float tree_sum_of(const float *const *leaf, size_t n, size_t i)
{
  if (n == 1) return leaf[0][i];
  size_t half = 1;
  while (2 * half < n) {
    half *= 2;
  }
  float const left = tree_sum_of(leaf, half, i);
  return left + tree_sum_of(leaf + half, n - half, i);
}

/** How many of `count` floats differ from the tree over those of the leaves. */
static inline size_t wrong_in_tree(const float *sum, float *const *leaf, size_t n, size_t count)
{
  float const *parts[LEAVES_MAX];
  size_t wrong = 0;
  for (size_t l = 0; l < n; l++) {
    parts[l] = leaf[l];
  }
  for (size_t i = 0; i < count; i++) {
    float const expected = tree_sum_of(parts, n, i);
    wrong += !same_bits(&sum[i], &expected, 1);
  }
  return wrong;
}

/** How many of n floats are not NaN, that is, have been written. */
static inline size_t written(const float *x, size_t n)
{
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    count += isnan(x[i]) ? 0 : 1;
  }
  return count;
}

#endif
