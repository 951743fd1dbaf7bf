/* Compiled once per instruction set: PROBE names the result, PROBE_NAME is its text, and
 * PROBE_FLOATS the width of its vectors. Multiplication and addition may contract here. */
#include "probe.h"

typedef float vector __attribute__((vector_size(4 * PROBE_FLOATS)));

static float sum_of(const vector *parts, size_t count)
{
  float sum = 0.0F;
  for (size_t part = 0; part < count; part++) {
    for (size_t lane = 0; lane < PROBE_FLOATS; lane++) {
      sum += parts[part][lane];
    }
  }
  return sum;
}

static float multiply_add(size_t rounds, float start)
{
  vector sums[PROBE_SUMS];
  vector const factor = start + (vector){0.0F};
  vector const term = 1.0F - factor;
  for (size_t i = 0; i < PROBE_SUMS; i++) {
    sums[i] = factor * (float)i;
  }
  for (size_t round = 0; round < rounds; round++) {
    for (size_t i = 0; i < PROBE_SUMS; i++) {
      sums[i] = sums[i] * factor + term;
    }
  }
  return sum_of(sums, PROBE_SUMS);
}

static float read_all(const float *x, size_t n, size_t rounds)
{
  vector sums[PROBE_READERS] = {{0.0F}};
  vector const *const vectors = (vector const *)x;
  for (size_t round = 0; round < rounds; round++) {
    for (size_t first = 0; first < n / PROBE_FLOATS; first += PROBE_READERS) {
      for (size_t i = 0; i < PROBE_READERS; i++) {
        sums[i] += vectors[first + i];
      }
    }
  }
  return sum_of(sums, PROBE_READERS);
}

probe const PROBE = {PROBE_NAME, PROBE_FLOATS, multiply_add, read_all};
