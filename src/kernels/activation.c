/* Activations: see kernels.h. Compiled once per instruction set. */
#include <math.h>

#include "kernels/parts.h"
#include "kernels/simd.h"

/* keras.activations.selu; leaky_relu's default slope. */
static float const selu_scale = 1.05070098735548049342F;
static float const selu_alpha = 1.67326324235437728481F;
static float const leaky_slope = 0.2F;
static float const sqrt_half = 0.70710678118654752440F;
static float const one_over_sqrt_two_pi = 0.39894228040143267794F;

NNT_INLINE lanes sigmoids(lanes z) { return 1.0F / (1.0F + exponential(-z)); }

/* Near 0 an odd polynomial, since 1 - 2 / (e^2z + 1) cancels there. Source: Cephes tanhf. */
NNT_INLINE lanes tangents(lanes z)
{
  lanes const square = z * z;
  lanes p = fused(splat(-5.70498872745e-3F), square, splat(2.06390887954e-2F));
  p = fused(p, square, splat(-5.37397155531e-2F));
  p = fused(p, square, splat(1.33314422036e-1F));
  p = fused(p, square, splat(-3.33332819422e-1F));
  lanes const near = fused(p * square, z, z);
  ints const sign = (ints)z & (ints)splat(-0.0F);
  lanes const size = (lanes)((ints)z ^ sign);
  lanes const far = 1.0F - 2.0F / (exponential(size + size) + 1.0F);
  /* The sign also makes tanh(-0) = -0. */
  return (lanes)((ints)choose(size < splat(0.625F), near, far) | sign);
}

/* One loop over whole vectors, and one vector with the rest. */
#define FOR_VECTORS(n, function)                                                                   \
  do {                                                                                             \
    size_t i = 0;                                                                                  \
    for (; i + NNT_LANES <= (n); i += NNT_LANES) {                                                 \
      store_loose(to + i, function(load_loose(from + i)));                                         \
    }                                                                                              \
    if (i < (n)) {                                                                                 \
      float rest[NNT_LANES] = {0.0F};                                                              \
      memcpy(rest, from + i, ((n)-i) * sizeof *rest);                                              \
      store_loose(rest, function(load_loose(rest)));                                               \
      memcpy(to + i, rest, ((n)-i) * sizeof *rest);                                                \
    }                                                                                              \
  } while (0)

static void sigmoid_row(const float *from, float *to, size_t n) { FOR_VECTORS(n, sigmoids); }

static void tanh_row(const float *from, float *to, size_t n) { FOR_VECTORS(n, tangents); }

void NNT_OF_ISA(nnt_exponentials)(const float *z, float shift, float *e, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    e[i] = z[i] - shift;
  }
  float const *const from = e;
  float *const to = e;
  FOR_VECTORS(n, exponential);
}

static float sigmoid(float z)
{
  float a = 0.0F;
  sigmoid_row(&z, &a, 1);
  return a;
}

/* NaN must come through: hidden here, it would let a diverged run go on. */
static float relu(float z) { return z < 0.0F ? 0.0F : z; }

static float leaky_relu(float z) { return z > 0.0F ? z : leaky_slope * z; }

static float elu(float z) { return z > 0.0F ? z : expm1f(z); }

static float selu(float z) { return selu_scale * (z > 0.0F ? z : selu_alpha * expm1f(z)); }

static float gelu(float z) { return 0.5F * z * (1.0F + erff(z * sqrt_half)); }

static float softplus(float z) { return fmaxf(z, 0.0F) + log1pf(expf(-fabsf(z))); }

static void softmax_row(const float *z, float *a, size_t n)
{
  float largest = z[0];
  for (size_t c = 1; c < n; c++) {
    largest = fmaxf(largest, z[c]);
  }
  NNT_OF_ISA(nnt_exponentials)(z, largest, a, n);
  float sum = 0.0F;
  for (size_t c = 0; c < n; c++) {
    sum += a[c];
  }
  for (size_t c = 0; c < n; c++) {
    a[c] /= sum;
  }
}

/* One loop an activation, so that the choice is made once a row. */
#define FOR_EACH(expression)                                                                       \
  for (size_t i = 0; i < n; i++) {                                                                 \
    expression;                                                                                    \
  }                                                                                                \
  break

static void activate_row(nnt_activation kind, const float *z, float *a, size_t n)
{
  switch (kind) {
  case NNT_SIGMOID:
    sigmoid_row(z, a, n);
    break;
  case NNT_RELU:
    FOR_EACH(a[i] = relu(z[i]));
  case NNT_TANH:
    tanh_row(z, a, n);
    break;
  case NNT_LEAKY_RELU:
    FOR_EACH(a[i] = leaky_relu(z[i]));
  case NNT_ELU:
    FOR_EACH(a[i] = elu(z[i]));
  case NNT_SELU:
    FOR_EACH(a[i] = selu(z[i]));
  case NNT_GELU:
    FOR_EACH(a[i] = gelu(z[i]));
  case NNT_SILU:
    FOR_EACH(a[i] = z[i] * sigmoid(z[i]));
  case NNT_SOFTPLUS:
    FOR_EACH(a[i] = softplus(z[i]));
  case NNT_SOFTMAX:
    softmax_row(z, a, n);
    break;
  default:
    if (a != z) memcpy(a, z, n * sizeof *a);
  }
}

void NNT_OF_ISA(nnt_activate)(nnt_activation kind, const float *z, float *a, nnt_block block)
{
  for (size_t row = 0; row < block.rows; row++) {
    activate_row(kind, z + row * block.stride, a + row * block.stride, block.columns);
  }
}

static float slope_of_positive(float a) { return a > 0.0F ? 1.0F : 0.0F; }

static float leaky_relu_slope(float a) { return a > 0.0F ? 1.0F : leaky_slope; }

static float elu_slope(float a) { return a > 0.0F ? 1.0F : a + 1.0F; }

/* At 0, where all-zero inputs lie, Keras takes the slope from the right. */
static float selu_slope(float a) { return a < 0.0F ? a + selu_scale * selu_alpha : selu_scale; }

static float gelu_slope(float z)
{
  float const density = one_over_sqrt_two_pi * expf(-0.5F * z * z);
  return 0.5F * (1.0F + erff(z * sqrt_half)) + z * density;
}

static float silu_slope(float z)
{
  float const s = sigmoid(z);
  return s * (1.0F + z * (1.0F - s));
}

static void softmax_row_backward(const float *a, float *d, size_t n)
{
  float sum = 0.0F;
  for (size_t c = 0; c < n; c++) {
    sum += d[c] * a[c];
  }
  for (size_t c = 0; c < n; c++) {
    d[c] = a[c] * (d[c] - sum);
  }
}

static void activate_row_backward(nnt_activation kind, const float *z, const float *restrict a,
                                  float *restrict d, size_t n)
{
  switch (kind) {
  case NNT_SIGMOID:
    FOR_EACH(d[i] *= a[i] * (1.0F - a[i]));
  case NNT_RELU:
    FOR_EACH(d[i] *= slope_of_positive(a[i]));
  case NNT_TANH:
    FOR_EACH(d[i] *= 1.0F - a[i] * a[i]);
  case NNT_LEAKY_RELU:
    FOR_EACH(d[i] *= leaky_relu_slope(a[i]));
  case NNT_ELU:
    FOR_EACH(d[i] *= elu_slope(a[i]));
  case NNT_SELU:
    FOR_EACH(d[i] *= selu_slope(a[i]));
  case NNT_GELU:
    FOR_EACH(d[i] *= gelu_slope(z[i]));
  case NNT_SILU:
    FOR_EACH(d[i] *= silu_slope(z[i]));
  case NNT_SOFTPLUS:
    FOR_EACH(d[i] *= sigmoid(z[i]));
  case NNT_SOFTMAX:
    softmax_row_backward(a, d, n);
    break;
  default:
    break;
  }
}

void NNT_OF_ISA(nnt_activate_backward)(nnt_activation kind, const float *z, const float *a,
                                       float *d, nnt_block block)
{
  float const *const from = z == NULL ? a : z; /* which is not looked at then */
  for (size_t row = 0; row < block.rows; row++) {
    size_t const at = row * block.stride;
    activate_row_backward(kind, from + at, a + at, d + at, block.columns);
  }
}

void NNT_OF_ISA(nnt_add)(float *restrict x, const float *restrict y, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    x[i] += y[i];
  }
}
