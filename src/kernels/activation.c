#include "kernels/activation.h"

#include <math.h>

/* keras.activations.selu; leaky_relu's default slope. */
static float const selu_scale = 1.05070098735548049342F;
static float const selu_alpha = 1.67326324235437728481F;
static float const leaky_slope = 0.2F;
static float const sqrt_half = 0.70710678118654752440F;
static float const one_over_sqrt_two_pi = 0.39894228040143267794F;

/* Both branches exponentiate a number that is not positive, so neither overflows. */
static float sigmoid(float z)
{
  float const e = expf(-fabsf(z));
  return z >= 0.0F ? 1.0F / (1.0F + e) : e / (1.0F + e);
}

/* NaN must come through: hidden here, it would let a diverged run go on. */
static float relu(float z) { return z < 0.0F ? 0.0F : z; }

static float leaky_relu(float z) { return z > 0.0F ? z : leaky_slope * z; }

static float elu(float z) { return z > 0.0F ? z : expm1f(z); }

static float selu(float z) { return selu_scale * (z > 0.0F ? z : selu_alpha * expm1f(z)); }

static float gelu(float z) { return 0.5F * z * (1.0F + erff(z * sqrt_half)); }

static float silu(float z) { return z * sigmoid(z); }

static float softplus(float z) { return fmaxf(z, 0.0F) + log1pf(expf(-fabsf(z))); }

static void softmax_row(const float *z, float *a, size_t columns)
{
  float largest = z[0];
  for (size_t c = 1; c < columns; c++) {
    largest = fmaxf(largest, z[c]);
  }
  float sum = 0.0F;
  for (size_t c = 0; c < columns; c++) {
    a[c] = expf(z[c] - largest);
    sum += a[c];
  }
  for (size_t c = 0; c < columns; c++) {
    a[c] /= sum;
  }
}

/* One loop an activation, so that the choice is made once. */
#define FOR_EACH(expression)                                                                       \
  for (size_t i = 0; i < n; i++) {                                                                 \
    expression;                                                                                    \
  }                                                                                                \
  break

void nnt_activate(nnt_activation kind, const float *z, float *a, size_t rows, size_t columns)
{
  size_t const n = rows * columns;
  switch (kind) {
  case NNT_SIGMOID:
    FOR_EACH(a[i] = sigmoid(z[i]));
  case NNT_RELU:
    FOR_EACH(a[i] = relu(z[i]));
  case NNT_TANH:
    FOR_EACH(a[i] = tanhf(z[i]));
  case NNT_LEAKY_RELU:
    FOR_EACH(a[i] = leaky_relu(z[i]));
  case NNT_ELU:
    FOR_EACH(a[i] = elu(z[i]));
  case NNT_SELU:
    FOR_EACH(a[i] = selu(z[i]));
  case NNT_GELU:
    FOR_EACH(a[i] = gelu(z[i]));
  case NNT_SILU:
    FOR_EACH(a[i] = silu(z[i]));
  case NNT_SOFTPLUS:
    FOR_EACH(a[i] = softplus(z[i]));
  case NNT_SOFTMAX:
    for (size_t row = 0; row < rows; row++) {
      softmax_row(z + row * columns, a + row * columns, columns);
    }
    break;
  default:
    FOR_EACH(a[i] = z[i]);
  }
}

static float relu_slope(float z) { return z > 0.0F ? 1.0F : 0.0F; }

static float leaky_relu_slope(float z) { return z > 0.0F ? 1.0F : leaky_slope; }

static float elu_slope(float z, float a) { return z > 0.0F ? 1.0F : a + 1.0F; }

/* At 0, where all-zero inputs lie, Keras takes the slope from the right. */
static float selu_slope(float z, float a)
{
  return z < 0.0F ? a + selu_scale * selu_alpha : selu_scale;
}

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

static void softmax_row_backward(const float *a, float *d, size_t columns)
{
  float sum = 0.0F;
  for (size_t c = 0; c < columns; c++) {
    sum += d[c] * a[c];
  }
  for (size_t c = 0; c < columns; c++) {
    d[c] = a[c] * (d[c] - sum);
  }
}

void nnt_activate_backward(nnt_activation kind, const float *z, const float *a, float *d,
                           size_t rows, size_t columns)
{
  size_t const n = rows * columns;
  switch (kind) {
  case NNT_SIGMOID:
    FOR_EACH(d[i] *= a[i] * (1.0F - a[i]));
  case NNT_RELU:
    FOR_EACH(d[i] *= relu_slope(z[i]));
  case NNT_TANH:
    FOR_EACH(d[i] *= 1.0F - a[i] * a[i]);
  case NNT_LEAKY_RELU:
    FOR_EACH(d[i] *= leaky_relu_slope(z[i]));
  case NNT_ELU:
    FOR_EACH(d[i] *= elu_slope(z[i], a[i]));
  case NNT_SELU:
    FOR_EACH(d[i] *= selu_slope(z[i], a[i]));
  case NNT_GELU:
    FOR_EACH(d[i] *= gelu_slope(z[i]));
  case NNT_SILU:
    FOR_EACH(d[i] *= silu_slope(z[i]));
  case NNT_SOFTPLUS:
    FOR_EACH(d[i] *= sigmoid(z[i]));
  case NNT_SOFTMAX:
    for (size_t row = 0; row < rows; row++) {
      softmax_row_backward(a + row * columns, d + row * columns, columns);
    }
    break;
  default:
    break;
  }
}
