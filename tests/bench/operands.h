/** What the measured kernels work on: one layer with B rows, I inputs and O outputs. */
#ifndef BENCH_OPERANDS_H
#define BENCH_OPERANDS_H

#include "kernels/kernels.h"
#include "nntrain/status.h"

enum {
  IMAGE_SIDE = 28,
  PIXELS = IMAGE_SIDE * IMAGE_SIDE, /* inputs of a layer that has sparse rows as well */
  LEAVES = 8                        /* parts of a batch whose gradients are summed apart */
};

/** Random numbers, the same in every run; in padding as well, since only the time counts. The
 *  sparse rows are like MNIST's: black margins of 4 pixels, two runs of 3 to 5 pixels in every line
 *  between them, so that 19 % of all pixels are not zero. Points into itself: not to be copied. */
typedef struct operands {
  size_t rows, in, out;      /* B, I, O */
  size_t x_stride, y_stride; /* as in the program */
  float *x;                  /* (B,I) */
  float *w;                  /* (I,O), with room for each of the program's forms */
  float *bias;               /* (O) */
  float *y;                  /* (B,O) */
  size_t first_row[LEAVES + 1];
  nnt_leaves leaves;

  /* With PIXELS inputs: */
  nnt_sparse images; /* (B,I) */
  size_t *sample;    /* (B) their rows, in order */
  size_t groups;     /* of columns */
  nnt_group_index index[LEAVES];
  void *scratch; /* to build it in */

  void *memory; /* all arrays */
} operands;

/** Allocates and fills. rows: a multiple of LEAVES. Local; NNT_ENOMEM.
 *  The caller owns *out: operands_clear(), also after a failure. */
NNT_MUST_CHECK nnt_status operands_create(operands *out, size_t rows, size_t in, size_t out_count);

/** Frees what operands_create() has allocated. */
void operands_clear(operands *data);

/** Builds the index of columns of all leaves. Local; cannot fail. */
void operands_index(const operands *data, const nnt_kernels *kernels);

/** Non-zeros of the sparse rows. Local; cannot fail. */
size_t operands_nonzeros(const operands *data);

/** Entries of the index of columns. Local; cannot fail. */
size_t operands_entries(const operands *data);

#endif
