/* The only file that knows BLAS. */
#include "kernels/blas.h"

#include <cblas.h>
#include <string.h>

#include "nntrain/kernels.h"

/* Ends OpenBLAS's threads, which start with the library and look for work, on a core each, for a
 * tenth of a second. OpenBLAS itself calls it before a fork() and at exit; in no header, and absent
 * where OpenBLAS was built without threads. */
extern int blas_thread_shutdown_(void) __attribute__((weak));

void nnt_blas_init(void)
{
  openblas_set_num_threads(1);
  if (blas_thread_shutdown_ != NULL) (void)blas_thread_shutdown_();
}

const char *nnt_blas_core(void) { return openblas_get_corename(); }

const char *nnt_blas_version(void) { return openblas_get_config(); }

void nnt_product(const float *restrict x, const float *restrict w, float *restrict y,
                 nnt_product_shape shape)
{
  if (shape.rows == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)shape.rows, (int)shape.out,
              (int)shape.in, 1.0F, x, (int)shape.x_stride, w, (int)shape.y_stride, 0.0F, y,
              (int)shape.y_stride);
}

void nnt_product_transposed_right(const float *restrict dy, const float *restrict w,
                                  float *restrict dx, nnt_product_shape shape)
{
  if (shape.rows == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)shape.rows, (int)shape.in,
              (int)shape.out, 1.0F, dy, (int)shape.y_stride, w, (int)shape.y_stride, 0.0F, dx,
              (int)shape.x_stride);
}

void nnt_product_transposed_left(const float *restrict x, const float *restrict dy,
                                 float *restrict dw, nnt_product_shape shape)
{
  if (shape.rows == 0) {
    memset(dw, 0, shape.in * shape.y_stride * sizeof *dw);
    return;
  }
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)shape.in, (int)shape.out,
              (int)shape.rows, 1.0F, x, (int)shape.x_stride, dy, (int)shape.y_stride, 0.0F, dw,
              (int)shape.y_stride);
}
