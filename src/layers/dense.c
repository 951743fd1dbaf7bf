/* Fully connected: z = x W + b, y = f(z), W (I,O).
 * Source: Goodfellow et al. 2016, section 6.5; keras.layers.Dense. */
#include <string.h>

#include "kernels/activation.h"
#include "kernels/blas.h"
#include "layers/layer.h"

static size_t outputs(const nnt_layer_spec *spec, size_t inputs, const char **why)
{
  (void)inputs;
  if (spec->units == 0) *why = "a dense layer needs at least one unit";
  return spec->units;
}

static void forward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows)
{
  size_t const units = layer->outputs;
  nnt_product(rows->input, parameters + layer->kernel, rows->pre, rows->count, layer->inputs,
              units);
  float const *const bias = parameters + layer->bias;
  /* Bias and activation row by row, while the row is in the nearest cache. */
  for (size_t row = 0; row < rows->count; row++) {
    float *const z = rows->pre + row * units;
    for (size_t o = 0; layer->spec->use_bias && o < units; o++) {
      z[o] += bias[o];
    }
    nnt_activate(layer->spec->activation, z, rows->output + row * units, 1, units);
  }
}

static void backward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows,
                     bool activated)
{
  if (activated) {
    nnt_activate_backward(layer->spec->activation, rows->pre, rows->output, rows->delta,
                          rows->count, layer->outputs);
  }
  if (rows->input_delta != NULL) {
    nnt_product_transposed_right(rows->delta, parameters + layer->kernel, rows->input_delta,
                                 rows->count, layer->inputs, layer->outputs);
  }
}

void nnt_dense_kernel_gradient(const nnt_layer *layer, const nnt_layer_rows *rows, nnt_range part,
                               float *out)
{
  nnt_product_transposed_left(rows->input, rows->delta, out, rows->count, layer->inputs,
                              layer->outputs, part.first, part.count);
}

void nnt_dense_bias_gradient(const nnt_layer *layer, const nnt_layer_rows *rows, float *out)
{
  size_t const units = layer->outputs;
  memset(out, 0, units * sizeof *out);
  for (size_t row = 0; row < rows->count; row++) {
    float const *const delta = rows->delta + row * units;
    for (size_t o = 0; o < units; o++) {
      out[o] += delta[o];
    }
  }
}

nnt_layer_kind_table const nnt_layer_dense = {"dense", true, outputs, forward, backward};
