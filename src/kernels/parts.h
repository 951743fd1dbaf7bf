/** The functions of kernels.h for one instruction set, by their own names: for the sources that
 *  define them and the table that lists them. */
#ifndef KERNELS_PARTS_H
#define KERNELS_PARTS_H

#include "kernels/kernels.h"

#define NNT_JOIN_(a, b) a##_##b
#define NNT_JOIN(a, b) NNT_JOIN_(a, b)
/** The name of a function of this instruction set: nnt_add_avx2. */
#define NNT_OF_ISA(name) NNT_JOIN(name, NNT_ISA)

void NNT_OF_ISA(nnt_activate)(nnt_activation kind, const float *z, float *a, nnt_block block);
void NNT_OF_ISA(nnt_activate_backward)(nnt_activation kind, const float *z, const float *a,
                                       float *d, nnt_block block);
void NNT_OF_ISA(nnt_exponentials)(const float *z, float shift, float *e, size_t n);
void NNT_OF_ISA(nnt_add)(float *restrict x, const float *restrict y, size_t n);
void NNT_OF_ISA(nnt_sparse_forward)(const nnt_sparse *x, const size_t *sample, size_t rows,
                                    size_t inputs, const float *w, const float *bias, size_t width,
                                    float *z, size_t stride);
void NNT_OF_ISA(nnt_sparse_index)(const nnt_sparse *x, const size_t *sample, size_t rows,
                                  size_t first_row, size_t groups, void *scratch,
                                  const nnt_group_index *out);
void NNT_OF_ISA(nnt_sparse_gradient)(const nnt_group_index *leaves, size_t count,
                                     const float *table, nnt_range groups, const float *delta,
                                     size_t stride, size_t width, float *dw);
void NNT_OF_ISA(nnt_narrow_forward)(const float *x, nnt_block block, const float *w,
                                    const float *bias, size_t outputs, float *z);
void NNT_OF_ISA(nnt_narrow_backward)(const float *delta, const float *w, size_t outputs, float *dx,
                                     nnt_block block);
void NNT_OF_ISA(nnt_narrow_gradient)(const nnt_leaves *leaves, const float *x, nnt_block block,
                                     const float *delta, size_t outputs, float *dw);
void NNT_OF_ISA(nnt_column_sums)(const nnt_leaves *leaves, const float *delta, nnt_block block,
                                 float *out);

#endif
