/* What of the kernels is the same for every instruction set. */
#include "kernels/kernels.h"

#include <string.h>

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

/* From one count a pair to the place of its first entry. */
static void count_to_place(uint32_t *start, size_t pairs)
{
  uint32_t place = 0;
  for (size_t p = 0; p <= pairs; p++) {
    uint32_t const count = start[p];
    start[p] = place;
    place += count;
  }
}

void nnt_pair_index_build(const nnt_sparse *x, const size_t *sample, size_t rows, size_t first_row,
                          size_t pairs, uint32_t *start, nnt_pair *entry)
{
  memset(start, 0, (pairs + 1) * sizeof *start);
  for (size_t i = 0; i < rows; i++) {
    unsigned before = UINT32_MAX;
    for (uint64_t k = x->start[sample[i]]; k < x->start[sample[i] + 1]; k++) {
      unsigned const pair = x->column[k] / 2U;
      start[pair] += pair != before;
      before = pair;
    }
  }
  count_to_place(start, pairs);
  /* While entries are placed, start(p) is the end of pair p so far; shifted back afterwards. */
  for (size_t i = 0; i < rows; i++) {
    unsigned before = UINT32_MAX;
    nnt_pair *at = entry;
    for (uint64_t k = x->start[sample[i]]; k < x->start[sample[i] + 1]; k++) {
      unsigned const pair = x->column[k] / 2U;
      if (pair != before) {
        at = &entry[start[pair]++];
        *at = (nnt_pair){.row = (uint32_t)(first_row + i)};
        before = pair;
      }
      at->value[x->column[k] % 2U] = nnt_sparse_value(x, k);
    }
  }
  memmove(start + 1, start, pairs * sizeof *start);
  start[0] = 0;
}
