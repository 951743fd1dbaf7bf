/* The forward product of sparse rows: see kernels.h. Compiled once per instruction set.
 *
 * What bounds it is loads: every fused multiply-add needs a vector of weights. So a band of a panel
 * of the weights stays in L1 while all rows pass over it, and sums stay in registers. */
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

/* What one non-zero adds to the sums. */
NNT_INLINE void add_row(const float *w, lanes x, int vectors, lanes *sum)
{
  NNT_UNROLL for (int q = 0; q < vectors; q++) { sum[q] = fused(x, load(w + AT(q)), sum[q]); }
}

/* Four non-zeros at a time, as long as the first one lies in the band; two chains hide the latency
 * of the additions. Returns the next non-zero, an even number of them further. */
NNT_INLINE uint64_t forward_fours(const nnt_sparse *x, uint64_t k, uint64_t end, size_t band_end,
                                  const float *w, size_t width, int with_levels, int vectors,
                                  lanes *even, lanes *odd)
{
  uint16_t const *const column = x->column;
  uint8_t const *const level = x->level;
  float const *const value = x->value;
  for (; k + 4 <= end && column[k] < band_end; k += 4) {
    uint64_t const columns = load_four_halves(column + k);
    uint32_t const levels = with_levels ? load_four_bytes(level + k) : 0;
    NNT_UNROLL for (int j = 0; j < 4; j++)
    {
      size_t const at = with_levels ? byte_of(levels, j) : k + (size_t)j;
      add_row(w + half_of(columns, j) * width, splat(value[at]), vectors, j % 2 == 0 ? even : odd);
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
  k = forward_fours(x, k, end, part.is_last ? SIZE_MAX : part.end, w, width, with_levels, vectors,
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
  for (; k + 2 <= end; k += 2) {
    add_row(w + x->column[k] * width, value_of(x, k, with_levels), vectors, even);
    add_row(w + x->column[k + 1] * width, value_of(x, k + 1, with_levels), vectors, odd);
  }
  if (k < end) add_row(w + x->column[k] * width, value_of(x, k, with_levels), vectors, even);
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
