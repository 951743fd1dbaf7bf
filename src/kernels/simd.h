/** Vectors of NNT_LANES floats. For sources that are compiled once per instruction set, with
 *  NNT_LANES and NNT_ISA defined: baseline 4, avx2 8, avx512 16.
 *
 *  Every output element sums in the same order whatever the width, and avx2 and avx512 both fuse
 *  multiplication and addition, so their bits are equal; the baseline rounds twice. */
#ifndef KERNELS_SIMD_H
#define KERNELS_SIMD_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if NNT_LANES > 4
#include <immintrin.h>
#endif

#define NNT_INLINE static inline __attribute__((always_inline))
/** Fixed, short loops over registers. */
#define NNT_UNROLL _Pragma("GCC unroll 16")

typedef float lanes __attribute__((vector_size(4 * NNT_LANES), may_alias));
typedef float loose_lanes __attribute__((vector_size(4 * NNT_LANES), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * NNT_LANES)));
typedef uint32_t words __attribute__((vector_size(4 * NNT_LANES)));

/** Where vector q begins. */
#define AT(q) ((size_t)(q)*NNT_LANES)

/** Aligned to the vector. */
NNT_INLINE lanes load(const float *p) { return *(const lanes *)p; }
NNT_INLINE void store(float *p, lanes x) { *(lanes *)p = x; }

/** Anywhere. */
NNT_INLINE lanes load_loose(const float *p) { return *(const loose_lanes *)p; }
NNT_INLINE void store_loose(float *p, lanes x) { *(loose_lanes *)p = x; }

NNT_INLINE lanes splat(float x) { return x - (lanes){0.0F}; }

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NNT_NTH(j) (j)
#else
#define NNT_NTH(j) (3 - (j))
#endif

/** Four neighbouring small numbers by one load, since a core does only two loads in a cycle, of one
 *  number or of a vector; and number j of them. */
NNT_INLINE uint64_t load_four_halves(const uint16_t *p)
{
  uint64_t four = 0;
  memcpy(&four, p, sizeof four);
  return four;
}
NNT_INLINE uint32_t load_four_bytes(const uint8_t *p)
{
  uint32_t four = 0;
  memcpy(&four, p, sizeof four);
  return four;
}
NNT_INLINE size_t half_of(uint64_t four, int j) { return (uint16_t)(four >> (16 * NNT_NTH(j))); }
NNT_INLINE size_t byte_of(uint32_t four, int j) { return (uint8_t)(four >> (8 * NNT_NTH(j))); }

/** a b + c */
NNT_INLINE lanes fused(lanes a, lanes b, lanes c)
{
#if NNT_LANES == 16
  return (lanes)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif NNT_LANES == 8
  return (lanes)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

/** Lane by lane: mask ? a : b, where the mask is all ones or all zeros. */
NNT_INLINE lanes choose(ints mask, lanes a, lanes b)
{
  return (lanes)(((ints)a & mask) | ((ints)b & ~mask));
}

/** e^x to within 1.02 ulp for -87.33 <= x <= 88.37; less gives 0, more infinity; NaN gives NaN.
 *  Source: Cody and Waite 1980; polynomial of degree 6 for 2^f - 1, here in e^r: Cephes expf. */
NNT_INLINE lanes exponential(lanes x)
{
  lanes const low = splat(-87.33F);
  lanes const high = splat(88.37F);
  /* Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits. */
  lanes const shifter = splat(12582912.0F);
  lanes const shifted = fused(x, splat(1.44269504F), shifter);
  lanes const n = shifted - shifter;
  lanes const scale = (lanes)((words)shifted << 23);
  lanes const r = fused(n, splat(2.12194440e-4F), fused(n, splat(-0.693359375F), x));
  lanes p = fused(splat(1.9875691500e-4F), r, splat(1.3981999507e-3F));
  p = fused(p, r, splat(8.3334519073e-3F));
  p = fused(p, r, splat(4.1665795894e-2F));
  p = fused(p, r, splat(1.6666665459e-1F));
  p = fused(p, r, splat(5.0000001201e-1F));
  p = fused(p, r * r, r) + 1.0F;
  /* Out of range this is a number without meaning. */
  lanes e = (lanes)((words)p + (words)scale);
  e = choose(x < low, splat(0.0F), e);
  e = choose(x > high, splat(INFINITY), e);
  return choose(x == x, e, x); /* NOLINT(misc-redundant-expression): NaN differs from itself */
}

#endif
