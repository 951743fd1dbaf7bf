/* The only file that knows BLAS. */
#include "kernels/blas.h"

#include <cblas.h>
#include <string.h>

#include "nntrain/kernels.h"

void nnt_blas_init(void) { openblas_set_num_threads(1); }

const char *nnt_blas_core(void) { return openblas_get_corename(); }

const char *nnt_blas_version(void) { return openblas_get_config(); }

void nnt_product(const float *restrict x, const float *restrict w, float *restrict y, size_t rows,
                 size_t in, size_t out)
{
  if (rows == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)out, (int)in, 1.0F, x,
              (int)in, w, (int)out, 0.0F, y, (int)out);
}

void nnt_product_transposed_right(const float *restrict dy, const float *restrict w,
                                  float *restrict dx, size_t rows, size_t in, size_t out)
{
  if (rows == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)in, (int)out, 1.0F, dy,
              (int)out, w, (int)out, 0.0F, dx, (int)in);
}

void nnt_product_transposed_left(const float *restrict x, const float *restrict dy,
                                 float *restrict dw, size_t rows, size_t in, size_t out,
                                 size_t first, size_t count)
{
  if (rows == 0) {
    memset(dw, 0, count * out * sizeof *dw);
    return;
  }
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)count, (int)out, (int)rows, 1.0F,
              x + first, (int)in, dy, (int)out, 0.0F, dw, (int)out);
}
