/* The index of sparse rows by groups of columns: see kernels.h. Compiled once per instruction set.
 *
 * The rows are written out with their zeros, transposed, and what is not zero is then taken from
 * there in order: two passes without a branch to mispredict or a counter to wait for. */
#include "kernels/parts.h"
#include "kernels/simd.h"

enum { TOGETHER = NNT_INDEX_ROWS };

/* transposed [out] (groups, stride, NNT_GROUP) of uint8_t or float, zeros before */
NNT_INLINE void transpose(const nnt_sparse *x, const size_t *sample, size_t rows, size_t stride,
                          int with_levels, void *transposed)
{
  uint8_t *const levels = transposed;
  float *const values = transposed;
  for (size_t i = 0; i < rows; i++) {
    uint64_t const end = x->start[sample[i] + 1];
    for (uint64_t k = x->start[sample[i]]; k < end; k++) {
      size_t const column = x->column[k];
      size_t const at = (column / NNT_GROUP * stride + i) * NNT_GROUP + column % NNT_GROUP;
      if (with_levels) {
        levels[at] = x->level[k];
      } else {
        values[at] = x->value[k];
      }
    }
  }
}

/* Of TOGETHER rows of a group, appends those that are not zero as entries `end` and following.
 * Returns the new end. What lies behind it is written over. */
static size_t append_levels(const uint8_t *from, uint32_t first_row, size_t end,
                            const nnt_group_index *out)
{
#if NNT_LANES == 16
  __m512i const numbers = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
  for (uint32_t i = 0; i < TOGETHER; i += 8) {
    __m512i const rows = _mm512_add_epi64(numbers, _mm512_set1_epi64(first_row + i));
    __m256i const levels = _mm256_load_si256((const __m256i *)(from + (size_t)i * NNT_GROUP));
    __mmask8 const there = _mm256_test_epi32_mask(levels, levels);
    __m512i const entries =
        _mm512_or_si512(rows, _mm512_slli_epi64(_mm512_cvtepu32_epi64(levels), 32));
    _mm512_storeu_si512(out->entry + end, _mm512_maskz_compress_epi64(there, entries));
    end += (size_t)__builtin_popcount(there);
  }
#else
  for (uint32_t i = 0; i < TOGETHER; i++) {
    uint32_t const levels = load_four_bytes(from + (size_t)i * NNT_GROUP);
    out->entry[end] = first_row + i + ((uint64_t)levels << 32);
    end += levels != 0;
  }
#endif
  return end;
}

static size_t append_values(const float *from, uint32_t first_row, size_t end,
                            const nnt_group_index *out)
{
  for (uint32_t i = 0; i < TOGETHER; i++) {
    float const *const four = from + (size_t)i * NNT_GROUP;
    out->entry[end] = first_row + i;
    memcpy(out->value + end * NNT_GROUP, four, NNT_GROUP * sizeof *four);
    end += four[0] != 0.0F || four[1] != 0.0F || four[2] != 0.0F || four[3] != 0.0F;
  }
  return end;
}

void NNT_OF_ISA(nnt_sparse_index)(const nnt_sparse *x, const size_t *sample, size_t rows,
                                  size_t first_row, size_t groups, void *scratch,
                                  const nnt_group_index *out)
{
  size_t const stride = (rows + TOGETHER - 1) / TOGETHER * TOGETHER;
  size_t const values = groups * stride * NNT_GROUP;
  if (x->level != NULL) {
    memset(scratch, 0, values);
    transpose(x, sample, rows, stride, 1, scratch);
  } else {
    memset(scratch, 0, values * sizeof(float));
    transpose(x, sample, rows, stride, 0, scratch);
  }
  size_t end = 0;
  for (size_t group = 0; group < groups; group++) {
    out->start[group] = (uint32_t)end;
    for (size_t i = 0; i < stride; i += TOGETHER) {
      size_t const at = (group * stride + i) * NNT_GROUP;
      uint32_t const row = (uint32_t)(first_row + i);
      end = x->level != NULL ? append_levels((const uint8_t *)scratch + at, row, end, out)
                             : append_values((const float *)scratch + at, row, end, out);
    }
  }
  out->start[groups] = (uint32_t)end;
}
