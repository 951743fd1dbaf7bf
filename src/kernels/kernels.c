/* What of the kernels is the same for every instruction set. */
#include "kernels/kernels.h"

#include "kernels/tables.h"

const nnt_kernels *nnt_kernels_of(nnt_isa isa)
{
#if defined(__x86_64__)
  if (isa == NNT_ISA_AVX512) return &nnt_kernels_avx512;
  if (isa == NNT_ISA_AVX2) return &nnt_kernels_avx2;
#endif
  (void)isa;
  return &nnt_kernels_baseline;
}

bool nnt_activation_keeps_z(nnt_activation kind)
{
  return kind == NNT_SOFTMAX || kind == NNT_GELU || kind == NNT_SILU || kind == NNT_SOFTPLUS;
}

static void prefetch(const void *array, size_t first, size_t end, size_t size)
{
  unsigned char const *const bytes = array;
  size_t const line = NNT_LINE * sizeof(float);
  for (size_t at = first * size; at < end * size; at += line) {
    __builtin_prefetch(bytes + at);
  }
}

void nnt_sparse_prefetch(const nnt_sparse *x, const size_t *sample, size_t rows)
{
  for (size_t i = 0; i < rows; i++) {
    __builtin_prefetch(&x->start[sample[i]]);
  }
  for (size_t i = 0; i < rows; i++) {
    size_t const first = (size_t)x->start[sample[i]];
    size_t const end = (size_t)x->start[sample[i] + 1];
    prefetch(x->column, first, end, sizeof *x->column);
    if (x->level != NULL) {
      prefetch(x->level, first, end, sizeof *x->level);
    } else {
      prefetch(x->value, first, end, sizeof *x->value);
    }
  }
}
