/** Matrix products in float32, row-major; B rows, I features in, O features out. Rows of X and dX
 *  are `x_stride` floats apart, those of Y, dY, W and dW `y_stride`.
 *
 *  Every size is at most INT_MAX, as nnt_model_create() and nnt_workspace_create() have made sure.
 *  The bits of a product depend on the shape of the call and on OpenBLAS's core type, on nothing
 *  else. */
#ifndef KERNELS_BLAS_H
#define KERNELS_BLAS_H

#include <stddef.h>

/** The shape of a product. */
typedef struct nnt_product_shape {
  size_t rows;
  size_t in;
  size_t out;
  size_t x_stride;
  size_t y_stride;
} nnt_product_shape;

/** Y = X W.   X [in] (B,I)   W [in] (I,O)   Y [out] (B,O). Local; cannot fail. Cost: 2 B I O flop.
 */
void nnt_product(const float *restrict x, const float *restrict w, float *restrict y,
                 nnt_product_shape shape);

/** dX = dY W^T.   dY [in] (B,O)   W [in] (I,O)   dX [out] (B,I). Local; cannot fail. */
void nnt_product_transposed_right(const float *restrict dy, const float *restrict w,
                                  float *restrict dx, nnt_product_shape shape);

/** dW = X^T dY, zeros for no rows; X may be some columns of a wider array.
 *  X [in] (B,I)   dY [in] (B,O)   dW [out] (I,O). Local; cannot fail. */
void nnt_product_transposed_left(const float *restrict x, const float *restrict dy,
                                 float *restrict dw, nnt_product_shape shape);

#endif
