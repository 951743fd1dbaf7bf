/* Products with sparse rows: see kernels.h. Compiled once per instruction set.
 *
 * What bounds them is loads: each needs a vector of weights (or deltas) for every fused
 * multiply-add, or for two where a pair of columns shares it. So a band of a panel of the weights
 * stays in L1 while all rows pass over it, and sums stay in registers. */
#include "kernels/parts.h"
#include "kernels/simd.h"

/* Columns of x in a band: with 64 floats each 100 KB of weights, of which an L1 of 48 KB keeps
 * most, since many columns (the margins of images) have few non-zeros. Rows that pass over it
 * together. */
enum { VECTORS_MAX = 4, BAND = 392, ROWS_MAX = 64 };

/* The value of non-zero k; with_levels is a constant at each call. */
NNT_INLINE lanes value_of(const nnt_sparse *x, uint64_t k, int with_levels)
{
  return splat(with_levels ? x->value[x->level[k]] : x->value[k]);
}

/* What a row has come to before the next band: its sums, and its next non-zero. */
typedef struct row_sums {
  lanes even[VECTORS_MAX];
  lanes odd[VECTORS_MAX];
  uint64_t next;
} row_sums;

/* Where a band lies in the columns of x. */
typedef struct band {
  size_t end;
  int is_first;
  int is_last;
} band;

/* Two non-zeros at a time, as long as the first one lies in the band; two chains hide the latency
 * of the additions. */
NNT_INLINE uint64_t forward_twos(const nnt_sparse *x, uint64_t k, uint64_t end, size_t band_end,
                                 const float *w, size_t width, int with_levels, int vectors,
                                 lanes *even, lanes *odd)
{
  uint16_t const *const column = x->column;
  for (; k + 2 <= end && column[k] < band_end; k += 2) {
    float const *const w0 = w + column[k] * width;
    float const *const w1 = w + column[k + 1] * width;
    lanes const x0 = value_of(x, k, with_levels);
    lanes const x1 = value_of(x, k + 1, with_levels);
    NNT_UNROLL for (int q = 0; q < vectors; q++)
    {
      even[q] = fused(x0, load(w0 + AT(q)), even[q]);
      odd[q] = fused(x1, load(w1 + AT(q)), odd[q]);
    }
  }
  return k;
}

/* One row, one band, and `vectors` vectors of columns. */
NNT_INLINE void forward_row(const nnt_sparse *x, size_t row, band part, const float *w,
                            const float *bias, size_t width, int with_levels, int vectors,
                            row_sums *sums, float *z)
{
  uint64_t const end = x->start[row + 1];
  uint64_t k = part.is_first ? x->start[row] : sums->next;
  lanes even[VECTORS_MAX];
  lanes odd[VECTORS_MAX];
  NNT_UNROLL for (int q = 0; q < vectors; q++)
  {
    even[q] = part.is_first ? load(bias + AT(q)) : sums->even[q];
    odd[q] = part.is_first ? splat(0.0F) : sums->odd[q];
  }
  k = forward_twos(x, k, end, part.is_last ? SIZE_MAX : part.end, w, width, with_levels, vectors,
                   even, odd);
  if (!part.is_last) {
    NNT_UNROLL for (int q = 0; q < vectors; q++)
    {
      sums->even[q] = even[q];
      sums->odd[q] = odd[q];
    }
    sums->next = k;
    return;
  }
  if (k < end) {
    float const *const w0 = w + x->column[k] * width;
    lanes const x0 = value_of(x, k, with_levels);
    NNT_UNROLL for (int q = 0; q < vectors; q++) { even[q] = fused(x0, load(w0 + AT(q)), even[q]); }
  }
  NNT_UNROLL for (int q = 0; q < vectors; q++) { store(z + AT(q), even[q] + odd[q]); }
}

/* All rows pass over one band of the weights, which stays in L1, before the next. `vectors` is a
 * constant at each call, so that the sums stay in registers. */
NNT_INLINE void forward_rows(const nnt_sparse *x, const size_t *sample, size_t rows, size_t inputs,
                             const float *w, const float *bias, size_t width, int vectors, float *z,
                             size_t stride)
{
  row_sums sums[ROWS_MAX];
  for (size_t first = 0; first < inputs; first += BAND) {
    band const part = {first + BAND, first == 0, first + BAND >= inputs};
    for (size_t i = 0; i < rows; i++) {
      float *const out = z + i * stride;
      if (x->level != NULL) {
        forward_row(x, sample[i], part, w, bias, width, 1, vectors, &sums[i], out);
      } else {
        forward_row(x, sample[i], part, w, bias, width, 0, vectors, &sums[i], out);
      }
    }
  }
}

void NNT_OF_ISA(nnt_sparse_forward)(const nnt_sparse *x, const size_t *sample, size_t rows,
                                    size_t inputs, const float *w, const float *bias, size_t width,
                                    float *z, size_t stride)
{
  for (size_t row = 0; row < rows; row += ROWS_MAX) {
    size_t const n = rows - row < ROWS_MAX ? rows - row : ROWS_MAX;
    float *const out = z + row * stride;
    size_t at = 0;
    for (; at + AT(VECTORS_MAX) <= width; at += AT(VECTORS_MAX)) {
      forward_rows(x, sample + row, n, inputs, w + at, bias + at, width, VECTORS_MAX, out + at,
                   stride);
    }
    for (; at < width; at += NNT_LANES) {
      forward_rows(x, sample + row, n, inputs, w + at, bias + at, width, 1, out + at, stride);
    }
  }
}

/* Partial sums of subtrees that wait for their right neighbours, one place a level. */
typedef struct pair_stack {
  float first[NNT_LEAVES_LEVELS][VECTORS_MAX * NNT_LANES] __attribute__((aligned(64)));
  float second[NNT_LEAVES_LEVELS][VECTORS_MAX * NNT_LANES] __attribute__((aligned(64)));
} pair_stack;

NNT_INLINE void sum_leaf(const nnt_pair_index *leaf, size_t pair, const float *delta, size_t stride,
                         int vectors, lanes *a, lanes *b)
{
  NNT_UNROLL for (int q = 0; q < vectors; q++) { a[q] = b[q] = splat(0.0F); }
  nnt_pair const *const end = leaf->entry + leaf->start[pair + 1];
  for (nnt_pair const *entry = leaf->entry + leaf->start[pair]; entry < end; entry++) {
    float const *const d = delta + entry->row * stride;
    lanes const x = splat(entry->value[0]);
    lanes const y = splat(entry->value[1]);
    NNT_UNROLL for (int q = 0; q < vectors; q++)
    {
      lanes const v = load(d + AT(q));
      a[q] = fused(x, v, a[q]);
      b[q] = fused(y, v, b[q]);
    }
  }
}

/* Adds what waits on `level` from the left. */
NNT_INLINE void take(const pair_stack *stack, int level, int vectors, lanes *a, lanes *b)
{
  NNT_UNROLL for (int q = 0; q < vectors; q++)
  {
    a[q] = load(stack->first[level] + AT(q)) + a[q];
    b[q] = load(stack->second[level] + AT(q)) + b[q];
  }
}

/* Leaves 2k and 2k+1, if there is such a one. */
NNT_INLINE void sum_two_leaves(const nnt_pair_index *leaves, size_t count, size_t k, size_t pair,
                               const float *delta, size_t stride, int vectors, lanes *a, lanes *b)
{
  lanes c[VECTORS_MAX];
  lanes d[VECTORS_MAX];
  sum_leaf(&leaves[2 * k], pair, delta, stride, vectors, a, b);
  if (2 * k + 1 == count) return;
  sum_leaf(&leaves[2 * k + 1], pair, delta, stride, vectors, c, d);
  NNT_UNROLL for (int q = 0; q < vectors; q++)
  {
    a[q] = a[q] + c[q];
    b[q] = b[q] + d[q];
  }
}

/* One pair of columns: twos of leaves are counted in binary, and each carry adds two subtrees. */
NNT_INLINE void gradient_pair(const nnt_pair_index *leaves, size_t count, size_t pair,
                              const float *delta, size_t stride, int vectors, pair_stack *stack,
                              float *dw, size_t width)
{
  lanes a[VECTORS_MAX];
  lanes b[VECTORS_MAX];
  size_t const last = (count - 1) / 2;
  for (size_t k = 0; k < last; k++) {
    sum_two_leaves(leaves, count, k, pair, delta, stride, vectors, a, b);
    int level = 0;
    for (size_t carry = k; carry % 2 == 1; carry /= 2) {
      take(stack, level++, vectors, a, b);
    }
    NNT_UNROLL for (int q = 0; q < vectors; q++)
    {
      store(stack->first[level] + AT(q), a[q]);
      store(stack->second[level] + AT(q), b[q]);
    }
  }
  sum_two_leaves(leaves, count, last, pair, delta, stride, vectors, a, b);
  int level = 0;
  for (size_t carry = last; carry > 0; carry /= 2, level++) {
    if (carry % 2 == 1) take(stack, level, vectors, a, b);
  }
  NNT_UNROLL for (int q = 0; q < vectors; q++)
  {
    store(dw + AT(q), a[q]);
    store(dw + width + AT(q), b[q]);
  }
}

/* Is the pair zero in all rows? Many are: the margins of images. */
static int is_absent(const nnt_pair_index *leaves, size_t count, size_t pair)
{
  uint32_t entries = 0;
  for (size_t l = 0; l < count; l++) {
    entries += leaves[l].start[pair + 1] - leaves[l].start[pair];
  }
  return entries == 0;
}

NNT_INLINE void gradient_pairs(const nnt_pair_index *leaves, size_t count, nnt_range pairs,
                               const float *delta, size_t stride, size_t width, int vectors,
                               float *dw)
{
  pair_stack stack;
  size_t const bytes = (size_t)vectors * NNT_LANES * sizeof *dw;
  for (size_t p = 0; p < pairs.count; p++) {
    float *const out = dw + 2 * p * width;
    if (is_absent(leaves, count, pairs.first + p)) {
      memset(out, 0, bytes);
      memset(out + width, 0, bytes);
    } else {
      gradient_pair(leaves, count, pairs.first + p, delta, stride, vectors, &stack, out, width);
    }
  }
}

void NNT_OF_ISA(nnt_sparse_gradient)(const nnt_pair_index *leaves, size_t count, nnt_range pairs,
                                     const float *delta, size_t stride, size_t width, float *dw)
{
  size_t at = 0;
  for (; at + AT(VECTORS_MAX) <= width; at += AT(VECTORS_MAX)) {
    gradient_pairs(leaves, count, pairs, delta + at, stride, width, VECTORS_MAX, dw + at);
  }
  for (; at < width; at += NNT_LANES) {
    gradient_pairs(leaves, count, pairs, delta + at, stride, width, 1, dw + at);
  }
}
