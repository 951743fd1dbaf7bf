#include "nntrain/optim.h"

#include <math.h>

size_t nnt_optimizer_slots(const nnt_optimizer *optimizer)
{
  if (optimizer->kind == NNT_SGD) return optimizer->momentum > 0.0 ? 1 : 0;
  return 2;
}

void nnt_gradient_mean(float *g, const float *w, size_t n, size_t b, double l2)
{
  float const samples = (float)b;
  for (size_t i = 0; i < n; i++) {
    g[i] /= samples;
  }
  if (l2 == 0.0) return;
  float const twice = (float)(2.0 * l2);
  for (size_t i = 0; i < n; i++) {
    g[i] += twice * w[i];
  }
}

float nnt_clip_factor(double norm, double clip_norm)
{
  if (norm == 0.0) return 1.0F;
  if (!isfinite(norm)) return NAN;
  /* 1/c is formed in float64 and then rounded, as Python does. */
  return (float)clip_norm * fminf(1.0F / (float)norm, (float)(1.0 / clip_norm));
}

static void decay(float *w, size_t n, float weight_decay, float rate)
{
  for (size_t i = 0; i < n; i++) {
    w[i] -= w[i] * weight_decay * rate;
  }
}

static void sgd(float rate, const float *restrict g, float *restrict w, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    w[i] -= rate * g[i];
  }
}

static void momentum(const nnt_optimizer *optimizer, float rate, const float *restrict g,
                     float *restrict w, float *restrict m, size_t n)
{
  float const mu = (float)optimizer->momentum;
  for (size_t i = 0; i < n; i++) {
    m[i] = mu * m[i] - rate * g[i];
    w[i] += optimizer->nesterov ? mu * m[i] - rate * g[i] : m[i];
  }
}

static void adam(const nnt_optimizer *optimizer, uint64_t update, const float *restrict g,
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
  for (size_t i = 0; i < n; i++) {
    m[i] += (g[i] - m[i]) * rest_1;
    v[i] += (g[i] * g[i] - v[i]) * rest_2;
    w[i] -= m[i] * alpha / (sqrtf(v[i]) + epsilon);
  }
}

void nnt_optimizer_update(const nnt_optimizer *optimizer, uint64_t update, const float *g, float *w,
                          float *const *slots, size_t n)
{
  float const rate = (float)optimizer->learning_rate;
  if (optimizer->weight_decay > 0.0) decay(w, n, (float)optimizer->weight_decay, rate);
  if (optimizer->kind != NNT_SGD) {
    adam(optimizer, update, g, w, slots[0], slots[1], n);
  } else if (optimizer->momentum > 0.0) {
    momentum(optimizer, rate, g, w, slots[0], n);
  } else {
    sgd(rate, g, w, n);
  }
}

double nnt_square_sum(const float *g, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    sum += (double)g[i] * (double)g[i];
  }
  return sum;
}
