/** What one core can do at most: arithmetic on registers, and reading from each level of memory. */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <stddef.h>

/** Independent sums that a probe has under way: enough to hide the latency of an operation, and
 *  with what else the loop needs no more than the 16 registers of AVX2. */
enum { PROBE_SUMS = 12, PROBE_READERS = 8 };

/** One instruction set: probe.c compiled for it. */
typedef struct probe {
  const char *name;
  size_t floats; /* in a vector */
  /** Does PROBE_SUMS * floats multiply-adds in each round. Returns what depends on them all. */
  float (*multiply_add)(size_t rounds, float start);
  /** Adds up x (n) in each round: n a multiple of PROBE_READERS * floats, x aligned to 64 bytes. */
  float (*read)(const float *x, size_t n, size_t rounds);
} probe;

extern probe const probe_baseline;
#if defined(__x86_64__)
extern probe const probe_avx2;
extern probe const probe_avx512;
#endif

#endif
