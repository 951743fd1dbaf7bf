/* The weight gradient of sparse rows: see kernels.h. Compiled once per instruction set.
 *
 * A vector of deltas is loaded once for a group of columns. The number of rows in which a group is
 * not zero is different each time, so a misprediction ends most sums of a leaf: groups make them
 * few. */
#include "kernels/parts.h"
#include "kernels/simd.h"

_Static_assert(NNT_GROUP == 4, "an entry has four bytes for levels");

/* As many sums as there are registers for: AVX2 has half of those that AVX-512 has. */
enum { VECTORS_MAX = NNT_LANES == 16 ? 4 : 2 };

/* The sums of a group, `vectors` vectors of columns each. */
typedef lanes group_sums[NNT_GROUP][VECTORS_MAX];

/* Partial sums of subtrees that wait for their right neighbours, one place a level. */
typedef struct group_stack {
  group_sums at[NNT_LEAVES_LEVELS];
} group_stack;

/* The values of an entry, which is `entry` of its leaf. Levels come with the row by one load. */
NNT_INLINE void load_values(const nnt_group_index *leaf, const float *table, size_t at,
                            uint64_t entry, lanes value[NNT_GROUP])
{
  uint32_t const levels = (uint32_t)(entry >> 32);
  NNT_UNROLL for (int j = 0; j < NNT_GROUP; j++)
  {
    value[j] =
        splat(table == NULL ? leaf->value[at * NNT_GROUP + (size_t)j] : table[byte_of(levels, j)]);
  }
}

NNT_INLINE void sum_leaf(const nnt_group_index *leaf, const float *table, size_t group,
                         const float *delta, size_t stride, int vectors, group_sums sum)
{
  NNT_UNROLL for (int j = 0; j < NNT_GROUP; j++)
  {
    NNT_UNROLL for (int q = 0; q < vectors; q++) { sum[j][q] = splat(0.0F); }
  }
  size_t const end = leaf->start[group + 1];
  for (size_t at = leaf->start[group]; at < end; at++) {
    uint64_t const entry = leaf->entry[at];
    float const *const d = delta + (uint32_t)entry * stride;
    lanes v[VECTORS_MAX];
    NNT_UNROLL for (int q = 0; q < vectors; q++) { v[q] = load(d + AT(q)); }
    lanes x[NNT_GROUP];
    load_values(leaf, table, at, entry, x);
    NNT_UNROLL for (int j = 0; j < NNT_GROUP; j++)
    {
      NNT_UNROLL for (int q = 0; q < vectors; q++) { sum[j][q] = fused(x[j], v[q], sum[j][q]); }
    }
  }
}

/* Leaves 2k and 2k+1, if there is such a one. Most sums of the left one stay in registers meanwhile.
 */
NNT_INLINE void sum_two_leaves(const nnt_group_index *leaves, size_t count, size_t k,
                               const float *table, size_t group, const float *delta, size_t stride,
                               int vectors, group_sums sum)
{
  group_sums right;
  sum_leaf(&leaves[2 * k], table, group, delta, stride, vectors, sum);
  if (2 * k + 1 == count) return;
  sum_leaf(&leaves[2 * k + 1], table, group, delta, stride, vectors, right);
  NNT_UNROLL for (int j = 0; j < NNT_GROUP; j++)
  {
    NNT_UNROLL for (int q = 0; q < vectors; q++) { sum[j][q] = sum[j][q] + right[j][q]; }
  }
}

/* One group: twos of leaves are counted in binary, and each carry adds two subtrees. */
NNT_INLINE void sum_leaves(const nnt_group_index *leaves, size_t count, const float *table,
                           size_t group, const float *delta, size_t stride, int vectors,
                           group_stack *stack, group_sums sum)
{
  for (size_t k = 0;; k++) {
    sum_two_leaves(leaves, count, k, table, group, delta, stride, vectors, sum);
    int const last = 2 * k + 2 >= count;
    int level = 0;
    for (size_t carry = k; last ? carry > 0 : carry % 2 == 1; carry /= 2, level++) {
      if (carry % 2 == 0) continue;
      NNT_UNROLL for (int j = 0; j < NNT_GROUP; j++)
      {
        NNT_UNROLL for (int q = 0; q < vectors; q++)
        {
          sum[j][q] = stack->at[level][j][q] + sum[j][q];
        }
      }
    }
    if (last) return;
    NNT_UNROLL for (int j = 0; j < NNT_GROUP; j++)
    {
      NNT_UNROLL for (int q = 0; q < vectors; q++) { stack->at[level][j][q] = sum[j][q]; }
    }
  }
}

/* Is the group zero in all rows? Many are: the margins of images. */
static int is_absent(const nnt_group_index *leaves, size_t count, size_t group)
{
  uint32_t entries = 0;
  for (size_t l = 0; l < count; l++) {
    entries += leaves[l].start[group + 1] - leaves[l].start[group];
  }
  return entries == 0;
}

NNT_INLINE void gradient_groups(const nnt_group_index *leaves, size_t count, const float *table,
                                nnt_range groups, const float *delta, size_t stride, size_t width,
                                int vectors, float *dw)
{
  group_stack stack;
  for (size_t g = 0; g < groups.count; g++) {
    float *const out = dw + g * NNT_GROUP * width;
    if (is_absent(leaves, count, groups.first + g)) {
      for (size_t j = 0; j < NNT_GROUP; j++) {
        memset(out + j * width, 0, (size_t)vectors * sizeof(lanes));
      }
      continue;
    }
    group_sums sum;
    sum_leaves(leaves, count, table, groups.first + g, delta, stride, vectors, &stack, sum);
    NNT_UNROLL for (int j = 0; j < NNT_GROUP; j++)
    {
      NNT_UNROLL for (int q = 0; q < vectors; q++)
      {
        store(out + (size_t)j * width + AT(q), sum[j][q]);
      }
    }
  }
}

/* The table is known to be there, or not, at each call, so that no sum looks for it. */
NNT_INLINE void gradient_columns(const nnt_group_index *leaves, size_t count, const float *table,
                                 nnt_range groups, const float *delta, size_t stride, size_t width,
                                 int vectors, float *dw)
{
  if (table == NULL) {
    gradient_groups(leaves, count, NULL, groups, delta, stride, width, vectors, dw);
  } else {
    gradient_groups(leaves, count, table, groups, delta, stride, width, vectors, dw);
  }
}

void NNT_OF_ISA(nnt_sparse_gradient)(const nnt_group_index *leaves, size_t count,
                                     const float *table, nnt_range groups, const float *delta,
                                     size_t stride, size_t width, float *dw)
{
  size_t at = 0;
  for (; at + AT(VECTORS_MAX) <= width; at += AT(VECTORS_MAX)) {
    gradient_columns(leaves, count, table, groups, delta + at, stride, width, VECTORS_MAX, dw + at);
  }
  for (; at < width; at += NNT_LANES) {
    gradient_columns(leaves, count, table, groups, delta + at, stride, width, 1, dw + at);
  }
}
