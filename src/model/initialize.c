/* Initial weights. Source: keras.initializers; Glorot and Bengio 2010; He et al. 2015. */
#include <math.h>

#include "base/random.h"
#include "nntrain/model.h"

/* The standard deviation of a standard normal cut at two standard deviations. */
static double const truncated_deviation = 0.87962566103423978;

static double uniform(uint64_t seed, size_t tensor, size_t element, double limit)
{
  nnt_random_words const drawn = nnt_random(seed, NNT_FOR_WEIGHTS, tensor, element, 0, 0);
  return (2.0 * nnt_random_uniform(drawn.word[0]) - 1.0) * limit;
}

static double normal(uint64_t seed, size_t tensor, size_t element, uint64_t attempt)
{
  nnt_random_words const drawn = nnt_random(seed, NNT_FOR_WEIGHTS, tensor, element, attempt, 0);
  return nnt_random_normal(drawn.word[0], drawn.word[1]);
}

/* Draws again until the number lies within two standard deviations. */
static double truncated_normal(uint64_t seed, size_t tensor, size_t element, double stddev)
{
  double x = 0.0;
  uint64_t attempt = 0;
  do {
    x = normal(seed, tensor, element, attempt++);
  } while (fabs(x) >= 2.0);
  return x * stddev / truncated_deviation;
}

static double draw(const nnt_initializer *initializer, double fan_in, double fan_out, uint64_t seed,
                   size_t tensor, size_t element)
{
  switch (initializer->kind) {
  case NNT_GLOROT_UNIFORM:
    return uniform(seed, tensor, element, sqrt(6.0 / (fan_in + fan_out)));
  case NNT_HE_UNIFORM:
    return uniform(seed, tensor, element, sqrt(6.0 / fan_in));
  case NNT_GLOROT_NORMAL:
    return truncated_normal(seed, tensor, element, sqrt(2.0 / (fan_in + fan_out)));
  case NNT_HE_NORMAL:
    return truncated_normal(seed, tensor, element, sqrt(2.0 / fan_in));
  case NNT_NORMAL:
    return normal(seed, tensor, element, 0) * initializer->stddev;
  default:
    return 0.0;
  }
}

void nnt_model_initialize(const nnt_model *model, uint64_t seed, float *parameters)
{
  for (size_t t = 0; t < nnt_model_tensor_count(model); t++) {
    nnt_tensor const *const tensor = nnt_model_tensor(model, t);
    /* As Keras counts fans: of a bias of n values, both are n. */
    double const fan_in = (double)tensor->shape[0];
    double const fan_out = (double)tensor->shape[tensor->is_kernel ? 1 : 0];
    for (size_t e = 0; e < tensor->count; e++) {
      parameters[tensor->offset + e] =
          (float)draw(&tensor->initializer, fan_in, fan_out, seed, t, e);
    }
  }
}
