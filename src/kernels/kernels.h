/** The numerical kernels, compiled once per instruction set; nnt_kernels_of() gives a table of
 *  them.
 *
 *  All are local and cannot fail, allocate nothing and keep no state. Arrays are float32, aligned
 *  to 64 bytes, rows at multiples of 16 floats ("padded" columns); B rows, I inputs, O outputs.
 *  Padding holds zeros wherever it is read. Sums over rows are formed per leaf (microbatch), row by
 *  row from zero, and the leaves' sums are added in the fixed tree (base/tree.h). */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include "nntrain/types.h"

enum {
  NNT_LINE = 16,         /* floats in a cache line: what columns are padded to */
  NNT_PANEL = 64,        /* columns of a panel; the last one of a layer may have 16, 32 or 48 */
  NNT_GROUP = 4,         /* columns that an index of sparse rows takes together */
  NNT_INDEX_ROWS = 16,   /* rows that it takes at a time */
  NNT_NARROW_MAX = 16,   /* most outputs of a narrow layer */
  NNT_LEAVES_LEVELS = 32 /* levels of the tree, so that 2^32 leaves are too many */
};

/** n rounded up to whole cache lines. */
static inline size_t nnt_padded(size_t n) { return (n + NNT_LINE - 1) / NNT_LINE * NNT_LINE; }

/** A (rows, columns) part of an array whose rows are `stride` floats apart. */
typedef struct nnt_block {
  size_t rows;
  size_t columns;
  size_t stride;
} nnt_block;

/** The rows of a leaf by groups of NNT_GROUP neighbouring columns: group g has entries
 *  start(g) <= k < start(g+1), in the order of rows. Groups that are zero in a row have no entry. */
typedef struct nnt_group_index {
  uint32_t *start; /* (groups + 1) */
  uint64_t *entry; /* (entries) the row, and 2^32 times its four levels, if rows have levels */
  float *value;    /* (entries, NNT_GROUP) if they have none; else not looked at */
} nnt_group_index;

/** How many groups so many columns are. */
static inline size_t nnt_groups(size_t columns) { return (columns + NNT_GROUP - 1) / NNT_GROUP; }

/** Entries that an index of so many rows needs room for: it is written in runs, and the last one
 *  may go beyond the entries that there are. */
static inline size_t nnt_index_room(size_t rows, size_t groups)
{
  return (rows * groups + NNT_INDEX_ROWS + NNT_LINE - 1) / NNT_LINE * NNT_LINE;
}

/** Bytes of scratch for it. */
static inline size_t nnt_index_scratch(size_t rows, size_t groups)
{
  return (rows + NNT_INDEX_ROWS) * groups * NNT_GROUP * sizeof(float);
}

typedef struct nnt_kernels {
  /** a = f(z), softmax by rows. a may be z. NaN gives NaN. Source: keras.activations. sigmoid, tanh
   *  and the exponentials of softmax have own code: within 3 ulp of the exact value, where that is
   *  at least 1.2e-38; what is smaller may be 0. */
  void (*activate)(nnt_activation kind, const float *z, float *a, nnt_block block);

  /** d = d f'(z), for softmax d = a (d - sum_c d_c a_c); at a kink, the slope that TensorFlow
   * takes. z, a [in] as activate() got and gave them; only nnt_activation_keeps_z() kinds look at z
   *  d [in,out] derivative by a, then by z */
  void (*activate_backward)(nnt_activation kind, const float *z, const float *a, float *d,
                            nnt_block block);

  /** e(i) = exp(z(i) - shift), for i < n; e may be z, no alignment is needed. */
  void (*exponentials)(const float *z, float shift, float *e, size_t n);

  /** x(i) += y(i), for i < n. */
  void (*add)(float *restrict x, const float *restrict y, size_t n);

  /** z(i, 0..width) = bias + sum_k x(sample(i), k) w(k, 0..width), for i < rows: even and odd
   *  non-zeros are added up apart, and then to each other.
   *  inputs [in] I, the columns of x   w [in] (I, width) a panel   bias [in] (width)
   *  z [out] first row and column of the part
   *  Cost: 2 width flop a non-zero. */
  void (*sparse_forward)(const nnt_sparse *x, const size_t *sample, size_t rows, size_t inputs,
                         const float *w, const float *bias, size_t width, float *z, size_t stride);

  /** The index of some rows: x(sample(i), :) is row first_row + i.
   *  groups [in] nnt_groups() of the columns of x   scratch [out] nnt_index_scratch()
   *  out [out] nnt_index_room() entries, of which as many as are needed have a meaning */
  void (*sparse_index)(const nnt_sparse *x, const size_t *sample, size_t rows, size_t first_row,
                       size_t groups, void *scratch, const nnt_group_index *out);

  /** dW(4g .. 4g+3, 0..width) = sum_i x(i, 4g .. 4g+3) delta(i, 0..width), for the groups in
   *  `groups`, over the leaves in tree order.
   *  leaves [in] (count) the index of each   table [in] (256) the values of levels; NULL: there are
   *  none   delta [in] first column of the panel   dw [out] (4 groups.count, width) */
  void (*sparse_gradient)(const nnt_group_index *leaves, size_t count, const float *table,
                          nnt_range groups, const float *delta, size_t stride, size_t width,
                          float *dw);

  /** z(i, o) = bias(o) + sum_k x(i, k) w(o, k) for o < outputs <= NNT_NARROW_MAX: 16 partial sums
   *  over k mod 16, folded 8, 4, 2, 1.
   *  x [in] (rows, inputs padded)   w [in] (outputs, inputs padded), one row an output
   *  bias [in] (16)   z [out] (rows, 16), padding zero */
  void (*narrow_forward)(const float *x, nnt_block block, const float *w, const float *bias,
                         size_t outputs, float *z);

  /** dx(i, k) = sum_o delta(i, o) w(o, k), in the order of outputs.
   *  delta [in] (rows, 16)   dx [out] (rows, inputs padded) as `block` says */
  void (*narrow_backward)(const float *delta, const float *w, size_t outputs, float *dx,
                          nnt_block block);

  /** dW(o, k) = sum_i delta(i, o) x(i, k), over the leaves in tree order.
   *  dw [out] (outputs, columns of the block padded) */
  void (*narrow_gradient)(const nnt_leaves *leaves, const float *x, nnt_block block,
                          const float *delta, size_t outputs, float *dw);

  /** out(o) = sum_i delta(i, o), over the leaves in tree order, for all padded columns. */
  void (*column_sums)(const nnt_leaves *leaves, const float *delta, nnt_block block, float *out);
} nnt_kernels;

/** The kernels for an instruction set that nnt_isa_runs(). Local; cannot fail. Borrowed: a
 *  constant. */
const nnt_kernels *nnt_kernels_of(nnt_isa isa);

/** Does the derivative of this activation need z, and not only a? Local; cannot fail. */
bool nnt_activation_keeps_z(nnt_activation kind);

/** Begins to bring rows sample(0 .. rows-1) of x into the caches, and does not wait for them: they
 *  lie anywhere in the data set. Local; cannot fail. */
void nnt_sparse_prefetch(const nnt_sparse *x, const size_t *sample, size_t rows);

#endif
