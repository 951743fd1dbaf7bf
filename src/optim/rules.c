/* The loops of the update rules. Compiled once per instruction set; nothing here is fused, so all
 * give the same bits. */
#include "optim/rules.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x)
{
  uint32_t bits = 0;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* The larger of the two, by what is left of x without its sign: finite numbers, infinity, NaN. */
static uint32_t larger(uint32_t largest, float x)
{
  uint32_t const size = bits_of(x) & 0x7FFFFFFFU;
  return size > largest ? size : largest;
}

static bool gradient_mean(float *restrict g, const float *restrict w, size_t n, size_t b, double l2)
{
  /* A division for each would take as long as the rest of an update. */
  float const share = 1.0F / (float)b;
  uint32_t largest = 0;
  for (size_t i = 0; i < n; i++) {
    g[i] *= share;
    largest = larger(largest, g[i]);
  }
  float const twice = (float)(2.0 * l2);
  size_t const penalised = l2 == 0.0 ? 0 : n;
  for (size_t i = 0; i < penalised; i++) {
    g[i] += twice * w[i];
    largest = larger(largest, g[i]);
  }
  return largest < bits_of(INFINITY);
}

static void scale(float *g, size_t n, float factor)
{
  for (size_t i = 0; i < n; i++) {
    g[i] *= factor;
  }
}

static nnt_bits decay(float *restrict w, size_t n, float weight_decay, float rate)
{
  nnt_bits bits = {0, 0};
  for (size_t i = 0; i < n; i++) {
    bits.before += bits_of(w[i]);
    w[i] -= w[i] * weight_decay * rate;
    bits.after += bits_of(w[i]);
  }
  return bits;
}

static nnt_bits sgd(float rate, const float *restrict g, float *restrict w, size_t n)
{
  nnt_bits bits = {0, 0};
  for (size_t i = 0; i < n; i++) {
    bits.before += bits_of(w[i]);
    w[i] -= rate * g[i];
    bits.after += bits_of(w[i]);
  }
  return bits;
}

static nnt_bits momentum(const nnt_optimizer *optimizer, float rate, const float *restrict g,
                         float *restrict w, float *restrict m, size_t n)
{
  float const mu = (float)optimizer->momentum;
  nnt_bits bits = {0, 0};
  for (size_t i = 0; i < n; i++) {
    bits.before += bits_of(w[i]) + bits_of(m[i]);
    m[i] = mu * m[i] - rate * g[i];
    w[i] += optimizer->nesterov ? mu * m[i] - rate * g[i] : m[i];
    bits.after += bits_of(w[i]) + bits_of(m[i]);
  }
  return bits;
}

static nnt_bits adam(const nnt_optimizer *optimizer, uint64_t update, const float *restrict g,
                     float *restrict w, float *restrict m, float *restrict v, size_t n)
{
  /* The powers are float32, as in Keras: in float64 the first step would be 6.6e-6 larger. */
  float const t = (float)update;
  float const power_1 = powf((float)optimizer->beta_1, t);
  float const power_2 = powf((float)optimizer->beta_2, t);
  float const alpha = (float)optimizer->learning_rate * sqrtf(1.0F - power_2) / (1.0F - power_1);
  float const rest_1 = (float)(1.0 - optimizer->beta_1);
  float const rest_2 = (float)(1.0 - optimizer->beta_2);
  float const epsilon = (float)optimizer->epsilon;
  nnt_bits bits = {0, 0};
  for (size_t i = 0; i < n; i++) {
    bits.before += bits_of(w[i]) + bits_of(m[i]) + bits_of(v[i]);
    m[i] += (g[i] - m[i]) * rest_1;
    v[i] += (g[i] * g[i] - v[i]) * rest_2;
    w[i] -= m[i] * alpha / (sqrtf(v[i]) + epsilon);
    bits.after += bits_of(w[i]) + bits_of(m[i]) + bits_of(v[i]);
  }
  return bits;
}

static nnt_bits update(const nnt_optimizer *optimizer, uint64_t number, const float *restrict g,
                       float *restrict w, float *const *slots, size_t n)
{
  float const rate = (float)optimizer->learning_rate;
  nnt_bits decayed = {0, 0};
  if (optimizer->weight_decay > 0.0) decayed = decay(w, n, (float)optimizer->weight_decay, rate);
  nnt_bits bits;
  if (optimizer->kind != NNT_SGD) {
    bits = adam(optimizer, number, g, w, slots[0], slots[1], n);
  } else if (optimizer->momentum > 0.0) {
    bits = momentum(optimizer, rate, g, w, slots[0], n);
  } else {
    bits = sgd(rate, g, w, n);
  }
  bits.before += decayed.before - decayed.after;
  return bits;
}

static uint32_t bits_sum(const float *x, size_t n)
{
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += bits_of(x[i]);
  }
  return sum;
}

static double square_sum(const float *g, size_t n)
{
  enum { CHAINS = 16 };
  double sum[CHAINS] = {0.0};
  size_t i = 0;
  for (; i + CHAINS <= n; i += CHAINS) {
    for (size_t c = 0; c < CHAINS; c++) {
      sum[c] += (double)g[i + c] * (double)g[i + c];
    }
  }
  for (; i < n; i++) {
    sum[i % CHAINS] += (double)g[i] * (double)g[i];
  }
  for (size_t half = CHAINS / 2; half > 0; half /= 2) {
    for (size_t c = 0; c < half; c++) {
      sum[c] += sum[c + half];
    }
  }
  return sum[0];
}

nnt_rules const NNT_OF_ISA(nnt_rules) = {gradient_mean, scale, update, square_sum, bits_sum};
