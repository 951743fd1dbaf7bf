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
  /* While entries are placed, start(p) is the end of pair p so far; shifted back afterwards. An
   * entry is written for each of its non-zeros: no branch to mispredict. */
  for (size_t i = 0; i < rows; i++) {
    unsigned before = UINT32_MAX;
    float carried[2] = {0.0F, 0.0F}; /* what an entry has already: begun before, begun here */
    for (uint64_t k = x->start[sample[i]]; k < x->start[sample[i] + 1]; k++) {
      unsigned const pair = x->column[k] / 2U;
      unsigned const begins = pair != before;
      float const value = nnt_sparse_value(x, k);
      uint32_t const at = start[pair] - 1 + begins;
      nnt_pair *const to = &entry[at];
      to->row = (uint32_t)(first_row + i);
      to->value[0] = carried[begins];
      to->value[1] = 0.0F;
      to->value[x->column[k] % 2U] = value;
      start[pair] = at + 1;
      carried[0] = value;
      before = pair;
    }
  }
  memmove(start + 1, start, pairs * sizeof *start);
  start[0] = 0;
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
