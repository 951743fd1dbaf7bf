/** The definitions that the numerics are measured against, in float64. */
#ifndef UNIT_DEFINITIONS_H
#define UNIT_DEFINITIONS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/random.h"
#include "nntrain/types.h"

static inline double sigmoid_of(double z) { return 1.0 / (1.0 + exp(-z)); }

/** f(z) of an element-wise activation. Source: keras.activations. */
static inline double activation_of(nnt_activation kind, double z)
{
  double const scale = 1.0507009873554805;
  double const alpha = 1.6732632423543772;
  switch (kind) {
  case NNT_SIGMOID:
    return sigmoid_of(z);
  case NNT_RELU:
    return z > 0.0 ? z : 0.0;
  case NNT_TANH:
    return tanh(z);
  case NNT_LEAKY_RELU:
    return z > 0.0 ? z : 0.2 * z;
  case NNT_ELU:
    return z > 0.0 ? z : expm1(z);
  case NNT_SELU:
    return scale * (z > 0.0 ? z : alpha * expm1(z));
  case NNT_GELU:
    return 0.5 * z * erfc(-z / sqrt(2.0));
  case NNT_SILU:
    return z * sigmoid_of(z);
  case NNT_SOFTPLUS:
    return z > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z));
  default:
    return z;
  }
}

/** x = softmax(x), of numbers of moderate size. */
static inline void softmax_of(double *x, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    x[i] = exp(x[i]);
    sum += x[i];
  }
  for (size_t i = 0; i < n; i++) {
    x[i] /= sum;
  }
}

/** x = f(x) for a row of n numbers, softmax included. */
static inline void activate_row(nnt_activation kind, double *x, size_t n)
{
  if (kind == NNT_SOFTMAX) {
    softmax_of(x, n);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    x[i] = activation_of(kind, x[i]);
  }
}

/** Numbers for tests, uniform in [-1, 1): the i-th of a sequence. */
static inline double test_number(uint64_t sequence, uint64_t i)
{
  uint64_t const word = nnt_random(sequence, NNT_FOR_DIGITS, i, 0, 0, 0).word[0];
  return 2.0 * nnt_random_uniform(word) - 1.0;
}

/** Are n floats the same to the bit? */
static inline bool same_bits(const void *a, const void *b, size_t n)
{
  return memcmp(a, b, n * sizeof(float)) == 0;
}

#endif
