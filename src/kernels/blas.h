/** Matrix products in float32, row-major; B rows, I features in, O features out.
 *
 *  Every size is at most INT_MAX, as nnt_model_create() and nnt_workspace_create() have made sure.
 * The bits of a product depend on the shape of the call and on OpenBLAS's core type, on nothing
 * else. */
#ifndef KERNELS_BLAS_H
#define KERNELS_BLAS_H

#include <stddef.h>

/** Y = X W.   X [in] (B,I)   W [in] (I,O)   Y [out] (B,O). Local; cannot fail. Cost: 2 B I O flop.
 */
void nnt_product(const float *restrict x, const float *restrict w, float *restrict y, size_t rows,
                 size_t in, size_t out);

/** dX = dY W^T.   dY [in] (B,O)   W [in] (I,O)   dX [out] (B,I). Local; cannot fail. */
void nnt_product_transposed_right(const float *restrict dy, const float *restrict w,
                                  float *restrict dx, size_t rows, size_t in, size_t out);

/** dW = X(:, first..first+count)^T dY: some rows of the gradient of W.
 *  X [in] (B,I)   dY [in] (B,O)   dW [out] (count,O). Local; cannot fail. */
void nnt_product_transposed_left(const float *restrict x, const float *restrict dy,
                                 float *restrict dw, size_t rows, size_t in, size_t out,
                                 size_t first, size_t count);

#endif
